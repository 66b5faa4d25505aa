import { asSluiceError } from '../../core/errors.js'
import type { Engine } from '../../engine/engine.js'
import { footersSql } from '../../engine/file-sql.js'
import type { DataFile } from '../../iceberg/types.js'
import type { LoadedTable } from '../../lake/catalog.js'
import type { Lake } from '../../lake/lake.js'
import { keyOf } from '../../lake/table-location.js'
import { mapConcurrently } from '../../lake/write-files.js'
import { hashFile } from '../../storage/hash-file.js'
import { passUnreachable } from '../../storage/object-store.js'
import type { Fault } from './verification.js'

export interface FilesToVerify {
  readonly lake: Lake
  readonly table: LoadedTable
  readonly files: readonly DataFile[]
  /** Whole hashes by key, as records of runs have them. A file's name has the first digits of its own. */
  readonly hashes: ReadonlyMap<string, string>
  readonly engine: Engine
}

export interface VerifiedFiles {
  readonly bytes: number
  /** Files that are as they were written, with the paths at which the engine reads them. */
  readonly whole: readonly { readonly file: DataFile; readonly path: string; readonly key: string }[]
  readonly faults: readonly Fault[]
}

const FILES_AT_ONCE = 4

/** Every data file that is named is there, with its size, its hash and its number of rows. */
export async function verifyFiles(input: FilesToVerify): Promise<VerifiedFiles> {
  const checked = await mapConcurrently(input.files, FILES_AT_ONCE, file => checkBytes(file, input))
  const faults = checked.flatMap(one => ('fault' in one ? [one.fault] : []))
  const hashed = checked.flatMap(one => ('fault' in one ? [] : [one]))
  const { whole, faults: ofRows } = await checkRows(hashed, input)
  return {
    bytes: hashed.reduce((sum, { file }) => sum + Number(file['file-size-in-bytes']), 0),
    whole,
    faults: [...faults, ...ofRows],
  }
}

type Hashed = VerifiedFiles['whole'][number]

async function checkBytes(file: DataFile, input: FilesToVerify): Promise<Hashed | { readonly fault: Fault }> {
  const { lake, table, hashes } = input
  let key = file['file-path']
  const fault = (kind: Fault['kind'], code: string, what: string) => ({
    fault: { kind, code, subject: subjectOf(table), file: key, place: '', what },
  })
  try {
    key = keyOf(table, file['file-path'])
    const stored = await lake.store.head(key)
    if (stored === undefined) return fault('missing', 'data_file_missing', 'the table names it, and it is not there')
    if (BigInt(stored.sizeBytes) !== file['file-size-in-bytes'])
      return fault('damaged', 'data_file_size', `it has ${stored.sizeBytes} bytes, not ${file['file-size-in-bytes']}`)
    const path = await lake.store.localPath(key)
    const sha256 = await hashFile(path)
    const expected = hashes.get(key) ?? /-([0-9a-f]{8})\.parquet$/.exec(key)?.[1]
    if (expected !== undefined && !sha256.startsWith(expected))
      return fault('damaged', 'data_file_hash', `its hash is ${sha256.slice(0, expected.length)}, not ${expected}`)
    return { file, path, key }
  } catch (cause) {
    passUnreachable(cause)
    return fault('damaged', 'data_file_unreadable', asSluiceError(cause).message)
  }
}

/** One statement over the ends of all files; file by file only when one of them cannot be read. */
async function checkRows(
  files: readonly Hashed[],
  input: FilesToVerify,
): Promise<Pick<VerifiedFiles, 'whole' | 'faults'>> {
  if (files.length === 0) return { whole: [], faults: [] }
  const sql = `SELECT file_name, num_rows FROM ${footersSql(files.map(({ path }) => path))}`
  const rows = await input.engine.rows(sql).catch((cause: unknown) => asSluiceError(cause))
  const fault = (key: string, code: string, what: string): Fault => ({
    kind: 'damaged',
    ...{ code, subject: subjectOf(input.table), file: key, place: '', what },
  })
  if (!Array.isArray(rows)) {
    const [one] = files
    if (files.length === 1) return { whole: [], faults: [fault(one!.key, 'data_file_unreadable', rows.message)] }
    const parts = await Promise.all(files.map(file => checkRows([file], input)))
    return { whole: parts.flatMap(part => part.whole), faults: parts.flatMap(part => part.faults) }
  }
  const counts = new Map(rows.map(row => [String(row['file_name']), String(row['num_rows'])]))
  const isRight = ({ file, path }: Hashed): boolean => counts.get(path) === String(file['record-count'])
  return {
    whole: files.filter(isRight),
    faults: files
      .filter(file => !isRight(file))
      .map(({ file, path, key }) =>
        fault(key, 'data_file_rows', `it has ${counts.get(path)} rows, and its manifest says ${file['record-count']}`),
      ),
  }
}

/** `silver.bars` */
export function subjectOf({ name }: Pick<LoadedTable, 'name'>): string {
  return `${name.layer}.${name.dataset}`
}
