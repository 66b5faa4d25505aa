import { SluiceError } from '../core/errors.js'
import type { BackfillRecord } from '../pipeline/backfill/backfill-record.js'
import { type Deps, systemDeps } from '../pipeline/deps.js'
import { backfillProgressOn } from './backfill-progress.js'
import { type PastFlags, pastIntervalOf } from './interval-flags.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { paramsOf } from './params-flag.js'
import { renderBackfill, renderBackfillPlan } from './render-backfill.js'
import type { Terminal } from './terminal.js'
import { untilInterrupted } from './until-interrupted.js'

export interface BackfillCommandOptions extends ProjectOptions, PastFlags {
  readonly select?: readonly string[]
  readonly exclude?: readonly string[]
  readonly param?: readonly string[]
  readonly allowDqBreach?: boolean
  readonly workers?: string
  readonly resume?: boolean
  readonly partWay?: boolean
  readonly dryRun?: boolean
}

/**
 * `sluice backfill`: 0 when all of it is published, 8 when a part of it is open, 5 when gates held all of it, 4 when nothing was answered, 130
 * when it was interrupted; what is fetched by then is published.
 */
export async function backfillCommand(
  options: BackfillCommandOptions,
  terminal: Terminal,
  stop?: AbortSignal,
  deps: Deps = systemDeps,
): Promise<number> {
  const json = wantsJson(options.output)
  const asked = {
    interval: pastIntervalOf(options),
    select: options.select ?? [],
    exclude: options.exclude ?? [],
    params: paramsOf(options.param ?? []),
    allowDqBreach: options.allowDqBreach ?? false,
    workers: workersOf(options.workers ?? '1'),
    resume: options.resume ?? false,
    partWay: options.partWay ?? false,
  }
  const project = await openProject(options, terminal)
  const { backfill } = await import('../pipeline/backfill/backfill.js')
  const own = { ...deps, env: terminal.env }
  if (options.dryRun === true || !json) {
    const planned = await backfill(project, { ...asked, dryRun: true }, own)
    if (json) writeJson(terminal, planned)
    else terminal.write(renderBackfillPlan(planned, terminal))
    if (options.dryRun === true) return 0
  }
  const record = await interruptible(terminal, stop, async signal => {
    const progress = backfillProgressOn(terminal, own.clock)
    try {
      const onProgress = json ? undefined : progress.report
      return await backfill(project, { ...asked, dryRun: false, signal, onProgress }, own)
    } finally {
      progress.close()
    }
  })
  if (json) writeJson(terminal, record)
  else terminal.write(renderBackfill(record, terminal))
  return exitCodeOf(record)
}

/** Does work that ends early at the first SIGINT, SIGTERM or abort. Signals after the first do what they did before. */
async function interruptible<T>(
  terminal: Terminal,
  stop: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ended = new AbortController()
  const interrupted = new AbortController()
  const listening = untilInterrupted(stop === undefined ? ended.signal : AbortSignal.any([stop, ended.signal])).then(
    () => {
      if (ended.signal.aborted) return
      terminal.note('stopping: what is fetched is published; once more to stop at once\n')
      interrupted.abort()
    },
  )
  try {
    return await work(interrupted.signal)
  } finally {
    ended.abort()
    await listening
  }
}

function exitCodeOf({ status }: Pick<BackfillRecord, 'status'>): number {
  return { planned: 0, running: 0, complete: 0, partial: 8, held: 5, failed: 4, interrupted: 130 }[status]
}

function workersOf(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw new SluiceError('SLUICE_ARGUMENT_INVALID', `--workers is a whole number, not "${text}". Nothing was asked.`)
}
