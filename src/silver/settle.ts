import type { Contract } from '../contract/contract.js'
import { hasSeriesDetectors } from '../contract/detectors/compile-detectors.js'
import { silverShape } from '../contract/tables.js'
import { asNumber } from '../engine/duckdb.js'
import type { Engine } from '../engine/engine.js'
import { quoteIdent, quoteText } from '../engine/sql-text.js'
import type { DataFile, Snapshot } from '../iceberg/types.js'
import type { LoadedTable } from '../lake/catalog.js'
import { currentSchema } from '../lake/open-table.js'
import { readFilesSql } from '../lake/read-sql.js'
import { ordinalOf, partitionFiles } from '../lake/scan.js'
import { ordinalSql } from '../lake/table-shape.js'
import { type FileWriter, type WrittenFile, writePartitions } from '../lake/write-files.js'
import { BATCH_CAPTURES, CONFORMED, conform, IS_GOOD } from './conform.js'
import { countBatch, countDecided, countReplaced, emptyTally, type Scope, type Tally } from './count-batch.js'
import { applyDecided, keepReleased, markDiscarded } from './decided-rows.js'
import { DETECTION_TABLES, detect } from './detect.js'
import { allSql, cameLater, type Earlier, markOwn, noteOwn, ownSql } from './evidence.js'
import { neighbourFiles } from './neighbours.js'
import { keepQuarantine } from './quarantine.js'
import { CONTEST_TABLES, DISPLACED, FATES, noteContested, resolveKeys } from './resolve-keys.js'
import { keepRestated } from './restated-rows.js'
import type { SessionLoader } from './sessions.js'

/** Rows that one batch holds in memory at most, unless a single partition is larger. */
const BATCH_ROWS = 1_000_000

/** Capture and position of records of earlier runs that were judged anew. */
export const JUDGED = 'work.judged'

export interface SettleInput {
  readonly contract: Contract
  readonly bronze: LoadedTable
  /** Bronze files of this run. */
  readonly own: readonly DataFile[]
  /** The other bronze files of the partitions that the run's own touch; all others where the key does not hold the event time. */
  readonly earlier: readonly DataFile[]
  /** What is known about earlier files; asked only when their records are read. */
  consult(files: readonly DataFile[]): Promise<Earlier>
  readonly silver: LoadedTable
  /** The published rows to merge into: silver's head, or the state before this run's own commit when it is repeated. */
  readonly before: Snapshot | undefined
  /** `merge` adds to what is published; `replace` recomputes the partitions from bronze alone. */
  readonly mode: 'merge' | 'replace'
  /** Captures of this run whose pipes bring instruments of their own. */
  readonly openCaptures: readonly string[]
  /** Captures of this run that are held back. */
  readonly heldCaptures: readonly string[]
  /** Whether people decided about records of the dataset: `work.decided` names them. */
  readonly decided: boolean
  readonly writer: FileWriter
  /** For detectors that go by the sessions of calendars. */
  readonly sessions: SessionLoader
  /** The first does the set operations; all of them write partitions side by side. */
  readonly engines: readonly Engine[]
}

export interface Settled {
  readonly added: readonly WrittenFile[]
  readonly removed: readonly DataFile[]
  readonly tally: Tally
}

/** What the batches before have written, and which published files they replace. */
interface Done {
  readonly added: readonly DataFile[]
  readonly removed: readonly DataFile[]
}

/** Neighbouring partitions that are settled together. */
interface Batch {
  readonly own: readonly DataFile[]
  readonly earlier: readonly DataFile[]
}

/**
 * Conforms bronze records and writes the accepted ones as silver files, batch by batch of neighbouring partitions: memory follows
 * the batch, not the input. Nothing is visible yet. Quarantined rows are kept in `work.quarantine_<dataset>`,
 * restated ones in `work.restated_<dataset>`.
 */
export async function settle(input: SettleInput): Promise<Settled> {
  const engine = input.engines[0]!
  await forgetJudged(engine)
  const added: WrittenFile[] = []
  const removed: DataFile[] = []
  const tally = emptyTally()
  for (const batch of batchesOf(input)) {
    const conformed = await resolveBatch(input, batch, { added: added.map(({ file }) => file), removed }, engine)
    await countBatch(tally, conformed.scope, engine)
    if (input.decided) await countDecided(tally, conformed.scope, engine)
    await keepQuarantine(input.contract, engine)
    if (input.decided) await keepReleased(input.contract, engine)
    await keepRestated(input.contract, conformed.scope, engine)
    const rewritten = await rewrittenFiles(input, conformed, engine)
    removed.push(...rewritten)
    added.push(...(await writeAccepted(input, rewritten, conformed, tally)))
  }
  if (input.decided) await markDiscarded(input.contract, engine)
  await dropWork(engine)
  return { added, removed, tally }
}

interface ResolvedBatch {
  readonly scope: Scope
  /** The published files that can hold a key of the batch. */
  readonly published: readonly DataFile[]
  readonly displaced: number
}

/**
 * Records of a run are mostly newer than what is published; then they and the published rows say it all. Where another run's came later,
 * or an earlier row gives way under the policy `first`, what was said in between is in bronze alone.
 */
async function resolveBatch(input: SettleInput, batch: Batch, done: Done, engine: Engine): Promise<ResolvedBatch> {
  if (input.mode === 'replace') return resolveAll(input, batch, done, 'replaced', engine)
  const isLater = cameLater(input.bronze, batch.own)
  if (batch.earlier.some(isLater)) return resolveAll(input, batch, done, 'contested', engine)
  await nameOpenCaptures(input.openCaptures, engine)
  const evidence = { lake: input.writer.lake, bronze: input.bronze, own: batch.own, held: input.heldCaptures }
  await conform(await ownSql(evidence), input.contract, engine)
  if (input.decided) await applyDecided(input.contract, engine)
  const published = await publishedFiles(input, batch, engine)
  const existing = published.length === 0 ? undefined : await silverSql(input, published)
  await noteContested(input.contract, existing, engine)
  await detectIn(input, published, done, 'all', engine)
  const { displaced } = await resolveKeys(input.contract, { existing, evidence: 'newest' }, engine)
  if (displaced > 0 && input.contract.merge.policy === 'first')
    return resolveAll(input, batch, done, 'contested', engine)
  return { scope: 'new', published, displaced }
}

async function resolveAll(
  input: SettleInput,
  batch: Batch,
  done: Done,
  scope: 'contested' | 'replaced',
  engine: Engine,
): Promise<ResolvedBatch> {
  const { contract } = input
  const evidence = { lake: input.writer.lake, bronze: input.bronze, ...batch, held: input.heldCaptures }
  const earlier = await input.consult(batch.earlier)
  await nameOpenCaptures([...input.openCaptures, ...earlier.openCaptures], engine)
  await noteOwn(evidence, engine)
  await conform(await allSql(evidence, earlier), contract, engine)
  if (input.decided) await applyDecided(contract, engine)
  await markOwn(contract, scope === 'replaced' ? 'captures' : 'receipts', engine)
  const published = await publishedFiles(input, batch, engine)
  const existing = scope === 'replaced' || published.length === 0 ? undefined : await silverSql(input, published)
  await noteContested(contract, existing, engine)
  const beside = scope === 'replaced' ? [] : published
  await detectIn(input, beside, done, scope === 'replaced' ? 'all' : 'own', engine)
  const { displaced } = await resolveKeys(contract, { existing, evidence: 'all' }, engine)
  await engine.run(`INSERT INTO ${JUDGED} SELECT DISTINCT _capture_id, _position FROM ${CONFORMED}
    WHERE NOT _own AND _capture_id IN (SELECT _capture_id FROM (${earlier.quarantine}))`)
  return { scope, published, displaced }
}

/** Looks at the good rows of the batch among what is published of their partitions, and of those beside them. */
async function detectIn(
  input: SettleInput,
  published: readonly DataFile[],
  done: Done,
  judged: 'all' | 'own',
  engine: Engine,
): Promise<void> {
  const { contract, silver, before, writer, sessions } = input
  if (!hasSeriesDetectors(contract)) return
  const isCut = contract.primaryKey.includes(contract.eventTime)
  const touched = isCut ? await goodPartitions(engine) : new Set<number>()
  const beside = { lake: writer.lake, silver, before, ...done }
  const files = [...published, ...(await neighbourFiles(beside, touched, contract.partition))]
  const rows = files.length === 0 ? undefined : await silverSql(input, files)
  await detect(contract, { published: rows, judged, sessions }, engine)
  if (input.decided) await applyDecided(contract, engine)
}

/** Nothing of earlier runs counts as judged. */
export async function forgetJudged(engine: Engine): Promise<void> {
  await engine.run(`CREATE OR REPLACE TABLE ${JUDGED} (_capture_id VARCHAR, _position BIGINT)`)
}

/** Working tables stay in memory until they are dropped. */
async function dropWork(engine: Engine): Promise<void> {
  for (const table of [CONFORMED, ...CONTEST_TABLES, ...DETECTION_TABLES])
    await engine.run(`DROP TABLE IF EXISTS ${table}`)
}

/** Neighbouring partitions together, up to a number of rows. When the key does not hold the event time, rivals can be anywhere: one batch. */
function batchesOf({ contract, bronze, own, earlier, mode }: SettleInput): Batch[] {
  if (own.length === 0) return []
  if (!contract.primaryKey.includes(contract.eventTime)) return [{ own, earlier }]
  const ownBy = groupBy(own, file => ordinalOf(bronze, file))
  const earlierBy = groupBy(earlier, file => ordinalOf(bronze, file))
  const batches: { own: DataFile[]; earlier: DataFile[] }[] = []
  let rows = Number.POSITIVE_INFINITY
  for (const ordinal of [...ownBy.keys()].sort((a, b) => a - b)) {
    if (rows >= BATCH_ROWS) {
      batches.push({ own: [], earlier: [] })
      rows = 0
    }
    const part = { own: ownBy.get(ordinal) ?? [], earlier: earlierBy.get(ordinal) ?? [] }
    batches.at(-1)!.own.push(...part.own)
    batches.at(-1)!.earlier.push(...part.earlier)
    rows += rowsOf(mode === 'replace' ? [...part.own, ...part.earlier] : part.own)
  }
  return batches
}

async function nameOpenCaptures(captures: readonly string[], engine: Engine): Promise<void> {
  const open = captures.map(id => `(${quoteText(id)}, true)`)
  const rows =
    open.length > 0
      ? `SELECT DISTINCT * FROM (VALUES ${open.join(', ')}) v(_capture_id, open)`
      : 'SELECT NULL::VARCHAR AS _capture_id, false AS open WHERE false'
  await engine.run(`CREATE OR REPLACE TABLE ${BATCH_CAPTURES} AS ${rows}`)
}

async function silverSql(input: SettleInput, files: readonly DataFile[]): Promise<string> {
  return readFilesSql(input.writer.lake, input.silver, currentSchema(input.silver), files)
}

async function publishedFiles(input: SettleInput, batch: Batch, engine: Engine): Promise<DataFile[]> {
  if (input.before === undefined) return []
  if (!input.contract.primaryKey.includes(input.contract.eventTime))
    return partitionFiles(input.writer.lake, input.silver, undefined, input.before)
  const touched =
    input.mode === 'replace'
      ? new Set(batch.own.map(file => ordinalOf(input.bronze, file)))
      : await goodPartitions(engine)
  return partitionFiles(input.writer.lake, input.silver, touched, input.before)
}

async function goodPartitions(engine: Engine): Promise<Set<number>> {
  const rows = await engine.rows(`SELECT DISTINCT _p FROM ${CONFORMED} WHERE ${IS_GOOD}`)
  return new Set(rows.map(row => asNumber(row['_p'])))
}

/** The published files that are written anew, without the rows that leave. */
async function rewrittenFiles(
  input: SettleInput,
  { scope, published, displaced }: ResolvedBatch,
  engine: Engine,
): Promise<readonly DataFile[]> {
  if (scope === 'replaced') return published
  if (displaced === 0) return []
  const rows = await engine.rows(`SELECT DISTINCT ${partitionSql(input)} AS _p FROM ${DISPLACED}`)
  const ordinals = new Set(rows.map(row => asNumber(row['_p'])))
  return published.filter(file => ordinals.has(ordinalOf(input.silver, file)))
}

function partitionSql(input: SettleInput): string {
  return ordinalSql(input.contract.partition, quoteIdent(input.contract.eventTime))
}

/** One ordered file per touched partition; a partition with displaced rows is written again as a whole. */
async function writeAccepted(
  input: SettleInput,
  rewritten: readonly DataFile[],
  { scope, displaced }: ResolvedBatch,
  tally: Tally,
): Promise<WrittenFile[]> {
  const engine = input.engines[0]!
  await engine.run(`DELETE FROM ${CONFORMED} WHERE NOT (${IS_GOOD}) OR rowid IN (SELECT _row FROM ${FATES})`)
  if (scope === 'replaced') await countReplaced(tally, rowsOf(rewritten), await silverSql(input, rewritten), engine)
  else tally.left += displaced
  const counted = await engine.rows(`SELECT _p, count(*) AS rows FROM ${CONFORMED} GROUP BY _p ORDER BY _p`)
  const rewrittenBy = groupBy(scope === 'replaced' ? [] : rewritten, file => ordinalOf(input.silver, file))
  const ordinals = [...new Set([...counted.map(row => asNumber(row['_p'])), ...rewrittenBy.keys()])].sort(
    (a, b) => a - b,
  )
  return writePartitions(input.writer, input.engines, ordinals, ordinal =>
    partitionSelect(input, ordinal, rewrittenBy.get(ordinal)),
  )
}

async function partitionSelect(
  input: SettleInput,
  ordinal: number,
  rewritten: readonly DataFile[] | undefined,
): Promise<string> {
  const shape = silverShape(input.contract)
  const columns = shape.columns.map(column => quoteIdent(column.name)).join(', ')
  const order = shape.order.map(quoteIdent).join(', ')
  const fresh = `SELECT ${columns} FROM ${CONFORMED} WHERE _p = ${ordinal}`
  if (rewritten === undefined) return `${fresh} ORDER BY ${order}`
  return `SELECT * FROM (${fresh} UNION ALL SELECT ${columns} FROM (${await silverSql(input, rewritten)})
    WHERE (${order}) NOT IN (SELECT (${order}) FROM ${DISPLACED})) ORDER BY ${order}`
}

function rowsOf(files: readonly DataFile[]): number {
  return files.reduce((rows, file) => rows + Number(file['record-count']), 0)
}

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}
