import { type Clock, systemClock } from '../core/clock.js'
import { instantOf } from './instant.js'
import { intervalOf } from './interval-flags.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { paramsOf } from './params-flag.js'
import { renderPlan } from './render-plan.js'
import type { Terminal } from './terminal.js'

export interface PlanCommandOptions extends ProjectOptions {
  readonly exclude?: readonly string[]
  readonly param?: readonly string[]
  readonly from?: string
  readonly to?: string
  readonly now?: string
}

/** `sluice plan [PATTERN…]`: prints what a run would ask; then throws SLUICE_QUOTA_SHORT for what the credits of this month cannot hold. */
export async function planCommand(
  patterns: readonly string[],
  options: PlanCommandOptions,
  terminal: Terminal,
  clock: Clock = systemClock,
): Promise<number> {
  const json = wantsJson(options.output)
  const nowMs = options.now === undefined ? clock.now() : instantOf(options.now)
  const request = {
    select: patterns,
    exclude: options.exclude ?? [],
    params: paramsOf(options.param ?? []),
    interval: intervalOf(options.from, options.to, nowMs),
    nowMs,
  }
  const project = await openProject(options, terminal)
  const { planRun } = await import('../pipeline/pipes/plan-run.js')
  const { systemDeps } = await import('../pipeline/deps.js')
  const { plan, short } = await planRun(project, request, { ...systemDeps, clock, env: terminal.env })
  if (json) writeJson(terminal, plan)
  else terminal.write(renderPlan(plan, terminal))
  if (short !== undefined) throw short
  return 0
}
