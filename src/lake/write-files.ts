import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { permits } from '../core/permits.js'
import type { Engine, SqlRow, SqlValue } from '../engine/engine.js'
import { quoteIdent, quoteText } from '../engine/sql-text.js'
import type { NestedField } from '../iceberg/types.js'
import { adoptFile, type FileWriter, type MapEntries, type WrittenFile } from './adopt-file.js'
import { enginePool } from './engine-pool.js'
import type { Lake } from './lake.js'
import { currentSchema } from './open-table.js'

export type { FileWriter, WrittenFile } from './adopt-file.js'

/** Rows that a reader takes or skips together. Ten vectors of DuckDB: a reader of one part of a sorted file skips most of the rest. */
const ROW_GROUP_ROWS = 20_480

/** Writes the rows of one partition as one file, or none when there are no rows. `select` gives the table's columns in order and is totally ordered. */
export async function writePartition(
  writer: FileWriter,
  engine: Engine,
  ordinal: number,
  select: string,
): Promise<WrittenFile | undefined> {
  return adoptCopied(writer, ordinal, await copyRows(writer, engine, select))
}

interface Copied {
  readonly path: string
  readonly row: SqlRow | undefined
}

async function copyRows(writer: FileWriter, engine: Engine, select: string): Promise<Copied> {
  const path = join(writer.spool, `${writer.lake.ids.uuid()}.parquet`)
  const [row] = await engine.rows(`COPY (${select}) TO ${quoteText(path)} (${copyOptions(writer).join(', ')})`)
  return { path, row }
}

async function adoptCopied(
  writer: FileWriter,
  ordinal: number,
  { path, row }: Copied,
): Promise<WrittenFile | undefined> {
  if (row === undefined || Number(row['count']) === 0) {
    await rm(path, { force: true })
    return undefined
  }
  return adoptFile(writer, ordinal, path, row)
}

/**
 * Finished files that are hashed and moved while the connections write the next ones. Most of the time each of them waits, for the disk or for an
 * answer; none is held in memory whole. ADR-0051.
 */
export const ADOPTIONS = 16

/**
 * Writes partitions side by side, one per connection, each on a single thread: several threads on one small file cost twice
 * the time of one, and on a large one as much memory again as its rows, which they sort and pass on out of order. `selectOf` gives the rows of
 * a partition, totally ordered, so that threads never show in the bytes.
 */
export async function writePartitions(
  writer: FileWriter,
  engines: readonly Engine[],
  ordinals: readonly number[],
  selectOf: (ordinal: number) => Promise<string>,
): Promise<WrittenFile[]> {
  const pool = enginePool(engines)
  const write = async (ordinal: number): Promise<WrittenFile | undefined> => {
    const select = await selectOf(ordinal)
    return adoptCopied(writer, ordinal, await pool.use(engine => copyRows(writer, engine, select)))
  }
  const writeAll = (): Promise<(WrittenFile | undefined)[]> =>
    mapConcurrently(ordinals, engines.length + ADOPTIONS, write)
  const written = ordinals.length === 0 ? [] : await onSingleThreads(engines[0]!, writeAll)
  return written.filter(file => file !== undefined)
}

/** Runs statements on one thread each, so that several connections share the cores. */
export async function onSingleThreads<Result>(engine: Engine, work: () => Promise<Result>): Promise<Result> {
  const [row] = await engine.rows(`SELECT current_setting('threads') AS threads`)
  await engine.run('SET threads = 1')
  try {
    return await work()
  } finally {
    await engine.run(`SET threads = ${Number(row?.['threads'])}`)
  }
}

/** Files that are written side by side. DuckDB keeps a buffer for each: hundreds of them crowd everything else out of memory. */
const OPEN_FILES = 64

/**
 * Writes partitions many at a time, fast and in no fixed order: for tables whose rows carry their position. `selectOf` gives the
 * table's columns and `_p`, the partition's ordinal, of all rows between two ordinals, both included. `ordinals` are sorted.
 * A statement over many small files keeps one thread busy, so each connection writes a slice of its own.
 */
export async function writePartitioned(
  writer: FileWriter,
  engines: readonly Engine[],
  ordinals: readonly number[],
  selectOf: (first: number, last: number) => string,
): Promise<WrittenFile[]> {
  const pool = enginePool(engines)
  const adoptions = permits(ADOPTIONS)
  const slices = cutList(ordinals, Math.ceil(OPEN_FILES / engines.length))
  const write = async (slice: readonly number[]): Promise<WrittenFile[]> => {
    const sql = copySliceSql(writer, selectOf(slice[0]!, slice.at(-1)!))
    const rows = await pool.use(engine => engine.rows(sql))
    const adopt = (row: SqlRow): Promise<WrittenFile> =>
      adoptFile(writer, Number(partitionKeyOf(row)), String(row['filename']), row)
    return Promise.all(rows.map(row => adoptions.with(() => adopt(row))))
  }
  if (slices.length < engines.length) return (await mapConcurrently(slices, 1, write)).flat()
  return onSingleThreads(engines[0]!, async () => (await mapConcurrently(slices, engines.length + 1, write)).flat())
}

function cutList<Item>(items: readonly Item[], length: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / length) }, (_, at) =>
    items.slice(at * length, (at + 1) * length),
  )
}

function copySliceSql(writer: FileWriter, select: string): string {
  const folder = join(writer.spool, writer.lake.ids.uuid())
  const options = [
    ...copyOptions(writer),
    'PARTITION_BY (_p)',
    'HIVE_FILE_PATTERN false',
    `FILENAME_PATTERN '{uuidv7}'`,
  ]
  return `COPY (${select}) TO ${quoteText(folder)} (${options.join(', ')})`
}

function copyOptions({ table, notes = {} }: FileWriter): string[] {
  const pairs = Object.entries(notes).map(([key, text]) => `${quoteText(key)}: ${quoteText(text)}`)
  const ids = currentSchema(table).fields.map(fieldIdSql).join(', ')
  return [
    'FORMAT parquet',
    'COMPRESSION zstd',
    `ROW_GROUP_SIZE ${ROW_GROUP_ROWS}`,
    'RETURN_STATS',
    `FIELD_IDS {${ids}}`,
    ...(pairs.length === 0 ? [] : [`KV_METADATA {${pairs.join(', ')}}`]),
  ]
}

function fieldIdSql(field: NestedField): string {
  const name = quoteIdent(field.name)
  if (typeof field.type === 'string' || field.type.type !== 'list') return `${name}: ${field.id}`
  return `${name}: {__duckdb_field_id: ${field.id}, element: ${field.type['element-id']}}`
}

function partitionKeyOf(row: SqlRow): SqlValue {
  const entries = row['partition_keys'] as unknown as MapEntries
  return entries[0]?.value ?? null
}

/** Deletes files that were written for a commit that was never tried. Files that were there before stay. */
export async function discardFiles(lake: Lake, written: readonly WrittenFile[]): Promise<void> {
  const fresh = written.filter(file => file.fresh)
  await mapConcurrently(fresh, ADOPTIONS, file => lake.store.delete(file.key))
}

/** Maps with a bound on how many are under way. Results keep the order of the items. */
export async function mapConcurrently<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = new Array(items.length)
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const at = next++
      results[at] = await work(items[at]!)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
  return results
}
