import type { Contract } from '../../contract/contract.js'
import { silverShape } from '../../contract/tables.js'
import { SluiceError } from '../../core/errors.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { RUN_ID } from '../../lake/commit-files.js'
import { openTable } from '../../lake/open-table.js'
import { sumUpRestated } from '../quality/restatements.js'
import type { RestatedRecord } from '../record/run-record.js'
import type { RunContext } from '../run-context.js'
import { type Audited, auditDataset } from './audit-dataset.js'
import { type Landed, landDataset } from './land-dataset.js'
import { publishDataset, type Waiting } from './publish-dataset.js'
import type { Reading } from './reading.js'
import type { TableCommit } from './table-commit.js'
import { untilPublished } from './table-line.js'

/** What became of one dataset in a run. */
export interface DatasetOutcome extends Omit<Audited, 'settled'> {
  readonly contract: Contract
  readonly records: ReadonlyMap<string, number>
  /** Undefined when nothing that was known was restated. */
  readonly restated: RestatedRecord | undefined
  readonly waiting: Waiting
  readonly commits: readonly TableCommit[]
}

/** Bronze, then silver and quarantine, of all the captures of a run that keep one contract. */
export async function settleDataset(reading: Reading, run: RunContext): Promise<DatasetOutcome> {
  const { contract } = reading
  const { dataset } = contract
  const { timeline } = run
  const landed = await timeline.measure(
    'land',
    dataset,
    () => landDataset(reading, run),
    result => total(result.landing.records.values()),
  )
  const { records } = landed.landing
  let silver = await openTable(run.workspace.lake, silverShape(contract))
  const settled = await untilPublished(silver.name, run, async () => {
    const audited = await timeline.measure(
      'conform',
      dataset,
      async () => auditDataset(reading, await withRecordsBehind(silver, landed, run), silver, run),
      () => total(records.values()),
    )
    const published = await timeline.measure('publish', dataset, () => publishDataset(reading, audited, silver, run))
    if (published.outcome === 'published') return { audited, published }
    silver = published.table
    return undefined
  })
  if (settled !== undefined) {
    const { settled: _settled, ...outcome } = settled.audited
    const commits = [landed.bronze, ...settled.published.commits]
    const restated = await sumUpRestated(reading, outcome, run)
    return { contract, ...outcome, records, restated, waiting: settled.published.waiting, commits }
  }
  throw new SluiceError(
    'SLUICE_COMMIT_CONFLICT',
    `Other writers kept changing the same partitions of silver.${dataset}. Its bronze records are kept, nothing of it was published.`,
  )
}

/**
 * What was landed, on a head of bronze that holds the records behind all that silver shows. Other runs may have landed and published since this
 * one landed: their records, and this run's own if they had taken its captures over, are evidence that came later.
 */
async function withRecordsBehind(silver: LoadedTable, landed: Landed, { workspace }: RunContext): Promise<Landed> {
  const { bronze } = landed
  const { table } = bronze.commit
  const known = new Set(table.metadata.snapshots.map(({ summary }) => summary[RUN_ID]))
  if (silver.metadata.snapshots.every(({ summary }) => known.has(summary[RUN_ID]))) return landed
  const head = (await workspace.lake.catalog.load(table.name)) ?? table
  return { ...landed, bronze: { ...bronze, commit: { ...bronze.commit, table: head } } }
}

function total(counts: Iterable<number>): number {
  let sum = 0
  for (const count of counts) sum += count
  return sum
}
