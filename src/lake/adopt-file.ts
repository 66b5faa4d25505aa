import { rm } from 'node:fs/promises'
import type { SqlRow, SqlValue } from '../engine/engine.js'
import { columnMetrics, type FileStatistics } from '../iceberg/column-stats.js'
import { partitionPath } from '../iceberg/partition.js'
import type { DataFile, Schema } from '../iceberg/types.js'
import { readContent } from '../storage/read-content.js'
import type { LoadedTable } from './catalog.js'
import { uncertain } from './claim.js'
import { contentName, isStored } from './content-name.js'
import type { Lake } from './lake.js'
import { currentSchema, defaultSpec } from './open-table.js'
import { keyOf, tableKey } from './table-location.js'

/** A data file that lies in the lake, durable, but is not part of any snapshot yet. */
export interface WrittenFile {
  readonly file: DataFile
  readonly ordinal: number
  readonly key: string
  readonly sha256: string
  /** Whether this write made the file. One that was there already may belong to a commit of the same run: it is never deleted. */
  readonly fresh: boolean
}

export interface FileWriter {
  readonly lake: Lake
  readonly table: LoadedTable
  readonly runId: string
  /** A folder of this run where DuckDB writes; on the store's disk if that is local. */
  readonly spool: string
  /** What a file says of itself at its end, by keys. */
  readonly notes?: Readonly<Record<string, string>>
  /** Files that the written ones will replace, by content. What comes out with the bytes of one of them is that file: nothing is moved into the lake. */
  readonly standing?: ReadonlyMap<string, DataFile>
}

/** Names a finished file by its content and moves it to its place. The same content written again is the same file. */
export async function adoptFile(writer: FileWriter, ordinal: number, path: string, row: SqlRow): Promise<WrittenFile> {
  const { table, lake } = writer
  const spec = defaultSpec(table)
  const content = await readContent(path)
  const { sizeBytes, sha256 } = content
  const tuple = { [spec.fields[0]!['field-id']]: ordinal }
  const name = `${partitionPath(spec, tuple)}/run_id=${writer.runId}-${sha256.slice(0, 8)}.parquet`
  const key = `${tableKey(table.name)}/${name}`
  const size = BigInt(sizeBytes)
  const same = await standingFile(writer, `${table.metadata.location}/${name}`, size)
  if (same !== undefined) {
    await rm(path, { force: true })
    return { file: same, ordinal, key: keyOf(table, same['file-path']), sha256, fresh: false }
  }
  const outcome = await lake.store.adopt(path, key, content)
  if (outcome.outcome === 'unknown') throw uncertain(key, outcome.cause, 'Nothing was published.')
  if (outcome.outcome === 'exists') await rm(path, { force: true })
  const file: DataFile = {
    content: 0,
    'file-path': `${table.metadata.location}/${name}`,
    'file-format': 'PARQUET',
    partition: tuple,
    'record-count': BigInt(String(row['count'])),
    'file-size-in-bytes': size,
    ...columnMetrics(currentSchema(table) satisfies Schema, statisticsOf(row)),
    'split-offsets': [4n],
    'sort-order-id': 0,
  }
  return { file, ordinal, key, sha256, fresh: outcome.outcome === 'created' }
}

/** A MAP as the engine gives it. */
export type MapEntries = readonly { readonly key: string; readonly value: SqlValue }[]

/** The standing file with the partition, hash and size of a new one, if it is whole. */
async function standingFile(
  { standing, table, lake }: FileWriter,
  path: string,
  size: bigint,
): Promise<DataFile | undefined> {
  const same = standing?.get(contentName({ 'file-path': path, 'file-size-in-bytes': size }))
  if (same === undefined) return undefined
  return (await isStored(same, keyOf(table, same['file-path']), lake.store)) ? same : undefined
}

function statisticsOf(row: SqlRow): FileStatistics {
  const entries = row['column_statistics'] as unknown as readonly { readonly key: string; readonly value: MapEntries }[]
  return Object.fromEntries(
    entries.map(({ key, value }) => [key, Object.fromEntries(value.map(figure => [figure.key, String(figure.value)]))]),
  )
}
