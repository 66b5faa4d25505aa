import type { DataFile } from '../../iceberg/types.js'
import type { LoadedTable, TableName } from '../../lake/catalog.js'
import type { Lake } from '../../lake/lake.js'
import { dataFiles, ordinalOf } from '../../lake/scan.js'
import type { TableShape } from '../../lake/table-shape.js'
import { isPastRetention } from '../maintain/past-rows.js'
import type { RunContext } from '../run-context.js'
import { compareTable } from './compare-table.js'
import type { TableVerdict } from './verification.js'
import { writtenByOthers } from './why-outdated.js'

/** A table of silver or gold, with the files of it that can be read. */
export interface TableToDerive {
  readonly name: TableName
  readonly table: LoadedTable
  /** Undefined when its manifests cannot be read. */
  readonly live: readonly DataFile[] | undefined
  /** Whether a file of its newest snapshot is damaged or gone. */
  readonly isDamaged: boolean
  /** Of a run that is verified: the partitions that it wrote. Undefined: all. */
  readonly partitions: ReadonlySet<number> | undefined
}

/** `silver.bars` */
export function textOf({ layer, dataset }: TableName): string {
  return `${layer}.${dataset}`
}

export function notReplayable({ name }: TableToDerive, why: string): TableVerdict {
  const table = `${textOf(name)}${name.major === 1 ? '' : `_v${name.major}`}`
  return { table, verdict: 'not_replayable', why, partitions: {}, inexact: [] }
}

/** Of a table whose declaration was taken out of the project, which a person may not have meant. */
export function notDeclared(table: TableToDerive, why: string): TableVerdict {
  return { ...notReplayable(table, why), outdated: why }
}

const DAMAGED = 'files of it are damaged or gone: see the faults'

/** How a table compares with its self in another lake. `outdated`: why it may differ. */
export async function compareDerived(
  table: TableToDerive,
  shape: TableShape,
  lake: Lake,
  outdated: string | undefined,
  run: RunContext,
): Promise<TableVerdict> {
  const { workspace, timeline } = run
  const name = textOf(table.name)
  if (table.live === undefined || table.isDamaged) return notReplayable(table, DAMAGED)
  const derived = (await lake.catalog.load(shape.name)) ?? table.table
  const within = (files: readonly DataFile[]): readonly DataFile[] => inPartitions(files, table)
  const held = new Set(table.live.map(file => ordinalOf(table.table, file)))
  const isPast = isPastRetention(shape.name, run.project.contracts, run.deps.clock.now())
  // What `expire` took out is not missed; what it has yet to take out is compared.
  const isExpired = (file: DataFile): boolean => {
    const ordinal = ordinalOf(derived, file)
    return !held.has(ordinal) && isPast(ordinal)
  }
  const files = derived === table.table ? [] : (await dataFiles(lake, derived)).filter(file => !isExpired(file))
  const verdict = await timeline.measure('compare', name, () =>
    compareTable(
      shape,
      { lake: workspace.lake, table: table.table, files: within(table.live!) },
      { lake, table: derived, files: within(files) },
      workspace.engines[0]!,
    ),
  )
  if (verdict.verdict !== 'differs') return { table: name, ...verdict }
  const why = outdated ?? (await writtenByOthers(table.live, run))
  return { table: name, ...verdict, ...(why !== undefined && { outdated: why }) }
}

function inPartitions(files: readonly DataFile[], { table, partitions }: TableToDerive): readonly DataFile[] {
  const fieldId = table.metadata['partition-specs'][0]!.fields[0]!['field-id']
  return partitions === undefined ? files : files.filter(file => partitions.has(Number(file.partition[fieldId])))
}
