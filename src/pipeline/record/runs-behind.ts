import type { Engine } from '../../engine/engine.js'
import { footerNotesSql } from '../../engine/file-sql.js'
import type { DataFile } from '../../iceberg/types.js'
import type { LoadedTable } from '../../lake/catalog.js'
import type { Lake } from '../../lake/lake.js'
import { localPath } from '../../lake/read-sql.js'

/** How the ids of compactions begin: `isRunId` lets no run have one. */
export const COMPACT_PREFIX = 'compact-'

/** In the end of a compacted bronze file: the runs whose records it holds, with commas. */
export const RUNS_NOTE = 'sluice.runs'

/** The run that wrote a file, by the file's name. */
export function writerOf(file: DataFile): string {
  return /run_id=(.+)-[0-9a-f]{8}\.parquet$/.exec(file['file-path'])?.[1] ?? ''
}

/** Whether a compaction wrote a file: of bronze it holds records of finished runs that hold none of them back. */
export function isCompacted(file: DataFile): boolean {
  return writerOf(file).startsWith(COMPACT_PREFIX)
}

/**
 * The runs whose records bronze files hold, by the file's path. Mostly it is the one in the file's name; a compacted file says itself whose
 * files it was made of.
 */
export async function runsBehind(
  lake: Lake,
  table: LoadedTable,
  files: readonly DataFile[],
  engine: Engine,
): Promise<Map<string, readonly string[]>> {
  const runs = new Map<string, readonly string[]>(files.map(file => [file['file-path'], [writerOf(file)]]))
  const compacted = files.filter(isCompacted)
  if (compacted.length === 0) return runs
  const byLocal = new Map<string, string>()
  for (const file of compacted) byLocal.set(await localPath(lake, table, file), file['file-path'])
  const rows = await engine.rows(footerNotesSql([...byLocal.keys()], RUNS_NOTE))
  for (const row of rows) runs.set(byLocal.get(String(row['file_name']))!, String(row['note']).split(','))
  return runs
}
