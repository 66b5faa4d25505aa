import { SluiceError } from '../../core/errors.js'
import { claimSurely } from '../../lake/claim.js'
import type { ObjectStore } from '../../storage/object-store.js'
import type { DecisionRecord } from '../record/run-record.js'

export const DECISIONS_FOLDER = '_decisions/'

/** What a person decided: `_decisions/<run_id>.json`, written before anything of it is done, so that who and why are never missing. */
export interface DecisionNote extends Omit<DecisionRecord, 'rows_moved'> {
  readonly run_id: string
  readonly decided_at: string
  readonly datasets: readonly string[]
  readonly pipes: readonly string[]
}

/** Notes a decision; the note of a process that died before it had done all of it stays. Throws SLUICE_STORE_UNAVAILABLE when it cannot be said that it was noted. */
export async function noteDecision(store: ObjectStore, note: DecisionNote): Promise<void> {
  const key = noteKey(note.run_id)
  await claimSurely(store, key, Buffer.from(`${JSON.stringify(note, null, 2)}\n`), 'Nothing was decided.')
}

export function noteKey(runId: string): string {
  return `${DECISIONS_FOLDER}${runId}.json`
}

/** All that people decided, the oldest first. */
export async function decisionNotes(store: ObjectStore): Promise<DecisionNote[]> {
  const notes: DecisionNote[] = []
  for await (const { key } of store.list(DECISIONS_FOLDER)) {
    const body = await store.get(key)
    if (body !== undefined) notes.push(JSON.parse(body.toString('utf8')) as DecisionNote)
  }
  return notes.sort((a, b) => (a.decided_at < b.decided_at ? -1 : a.decided_at > b.decided_at ? 1 : 0))
}

/** Who decided about something before, or is about to. */
export interface TakenDecision extends Pick<DecisionNote, 'run_id' | 'move' | 'by' | 'reason' | 'decided_at'> {
  /** The id of the row or hold, where one was named. */
  readonly id?: string
  /** Whether it is being carried out now. */
  readonly under_way: boolean
}

export function takenBy(
  {
    run_id,
    move,
    by,
    reason,
    decided_at,
  }: Omit<TakenDecision, 'under_way' | 'reason'> & { readonly reason?: string | undefined },
  underWay = false,
): TakenDecision {
  return { run_id, move, by, ...(reason !== undefined && { reason }), decided_at, under_way: underWay }
}

/** Who decides: the name that is given, else SLUICE_USER or the user of the machine. Throws SLUICE_ARGUMENT_INVALID when nobody is named. */
export function deciderOf(given: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  const name = [given, env['SLUICE_USER'], env['USER'], env['LOGNAME'], env['USERNAME']].find(text => text?.trim())
  if (name !== undefined) return name.trim()
  const next = 'Say who decides: --by NAME, or set SLUICE_USER.'
  throw new SluiceError('SLUICE_ARGUMENT_INVALID', 'Nobody is named who decides. Nothing was changed.', { next })
}

/** The reason of a decision. Throws SLUICE_ARGUMENT_INVALID when there is none. */
export function reasonOf(given: string | undefined, move: string): string {
  const reason = given?.trim()
  if (reason) return reason
  const message = `To ${move} something needs a reason: it is kept with the data. Nothing was changed.`
  throw new SluiceError('SLUICE_ARGUMENT_INVALID', message, { next: `Add --reason "why".` })
}
