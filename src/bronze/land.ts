import { join } from 'node:path'
import { castSql } from '../contract/compile-cast.js'
import type { Contract } from '../contract/contract.js'
import { bronzeShape, versionText } from '../contract/tables.js'
import { SluiceError } from '../core/errors.js'
import { asNumber } from '../engine/duckdb.js'
import type { Engine } from '../engine/engine.js'
import { filesSql } from '../engine/file-sql.js'
import { instant, quoteIdent, quoteText } from '../engine/sql-text.js'
import { ordinalSql } from '../lake/table-shape.js'
import { type FileWriter, type WrittenFile, writePartitioned } from '../lake/write-files.js'

/** A capture whose records are landed: `file` is the readable text that the extraction reads. */
export interface LandedCapture {
  readonly id: string
  readonly pipe: string
  readonly file: string
  readonly receivedAtMs: number
}

/** SQL that gives `_file`, the contract's fields as text, `_extra` and `_raw`; `rejects` gives refused lines once `sql` has run. */
export interface RecordStatement {
  readonly sql: string
  readonly rejects?: string
  readonly longestRecordBytes?: number
  /** `sql` gives `_received_at` as well: there may be thousands of captures. */
  readonly tellsReceivedAt?: boolean
}

export interface Landing {
  readonly files: readonly WrittenFile[]
  /** Records per capture id, unreadable lines included. */
  readonly records: ReadonlyMap<string, number>
  /** A table in the engine with the unreadable lines: `_capture_id`, `_position`, `_raw`, `_received_at`. */
  readonly unreadable: string
}

/**
 * Turns captures into bronze records: one statement per kind of input stages them on disk (its row numbers are the positions),
 * one more per slice of neighbouring partitions writes them. The first connection does the set operations, all write files.
 */
export async function land(
  statements: readonly RecordStatement[],
  captures: readonly LandedCapture[],
  contract: Contract,
  writer: FileWriter,
  engines: readonly Engine[],
): Promise<Landing> {
  const engine = engines[0]!
  const unreadable = `work.unreadable_${contract.dataset}`
  await engine.run(
    `CREATE OR REPLACE TABLE ${unreadable} (_capture_id VARCHAR, _position BIGINT, _raw VARCHAR, _received_at TIMESTAMPTZ)`,
  )
  await engine.run(
    `CREATE OR REPLACE TABLE work.captures AS SELECT * FROM (VALUES ${captures.map(captureRow).join(', ')}) v(_capture_id, _file, _received_at)`,
  )
  const files: WrittenFile[] = []
  const records = new Map<string, number>()
  for (const [at, statement] of statements.entries()) {
    const stage = join(writer.spool, `stage-${contract.dataset}-${at}.parquet`)
    await withRoomFor(statement.longestRecordBytes ?? 0, engine, async () => {
      await stageRecords(statement, stage, captures, contract, engine)
      await countStage(stage, statement, unreadable, records, engine)
      files.push(...(await writeBronze(stage, contract, writer, engines)))
    })
  }
  return { files, records, unreadable }
}

/** Records of more than this ask for more memory than the engine's limit: a reader copies a record some thirty times. */
const LARGE_RECORD_BYTES = 16 << 20
const COPIES_OF_RECORD = 100

/** Does work on records of a size with the memory that their reader asks for. */
export async function withRoomFor(
  longestRecordBytes: number,
  engine: Engine,
  work: () => Promise<void>,
): Promise<void> {
  if (longestRecordBytes < LARGE_RECORD_BYTES) return work()
  const [row] = await engine.rows(`SELECT current_setting('memory_limit') AS memory_limit`)
  await engine.run(`SET memory_limit = '${Math.ceil((longestRecordBytes * COPIES_OF_RECORD) / 2 ** 20)}MiB'`)
  try {
    await work()
  } finally {
    await engine.run(`SET memory_limit = ${quoteText(String(row?.['memory_limit']))}`)
  }
}

/** The file is read once and thrown away: looking for repeated values in columns that have few costs more than it saves. */
const STAGE_OPTIONS = 'FORMAT parquet, COMPRESSION lz4, DICTIONARY_SIZE_LIMIT 1000'

/** Reads the captures into one file, in their order. What the reader refuses as a whole is the input's fault, not ours. */
async function stageRecords(
  statement: RecordStatement,
  stage: string,
  captures: readonly LandedCapture[],
  contract: Contract,
  engine: Engine,
): Promise<void> {
  const select = `SELECT *, ${ordinalSql(contract.partition, '_partition_time')} AS _p
    FROM (SELECT *, ${partitionTimeSql(statement, captures, contract)} AS _partition_time FROM (${statement.sql}))`
  try {
    await engine.run(`COPY (${select}) TO ${quoteText(stage)} (${STAGE_OPTIONS})`)
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause
    const message = cause instanceof Error ? cause.message : String(cause)
    const file = captures.find(capture => message.includes(capture.file))?.file ?? captures[0]?.file ?? ''
    const line = /\bline:? (\d+)/i.exec(message)?.[1]
    const truncated = /unexpected end|truncated/i.test(message)
    throw new SluiceError(
      truncated ? 'SLUICE_INPUT_TRUNCATED' : 'SLUICE_INPUT_FORMAT',
      `${file} cannot be read: ${message.split('\n')[0]}`,
      { place: { file, ...(line === undefined ? {} : { line: Number(line) }) } },
      cause,
    )
  }
}

async function countStage(
  stage: string,
  statement: RecordStatement,
  unreadable: string,
  records: Map<string, number>,
  engine: Engine,
): Promise<void> {
  const staged = filesSql('read_parquet', [stage], ['file_row_number = true'])
  await engine.run(`CREATE OR REPLACE TABLE work.staged AS
    SELECT c.*, s.first_row, s.records, s.unreadable FROM
      (SELECT _file, min(file_row_number) AS first_row, count(*) AS records, count(_raw) AS unreadable FROM ${staged} GROUP BY _file) s
      JOIN work.captures c USING (_file)`)
  const counted = await engine.rows('SELECT _capture_id, records, unreadable FROM work.staged')
  for (const row of counted) addTo(records, String(row['_capture_id']), asNumber(row['records']))
  if (counted.some(row => asNumber(row['unreadable']) > 0)) {
    await engine.run(`INSERT INTO ${unreadable} SELECT c._capture_id, s.file_row_number - c.first_row, s._raw, c._received_at
      FROM ${staged} s JOIN work.staged c USING (_file) WHERE s._raw IS NOT NULL`)
  }
  if (statement.rejects === undefined || !(await hasRejects(engine))) return
  const rejected = `SELECT c._capture_id, r._line AS _position, r._raw, c._received_at FROM (${statement.rejects}) r JOIN work.captures c USING (_file)`
  for (const row of await engine.rows(
    `SELECT _capture_id, count(*) AS lines FROM (${rejected}) GROUP BY _capture_id`,
  )) {
    addTo(records, String(row['_capture_id']), asNumber(row['lines']))
  }
  await engine.run(`INSERT INTO ${unreadable} ${rejected}`)
  await engine.run('DROP TABLE IF EXISTS reject_errors')
  await engine.run('DROP TABLE IF EXISTS reject_scans')
}

/** Where a test of the source lets no line pass, DuckDB opens no file and makes no table for what it could not read. */
async function hasRejects(engine: Engine): Promise<boolean> {
  const found = await engine.rows(`SELECT 1 FROM duckdb_tables() WHERE table_name = 'reject_errors'`)
  return found.length > 0
}

/** A join would give the time of capture too, but may turn the rows round. */
function partitionTimeSql(statement: RecordStatement, captures: readonly LandedCapture[], contract: Contract): string {
  const eventTime = contract.columns.find(column => column.name === contract.eventTime)!
  const times = captures.map(capture => `${quoteText(capture.file)}: ${instant(capture.receivedAtMs)}`)
  const received = statement.tellsReceivedAt === true ? '_received_at' : `MAP {${times.join(', ')}}[_file]`
  return `coalesce((${castSql(eventTime, quoteIdent(eventTime.name))})::TIMESTAMPTZ, ${received})`
}

async function writeBronze(
  stage: string,
  contract: Contract,
  writer: FileWriter,
  engines: readonly Engine[],
): Promise<WrittenFile[]> {
  const columns = bronzeShape(contract)
    .columns.map(column => quoteIdent(column.name))
    .join(', ')
  const staged = filesSql('read_parquet', [stage], ['file_row_number = true'])
  const found = await engines[0]!.rows(`SELECT DISTINCT _p FROM ${staged} WHERE _raw IS NULL ORDER BY _p`)
  const ordinals = found.map(row => asNumber(row['_p']))
  return writePartitioned(
    writer,
    engines,
    ordinals,
    (first, last) => `SELECT ${columns}, _p FROM (
      SELECT s.*, c._received_at AS _known_at, 'captured' AS _known_basis, c._capture_id,
        (s.file_row_number - c.first_row)::BIGINT AS _position, ${quoteText(versionText(contract))} AS _contract_version
      FROM ${staged} s JOIN work.staged c USING (_file)
      WHERE s._raw IS NULL AND s._p BETWEEN ${first} AND ${last})`,
  )
}

function captureRow(capture: LandedCapture): string {
  return `(${quoteText(capture.id)}, ${quoteText(capture.file)}, ${instant(capture.receivedAtMs)})`
}

function addTo(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count)
}
