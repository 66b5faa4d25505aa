import { parseVersion } from '../../contract/tables.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { expiredCaptures, isExpired } from '../maintain/expired-captures.js'
import type { DecisionRecord, RunRecord } from '../record/run-record.js'
import { findRun, RUNS_FOLDER, runIdOf } from '../record/runs.js'
import type { ReleasedBy } from '../settle/judge-pipes.js'

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
  /** Who released the batch that it is of. */
  readonly released: ReleasedBy | undefined
  /** How many rows a person discarded with it; undefined unless that is the last word on it. */
  readonly discarded: number | undefined
}

/** What the ledger says of a dataset. */
export interface SettledDataset {
  /** In order of their pipes and ids. */
  readonly captures: readonly SettledCapture[]
  /** The finished runs that landed them. */
  readonly runs: ReadonlySet<string>
}

/**
 * The captures that a dataset is made of, as the records of finished runs tell: what a run without a record took belongs to that run still,
 * and what a person let go since, with the rows on it, is none of them.
 * Throws SLUICE_METADATA_CORRUPT.
 */
export async function settledCaptures(dataset: string, store: ObjectStore): Promise<SettledDataset> {
  const runs = new Set<string>()
  const found = new Map<string, Found>()
  const decisions: DecisionMade[] = []
  const expired = await expiredCaptures(store)
  for await (const { key } of store.list(RUNS_FOLDER)) {
    const id = runIdOf(key)
    const record = id === undefined ? undefined : await findRun(store, id)
    decisions.push(...decisionsIn(record, dataset))
    const major = record === undefined ? undefined : majorOfRun(record, dataset)
    if (record === undefined || major === undefined) continue
    runs.add(record.run_id)
    const unread = record.replay?.lost ?? record.rebuilt?.lost ?? []
    const lost = new Set(unread.map(({ pipe, capture_id }) => JSON.stringify([pipe, capture_id])))
    const pipes = new Set(record.pipes.filter(pipe => pipe.dataset === dataset).map(({ pipe }) => pipe))
    for (const input of record.inputs.filter(({ pipe }) => pipes.has(pipe))) {
      const { capture_id, pipe, name, bytes, held } = input
      if (isExpired(expired, capture_id, record)) continue
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
  const released = new Map(decisions.flatMap(({ move, own, by }) => (move === 'release' ? [[own, by] as const] : [])))
  const discarded = new Map(
    decisions.flatMap(({ move, own, rows }) => (move === 'discard' ? [[own, rows] as const] : [])),
  )
  const captures = [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([own, capture]): SettledCapture => {
      // What passed a gate has been published, before or after it was given up.
      const isGivenUp = capture.passed.size === 0
      return { ...capture, released: released.get(own), discarded: isGivenUp ? discarded.get(own) : undefined }
    })
  return { captures, runs }
}

type Found = Omit<SettledCapture, 'released' | 'discarded'> & {
  readonly seen: Set<number>
  readonly passed: Set<number>
}

interface DecisionMade {
  readonly move: DecisionRecord['move']
  /** The pipe and the capture. */
  readonly own: string
  readonly by: ReleasedBy
  readonly rows: number
}

/** What a person decided in a run about held captures of a dataset. */
function decisionsIn(record: RunRecord | undefined, dataset: string): DecisionMade[] {
  const { move, by, batches = [] } = record?.decision ?? {}
  if (record === undefined || move === undefined || by === undefined) return []
  return batches
    .filter(batch => batch.dataset === dataset)
    .flatMap(({ pipe, captures, rows }) =>
      captures.map((id, at) => ({
        move,
        own: JSON.stringify([pipe, id]),
        by: { by, decision: record.run_id },
        rows: at === 0 ? rows : 0,
      })),
    )
}

/** The contract's major under which a run landed a dataset; undefined when it did not. */
function majorOfRun({ tables = [] }: RunRecord, dataset: string): number | undefined {
  return parseVersion(tables.find(({ table }) => table === `bronze.${dataset}`)?.contract_version)?.major
}
