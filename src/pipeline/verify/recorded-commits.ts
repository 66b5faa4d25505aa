import type { Layer, TableName } from '../../lake/catalog.js'
import { tableKey } from '../../lake/table-location.js'
import type { RunRecord, TableRecord } from '../run-record.js'

/** A commit to a table that the record of a run tells of. */
export interface RecordedCommit {
  readonly runId: string
  readonly table: TableName
  readonly snapshotId: bigint
  readonly startedMs: number
  /** The metadata file that it made; not in records of the first lakes. */
  readonly metadata: TableRecord['metadata']
}

export function commitsIn(record: RunRecord): RecordedCommit[] {
  return record.tables.flatMap(own => {
    const table = nameOf(own)
    if (table === undefined) return []
    const startedMs = Date.parse(record.started_at)
    return [{ runId: record.run_id, table, snapshotId: BigInt(own.snapshot_id), startedMs, metadata: own.metadata }]
  })
}

/** Tables that are there, and those that are named by a commit and may not be. */
export function withRecorded(there: readonly TableName[], commits: readonly RecordedCommit[]): TableName[] {
  const named = [...there, ...commits.map(({ table }) => table)]
  return [...new Map(named.map(name => [tableKey(name), name])).values()]
}

function nameOf({ table, contract_version, files }: TableRecord): TableName | undefined {
  const [, layer, dataset] = /^([^.]+)\.(.+)$/.exec(table) ?? []
  const major = /\/contract_version=v(\d+)\//.exec(files[0]?.path ?? '')?.[1] ?? /^v?(\d+)/.exec(contract_version)?.[1]
  if (layer === undefined || dataset === undefined || major === undefined) return undefined
  return { layer: layer as Layer, dataset, major: Number(major) }
}
