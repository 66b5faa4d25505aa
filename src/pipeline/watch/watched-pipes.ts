import type { Schedule } from '../../sources/pipe.js'
import { asksProvider } from '../fetch/asking-pipes.js'
import { nextDueMs } from '../pipes/schedule.js'
import type { RunRecord, SourceRecord } from '../record/run-record.js'

/** What a watch knows of one pipe. Times are milliseconds since the epoch. */
export interface WatchedPipe {
  /** When it is due; infinity: never again. */
  readonly nextMs: number
  /** Failures without a success between them. */
  readonly failures: number
  readonly failingSinceMs?: number
  /** What went wrong last; only while it fails. */
  readonly why?: string
  /** When a run of this watch last found nothing left to ask. */
  readonly succeededMs?: number
}

/** By the names of the pipes, in declared order. */
export type WatchedPipes = ReadonlyMap<string, WatchedPipe>

/** What a watch reads of a declaration. */
export interface Due {
  readonly name: string
  readonly source: string
  readonly schedule?: Schedule | undefined
  readonly calendar?: string | undefined
}

export interface RunTimes {
  readonly startedMs: number
  readonly endedMs: number
  /** How often a pipe without a schedule is due. */
  readonly everyMs: number
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/**
 * Pipes of which all are due now: the lake knows best what they were asked, so the first run looks at each. What is known of the ones
 * that were watched before is kept.
 */
export function watchAll(names: readonly string[], nowMs: number, before: WatchedPipes = new Map()): WatchedPipes {
  return new Map(names.map(name => [name, { failures: 0, ...before.get(name), nextMs: nowMs }]))
}

/** The pipes to run now, all of them in one run: however often a pipe was due since its last one, it is due once. */
export function dueNow(pipes: WatchedPipes, nowMs: number): ReadonlySet<string> {
  return new Set([...pipes].filter(([, { nextMs }]) => nextMs <= nowMs).map(([name]) => name))
}

/** When the next pipe is due; infinity: never. */
export function nextWakeMs(pipes: WatchedPipes): number {
  let nextMs = Number.POSITIVE_INFINITY
  for (const pipe of pipes.values()) nextMs = Math.min(nextMs, pipe.nextMs)
  return nextMs
}

/** The pause before a failed pipe is tried again, where its provider says nothing: a minute, then twice as long each time, up to an hour. */
export function retryPauseMs(failures: number): number {
  return Math.min(HOUR_MS, MINUTE_MS * 2 ** Math.max(0, failures - 1))
}

/** What is known after a run of these pipes. Pure. */
export function noteRecord(
  pipes: WatchedPipes,
  ran: readonly Due[],
  record: Pick<RunRecord, 'sources'>,
  times: RunTimes,
): WatchedPipes {
  const sources = new Map((record.sources ?? []).map(source => [source.pipe, source]))
  return changed(pipes, ran, (pipe, due) => afterRun(pipe, due, sources.get(due.name), times))
}

/**
 * What is known after a run that ended in an error. A fault of an input file is laid to the pipes that read files: the others are due again
 * at once, without them. Any other is nobody's and so everybody's. Pure.
 */
export function noteFault(pipes: WatchedPipes, ran: readonly Due[], fault: RunFault, times: RunTimes): WatchedPipes {
  const isToBlame = isInputFault(fault) ? (due: Due) => !asksProvider(due) : () => true
  return changed(pipes, ran, (pipe, due) =>
    isToBlame(due) ? failed(pipe, fault.message, undefined, times) : { ...pipe, nextMs: times.endedMs },
  )
}

export interface RunFault {
  readonly code: string
  readonly message: string
}

/** Whether a file is missing or damaged, which may be mended while others go on. */
export function isInputFault({ code }: Pick<RunFault, 'code'>): boolean {
  return code.startsWith('SLUICE_INPUT_')
}

function changed(
  pipes: WatchedPipes,
  ran: readonly Due[],
  change: (pipe: WatchedPipe, due: Due) => WatchedPipe,
): WatchedPipes {
  const next = new Map(pipes)
  for (const due of ran) {
    const pipe = pipes.get(due.name)
    if (pipe !== undefined) next.set(due.name, change(pipe, due))
  }
  return next
}

function afterRun(pipe: WatchedPipe, due: Due, source: SourceRecord | undefined, times: RunTimes): WatchedPipe {
  const { endedMs } = times
  // A pipe that reads files has no such record: the run would have ended in an error.
  switch (source?.state ?? 'answered') {
    case 'failed':
      return failed(pipe, source?.why ?? 'it failed', againMs(source), times)
    case 'waiting after a failure':
      return {
        ...pipe,
        failures: Math.max(1, pipe.failures),
        failingSinceMs: pipe.failingSinceMs ?? endedMs,
        why: pipe.why ?? 'it failed before',
        nextMs: Math.max(againMs(source) ?? 0, endedMs + MINUTE_MS),
      }
    case 'not finished':
    case 'leased':
      return { ...pipe, nextMs: endedMs + MINUTE_MS }
    case 'answered':
    case 'done':
      return { ...healthy(pipe), succeededMs: endedMs, nextMs: afterMs(due, times) }
    default:
      return { ...healthy(pipe), nextMs: afterMs(due, times) }
  }
}

function healthy({ succeededMs }: WatchedPipe): Omit<WatchedPipe, 'nextMs'> {
  return { failures: 0, ...(succeededMs !== undefined && { succeededMs }) }
}

function failed(pipe: WatchedPipe, why: string, statedMs: number | undefined, { endedMs }: RunTimes): WatchedPipe {
  const failures = pipe.failures + 1
  const nextMs = statedMs === undefined ? endedMs + retryPauseMs(failures) : Math.max(statedMs, endedMs)
  return { ...pipe, failures, why, failingSinceMs: pipe.failingSinceMs ?? endedMs, nextMs }
}

/** Counted from the start of the run: what fell due while it ran is due when it ends, once. */
function afterMs({ schedule, calendar }: Due, { startedMs, everyMs }: RunTimes): number {
  if (schedule === undefined) return startedMs + everyMs
  return nextDueMs(schedule, calendar, startedMs) ?? Number.POSITIVE_INFINITY
}

function againMs(source: SourceRecord | undefined): number | undefined {
  return source?.again_at === undefined ? undefined : Date.parse(source.again_at)
}
