import type { Fault } from './fault.js'
import { hashText, uniform } from './noise.js'
import type { ProviderName } from './providers/all.js'

/** Which faults a request meets. Remembers how often each was met. */
export interface FaultPlan {
  /** `target`: path and query below the provider's root. */
  meet(provider: ProviderName, target: string): Fault[]
}

interface Counted {
  readonly fault: Fault
  readonly path: RegExp | undefined
  /** Requests that fitted, in all and by URL. */
  total: number
  readonly byTarget: Map<string, number>
}

export function planFaults(seed: number, faults: readonly Fault[]): FaultPlan {
  const counted: Counted[] = faults.map(fault => ({
    fault,
    path: fault.path === undefined ? undefined : patternOf(fault.path),
    total: 0,
    byTarget: new Map(),
  }))
  return {
    meet: (provider, target) =>
      counted
        .filter((one, at) => fits(one, provider, target) && isDue(one, target, seed, at))
        .map(({ fault }) => fault),
  }
}

function fits({ fault, path }: Counted, provider: ProviderName, target: string): boolean {
  return (fault.provider === undefined || fault.provider === provider) && (path === undefined || path.test(target))
}

/** Counts the request. */
function isDue(one: Counted, target: string, seed: number, at: number): boolean {
  const { when } = one.fault
  if (when === undefined) return true
  one.total++
  if ('first' in when) return one.total <= when.first
  if ('every' in when) return one.total % when.every === 0
  const asked = (one.byTarget.get(target) ?? 0) + 1
  one.byTarget.set(target, asked)
  return 'each' in when ? asked <= when.each : uniform(hashText(`${seed}:fault:${at}:${target}`), asked) < when.share
}

function patternOf(path: string): RegExp {
  return new RegExp(
    `^${path
      .split('*')
      .map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  )
}
