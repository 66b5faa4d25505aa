import type { Contract } from '../contract/contract.js'
import { quarantineShape } from '../contract/tables.js'
import type { DataFile } from '../iceberg/types.js'
import { currentSchema } from '../lake/open-table.js'
import { readFilesSql } from '../lake/read-sql.js'
import { dataFiles } from '../lake/scan.js'
import type { Earlier } from '../silver/evidence.js'
import type { RunContext } from './run-context.js'
import { findRun } from './runs.js'

/**
 * What the records of the runs behind bronze files say: whose captures bring instruments of their own, and whose do not count. Without
 * a record a run is not finished: a merge leaves its rows to it, while a replacing run, which rebuilds what is published, counts them.
 */
export async function earlierRuns(files: readonly DataFile[], contract: Contract, run: RunContext): Promise<Earlier> {
  const { lake } = run.workspace
  const open = new Set(run.project.pipes.filter(pipe => pipe.universe === 'open').map(pipe => pipe.name))
  const openCaptures: string[] = []
  const held = new Map<string, readonly string[] | 'all'>()
  for (const id of new Set(files.map(runOf))) {
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
    withheld: file => held.get(runOf(file)) ?? unfinished,
    quarantine: await quarantineSql(contract, run),
  }
}

async function quarantineSql(contract: Contract, { workspace: { lake } }: RunContext): Promise<string> {
  const table = await lake.catalog.load(quarantineShape(contract).name)
  if (table === undefined) return 'SELECT NULL::VARCHAR AS _capture_id WHERE false'
  return readFilesSql(lake, table, currentSchema(table), await dataFiles(lake, table))
}

/** The run that wrote a file, by the file's name. */
export function runOf(file: DataFile): string {
  return /run_id=(.+)-[0-9a-f]{8}\.parquet$/.exec(file['file-path'])?.[1] ?? ''
}
