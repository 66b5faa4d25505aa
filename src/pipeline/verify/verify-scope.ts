import { SluiceError } from '../../core/errors.js'
import type { TableName } from '../../lake/catalog.js'
import type { Lake } from '../../lake/lake.js'
import { versionedDataset } from '../../lake/newest-version.js'
import { tableKey } from '../../lake/table-location.js'
import { sqlNames } from '../read/lake-views.js'
import { settledCaptures } from '../replay/settled-captures.js'
import { withRecorded } from './recorded-commits.js'
import type { Ledger } from './verify-ledger.js'

/** What of a lake is verified. */
export interface VerifyScope {
  readonly captures: 'all' | 'none' | ReadonlySet<string>
  readonly tables: readonly TableName[]
  /** Those that the lake itself knows to be there, by their keys; undefined when it cannot say. */
  readonly listed: ReadonlySet<string> | undefined
  /** Only what this run wrote. */
  readonly runId: string | undefined
}

/** Reads what is to be verified: nothing for all of it, a run, or a table. Throws SLUICE_ARGUMENT_INVALID. */
export async function scopeOf(what: string | undefined, lake: Lake, ledger: Ledger): Promise<VerifyScope> {
  const found = await lake.catalog.list().catch(unreadable)
  const there = found ?? []
  const listed = found && new Set(found.map(tableKey))
  const all = withRecorded(there, ledger.commits)
  if (what === undefined) return { captures: 'all', tables: all, listed, runId: undefined }
  if (ledger.runIds.has(what)) {
    const inputs = ledger.records.get(what)?.inputs ?? []
    const written = ledger.commits.filter(({ runId }) => runId === what)
    return {
      captures: new Set(inputs.map(({ capture_id }) => capture_id)),
      tables: withRecorded([], written),
      listed,
      runId: what,
    }
  }
  const names = sqlNames(all)
  const named = names.get(what) ?? names.get(`silver.${what}`) ?? names.get(`gold.${what}`)
  if (named === undefined) {
    const message = `"${what.slice(0, 80)}" is neither a finished run nor a table of this lake. Nothing was verified.`
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', message, { next: '`sluice runs` and `sluice tables` list them.' })
  }
  const { name } = named
  const dataset = versionedDataset(name) ?? name.dataset
  const isOfPipes = name.layer === 'bronze' || name.layer === 'silver' || name.layer === 'quarantine'
  const captures = isOfPipes
    ? new Set((await settledCaptures(dataset, lake.store)).captures.map(({ id }) => id))
    : ('none' as const)
  return { captures, tables: [name], listed, runId: undefined }
}

/** What names the tables cannot be read: that is told of the ledger, and records of runs name tables too. */
function unreadable(cause: unknown): undefined {
  if (cause instanceof SluiceError && cause.code === 'SLUICE_METADATA_CORRUPT') return undefined
  throw cause
}
