import { isoTime } from '../../core/clock.js'
import { type PipeBreaker, untilText } from '../../quality/pipe-breaker.js'
import type { Lease } from '../fetch/leases.js'
import type { PipeEntry } from '../fetch/pipe-book.js'
import type { Hold } from '../holding/hold-book.js'
import type { LastOfPipe } from './last-of-pipes.js'
import { type PipeDeclaration, requiredParams } from './pipe-declaration.js'
import { lastDueMs, nextDueMs } from './schedule.js'

/**
 * `ok`: what it was last asked for is published. `failing`: the last time it was not answered as it should be. `waiting`: it goes on in the
 * next run, or what it brought is held back, or its data breaker is open. `leased`: a run has it now. `never run`: no run that is known of.
 */
export type PipeState = 'ok' | 'failing' | 'waiting' | 'leased' | 'never run' | 'disabled'

/** One pipe for people and programs. Times are ISO 8601; null: there is none. */
export interface PipeStatus {
  readonly pipe: string
  readonly source: string
  readonly contract: string
  /** Null for a pipe that asks nobody. */
  readonly provider: string | null
  readonly key: string | null
  readonly state: PipeState
  /** Null when it is ok. */
  readonly why: string | null
  readonly lastSuccess: string | null
  /** In the past: at the next run. */
  readonly nextDue: string | null
  /** `schedule`: at `nextDue`. `every run`: whenever there is one. `by hand`: it needs a parameter. `never`: it is disabled. */
  readonly due: 'schedule' | 'every run' | 'by hand' | 'never'
  /** Of the newest run that brought records. */
  readonly lastRows: {
    readonly run: string
    readonly in: number
    readonly accepted: number
    readonly quarantined: number
    readonly held: number
  } | null
  /** Captures that are not published yet. */
  readonly waiting: number
  /** Its data breaker; null while it is closed. `until`: then a run may probe. */
  readonly breaker: { readonly state: 'open' | 'half_open'; readonly until: string | null; readonly why: string } | null
  /** Batches that are held back, by the gate or the breaker. */
  readonly holds: readonly {
    readonly id: string
    readonly by: 'gate' | 'breaker'
    readonly captures: number
    readonly rows: number
  }[]
}

/** What is known of a pipe. */
export interface PipeFacts {
  readonly pipe: PipeDeclaration
  readonly nowMs: number
  /** What the book of its provider says. */
  readonly entry: PipeEntry | undefined
  readonly lease: Lease | undefined
  readonly last: LastOfPipe | undefined
  /** Undefined: it never failed. */
  readonly breaker?: PipeBreaker | undefined
  readonly holds: readonly Hold[]
}

/** How a pipe is. Pure. */
export function pipeStatus(
  facts: PipeFacts,
  asks: { readonly provider: string; readonly key: string | undefined } | undefined,
): PipeStatus {
  const { pipe, entry, last } = facts
  const rows = last?.rows
  const successMs = asks === undefined ? undefined : entry?.answeredMs
  return {
    pipe: pipe.name,
    source: pipe.source,
    contract: pipe.contract,
    provider: asks?.provider ?? null,
    key: asks?.key ?? null,
    ...withKept(asks === undefined ? fileState(facts) : askingState(facts), facts),
    lastSuccess:
      asks === undefined ? (rows?.run.finished_at ?? null) : successMs === undefined ? null : isoTime(successMs),
    ...dueOf(facts),
    lastRows:
      rows === undefined
        ? null
        : {
            run: rows.run.run_id,
            in: rows.pipe.in,
            accepted: rows.pipe.accepted,
            quarantined: rows.pipe.quarantined,
            held: rows.pipe.held,
          },
    waiting: entry?.waiting?.length ?? 0,
    ...keptOf(facts),
  }
}

function keptOf({ breaker, holds }: PipeFacts): Pick<PipeStatus, 'breaker' | 'holds'> {
  const open =
    breaker === undefined || breaker.state === 'closed'
      ? null
      : {
          state: breaker.state,
          until: breaker.openUntilMs === undefined ? null : isoTime(breaker.openUntilMs),
          why: breaker.why,
        }
  const rowsOf = ({ captures }: Hold): number => captures.reduce((sum, { rows }) => sum + rows, 0)
  return {
    breaker: open,
    holds: holds.map(hold => ({ id: hold.id, by: hold.by, captures: hold.captures.length, rows: rowsOf(hold) })),
  }
}

/** What is kept back makes a pipe wait that is else as it should be; of any other it is told beside why. */
function withKept(found: Found, facts: PipeFacts): Found {
  const { breaker, holds } = keptOf(facts)
  const { length } = holds
  const rows = holds.reduce((sum, hold) => sum + hold.rows, 0)
  const kept = [
    ...(length === 0
      ? []
      : [`${length === 1 ? `the batch ${holds[0]!.id} is` : `${length} batches are`} held (rows: ${rows})`]),
    ...(breaker === null
      ? []
      : [`its breaker is ${breaker.state.replace('_', ' ')} ${untilText(facts.breaker!)}: ${breaker.why}`]),
  ].join('; ')
  if (kept === '') return found
  if (found.state === 'ok' || found.state === 'waiting') return { state: 'waiting', why: kept }
  return { ...found, why: [found.why, kept].filter(Boolean).join('; ') }
}

interface Found {
  readonly state: PipeState
  readonly why: string | null
}

function askingState({ pipe, entry, lease, last }: PipeFacts): Found {
  if (lease !== undefined) return { state: 'leased', why: `the run ${lease.runId} has it now` }
  if (pipe.enabled === false) return DISABLED
  if (entry?.askedMs === undefined) return { state: 'never run', why: null }
  const { failure, waiting = [] } = entry
  if (failure?.meaning === 'not_finished') return { state: 'waiting', why: failure.why }
  if (failure !== undefined) return { state: 'failing', why: `${failure.meaning}: ${failure.why}` }
  // The book takes an answer without a record for one that never came.
  const { source } = last?.asked ?? {}
  if (source?.meaning === 'mismatch' && source.state === 'failed')
    return { state: 'failing', why: `mismatch: ${source.why}` }
  if (waiting.length === 0) return { state: 'ok', why: null }
  const held = waiting.filter(({ heldBy }) => heldBy !== undefined).length
  const why =
    held === 0 ? `${waiting.length} captures are published by the next run` : `a gate holds ${held} captures back`
  return { state: 'waiting', why }
}

function fileState({ pipe, last }: PipeFacts): Found {
  if (pipe.enabled === false) return DISABLED
  return { state: last?.rows === undefined ? 'never run' : 'ok', why: null }
}

const DISABLED: Found = { state: 'disabled', why: '`enabled: false` in its declaration' }

/** As planning decides it: a failure is tried again at the next run, unless the provider said when. */
function dueOf({ pipe, entry, nowMs }: PipeFacts): Pick<PipeStatus, 'due' | 'nextDue'> {
  if (pipe.enabled === false) return { due: 'never', nextDue: null }
  if (requiredParams(pipe).length > 0) return { due: 'by hand', nextDue: null }
  const { schedule, calendar } = pipe
  const { failure, askedMs } = entry ?? {}
  if (failure !== undefined) return { due: 'schedule', nextDue: isoTime(Math.max(failure.againMs ?? 0, failure.atMs)) }
  // Only pipes that ask have a book in which it stands when they last did.
  if (schedule === undefined || pipe.source === 'file' || pipe.source.startsWith('sample.'))
    return { due: 'every run', nextDue: null }
  const lastMs = lastDueMs(schedule, calendar, nowMs)
  const isDue = askedMs === undefined || (lastMs !== undefined && lastMs > askedMs)
  const dueMs = isDue ? (lastMs ?? nowMs) : nextDueMs(schedule, calendar, nowMs)
  return { due: 'schedule', nextDue: dueMs === undefined ? null : isoTime(dueMs) }
}
