// What runs say about themselves.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The record of a run in the lake of a project. */
export function readRecord(project, runId) {
  return JSON.parse(readFileSync(join(project, 'data_lake', '_runs', `${runId}.json`), 'utf8'))
}
