import type { DataFile } from '../iceberg/types.js'
import type { ObjectStore } from '../storage/object-store.js'
import type { Project } from './project.js'
import { findRun } from './runs.js'

/** Captures behind bronze files of earlier runs whose pipes have an open universe, found by the records of those runs. */
export async function openCapturesOf(
  files: readonly DataFile[],
  runId: string,
  project: Project,
  store: ObjectStore,
): Promise<string[]> {
  const open = new Set(project.pipes.filter(pipe => pipe.universe === 'open').map(pipe => pipe.name))
  const runs = new Set(files.map(file => /run_id=(.+)-[0-9a-f]{8}\.parquet$/.exec(file['file-path'])?.[1]))
  const captures: string[] = []
  for (const id of runs) {
    if (id === undefined || id === runId) continue
    const record = await findRun(store, id)
    captures.push(...(record?.inputs ?? []).filter(input => open.has(input.pipe)).map(input => input.capture_id))
  }
  return captures
}
