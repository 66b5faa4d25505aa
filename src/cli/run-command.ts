import { resolve } from 'node:path'
import { type Clock, systemClock } from '../core/clock.js'
import type { Project } from '../pipeline/project/project.js'
import type { RunRecord } from '../pipeline/record/run-record.js'
import { instantOf } from './instant.js'
import { intervalOf } from './interval-flags.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { paramsOf } from './params-flag.js'
import { progressOn } from './progress.js'
import { renderRun } from './render-run.js'
import { riskFigures } from './risk-figures.js'
import type { Terminal } from './terminal.js'

export interface RunCommandOptions extends ProjectOptions {
  readonly select?: readonly string[]
  readonly exclude?: readonly string[]
  readonly param?: readonly string[]
  readonly input?: readonly string[]
  readonly contract?: string
  readonly runId?: string
  readonly allowDqBreach?: boolean
  readonly replace?: boolean
  readonly dryRun?: boolean
  readonly now?: string
  readonly from?: string
  readonly to?: string
  readonly partWay?: boolean
}

/** `sluice run`: 0 when all was published, 5 when the gate held everything back, 8 when a part of it. */
export async function runCommand(
  options: RunCommandOptions,
  terminal: Terminal,
  clock: Clock = systemClock,
): Promise<number> {
  const json = wantsJson(options.output)
  const request = runRequest(options, terminal, clock)
  const project = await openProject(options, terminal)
  const record = await runWithProgress(project, request, terminal, clock)
  if (json) writeJson(terminal, record)
  else {
    // The run is done and recorded: figures that cannot be read are no fault of it.
    const risk = await riskFigures(project, record).catch(() => undefined)
    const view = { record, risk, lake: project.config.lake, project: options.project }
    terminal.write(renderRun(view, terminal))
  }
  return exitCodeOf(record)
}

export function exitCodeOf({ status }: Pick<RunRecord, 'status'>): number {
  return { published: 0, nothing_due: 0, planned: 0, decided: 0, failed: 4, held: 5, partial: 8 }[status]
}

type Request = ReturnType<typeof runRequest>

/** The options of `run` in the library's words. */
export function runRequest(options: RunCommandOptions, terminal: Pick<Terminal, 'folder'>, clock: Clock) {
  const nowMs = options.now === undefined ? undefined : instantOf(options.now)
  const interval = intervalOf(options.from, options.to, nowMs ?? clock.now())
  return {
    select: options.select ?? [],
    exclude: options.exclude ?? [],
    params: paramsOf(options.param ?? []),
    input: (options.input ?? []).map(file => resolve(terminal.folder, file)),
    ...(options.contract === undefined ? {} : { contract: options.contract }),
    ...(options.runId === undefined ? {} : { runId: options.runId }),
    allowDqBreach: options.allowDqBreach ?? false,
    replace: options.replace ?? false,
    dryRun: options.dryRun ?? false,
    ...(nowMs === undefined ? {} : { nowMs }),
    ...(interval === undefined ? {} : { interval }),
    partWay: options.partWay ?? false,
  }
}

async function runWithProgress(
  project: Project,
  request: Request,
  terminal: Terminal,
  clock: Clock,
): Promise<RunRecord> {
  const { run } = await import('../pipeline/run.js')
  const progress = progressOn(terminal, clock)
  try {
    return await run(project, { ...request, onProgress: event => progress.report(event) })
  } finally {
    progress.close()
  }
}
