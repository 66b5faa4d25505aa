import { SluiceError } from '../../core/errors.js'
import { isRunId } from '../../core/ids.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { projectStore } from '../lake-store.js'
import type { Project } from '../project/project.js'
import type { RunRecord } from './run-record.js'

export const RUNS_FOLDER = '_runs/'
/** Records of backfills lie beside those of runs: a run id never begins so. */
const BACKFILLS = 'backfill-'

export function runKey(runId: string): string {
  return `${RUNS_FOLDER}${runId}.json`
}

/** The id of the run whose record an object is; undefined for one that is none. */
export function runIdOf(key: string): string | undefined {
  const id = /^_runs\/(.+)\.json$/.exec(key)?.[1]
  return id === undefined || id.startsWith(BACKFILLS) ? undefined : id
}

/** The record of a run, or undefined when there is none: an unfinished run has none. */
export async function findRun(store: ObjectStore, runId: string): Promise<RunRecord | undefined> {
  if (runId.startsWith(BACKFILLS)) return undefined
  const body = await store.get(runKey(runId))
  if (body === undefined) return undefined
  try {
    return JSON.parse(body.toString('utf8')) as RunRecord
  } catch (cause) {
    throw new SluiceError(
      'SLUICE_METADATA_CORRUPT',
      `The run record ${runKey(runId)} is not JSON.`,
      { place: { file: runKey(runId) } },
      cause,
    )
  }
}

/** The record of a run. Throws SLUICE_RUN_UNKNOWN. */
export async function readRun(project: Project, runId: string): Promise<RunRecord> {
  const found = isRunId(runId) ? await findRun(projectStore(project), runId) : undefined
  if (found !== undefined) return found
  throw new SluiceError('SLUICE_RUN_UNKNOWN', `There is no finished run ${runId.slice(0, 80)}.`)
}

/** All finished runs, the newest first. */
export async function listRuns(project: Project): Promise<RunRecord[]> {
  const store = projectStore(project)
  const records: RunRecord[] = []
  for await (const { key } of store.list(RUNS_FOLDER)) {
    const id = runIdOf(key)
    const record = id === undefined ? undefined : await findRun(store, id)
    if (record !== undefined) records.push(record)
  }
  return records.sort((a, b) => (a.started_at < b.started_at ? 1 : a.started_at > b.started_at ? -1 : 0))
}
