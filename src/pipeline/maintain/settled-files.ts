import type { DataFile } from '../../iceberg/types.js'
import type { LoadedTable } from '../../lake/catalog.js'
import type { Lake } from '../../lake/lake.js'
import { mapConcurrently } from '../../lake/write-files.js'
import { findRun } from '../record/runs.js'
import { isCompacted, writerOf } from '../record/runs-behind.js'

const RECORDS_AT_ONCE = 16

/**
 * The files of a table that may be joined with others. Of bronze those of runs that are finished and hold nothing back: whether the records
 * of another file count is asked by its run.
 */
export async function settledFiles(lake: Lake, table: LoadedTable, files: readonly DataFile[]): Promise<DataFile[]> {
  if (table.name.layer !== 'bronze') return [...files]
  const runs = [...new Set(files.filter(file => !isCompacted(file)).map(writerOf))]
  const settled = await mapConcurrently(runs, RECORDS_AT_ONCE, async id => {
    const record = await findRun(lake.store, id)
    return record !== undefined && !record.inputs.some(({ held }) => held === true)
  })
  const open = new Set(runs.filter((_, at) => !settled[at]))
  return files.filter(file => isCompacted(file) || !open.has(writerOf(file)))
}
