import type { Interval } from '../../gold/touched.js'
import { ordinalRange, type TimeGrain, transformOrdinal } from '../../iceberg/transforms.js'
import type { DataFile } from '../../iceberg/types.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { defaultSpec } from '../../lake/open-table.js'
import { ordinalOf } from '../../lake/scan.js'

/** The time that the partition of a file covers. */
export function coveredBy(table: LoadedTable, file: DataFile): Interval {
  return partitionInterval(grainOf(table), ordinalOf(table, file))
}

/** The time that some files of a table cover, once per partition. */
export function coveredTime(table: LoadedTable, files: readonly DataFile[]): Interval[] {
  const ordinals = new Set(files.map(file => ordinalOf(table, file)))
  return [...ordinals].map(ordinal => partitionInterval(grainOf(table), ordinal))
}

/** The ordinals of the partitions that intervals, cut at partitions, cover. */
export function partitionsIn(intervals: readonly Interval[], grain: TimeGrain): Set<number> {
  const ordinals = new Set<number>()
  for (const { start, end } of intervals) {
    const first = transformOrdinal(grain, BigInt(start) * 1000n)
    for (let at = first; ordinalRange(grain, at).startMs < end; at++) ordinals.add(at)
  }
  return ordinals
}

function grainOf(table: LoadedTable): TimeGrain {
  return defaultSpec(table).fields[0]!.transform as TimeGrain
}

function partitionInterval(grain: TimeGrain, ordinal: number): Interval {
  const { startMs, endMs } = ordinalRange(grain, ordinal)
  return { start: startMs, end: endMs }
}
