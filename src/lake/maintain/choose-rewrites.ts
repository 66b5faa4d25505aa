import type { DataFile } from '../../iceberg/types.js'

/** Table property (Iceberg's own): how large files should be, in bytes. */
export const TARGET_BYTES = 'write.target-file-size-bytes'

/** 128 MiB: a file that one reader takes in a second, and few enough of them. */
const USUAL_TARGET = 128 * 2 ** 20
/** A file is small below this share of the target, as other engines have it. */
const SMALL_SHARE = 0.75
/** So many small files are always worth a rewrite. */
const MANY_FILES = 5
/** Fewer are when all of them together are so small that writing them again costs nothing. */
const CHEAP_BYTES = 16 * 2 ** 20

/** Files of one partition that become one. */
export interface Rewrite {
  readonly ordinal: number
  readonly files: readonly DataFile[]
}

/** The size that the files of a table should have; a property that is no number of bytes counts for nothing. */
export function targetBytes(properties: Readonly<Record<string, string>>): number {
  const told = Number(properties[TARGET_BYTES])
  return Number.isSafeInteger(told) && told > 0 ? told : USUAL_TARGET
}

/**
 * Which files of a table become one: small ones of the same partition, in the order of their paths, up to the target size together.
 * A large file that two small ones joined stays as it is, or each new row would cost a rewrite of all. Pure.
 */
export function chooseRewrites(
  files: readonly DataFile[],
  ordinalOf: (file: DataFile) => number,
  target: number,
): Rewrite[] {
  const byPartition = new Map<number, DataFile[]>()
  for (const file of files.toSorted((a, b) => (a['file-path'] < b['file-path'] ? -1 : 1))) {
    if (sizeOf(file) >= target * SMALL_SHARE) continue
    const ordinal = ordinalOf(file)
    const own = byPartition.get(ordinal)
    if (own === undefined) byPartition.set(ordinal, [file])
    else own.push(file)
  }
  return [...byPartition]
    .sort(([a], [b]) => a - b)
    .flatMap(([ordinal, small]) => binned(small, target).map(bin => ({ ordinal, files: bin })))
    .filter(({ files: bin }) => isWorth(bin))
}

function binned(files: readonly DataFile[], target: number): DataFile[][] {
  const bins: DataFile[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const file of files) {
    bytes += sizeOf(file)
    if (bytes > target) {
      bins.push([])
      bytes = sizeOf(file)
    }
    bins.at(-1)!.push(file)
  }
  return bins
}

function isWorth(files: readonly DataFile[]): boolean {
  if (files.length < 2) return false
  return files.length >= MANY_FILES || files.reduce((sum, file) => sum + sizeOf(file), 0) <= CHEAP_BYTES
}

function sizeOf(file: DataFile): number {
  return Number(file['file-size-in-bytes'])
}
