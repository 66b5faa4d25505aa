import { SluiceError } from '../core/errors.js'
import { datasetName } from './dataset-name.js'
import { instantOf } from './instant.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { renderBreakerChanges, renderBreakers } from './render-breakers.js'
import { untoldLine } from './render-events.js'
import type { Terminal } from './terminal.js'

export interface BreakerOptions extends ProjectOptions {
  readonly pipe?: string
  readonly dataset?: string
  readonly all?: boolean
  readonly by?: string
  readonly reason?: string
  readonly now?: string
}

/** `sluice breaker ls`. */
export async function breakerListCommand(options: BreakerOptions, terminal: Terminal): Promise<number> {
  const json = wantsJson(options.output)
  const project = await openProject(options, terminal)
  const { listBreakers } = await import('../pipeline/holding/decide-breakers.js')
  const dataset = options.dataset === undefined ? undefined : datasetName(options.dataset)
  const breakers = await listBreakers(project, { pipe: options.pipe, dataset })
  if (json) writeJson(terminal, { breakers })
  else terminal.write(renderBreakers(breakers, terminal))
  return 0
}

/** `sluice breaker trip` and `reset`. */
export async function breakerDecideCommand(
  move: 'trip' | 'reset',
  options: BreakerOptions,
  terminal: Terminal,
): Promise<number> {
  const json = wantsJson(options.output)
  const { pipe, reason } = options
  const dataset = options.dataset === undefined ? undefined : datasetName(options.dataset)
  if (pipe === undefined && dataset === undefined && options.all !== true)
    throw new SluiceError(
      'SLUICE_ARGUMENT_INVALID',
      `Say which breakers: --pipe, --dataset or --all. Nothing was changed.`,
    )
  const { deciderOf, reasonOf } = await import('../pipeline/holding/decision-notes.js')
  const by = deciderOf(options.by, terminal.env)
  const decision = { move, by, reason: move === 'trip' ? reasonOf(reason, move) : reason }
  const nowMs = options.now === undefined ? undefined : instantOf(options.now)
  const project = await openProject(options, terminal)
  const { decideBreakers } = await import('../pipeline/holding/decide-breakers.js')
  const { changes, record } = await decideBreakers(project, { pipe, dataset }, decision, { nowMs })
  if (json) writeJson(terminal, { changes })
  else terminal.write(renderBreakerChanges(changes, terminal))
  const untold = untoldLine(record?.events, terminal.colors)
  if (untold !== '') terminal.note(`${untold}\n`)
  return 0
}
