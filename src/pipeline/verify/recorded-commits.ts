import type { Layer, LoadedTable, TableName } from '../../lake/catalog.js'
import { RUN_ID } from '../../lake/commit-files.js'
import { tableKey } from '../../lake/table-location.js'
import { EXPIRE_PREFIX } from '../maintain/expire.js'
import type { RunRecord, TableRecord } from '../record/run-record.js'
import { COMPACT_PREFIX } from '../record/runs-behind.js'
import type { Fault } from './verification.js'

/** A commit to a table that the record of a run tells of. */
export interface RecordedCommit {
  readonly runId: string
  readonly table: TableName
  readonly snapshotId: bigint
  readonly startedMs: number
  /** The metadata file that it made; not in records of the first lakes. */
  readonly metadata: TableRecord['metadata']
  /** Of a replay of all that was ever captured: what earlier commits held, it made again. */
  readonly isReplay: boolean
}

export function commitsIn(record: RunRecord): RecordedCommit[] {
  const { rebuilt } = record
  const startedMs = Date.parse(record.started_at)
  const isReplay = rebuilt !== undefined && rebuilt.from === undefined && rebuilt.lost.length === 0
  return record.tables.flatMap(own => {
    const table = nameOf(own)
    if (table === undefined) return []
    const snapshotId = BigInt(own.snapshot_id)
    return [{ runId: record.run_id, table, snapshotId, startedMs, metadata: own.metadata, isReplay }]
  })
}

/** Tables that are there, and those that are named by a commit and may not be. */
export function withRecorded(there: readonly TableName[], commits: readonly RecordedCommit[]): TableName[] {
  const named = [...there, ...commits.map(({ table }) => table)]
  return [...new Map(named.map(name => [tableKey(name), name])).values()]
}

/**
 * Commits of runs of which nothing else is there: neither record nor attempt. The record and its line may both be gone; old lakes noted no attempts.
 * `recorded`: the commits to the table that records have, which are held against it by themselves.
 */
export function unknownRunFaults(
  { metadata, metadataKey: file }: LoadedTable,
  known: ReadonlySet<string>,
  recorded: readonly RecordedCommit[],
  subject: string,
): Fault[] {
  const ids = new Set(recorded.map(({ snapshotId }) => snapshotId))
  const faults: Fault[] = []
  for (const { 'snapshot-id': id, summary } of metadata.snapshots) {
    const runId = summary[RUN_ID]
    const isUpkeep = runId?.startsWith(COMPACT_PREFIX) || runId?.startsWith(EXPIRE_PREFIX)
    if (runId === undefined || isUpkeep || known.has(runId) || ids.has(id)) continue
    const what = `run ${runId} committed it, and the lake has neither a record of that run nor one of an attempt at it`
    faults.push({ kind: 'odd', code: 'run_unknown', subject, file, place: `snapshot ${id}`, what })
  }
  return faults
}

function nameOf({ table, contract_version, files }: TableRecord): TableName | undefined {
  const [, layer, dataset] = /^([^.]+)\.(.+)$/.exec(table) ?? []
  const major = /\/contract_version=v(\d+)\//.exec(files[0]?.path ?? '')?.[1] ?? /^v?(\d+)/.exec(contract_version)?.[1]
  if (layer === undefined || dataset === undefined || major === undefined) return undefined
  return { layer: layer as Layer, dataset, major: Number(major) }
}
