import { type Clock, systemClock } from '../core/clock.js'
import { SluiceError } from '../core/errors.js'
import { didYouMean } from '../core/nearest-name.js'
import type { CostKey } from '../pipeline/cost/sum-ledger.js'
import { timeOf } from './interval-flags.js'
import { openSettings, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { renderCost } from './render-cost.js'
import type { Terminal } from './terminal.js'

export interface CostCommandOptions extends ProjectOptions {
  readonly by?: string
  readonly since?: string
  readonly until?: string
}

/** `sluice cost [RUN|PIPE]`: what runs used, and what it would cost on AWS. */
export async function costCommand(
  what: string | undefined,
  options: CostCommandOptions,
  terminal: Terminal,
  clock: Clock = systemClock,
): Promise<number> {
  const json = wantsJson(options.output)
  const by = options.by === undefined ? undefined : keysOf(options.by)
  const sinceMs = options.since === undefined ? undefined : timeOf('--since', options.since)
  const untilMs = options.until === undefined ? undefined : timeOf('--until', options.until)
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs >= untilMs)
    throw refused(`--since ${options.since} is not before --until ${options.until}: no run is in between.`)
  const project = await openSettings(options, terminal)
  const { costReport } = await import('../pipeline/cost/cost-report.js')
  const { systemDeps } = await import('../pipeline/deps.js')
  const report = await costReport(project, { what, by, sinceMs, untilMs }, { ...systemDeps, clock })
  if (json) writeJson(terminal, report)
  else terminal.write(renderCost(report, terminal))
  return 0
}

const KEYS: readonly CostKey[] = ['pipe', 'dataset', 'day']

function keysOf(text: string): CostKey[] {
  const names = text.split(',').map(name => name.trim())
  const unknown = names.find(name => !KEYS.some(key => key === name))
  if (unknown !== undefined)
    throw refused(`--by takes ${KEYS.join(', ')}, with commas, and not "${unknown}".${didYouMean(unknown, KEYS)}`)
  return KEYS.filter(key => names.includes(key))
}

function refused(message: string): SluiceError {
  return new SluiceError('SLUICE_ARGUMENT_INVALID', `${message} Nothing was done.`)
}
