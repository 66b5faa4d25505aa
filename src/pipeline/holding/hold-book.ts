import { sha256Hex } from '../../core/ids.js'
import { type SharedState, sharedState } from '../../lake/shared-state.js'
import type { Sharing } from '../fetch/source-states.js'
import type { DecidedBatch } from '../record/run-record.js'

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
  /** The hold that kept this batch back first, of one that was looked at again and held again: batches are judged one by one. */
  readonly batch?: string
  /** The run that took them out: they are held no more, but that run, repeated, has to know them. */
  readonly settled_by?: string
}

export interface HeldCapture {
  readonly id: string
  readonly received_at: string
  /** Rows that would be published. */
  readonly rows: number
}

/** What is held, by id: the state `holds` of a lake. */
export type HoldBook = Readonly<Record<string, Hold>>

/** What is held now; for a run that is repeated, what it found held. */
export function heldNow(book: HoldBook, runId?: string): Hold[] {
  return Object.values(book).filter(({ settled_by }) => settled_by === undefined || settled_by === runId)
}

export interface HoldNotes {
  readonly runId: string
  readonly held: readonly Hold[]
  /** Captures that are held no more, by dataset. */
  readonly settled: readonly { readonly dataset: string; readonly captures: ReadonlySet<string> }[]
}

/** Names what a run held of a pipe. Without a colon, unlike the id of a row. */
export function holdId({
  run_id,
  dataset,
  pipe,
  by,
  batch,
}: Omit<Hold, 'id' | 'held_at' | 'why' | 'captures'>): string {
  return sha256Hex(JSON.stringify([run_id, dataset, pipe, by, ...(batch === undefined ? [] : [batch])])).slice(0, 12)
}

/** A capture is in one hold at most, the newest. Of each pipe the last run that took something out is known. Pure. */
export function noteHolds(book: HoldBook, { runId, held, settled }: HoldNotes): HoldBook {
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
  const next: Record<string, Hold> = {}
  const out: Record<string, Hold> = {}
  for (const hold of heldNow(book).filter(({ id }) => !own.has(id))) {
    const isGone = ({ id }: HeldCapture): boolean => gone.get(hold.dataset)?.has(id) === true
    const [left, taken] = [hold.captures.filter(capture => !isGone(capture)), hold.captures.filter(isGone)]
    if (left.length > 0) next[hold.id] = { ...hold, captures: left }
    if (taken.length > 0) out[`${hold.id} ${runId}`] = { ...hold, captures: taken, settled_by: runId }
  }
  if (held.length === 0 && Object.keys(out).length === 0) return book
  for (const hold of held) next[hold.id] = hold
  const moved = new Set(Object.values(out).map(whose))
  const earlier = Object.entries(book).filter(
    ([, hold]) => hold.settled_by !== undefined && (hold.settled_by === runId || !moved.has(whose(hold))),
  )
  return { ...next, ...Object.fromEntries(earlier), ...out }
}

function whose({ dataset, pipe }: Hold): string {
  return `${dataset} ${pipe}`
}

/** What a decision about holds is about. In order of their ids. */
export function decidedBatches(holds: readonly Hold[]): DecidedBatch[] {
  const batches = holds.map(({ id, dataset, pipe, captures }) => ({
    ...{ hold: id, dataset, pipe, captures: captures.map(capture => capture.id) },
    rows: captures.reduce((sum, { rows }) => sum + rows, 0),
  }))
  return batches.sort((a, b) => (a.hold < b.hold ? -1 : 1))
}

/** The holds of a lake, shared by all its processes. */
export function openHolds(sharing: Sharing): SharedState<HoldBook> {
  return sharedState({ ...sharing, name: 'holds', parse: stored => (stored ?? {}) as HoldBook })
}
