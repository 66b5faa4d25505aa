import { fixedClock, systemClock } from '../core/clock.js'
import { asSluiceError } from '../core/errors.js'
import { parseFault } from './fault-text.js'
import { PROVIDER_NAMES } from './providers/all.js'
import { type Simulator, startSimulator } from './simulator.js'

// The simulator as a process of its own. Its parent says over the channel between them what it is to be, and that it is to stop; it
// ends when its parent does. Every message is an object with a `kind`.

interface Start {
  readonly kind: 'start'
  readonly port: number
  readonly seed: number
  /** Left out: the time that it is. */
  readonly nowMs?: number
  readonly faults: readonly string[]
}

type Told = Start | { readonly kind: 'stop' }

let running: Simulator | undefined

async function start({ port, seed, nowMs, faults }: Start): Promise<void> {
  try {
    const clock = nowMs === undefined ? systemClock : fixedClock(nowMs)
    running = await startSimulator({ port, seed, clock, faults: faults.map(parseFault) })
    const { url, urlOf } = running
    const addresses = Object.fromEntries(PROVIDER_NAMES.map(name => [name, urlOf(name)]))
    process.send?.({ kind: 'ready', url, port: running.port, addresses })
  } catch (cause) {
    const { code, message, next } = asSluiceError(cause)
    process.send?.({ kind: 'failed', code, message, next }, () => process.disconnect())
  }
}

async function stop(): Promise<void> {
  await running?.close()
  process.send?.({ kind: 'stopped', requests: running?.requests.total ?? 0 }, () => process.disconnect())
}

process.on('message', (told: Told) => void (told.kind === 'start' ? start(told) : stop()))
process.once('disconnect', () => void running?.close())
// A terminal sends these to parent and child; the parent decides.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)
