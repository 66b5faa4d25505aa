import { duckdbType } from '../../contract/column-types.js'
import type { Contract } from '../../contract/contract.js'
import {
  type BatchDetection,
  compileBatchDetection,
  otherDatasets,
} from '../../contract/detectors/compile-detectors.js'
import type { Engine } from '../../engine/engine.js'
import { quoteIdent, quoteText } from '../../engine/sql-text.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { currentSchema } from '../../lake/open-table.js'
import { readFilesSql } from '../../lake/read-sql.js'
import { currentSnapshot, ordinalOf } from '../../lake/scan.js'
import type { WrittenFile } from '../../lake/write-files.js'
import type { BatchProfile } from '../../quality/gate.js'
import { seriesHash } from '../../silver/detect.js'
import { neighbourFiles } from '../../silver/neighbours.js'
import { withSlots } from '../../silver/session-slots.js'
import { calendarsOf, withSessions } from '../../silver/sessions.js'
import { viewReferences } from '../project/references.js'
import { loadSessionsOf } from '../read/calendar-sessions.js'
import type { RunContext } from '../run-context.js'
import { profileChecks } from '../settle/batch-checks.js'
import { type OtherRows, otherRows } from '../settle/other-rows.js'
import { reconcileDatasets } from '../settle/reconcile-datasets.js'
import { coveredTime } from './covered-time.js'

/** The rows that a model derived, in files that wait to be published, and the table as it stands. */
interface Derived {
  readonly contract: Contract
  readonly table: LoadedTable
  readonly written: readonly WrittenFile[]
}

const BATCH = '_derived_batch'

/**
 * The figures of a gold contract's checks over exactly the files that wait to be published: all SQL in one statement, all detectors of
 * batches in another, and one for each other dataset that is looked at.
 */
export async function profileDerived(
  { contract, table, written }: Derived,
  engine: Engine,
  run: RunContext,
): Promise<BatchProfile['checks']> {
  if (contract.checks.length === 0) return {}
  const checks = await profileChecks(contract, written, table, run.workspace)
  if (!contract.checks.some(({ detector }) => detector !== undefined)) return checks
  const files = written.map(({ file }) => file)
  const rows = await readFilesSql(run.workspace.lake, table, currentSchema(table), files)
  await engine.run(`CREATE OR REPLACE TEMP VIEW ${BATCH} AS ${rows}`)
  const within = coveredTime(table, files)
  const others = await Promise.all(otherDatasets(contract).map(dataset => otherRows(dataset, within, run)))
  return {
    ...checks,
    ...(await profileBatch({ contract, table, written }, others, engine, run)),
    ...(await reconcileDatasets(contract, `SELECT 0 AS _batch, * FROM ${BATCH}`, others, engine)).get(0),
  }
}

async function profileBatch(
  { contract, table, written }: Derived,
  others: readonly OtherRows[],
  engine: Engine,
  { workspace: { lake } }: RunContext,
): Promise<BatchProfile['checks']> {
  const detection = compileBatchDetection(contract)
  if (detection === undefined) return {}
  const touched = new Set(written.map(({ file }) => ordinalOf(table, file)))
  const beside = { lake, silver: table, before: currentSnapshot(table), added: [], removed: [] }
  const neighbours = await neighbourFiles(beside, touched, contract.partition)
  const published = await readFilesSql(lake, table, currentSchema(table), neighbours)
  const columns = contract.columns.map(({ name }) => quoteIdent(name)).join(', ')
  const own = (isFresh: boolean, rows: string): string =>
    `SELECT ${isFresh} AS _fresh, NULL::VARCHAR AS _beside, ${columns} FROM ${rows}`
  const all = [own(true, BATCH), own(false, `(${published})`), ...others.map(other => besideSql(contract, other))]
  const plain = `SELECT 0 AS _batch, ${seriesHash(contract)} AS _series, * FROM (${all.join(' UNION ALL BY NAME ')})`
  const rows = detection.sessions ? await sessionedSql(plain, contract, detection, engine) : plain
  const [figures] = await engine.rows(detection.figuresSql(rows))
  const of = (id: string): number | null => (figures?.[id] == null ? null : Number(figures[id]))
  return Object.fromEntries(detection.ids.map(id => [id, of(id)]))
}

/** Rows of another dataset as rows of the table: their time, and what they have of the columns of a series. */
function besideSql(contract: Contract, { contract: other, sql }: OtherRows): string {
  const columns = contract.columns.flatMap(({ name, type }) => {
    const theirs = name === contract.eventTime ? other.eventTime : contract.series.includes(name) ? name : undefined
    if (theirs === undefined || !other.columns.some(column => column.name === theirs)) return []
    return [`${quoteIdent(theirs)}::${duckdbType(type)} AS ${quoteIdent(name)}`]
  })
  return `SELECT false AS _fresh, ${quoteText(other.dataset)} AS _beside, ${columns.join(', ')} FROM (${sql})`
}

/** A lane has a catalog of its own, without instruments and sessions. */
async function sessionedSql(
  rows: string,
  contract: Contract,
  { slots }: BatchDetection,
  engine: Engine,
): Promise<string> {
  await viewReferences(engine)
  const calendars = await calendarsOf(BATCH, contract, engine)
  await loadSessionsOf(calendars, engine)
  return withSlots(withSessions(rows, contract, calendars), BATCH, contract, slots, calendars, engine)
}
