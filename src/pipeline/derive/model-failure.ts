import { formatPlace } from '../../core/errors.js'
import type { Model } from '../../gold/front-matter.js'
import { damagedFile } from '../../lake/check-data-files.js'
import type { Verdict } from '../../quality/gate.js'

/** What the engine says of SQL and rows that do not go together; memory, disk and its own faults are not among them. */
const OF_SQL =
  /^(Invalid Input|Conversion|Out of Range|Binder|Catalog|Parser|Constraint|Mismatch Type|Not implemented) Error/i
const VALUES = /'[^']*'|"[^"]*"|\d[\d.,:-]*/g

/**
 * The verdict on a model whose SQL, or whose contract's checks (`what` says which), failed over the rows there are. Values in the engine's
 * words are left out: the verdict goes into the record. Any other failure is thrown on; of a damaged file as SLUICE_DATA_FILE_CORRUPT.
 */
export function modelFailure(
  cause: unknown,
  model: Pick<Model, 'sqlPlace'>,
  what = `the SQL of ${formatPlace(model.sqlPlace)}`,
): Verdict {
  const words = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0] ?? ''
  const damaged = damagedFile(cause)
  if (damaged !== undefined || !OF_SQL.test(words)) throw damaged ?? cause
  const text = `${what} failed: ${words.replace(VALUES, '…')}`
  return {
    verdict: 'fail',
    findings: [{ rule: 'model:failed', severity: 'error', failed: 0, share: 0, limit: 'none', text }],
  }
}
