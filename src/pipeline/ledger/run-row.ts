import { printRecord, recordHash } from '../record/record-bytes.js'
import type { RunRecord, RunStatus } from '../record/run-record.js'
import type { AttemptRecord, BegunNote } from './attempt-record.js'

/**
 * How a run or an attempt stands in the list of runs: the status of its record, or, of an attempt without one, `error`: it ended in an error,
 * `died`: its process is gone, `running`: it is under way.
 */
export type RowStatus = RunStatus | 'error' | 'died' | 'running'

/** One line of the list of runs, made of a record. It can be made again at any time: the records are the truth. */
export interface RunRow {
  readonly run_id: string
  /** Names an attempt that left no run record; undefined: the line is of the record itself. */
  readonly attempt?: string
  readonly status: RowStatus
  /** Milliseconds since the epoch. */
  readonly started_ms: number
  readonly took_seconds: number
  readonly cpu_seconds: number
  readonly in: number
  readonly accepted: number
  readonly quarantined: number
  /** Commits to tables. */
  readonly tables: number
  /** Of the bytes of the run record, see `recordHash`; not in lines of the first lakes. */
  readonly record_hash?: string
  /** The code of the error in which an attempt ended. */
  readonly code?: string
  readonly pipes: readonly string[]
  readonly datasets: readonly string[]
}

export function rowOfRecord(record: RunRecord): RunRow {
  return rowOfStored(record, printRecord(record))
}

/** The same of a record that may be stored in other bytes than it is written in. */
export function rowOfStored(record: RunRecord, bytes: Buffer): RunRow {
  const sum = { in: 0, accepted: 0, quarantined: 0 }
  for (const pipe of record.pipes) {
    sum.in += pipe.in
    sum.accepted += pipe.accepted
    sum.quarantined += pipe.quarantined
  }
  return {
    run_id: record.run_id,
    status: record.status,
    started_ms: Date.parse(record.started_at),
    took_seconds: record.usage.wall_seconds,
    cpu_seconds: record.usage.cpu_seconds,
    ...sum,
    tables: record.tables.length,
    record_hash: recordHash(bytes),
    pipes: distinct([...record.pipes, ...(record.sources ?? [])].map(({ pipe }) => pipe)),
    datasets: distinct([...record.datasets, ...record.pipes].map(({ dataset }) => dataset)),
  }
}

export function rowOfAttempt({ attempt, run_id, outcome, pipes, datasets, error, ...record }: AttemptRecord): RunRow {
  const startedMs = Date.parse(record.started_at)
  const cpuSeconds = record.steps.reduce((seconds, step) => seconds + step.cpu_seconds, 0)
  return {
    ...{ run_id, attempt, status: outcome === 'failed' ? 'error' : 'died', started_ms: startedMs },
    took_seconds: record.steps.reduce((seconds, step) => seconds + step.seconds, 0),
    cpu_seconds: Math.round(cpuSeconds * 1000) / 1000,
    ...NO_FIGURES,
    ...(error !== undefined && { code: error.code }),
    ...{ pipes, datasets },
  }
}

/** Of an attempt that is not over, as far as anybody can say. */
export function rowOfBegun({ attempt, run_id, started_at, pipes, datasets }: BegunNote): RunRow {
  const startedMs = Date.parse(started_at)
  const times = { started_ms: startedMs, took_seconds: 0, cpu_seconds: 0 }
  return { run_id, attempt, status: 'running', ...times, ...NO_FIGURES, pipes, datasets }
}

/** The newest first; equal times by their ids, so that any two listings agree. */
export function byStart(a: RunRow, b: RunRow): number {
  return b.started_ms - a.started_ms || (idOf(a) < idOf(b) ? 1 : idOf(a) > idOf(b) ? -1 : 0)
}

/** Names a line: one that is found twice is the same. */
export function idOf({ run_id, attempt = '' }: RunRow): string {
  return `${run_id}/${attempt}`
}

/** Each line once, the newest first. */
export function inOrder(rows: readonly RunRow[]): RunRow[] {
  return [...new Map(rows.map(row => [idOf(row), row])).values()].sort(byStart)
}

const NO_FIGURES = { in: 0, accepted: 0, quarantined: 0, tables: 0 }

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].sort()
}
