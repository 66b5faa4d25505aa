import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ErrorCode } from '../core/error-codes.js'
import { SluiceError } from '../core/errors.js'

/** What the simulator is to be. */
export interface SandboxSettings {
  readonly port: number
  readonly seed: number
  readonly nowMs?: number
  readonly faults: readonly string[]
}

/** A simulator that answers, in a process of its own. */
export interface SandboxProcess {
  readonly url: string
  readonly port: number
  readonly addresses: Readonly<Record<string, string>>
  /** Resolves when it ends by itself. */
  readonly gone: Promise<void>
  /** Ends it; gives how many requests it had. */
  stop(): Promise<number>
}

type Message =
  | {
      readonly kind: 'ready'
      readonly url: string
      readonly port: number
      readonly addresses: Readonly<Record<string, string>>
    }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string; readonly next: string }
  | { readonly kind: 'stopped'; readonly requests: number }

const PROGRAM = new URL('../sandbox/main.js', import.meta.url)

/** Starts the simulator. What it says is wrong is thrown as it said it; then no process is left. */
export async function startSandbox(settings: SandboxSettings, program: URL = PROGRAM): Promise<SandboxProcess> {
  const child = fork(fileURLToPath(program), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const exit = once(child, 'exit')
  const next = async (): Promise<Message | undefined> => {
    const answer = once(child, 'message').then(([message]) => message as Message)
    return Promise.race([answer, exit.then(() => undefined)])
  }
  const first = next()
  child.send({ kind: 'start', ...settings })
  const said = await first
  if (said?.kind === 'failed') {
    await exit
    throw new SluiceError(said.code, said.message, { next: said.next })
  }
  if (said?.kind !== 'ready') throw new SluiceError('SLUICE_INTERNAL', 'The simulator ended before it answered.')
  const { url, port, addresses } = said
  return {
    url,
    port,
    addresses,
    gone: exit.then(() => undefined),
    stop: async () => {
      if (!child.connected) return 0
      const last = next()
      child.send({ kind: 'stop' })
      const told = await last
      await exit
      return told?.kind === 'stopped' ? told.requests : 0
    },
  }
}
