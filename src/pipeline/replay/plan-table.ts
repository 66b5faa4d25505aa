import { ordinalRange, transformOrdinal } from '../../iceberg/transforms.js'
import type { DataFile } from '../../iceberg/types.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { contentName } from '../../lake/content-name.js'
import type { Lake } from '../../lake/lake.js'
import { dataFiles, ordinalOf } from '../../lake/scan.js'
import type { TableShape } from '../../lake/table-shape.js'
import type { WrittenFile } from '../../lake/write-files.js'
import type { TableCommit } from '../settle/table-commit.js'
import { verifyFiles } from '../verify/verify-files.js'
import type { Workspace } from '../workspace.js'

/** One partition of a table: what it holds, and what was made of it again. */
export interface PartitionPlan {
  readonly ordinal: number
  readonly stored: readonly DataFile[]
  readonly rebuilt: readonly WrittenFile[]
  /** Of the stored files some are gone, or have other bytes than were written. */
  readonly isDamaged: boolean
}

/** A table beside its rebuilt self. */
export interface TablePlan {
  readonly shape: TableShape
  /** As it was when it was compared; undefined when the lake has none. */
  readonly before: LoadedTable | undefined
  /** In the lake that the files were made in; undefined when nothing was. */
  readonly rebuilt: LoadedTable | undefined
  /** Partitions whose bytes are others than those that were made, damaged ones included. */
  readonly open: readonly PartitionPlan[]
  /** Partitions whose bytes are the same. */
  readonly exact: number
}

/**
 * Compares the files of a table with those that were made, and its own with their hashes. `fromMs`: earlier partitions are not looked at.
 * `isPast`: partitions that are past their retention; one that was taken out is not brought back. `mayStay`: files that would be replaced even
 * by their own bytes are not.
 */
export async function planTable(
  shape: TableShape,
  made: TableCommit | undefined,
  fromMs: number | undefined,
  { lake, engines }: Workspace,
  isPast: (ordinal: number) => boolean,
  mayStay: (file: DataFile) => boolean = () => true,
): Promise<TablePlan> {
  const before = await lake.catalog.load(shape.name)
  const stored = before === undefined ? [] : await dataFiles(lake, before)
  const damaged = before === undefined ? new Set<string>() : await damagedFiles(lake, before, stored, engines[0]!)
  const partitions = new Map<number, { stored: DataFile[]; rebuilt: WrittenFile[] }>()
  const at = (ordinal: number) => {
    const own = partitions.get(ordinal) ?? { stored: [], rebuilt: [] }
    partitions.set(ordinal, own)
    return own
  }
  for (const file of stored) at(ordinalOf(before!, file)).stored.push(file)
  for (const written of made?.added ?? []) at(written.ordinal).rebuilt.push(written)
  const first = firstOrdinal(shape, fromMs)
  const plans = [...partitions]
    .filter(([ordinal, own]) => ordinal >= first && (own.stored.length > 0 || !isPast(ordinal)))
    .sort(([a], [b]) => a - b)
    .map(([ordinal, own]) => ({
      ordinal,
      ...own,
      isDamaged: own.stored.some(file => damaged.has(file['file-path'])),
    }))
  const open = plans.filter(plan => plan.isDamaged || !isExact(plan) || !plan.stored.every(mayStay))
  return { shape, before, rebuilt: made?.commit.table, open, exact: plans.length - open.length }
}

/** The start of the partition that holds a time: what is replayed from there on is whole partitions. */
export function partitionStart({ partition: { grain } }: TableShape, fromMs: number): number {
  return ordinalRange(grain, transformOrdinal(grain, BigInt(fromMs) * 1000n)).startMs
}

function firstOrdinal({ partition: { grain } }: TableShape, fromMs: number | undefined): number {
  return fromMs === undefined ? Number.NEGATIVE_INFINITY : transformOrdinal(grain, BigInt(fromMs) * 1000n)
}

function isExact({ stored, rebuilt }: Pick<PartitionPlan, 'stored' | 'rebuilt'>): boolean {
  const names = (files: readonly DataFile[]): string => files.map(contentName).sort().join()
  return names(stored) === names(rebuilt.map(({ file }) => file))
}

async function damagedFiles(
  lake: Lake,
  table: LoadedTable,
  files: readonly DataFile[],
  engine: Workspace['engines'][number],
): Promise<Set<string>> {
  const { whole } = await verifyFiles({ lake, table, files, hashes: new Map(), engine })
  const paths = new Set(whole.map(({ file }) => file['file-path']))
  return new Set(files.map(file => file['file-path']).filter(path => !paths.has(path)))
}
