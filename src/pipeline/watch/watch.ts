import type { Clock } from '../../core/clock.js'
import { asSluiceError, SluiceError } from '../../core/errors.js'
import type { Wait } from '../../core/wait.js'
import { type PipeDeclaration, requiredParams } from '../pipes/pipe-declaration.js'
import { selectPipes } from '../pipes/select-pipes.js'
import type { Project } from '../project/project.js'
import type { RunRecord } from '../record/run-record.js'
import { addRun, NO_FIGURES } from './figures.js'
import type { ProjectChange } from './project-changes.js'
import type { EndedRun, WatchStatus } from './watch-status.js'
import { dueNow, isInputFault, nextWakeMs, noteFault, noteRecord, watchAll } from './watched-pipes.js'

export interface WatchOptions {
  /** Pipes by terms, see `selectPipes`; empty: all. */
  readonly select: readonly string[]
  /** How often a pipe without a schedule is due. */
  readonly everyMs: number
  /** Ends the watch: a run that is under way asks no more and publishes what it has. */
  readonly signal: AbortSignal
}

/** What a watch does to the world, and what the world tells it. */
export interface WatchDeps {
  readonly clock: Clock
  readonly wait: Wait
  /** Runs every pipe of a project that is not disabled. */
  readonly run: (project: Project, signal: AbortSignal) => Promise<RunRecord>
  /** Looks whether the project's files changed since the last look. */
  readonly changes: () => Promise<ProjectChange>
  /** Told whenever something changed. */
  readonly report: (event: WatchEvent, status: WatchStatus) => void
}

export type WatchEvent =
  | { readonly kind: 'watching' | 'project read again'; readonly pipes: number; readonly needParameters: number }
  | { readonly kind: 'project is broken'; readonly fault: SluiceError }
  | { readonly kind: 'run begins'; readonly due: number }
  | { readonly kind: 'run ended'; readonly run: EndedRun }

/** How long a watch sleeps at most: clocks jump, machines sleep, and files change. */
const LOOK_MS = 60_000

/**
 * Runs what is due until the signal is aborted. One run at a time, with all pipes that are due in it. A fault of a run is reported and
 * its pipes are tried again later; only what is wrong from the start (SLUICE_PIPE_UNKNOWN, or a first run that refuses the
 * project's declarations) throws.
 */
export async function watch(first: Project, options: WatchOptions, deps: WatchDeps): Promise<void> {
  const { signal } = options
  let project = first
  let pipes = watchable(project, options)
  let status: WatchStatus = {
    pipes: watchAll(namesOf(pipes.ready), deps.clock.now()),
    figures: NO_FIGURES,
    runningSinceMs: undefined,
    last: undefined,
    projectFault: undefined,
  }
  const tell = (event: WatchEvent, next: WatchStatus): void => {
    status = next
    deps.report(event, next)
  }
  const figures = () => ({ pipes: pipes.ready.length, needParameters: pipes.needParameters })
  tell({ kind: 'watching', ...figures() }, status)
  while (!signal.aborted) {
    const read = await reading(deps, options)
    if (read.outcome === 'broken')
      tell({ kind: 'project is broken', fault: read.fault }, { ...status, projectFault: read.fault.message })
    if (read.outcome === 'changed') {
      project = read.project
      pipes = read.pipes
      const watched = watchAll(namesOf(pipes.ready), deps.clock.now(), status.pipes)
      tell({ kind: 'project read again', ...figures() }, { ...status, pipes: watched, projectFault: undefined })
    }
    const nowMs = deps.clock.now()
    const due = dueNow(status.pipes, nowMs)
    if (due.size === 0) {
      await deps.wait(Math.min(nextWakeMs(status.pipes) - nowMs, LOOK_MS), signal)
      continue
    }
    tell({ kind: 'run begins', due: due.size }, { ...status, runningSinceMs: nowMs })
    const ran = pipes.ready.filter(({ name }) => due.has(name))
    const ended = await runOnce(
      onlyDue(project, due),
      { ...options, startedMs: nowMs, isFirst: status.last === undefined },
      deps,
    )
    tell({ kind: 'run ended', run: ended }, afterRun(status, ran, ended, options))
  }
}

interface Watchable {
  readonly ready: readonly PipeDeclaration[]
  /** How many are left out because only a person can give their parameters. */
  readonly needParameters: number
}

function watchable(project: Project, { select }: WatchOptions): Watchable {
  const selected =
    select.length === 0
      ? project.pipes.filter(({ enabled }) => enabled !== false)
      : selectPipes(project.pipes, { select }, project)
  const ready = selected.filter(pipe => requiredParams(pipe).length === 0)
  if (ready.length > 0) return { ready, needParameters: selected.length - ready.length }
  const reason = selected.length === 0 ? 'The project has no pipe' : 'Every selected pipe needs a parameter'
  throw new SluiceError('SLUICE_PIPE_UNKNOWN', `${reason}, so there is nothing to watch. Nothing was started.`)
}

function namesOf(pipes: readonly PipeDeclaration[]): string[] {
  return pipes.map(({ name }) => name)
}

/** The others stay declared: what is known of their records holds in every run. */
function onlyDue(project: Project, due: ReadonlySet<string>): Project {
  return { ...project, pipes: project.pipes.map(pipe => (due.has(pipe.name) ? pipe : { ...pipe, enabled: false })) }
}

type Reading =
  | { readonly outcome: 'same' }
  | { readonly outcome: 'broken'; readonly fault: SluiceError }
  | { readonly outcome: 'changed'; readonly project: Project; readonly pipes: Watchable }

/** A project in which nothing is left to watch is as broken as one that cannot be read. */
async function reading({ changes }: WatchDeps, options: WatchOptions): Promise<Reading> {
  try {
    const change = await changes()
    if (change.outcome !== 'changed') return change
    return { ...change, pipes: watchable(change.project, options) }
  } catch (thrown) {
    return { outcome: 'broken', fault: asSluiceError(thrown) }
  }
}

async function runOnce(
  project: Project,
  { signal, startedMs, isFirst }: WatchOptions & { readonly startedMs: number; readonly isFirst: boolean },
  { clock, run }: WatchDeps,
): Promise<EndedRun> {
  const due = project.pipes.filter(({ enabled }) => enabled !== false).length
  // A signal of its own: nothing that a run hangs on it outlives the run.
  const own = new AbortController()
  const stop = (): void => own.abort(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    const record = await run(project, own.signal)
    return { startedMs, endedMs: clock.now(), due, status: record.status, record, fault: undefined }
  } catch (thrown) {
    const fault = asSluiceError(thrown)
    // A month ends by itself.
    const mayPass = isInputFault(fault) || fault.code === 'SLUICE_BUDGET_SHORT'
    if (isFirst && fault.kind === 'invalid' && !mayPass) throw thrown
    const { code, message } = fault
    return { startedMs, endedMs: clock.now(), due, status: 'error', record: undefined, fault: { code, message } }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function afterRun(
  status: WatchStatus,
  ran: readonly PipeDeclaration[],
  run: EndedRun,
  options: WatchOptions,
): WatchStatus {
  const { startedMs, endedMs, record, fault } = run
  const times = { startedMs, endedMs, everyMs: options.everyMs }
  return {
    ...status,
    pipes:
      fault === undefined
        ? noteRecord(status.pipes, ran, record ?? {}, times)
        : noteFault(status.pipes, ran, fault, times),
    figures: addRun(status.figures, record, (endedMs - startedMs) / 1000),
    runningSinceMs: undefined,
    last: run,
  }
}
