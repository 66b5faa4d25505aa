import { type Clock, systemClock } from '../core/clock.js'
import type { RunRecord } from '../pipeline/record/run-record.js'
import { instantOf } from './instant.js'
import { intervalOf } from './interval-flags.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { progressOn } from './progress.js'
import { renderRun } from './render-run.js'
import { riskFigures } from './risk-figures.js'
import { exitCodeOf } from './run-command.js'
import type { Terminal } from './terminal.js'

export interface DeriveCommandOptions extends ProjectOptions {
  readonly select?: readonly string[]
  readonly full?: boolean
  readonly from?: string
  readonly to?: string
  readonly asKnownAt?: string
  readonly into?: string
  readonly strict?: boolean
  readonly runId?: string
  readonly now?: string
}

/** `sluice derive`: 0 when all is up to date, 5 when nothing could be derived, 8 when a part of it. */
export async function deriveCommand(
  options: DeriveCommandOptions,
  terminal: Terminal,
  clock: Clock = systemClock,
): Promise<number> {
  const json = wantsJson(options.output)
  const { select = [], full = false, runId, asKnownAt, into, strict } = options
  const nowMs = options.now === undefined ? undefined : instantOf(options.now)
  const interval = intervalOf(options.from, options.to, nowMs ?? clock.now())
  const project = await openProject(options, terminal)
  const { derive } = await import('../pipeline/derive/derive-run.js')
  const progress = progressOn(terminal, clock)
  const record: RunRecord = await derive(project, {
    ...{ select, full, runId, nowMs, interval, asKnownAt, into, strict },
    onProgress: event => progress.report(event),
  }).finally(() => progress.close())
  if (json) writeJson(terminal, record)
  else {
    const risk = await riskFigures(project, record).catch(() => undefined)
    terminal.write(renderRun({ record, risk, lake: project.config.lake, project: options.project }, terminal))
  }
  return exitCodeOf(record)
}
