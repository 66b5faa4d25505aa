import { SluiceError } from '../../core/errors.js'
import { claim } from '../../lake/claim.js'
import type { ObjectStore } from '../../storage/object-store.js'
import type { DecisionRecord } from '../run-record.js'

export const DECISIONS_FOLDER = '_decisions/'

/** What a person decided: `_decisions/<run_id>.json`, written before anything of it is done, so that who and why are never missing. */
export interface DecisionNote extends Omit<DecisionRecord, 'rows_moved'> {
  readonly run_id: string
  readonly decided_at: string
  readonly datasets: readonly string[]
  readonly pipes: readonly string[]
}

/** Notes a decision. Throws SLUICE_STORE_UNAVAILABLE when it cannot be said that it was noted. */
export async function noteDecision(store: ObjectStore, note: DecisionNote): Promise<void> {
  const key = `${DECISIONS_FOLDER}${note.run_id}.json`
  const claimed = await claim(store, key, Buffer.from(`${JSON.stringify(note, null, 2)}\n`))
  if (claimed.outcome === 'ours') return
  const cause = claimed.outcome === 'unknown' ? claimed.cause : undefined
  const message = `Whether ${key} was stored cannot be said. Nothing was decided.`
  throw new SluiceError('SLUICE_STORE_UNAVAILABLE', message, {}, cause)
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
