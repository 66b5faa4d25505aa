import { SluiceError } from '../core/errors.js'
import { datasetName } from './dataset-name.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { MOST_FIGURES, renderQuality } from './render-quality.js'
import type { Terminal } from './terminal.js'

export interface QualityCommandOptions extends ProjectOptions {
  readonly runs?: string
  readonly failed?: boolean
}

const MOST_RUNS = 1000

/** `sluice quality [DATASET]`. */
export async function qualityCommand(
  name: string | undefined,
  options: QualityCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const dataset = name === undefined ? undefined : datasetName(name)
  const json = wantsJson(options.output)
  const runs = runsOf(options.runs ?? '10')
  const project = await openProject(options, terminal)
  const { qualityReport } = await import('../pipeline/quality/quality-report.js')
  const failed = options.failed ?? false
  const view = json ? {} : { limit: MOST_FIGURES, withoutEchoes: true }
  const report = await qualityReport(project, { dataset, runs, failed, ...view })
  if (json) writeJson(terminal, report)
  else terminal.write(renderQuality(report, { dataset, failed }, terminal))
  return 0
}

function runsOf(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= MOST_RUNS) return Number(text)
  throw new SluiceError('SLUICE_ARGUMENT_INVALID', `--runs is a whole number from 1 to ${MOST_RUNS}, not "${text}".`)
}
