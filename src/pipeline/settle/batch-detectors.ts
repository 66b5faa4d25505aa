import type { Contract } from '../../contract/contract.js'
import {
  type BatchDetection,
  compileBatchDetection,
  otherDatasets,
} from '../../contract/detectors/compile-detectors.js'
import type { Engine } from '../../engine/engine.js'
import { quoteIdent } from '../../engine/sql-text.js'
import type { DataFile, Snapshot } from '../../iceberg/types.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { currentSchema } from '../../lake/open-table.js'
import { readFilesSql } from '../../lake/read-sql.js'
import { ordinalOf, partitionFiles } from '../../lake/scan.js'
import type { BatchProfile } from '../../quality/gate.js'
import { seriesHash } from '../../silver/detect.js'
import { neighbourFiles } from '../../silver/neighbours.js'
import { withSlots } from '../../silver/session-slots.js'
import { calendarsOf, SESSIONS, withSessions } from '../../silver/sessions.js'
import type { Settled } from '../../silver/settle.js'
import { coveredTime } from '../derive/covered-time.js'
import type { Fetched } from '../fetch/fetched.js'
import { loadSessionsOf } from '../read/calendar-sessions.js'
import type { RunContext } from '../run-context.js'
import type { BatchFigures, PipeBatch } from './judge-pipes.js'
import type { Landed } from './land-dataset.js'
import { BATCHES, noteBatches } from './note-batches.js'
import { otherRows } from './other-rows.js'
import { reconcileDatasets } from './reconcile-datasets.js'
import { profileRecords } from './record-detectors.js'

/** A silver table, and the state of it that a run merges into. */
export interface Before {
  readonly silver: LoadedTable
  readonly snapshot: Snapshot | undefined
}

/** What a run brings to a dataset, by the batches that are judged. */
export interface Brought {
  readonly settled: Pick<Settled, 'added' | 'removed'>
  readonly landed: Landed
  readonly fetched: readonly Fetched[]
  readonly batches: readonly PipeBatch[]
}

/** The figures of the contract's detectors of batches and of records, in the order of the batches. */
export async function profileDetectors(
  contract: Contract,
  { settled, landed, fetched, batches }: Brought,
  before: Before,
  run: RunContext,
): Promise<BatchFigures> {
  if (!contract.checks.some(({ detector }) => detector !== undefined)) return batches.map(() => ({}))
  await noteBatches(batches, fetched, run)
  const ofRows = await profileRows(contract, settled, before, run)
  const ofRecords = await profileRecords(contract, landed, run)
  const ofOthers = await profileOthers(contract, settled, before, run)
  return batches.map((_, at) => ({ ...ofRows.get(at), ...ofRecords.get(at), ...ofOthers.get(at) }))
}

/**
 * In one statement over the rows that wait to be published and the published ones of their partitions and the nearest ones beside them.
 */
async function profileRows(
  contract: Contract,
  settled: Pick<Settled, 'added' | 'removed'>,
  before: Before,
  run: RunContext,
): Promise<ReadonlyMap<number, BatchProfile['checks']>> {
  const detection = compileBatchDetection(contract)
  if (detection === undefined || settled.added.length === 0) return new Map()
  const engine = run.workspace.engines[0]!
  const files = settled.added.map(({ file }) => file)
  const batch = '_detected_batch'
  const waiting = await readFilesSql(run.workspace.lake, before.silver, currentSchema(before.silver), files)
  await engine.run(`CREATE OR REPLACE TEMP VIEW ${batch} AS ${waiting}`)
  const published = await publishedSql(contract, settled, before, run)
  const plain = observedSql(contract, batch, published)
  const rows = detection.sessions ? await sessionedSql(plain, contract, batch, detection, engine) : plain
  const figures = await engine.rows(detection.figuresSql(rows))
  const of = (row: (typeof figures)[number], id: string): number | null => (row[id] === null ? null : Number(row[id]))
  return new Map(
    figures.map(row => [Number(row['_batch']), Object.fromEntries(detection.ids.map(id => [id, of(row, id)]))]),
  )
}

/** The rows that wait to be published against what is published of other datasets in their time. */
async function profileOthers(
  contract: Contract,
  { added }: Pick<Settled, 'added'>,
  { silver }: Before,
  run: RunContext,
): Promise<ReadonlyMap<number, BatchProfile['checks']>> {
  const names = otherDatasets(contract)
  if (names.length === 0 || added.length === 0) return new Map()
  const files = added.map(({ file }) => file)
  const within = coveredTime(silver, files)
  const others = await Promise.all(names.map(dataset => otherRows(dataset, within, run)))
  const waiting = await readFilesSql(run.workspace.lake, silver, currentSchema(silver), files)
  const columns = contract.columns.map(({ name }) => quoteIdent(name)).join(', ')
  const rows = `SELECT _batch, ${columns} FROM (${waiting}) JOIN ${BATCHES} USING (_capture_id)`
  return reconcileDatasets(contract, rows, others, run.workspace.engines[0]!)
}

async function publishedSql(
  contract: Contract,
  { added, removed }: Pick<Settled, 'added' | 'removed'>,
  { silver, snapshot }: Before,
  { workspace }: RunContext,
): Promise<string | undefined> {
  const { lake } = workspace
  if (snapshot === undefined) return undefined
  const touched = new Set(added.map(({ file }) => ordinalOf(silver, file)))
  const gone = new Set(removed.map(file => file['file-path']))
  const stays = (files: readonly DataFile[]): DataFile[] => files.filter(file => !gone.has(file['file-path']))
  const beside = { lake, silver, before: snapshot, added: [], removed }
  const files = [
    ...stays(await partitionFiles(lake, silver, touched, snapshot)),
    ...(await neighbourFiles(beside, touched, contract.partition)),
  ]
  return files.length === 0 ? undefined : readFilesSql(lake, silver, currentSchema(silver), files)
}

/** Rows of the batch by the pipe that brought them; a published row belongs to every pipe that goes on with its series. */
function observedSql(contract: Contract, batch: string, published: string | undefined): string {
  const columns = contract.columns.map(column => quoteIdent(column.name)).join(', ')
  const fresh = `SELECT _batch, _received_at, true AS _fresh, ${seriesHash(contract)} AS _series, ${columns} FROM ${batch} JOIN ${BATCHES} USING (_capture_id)`
  const kept = `SELECT ${columns} FROM ${batch} WHERE _capture_id NOT IN (SELECT _capture_id FROM ${BATCHES})`
  const past = published === undefined ? kept : `${kept} UNION ALL SELECT ${columns} FROM (${published})`
  const goesOn = `SELECT _batch, max(_received_at) AS _received_at, _series FROM (${fresh}) GROUP BY ALL`
  return `${fresh} UNION ALL SELECT s._batch, s._received_at, false, s._series, ${columns}
    FROM (SELECT ${seriesHash(contract)} AS _series, ${columns} FROM (${past})) JOIN (${goesOn}) s USING (_series)`
}

/** The same rows with their sessions, their windows, and the sessions that had ended when they were received. */
async function sessionedSql(
  rows: string,
  contract: Contract,
  batch: string,
  { slots, received }: BatchDetection,
  engine: Engine,
): Promise<string> {
  const calendars = await calendarsOf(batch, contract, engine)
  await loadSessionsOf(calendars, engine)
  const sessioned = await withSlots(withSessions(rows, contract, calendars), batch, contract, slots, calendars, engine)
  const columns = received.map(({ name, hours }) => `, ${receivedSql(hours)} AS ${quoteIdent(name)}`)
  return `SELECT *${columns.join('')} FROM (${sessioned})`
}

function receivedSql(hours: number): string {
  const at = `epoch_us(_received_at) - ${Math.round(hours * 3_600_000_000)}`
  const ended = `SELECT max(session_number) FROM ${SESSIONS} e WHERE e.mic = _calendar AND epoch_us(e.close) <= ${at}`
  return `CASE WHEN _calendar IS NULL THEN (${at}) // 86400000000 - 1 ELSE (${ended}) END`
}
