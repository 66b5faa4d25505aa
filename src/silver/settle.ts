import type { Contract } from '../contract/contract.js'
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
import { countBatch, emptyTally, type Tally } from './count-batch.js'
import { keepQuarantine } from './quarantine.js'
import { DISPLACED, FATES, resolveKeys } from './resolve-keys.js'

/** Rows that one batch holds in memory at most, unless a single partition is larger. */
const BATCH_ROWS = 1_000_000

export interface SettleInput {
  readonly contract: Contract
  readonly bronze: LoadedTable
  /** Bronze files to read. */
  readonly sources: readonly DataFile[]
  readonly silver: LoadedTable
  /** The published rows to merge into: silver's head, or the state before this run's own commit when it is repeated. */
  readonly before: Snapshot | undefined
  /** `merge` adds to what is published; `replace` recomputes the partitions from bronze alone. */
  readonly mode: 'merge' | 'replace'
  /** Captures whose pipes bring instruments of their own. */
  readonly openCaptures: readonly string[]
  /** Captures that are held back. */
  readonly heldCaptures: readonly string[]
  readonly writer: FileWriter
  /** The first does the set operations; all of them write partitions side by side. */
  readonly engines: readonly Engine[]
}

export interface Settled {
  readonly added: readonly WrittenFile[]
  readonly removed: readonly DataFile[]
  readonly tally: Tally
}

/**
 * Conforms bronze records and writes the accepted ones as silver files, batch by batch of neighbouring partitions: memory follows
 * the batch, not the input. Nothing is visible yet. Quarantined rows are kept in `work.quarantine_<dataset>`.
 */
export async function settle(input: SettleInput): Promise<Settled> {
  const engine = input.engines[0]!
  await prepareCaptures(input, engine)
  const added: WrittenFile[] = []
  const removed: DataFile[] = []
  const tally = emptyTally()
  for (const batch of batchesOf(input)) {
    await conform(await bronzeSql(input, batch), input.contract, engine)
    const published = await publishedFiles(input, batch, engine)
    const existing = input.mode === 'replace' || published.length === 0 ? undefined : await silverSql(input, published)
    const { displaced } = await resolveKeys(input.contract, existing, engine)
    await countBatch(tally, engine)
    await keepQuarantine(input.contract, engine)
    const rewritten =
      input.mode === 'replace' ? published : displaced > 0 ? await displacedFiles(input, published, engine) : []
    removed.push(...rewritten)
    added.push(...(await writeAccepted(input, rewritten, displaced > 0)))
  }
  await dropWork(engine)
  return { added, removed, tally }
}

/** Working tables stay in memory until they are dropped. */
async function dropWork(engine: Engine): Promise<void> {
  for (const table of [CONFORMED, FATES, DISPLACED, 'work.rivals', 'work.contested'])
    await engine.run(`DROP TABLE IF EXISTS ${table}`)
}

/** Neighbouring partitions together, up to a number of rows. When the key does not hold the event time, rivals can be anywhere: one batch. */
function batchesOf(input: SettleInput): DataFile[][] {
  const sorted = [...input.sources].sort((a, b) => ordinalOf(input.bronze, a) - ordinalOf(input.bronze, b))
  if (!input.contract.primaryKey.includes(input.contract.eventTime)) return sorted.length === 0 ? [] : [sorted]
  const batches: DataFile[][] = []
  let rows = Number.POSITIVE_INFINITY
  let last: number | undefined
  for (const file of sorted) {
    const ordinal = ordinalOf(input.bronze, file)
    if (rows >= BATCH_ROWS && ordinal !== last) {
      batches.push([])
      rows = 0
    }
    batches.at(-1)!.push(file)
    rows += Number(file['record-count'])
    last = ordinal
  }
  return batches
}

async function prepareCaptures(input: SettleInput, engine: Engine): Promise<void> {
  const open = input.openCaptures.map(id => `(${quoteText(id)}, true)`)
  const rows =
    open.length > 0
      ? `SELECT DISTINCT * FROM (VALUES ${open.join(', ')}) v(_capture_id, open)`
      : 'SELECT NULL::VARCHAR AS _capture_id, false AS open WHERE false'
  await engine.run(`CREATE OR REPLACE TABLE ${BATCH_CAPTURES} AS ${rows}`)
}

async function bronzeSql(input: SettleInput, files: readonly DataFile[]): Promise<string> {
  const read = await readFilesSql(input.writer.lake, input.bronze, currentSchema(input.bronze), files)
  // A capture that several runs landed is one piece of evidence: its records count once, as the first run knew them.
  const once = `SELECT * FROM (${read}) QUALIFY row_number() OVER (PARTITION BY _capture_id, _position ORDER BY _known_at) = 1`
  const all = input.mode === 'replace' ? once : read
  if (input.heldCaptures.length === 0) return all
  return `SELECT * FROM (${all}) WHERE _capture_id NOT IN (${input.heldCaptures.map(quoteText).join(', ')})`
}

async function silverSql(input: SettleInput, files: readonly DataFile[]): Promise<string> {
  return readFilesSql(input.writer.lake, input.silver, currentSchema(input.silver), files)
}

/** The published files that can hold a key of the batch. */
async function publishedFiles(input: SettleInput, batch: readonly DataFile[], engine: Engine): Promise<DataFile[]> {
  if (input.before === undefined) return []
  if (!input.contract.primaryKey.includes(input.contract.eventTime))
    return partitionFiles(input.writer.lake, input.silver, undefined, input.before)
  const touched =
    input.mode === 'replace' ? new Set(batch.map(file => ordinalOf(input.bronze, file))) : await goodPartitions(engine)
  return partitionFiles(input.writer.lake, input.silver, touched, input.before)
}

async function goodPartitions(engine: Engine): Promise<Set<number>> {
  const rows = await engine.rows(`SELECT DISTINCT _p FROM ${CONFORMED} WHERE ${IS_GOOD}`)
  return new Set(rows.map(row => asNumber(row['_p'])))
}

async function displacedFiles(input: SettleInput, published: readonly DataFile[], engine: Engine): Promise<DataFile[]> {
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
  displaced: boolean,
): Promise<WrittenFile[]> {
  const [engine] = input.engines
  await engine!.run(`DELETE FROM ${CONFORMED} WHERE NOT (${IS_GOOD}) OR rowid IN (SELECT _row FROM ${FATES})`)
  const counted = await engine!.rows(`SELECT _p, count(*) AS rows FROM ${CONFORMED} GROUP BY _p ORDER BY _p`)
  const rewrittenBy = groupBy(input.mode === 'merge' ? rewritten : [], file => ordinalOf(input.silver, file))
  const ordinals = [...new Set([...counted.map(row => asNumber(row['_p'])), ...rewrittenBy.keys()])].sort(
    (a, b) => a - b,
  )
  return writePartitions(input.writer, input.engines, ordinals, ordinal =>
    partitionSelect(input, ordinal, rewrittenBy.get(ordinal), displaced),
  )
}

async function partitionSelect(
  input: SettleInput,
  ordinal: number,
  rewritten: readonly DataFile[] | undefined,
  displaced: boolean,
): Promise<string> {
  const columns = silverShape(input.contract)
    .columns.map(column => quoteIdent(column.name))
    .join(', ')
  const keys = input.contract.primaryKey.map(quoteIdent).join(', ')
  const fresh = `SELECT ${columns} FROM ${CONFORMED} WHERE _p = ${ordinal}`
  if (rewritten === undefined) return `${fresh} ORDER BY ${keys}`
  const gone = displaced ? ` WHERE (${keys}) NOT IN (SELECT (${keys}) FROM ${DISPLACED})` : ''
  return `SELECT * FROM (${fresh} UNION ALL SELECT ${columns} FROM (${await silverSql(input, rewritten)})${gone}) ORDER BY ${keys}`
}

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}
