import { isoTime } from '../../core/clock.js'
import { SLUICE_VERSION } from '../../core/version.js'
import { claimSurely } from '../../lake/claim.js'
import type { ObjectStore } from '../../storage/object-store.js'
import type { Deps } from '../deps.js'
import { openAttempt } from '../ledger/attempt.js'
import type { Project } from '../project/project.js'
import { printRecord } from '../record/record-bytes.js'
import { tableRecord } from '../record/record-run.js'
import type { BreakerRecord, DatasetRecord, DecisionRecord, EventsRecord, RunRecord } from '../record/run-record.js'
import { runKey } from '../record/runs.js'
import type { TableCommit } from '../settle/table-commit.js'

export interface DecisionParts {
  readonly project: Project
  readonly deps: Deps
  readonly runId: string
  readonly startedMs: number
  readonly decision: DecisionRecord
  readonly datasets: readonly DatasetRecord[]
  readonly commits: readonly TableCommit[]
  readonly breakers: readonly BreakerRecord[]
  readonly store: ObjectStore
  readonly events?: EventsRecord | undefined
}

/** Stores the record of a decision that lands nothing: the run record of a run without pipes. */
export async function recordDecision(parts: DecisionParts): Promise<RunRecord> {
  const { project, deps, runId, startedMs, decision, datasets, commits, breakers, store, events } = parts
  const record: RunRecord = {
    record_version: 1,
    run_id: runId,
    status: 'decided',
    started_at: isoTime(startedMs),
    finished_at: isoTime(deps.clock.now()),
    sluice_version: SLUICE_VERSION,
    engine_version: '',
    node_version: process.version,
    platform: `${process.platform}-${process.arch}`,
    options: { allow_dq_breach: false, replace: false, select: [] },
    config_hash: project.configHash,
    input_hash: '',
    contracts: Object.fromEntries(project.contracts.map(contract => [contract.dataset, contract.hash])),
    inputs: [],
    decision,
    ...(breakers.length > 0 && { breakers }),
    pipes: [],
    datasets,
    tables: commits.map(tableRecord),
    steps: [],
    usage: NO_USAGE,
    ...(events !== undefined && { events }),
  }
  const attempt = openAttempt(store, runId, deps.clock)
  const touched = datasets.map(({ dataset }) => dataset)
  await attempt.begin({ startedMs, wallMs: deps.clock.now(), pipes: [], datasets: touched })
  await claimSurely(store, runKey(runId), printRecord(record), 'What was decided is done.')
  await attempt.recorded(record)
  return record
}

const NO_USAGE: RunRecord['usage'] = {
  wall_seconds: 0,
  cpu_seconds: 0,
  peak_memory_bytes: 0,
  store_requests: {},
  bytes_read: 0,
  bytes_written: 0,
  http_requests: 0,
}
