import { openSettings, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { renderRun } from './render-run.js'
import { renderRuns, renderSteps } from './render-runs.js'
import type { Terminal } from './terminal.js'

/** `sluice runs [ID]`. */
export async function runsCommand(
  id: string | undefined,
  options: ProjectOptions,
  terminal: Terminal,
): Promise<number> {
  const json = wantsJson(options.output)
  const project = await openSettings(options, terminal)
  const { listRuns, readRun } = await import('../pipeline/runs.js')
  if (id === undefined) {
    const records = await listRuns(project)
    if (json) writeJson(terminal, records)
    else terminal.write(renderRuns(records, terminal))
    return 0
  }
  const record = await readRun(project, id)
  if (json) writeJson(terminal, record)
  else {
    const view = { record, risk: undefined, lake: project.config.lake, project: options.project }
    terminal.write(`${renderRun(view, terminal)}\n${renderSteps(record, terminal)}`)
  }
  return 0
}
