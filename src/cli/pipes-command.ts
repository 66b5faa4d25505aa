import { type Clock, systemClock } from '../core/clock.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { renderPipes } from './render-pipes.js'
import type { Terminal } from './terminal.js'

/** `sluice pipes [PATTERN…]`. */
export async function pipesCommand(
  patterns: readonly string[],
  options: ProjectOptions,
  terminal: Terminal,
  clock: Clock = systemClock,
): Promise<number> {
  const json = wantsJson(options.output)
  const project = await openProject(options, terminal)
  const { pipeStates } = await import('../pipeline/pipe-states.js')
  const { systemDeps } = await import('../pipeline/deps.js')
  const report = await pipeStates(project, patterns, { ...systemDeps, clock, env: terminal.env })
  if (json) writeJson(terminal, report)
  else terminal.write(renderPipes(report, terminal))
  return 0
}
