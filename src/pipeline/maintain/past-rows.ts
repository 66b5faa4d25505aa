import type { Contract } from '../../contract/contract.js'
import { shapesOf } from '../../contract/tables.js'
import { ordinalRange } from '../../iceberg/transforms.js'
import type { DataFile } from '../../iceberg/types.js'
import type { LoadedTable, TableName } from '../../lake/catalog.js'
import { commitFiles } from '../../lake/commit-files.js'
import type { Lake } from '../../lake/lake.js'
import { dataFiles, ordinalOf } from '../../lake/scan.js'
import { tableKey } from '../../lake/table-location.js'

const COMMIT_TRIES = 20
const HOUR_MS = 3_600_000

/**
 * Whether a partition of a table, by its ordinal, ended longer ago than the contract of the table retains rows. Never without such a promise. Pure.
 */
export function isPastRetention(
  name: TableName,
  contracts: readonly Contract[],
  nowMs: number,
): (ordinal: number) => boolean {
  const described = contracts
    .flatMap(contract => shapesOf(contract).map(shape => ({ contract, shape })))
    .find(({ shape }) => tableKey(shape.name) === tableKey(name))
  const hours = described?.contract.retentionHours
  if (described === undefined || hours === undefined) return () => false
  const { grain } = described.shape.partition
  const before = nowMs - hours * HOUR_MS
  return ordinal => ordinalRange(grain, ordinal).endMs <= before
}

/** The live files of a table's partitions that are past their retention. */
export async function pastFiles(
  lake: Lake,
  table: LoadedTable,
  contracts: readonly Contract[],
  nowMs: number,
): Promise<DataFile[]> {
  const isPast = isPastRetention(table.name, contracts, nowMs)
  return (await dataFiles(lake, table)).filter(file => isPast(ordinalOf(table, file)))
}

/** Takes them out of the table in one commit; snapshots before it still name them. */
export async function dropPast(
  lake: Lake,
  base: LoadedTable,
  contracts: readonly Contract[],
  { nowMs, runId }: { readonly nowMs: number; readonly runId: string },
): Promise<{ readonly table: LoadedTable; readonly files: readonly DataFile[] }> {
  let table = base
  for (let tries = 0; tries < COMMIT_TRIES; tries++) {
    const files = await pastFiles(lake, table, contracts, nowMs)
    if (files.length === 0) return { table, files }
    const change = { added: [], removed: files, runId, inputHash: '', keys: 'free' as const }
    const commit = await commitFiles(lake, table, change)
    if (commit.outcome !== 'rebase') return { table: commit.table, files }
    table = commit.table
  }
  return { table, files: [] }
}
