import { parseVersion } from '../../contract/tables.js'
import type { ObjectStore } from '../../storage/object-store.js'
import type { RunRecord } from '../run-record.js'
import { findRun, RUNS_FOLDER } from '../runs.js'

/** A capture that finished runs took for a dataset. */
export interface SettledCapture {
  readonly id: string
  readonly pipe: string
  /** Of the file, or the address that was asked. */
  readonly name: string
  readonly sizeBytes: number
  /** The majors under which its records were judged. */
  readonly seen: ReadonlySet<number>
  /** Those of them in which no gate held it back. */
  readonly passed: ReadonlySet<number>
}

/** What the ledger says of a dataset. */
export interface SettledDataset {
  /** In order of their pipes and ids. */
  readonly captures: readonly SettledCapture[]
  /** The finished runs that landed them. */
  readonly runs: ReadonlySet<string>
}

/**
 * The captures that a dataset is made of, as the records of finished runs tell: what a run without a record took belongs to that run still.
 * Throws SLUICE_METADATA_CORRUPT.
 */
export async function settledCaptures(dataset: string, store: ObjectStore): Promise<SettledDataset> {
  const runs = new Set<string>()
  const found = new Map<string, SettledCapture & { readonly seen: Set<number>; readonly passed: Set<number> }>()
  for await (const { key } of store.list(RUNS_FOLDER)) {
    const id = /^_runs\/(.+)\.json$/.exec(key)?.[1]
    const record = id === undefined ? undefined : await findRun(store, id)
    const major = record === undefined ? undefined : majorOfRun(record, dataset)
    if (record === undefined || major === undefined) continue
    runs.add(record.run_id)
    const lost = new Set(record.replay?.lost.map(({ pipe, capture_id }) => JSON.stringify([pipe, capture_id])))
    const pipes = new Set(record.pipes.filter(pipe => pipe.dataset === dataset).map(({ pipe }) => pipe))
    for (const input of record.inputs.filter(({ pipe }) => pipes.has(pipe))) {
      const { capture_id, pipe, name, bytes, held } = input
      const own = JSON.stringify([pipe, capture_id])
      const capture = found.get(own) ?? {
        id: capture_id,
        pipe,
        name,
        sizeBytes: bytes,
        seen: new Set(),
        passed: new Set(),
      }
      capture.seen.add(major)
      if (held !== true && !lost.has(own)) capture.passed.add(major)
      found.set(own, capture)
    }
  }
  const captures = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, capture]) => capture)
  return { captures, runs }
}

/** The contract's major under which a run landed a dataset; undefined when it did not. */
function majorOfRun({ tables = [] }: RunRecord, dataset: string): number | undefined {
  return parseVersion(tables.find(({ table }) => table === `bronze.${dataset}`)?.contract_version)?.major
}
