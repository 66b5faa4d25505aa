import type { Contract } from '../../contract/contract.js'
import { quarantineShape } from '../../contract/tables.js'
import type { DataFile } from '../../iceberg/types.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { currentSchema } from '../../lake/open-table.js'
import { readFilesSql } from '../../lake/read-sql.js'
import { dataFiles } from '../../lake/scan.js'
import type { Earlier } from '../../silver/evidence.js'
import type { RunContext } from '../run-context.js'
import { findRun } from './runs.js'
import { isCompacted, runsBehind, writerOf } from './runs-behind.js'

/**
 * What the records of the runs behind bronze files say: whose captures bring instruments of their own, and whose do not count. Without
 * a record a run is not finished: a merge leaves its rows to it, while a replacing run, which rebuilds what is published, counts them.
 */
export async function earlierRuns(
  files: readonly DataFile[],
  bronze: LoadedTable,
  contract: Contract,
  run: RunContext,
): Promise<Earlier> {
  const { lake, engines } = run.workspace
  const behind = await runsBehind(lake, bronze, files, engines[0]!)
  const open = new Set(run.project.pipes.filter(pipe => pipe.universe === 'open').map(pipe => pipe.name))
  const openCaptures: string[] = []
  const held = new Map<string, readonly string[] | 'all'>()
  for (const id of new Set([...behind.values()].flat())) {
    const record = id === run.runId ? undefined : await findRun(lake.store, id)
    const inputs = record?.inputs ?? []
    openCaptures.push(...inputs.filter(input => open.has(input.pipe)).map(input => input.capture_id))
    if (record !== undefined)
      held.set(
        id,
        inputs.filter(input => input.held).map(input => input.capture_id),
      )
  }
  const unfinished = run.options.replace ? [] : 'all'
  return {
    openCaptures,
    // Compaction joins files of runs only whose records count as a whole.
    withheld: file => (isCompacted(file) ? [] : (held.get(writerOf(file)) ?? unfinished)),
    quarantine: await quarantineSql(contract, run),
  }
}

async function quarantineSql(contract: Contract, { workspace: { lake } }: RunContext): Promise<string> {
  const table = await lake.catalog.load(quarantineShape(contract).name)
  if (table === undefined) return 'SELECT NULL::VARCHAR AS _capture_id WHERE false'
  return readFilesSql(lake, table, currentSchema(table), await dataFiles(lake, table))
}
