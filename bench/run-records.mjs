// What runs say about themselves.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The record of a run in the lake of a project, or in another one. */
export function readRecord(project, runId, lake = join(project, 'data_lake')) {
  return JSON.parse(readFileSync(join(lake, '_runs', `${runId}.json`), 'utf8'))
}
