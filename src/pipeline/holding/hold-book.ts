import { sha256Hex } from '../../core/ids.js'
import { type SharedState, sharedState } from '../../sources/http/shared-state.js'
import type { Sharing } from '../fetch/source-states.js'

/** A batch that was kept back: it names captures and copies no rows. Landing them again is how it gets out. */
export interface Hold {
  readonly id: string
  readonly dataset: string
  readonly pipe: string
  readonly run_id: string
  readonly held_at: string
  /** `gate`: its own rows failed. `breaker`: it was not looked at, because batches before it had failed. */
  readonly by: 'gate' | 'breaker'
  readonly why: string
  readonly captures: readonly HeldCapture[]
}

export interface HeldCapture {
  readonly id: string
  readonly received_at: string
  /** Rows that would be published. */
  readonly rows: number
}

/** What is held now, by id: the state `holds` of a lake. */
export type HoldBook = Readonly<Record<string, Hold>>

export interface HoldNotes {
  readonly held: readonly Hold[]
  /** Captures that are held no more, by dataset. */
  readonly settled: readonly { readonly dataset: string; readonly captures: ReadonlySet<string> }[]
}

/** Names what a run held of a pipe. Without a colon, unlike the id of a row. */
export function holdId({ run_id, dataset, pipe, by }: Pick<Hold, 'run_id' | 'dataset' | 'pipe' | 'by'>): string {
  return sha256Hex(JSON.stringify([run_id, dataset, pipe, by])).slice(0, 12)
}

/** A capture is in one hold at most, the newest. Noting the same twice changes nothing. Pure. */
export function noteHolds(book: HoldBook, { held, settled }: HoldNotes): HoldBook {
  const gone = new Map<string, Set<string>>()
  const forget = (dataset: string, ids: Iterable<string>): void => {
    const known = gone.get(dataset) ?? new Set<string>()
    for (const id of ids) known.add(id)
    gone.set(dataset, known)
  }
  for (const { dataset, captures } of settled) forget(dataset, captures)
  for (const { dataset, captures } of held)
    forget(
      dataset,
      captures.map(({ id }) => id),
    )
  const own = new Set(held.map(({ id }) => id))
  let changed = held.length > 0
  const next: Record<string, Hold> = {}
  for (const hold of Object.values(book)) {
    if (own.has(hold.id)) continue
    const captures = hold.captures.filter(({ id }) => gone.get(hold.dataset)?.has(id) !== true)
    if (captures.length < hold.captures.length) changed = true
    if (captures.length > 0) next[hold.id] = captures.length === hold.captures.length ? hold : { ...hold, captures }
  }
  for (const hold of held) next[hold.id] = hold
  return changed ? next : book
}

/** The holds of a lake, shared by all its processes. */
export function openHolds(sharing: Sharing): SharedState<HoldBook> {
  return sharedState({ ...sharing, name: 'holds', parse: stored => (stored ?? {}) as HoldBook })
}
