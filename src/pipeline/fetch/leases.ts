import { ownMark, type ProcessMark, stateOf } from '../../core/process-mark.js'
import { type SharedState, type SharedStateOptions, sharedState } from '../../lake/shared-state.js'

/** Who runs a pipe now. */
export interface Lease {
  readonly runId: string
  readonly process: ProcessMark
  readonly untilMs: number
}

export type LeaseBook = Readonly<Record<string, Lease>>

/** A pipe belongs to one run while it runs. */
export interface Leases {
  /** Takes the pipes that nobody has, by key; the others come back with their holders. */
  take(
    keys: readonly string[],
    runId: string,
    until: { nowMs: number; untilMs: number },
  ): Promise<ReadonlyMap<string, Lease>>
  /** Who has what now, by key. Takes nothing. */
  held(nowMs: number): Promise<ReadonlyMap<string, Lease>>
  /** The keys that a run of this process still has, whether their time is up or not: others take what has run out. Takes nothing. */
  kept(runId: string): Promise<ReadonlySet<string>>
  /** Ends all leases of a run. */
  release(runId: string): Promise<void>
}

/** The leases of a lake: its state `leases`. One whose process is certainly gone, or whose time is up, holds nothing. */
export function openLeases(options: Omit<SharedStateOptions<LeaseBook>, 'name' | 'parse'>): Leases {
  const parse = (stored: unknown): LeaseBook => (stored ?? {}) as LeaseBook
  const state: SharedState<LeaseBook> = sharedState({ ...options, name: 'leases', parse })
  const own = ownMark()
  return {
    take: (keys, runId, { nowMs, untilMs }) =>
      state.change(book => {
        const next: Record<string, Lease> = living(book, nowMs, own)
        const held = new Map<string, Lease>()
        for (const key of keys) {
          const other = next[key]
          if (other !== undefined && !isSame(other, runId, own)) held.set(key, other)
          else next[key] = { runId, process: own, untilMs }
        }
        return { value: next, result: held }
      }),
    held: async nowMs => new Map(Object.entries(living(await state.read(), nowMs, own))),
    kept: async runId => {
      const book = Object.entries(await state.read())
      return new Set(book.flatMap(([key, lease]) => (isSame(lease, runId, own) ? [key] : [])))
    },
    release: runId =>
      state.change(book => {
        const rest = Object.entries(book).filter(([, lease]) => !isSame(lease, runId, own))
        return rest.length === Object.keys(book).length
          ? { value: book, result: undefined }
          : { value: Object.fromEntries(rest), result: undefined }
      }),
  }
}

function living(book: LeaseBook, nowMs: number, own: ProcessMark): Record<string, Lease> {
  // Thousands of leases have few holders.
  const states = new Map<string, boolean>()
  const isAlive = ({ process, untilMs }: Lease): boolean => {
    if (untilMs <= nowMs) return false
    const key = JSON.stringify(process)
    const alive = states.get(key) ?? stateOf(process, own) !== 'dead'
    states.set(key, alive)
    return alive
  }
  return Object.fromEntries(Object.entries(book).filter(([, lease]) => isAlive(lease)))
}

function isSame(lease: Lease, runId: string, own: ProcessMark): boolean {
  const { process } = lease
  return (
    lease.runId === runId &&
    process.pid === own.pid &&
    process.start === own.start &&
    process.boot === own.boot &&
    process.machine === own.machine &&
    process.pidSpace === own.pidSpace
  )
}
