import { EXIT_CODES, SluiceError } from '../core/errors.js'
import type { DecisionOutcome } from '../pipeline/holding/decide-quarantine.js'
import type { QuarantineFilter } from '../pipeline/holding/find-quarantined.js'
import type { Project } from '../pipeline/project/project.js'
import type { RunRecord } from '../pipeline/record/run-record.js'
import { datasetName } from './dataset-name.js'
import { instantOf } from './instant.js'
import { timeOf } from './interval-flags.js'
import { openProject, openSettings, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { renderDecided, renderRefused } from './render-decided.js'
import { renderQuarantine, renderShown } from './render-quarantine.js'
import { renderRun } from './render-run.js'
import { exitCodeOf } from './run-command.js'
import type { Terminal } from './terminal.js'

export interface QuarantineOptions extends ProjectOptions {
  readonly dataset?: string
  readonly rule?: string
  readonly pipe?: string
  readonly run?: string
  readonly since?: string
  readonly until?: string
  readonly rows?: boolean
  readonly holds?: boolean
  readonly state?: string
  readonly limit?: string
  readonly all?: boolean
  readonly by?: string
  readonly reason?: string
  readonly now?: string
}

const DEFAULT_LIMIT = 20
const STATES: readonly string[] = ['waiting', 'replayed', 'released', 'discarded', 'all']

/** `sluice quarantine ls`. */
export async function quarantineListCommand(options: QuarantineOptions, terminal: Terminal): Promise<number> {
  const json = wantsJson(options.output)
  const filter = { ...filterOf(options), state: stateOf(options.state) }
  const limit = limitOf(options.limit)
  const project = await projectToLookAt(filter, options, terminal)
  const { listQuarantine } = await import('../pipeline/holding/find-quarantined.js')
  const list = await listQuarantine(project, filter, limit)
  if (json) writeJson(terminal, list)
  else terminal.write(renderQuarantine(list, terminal))
  return 0
}

/** Names are known to declarations, too. What waits can be looked at although one of them is wrong. */
async function projectToLookAt(
  { dataset, pipe, rule }: QuarantineFilter,
  options: QuarantineOptions,
  terminal: Terminal,
): Promise<Project> {
  if ([dataset, pipe, rule].every(name => name === undefined)) return openSettings(options, terminal)
  return openProject(options, terminal).catch(() => openSettings(options, terminal))
}

/** `sluice quarantine show ID`. */
export async function quarantineShowCommand(id: string, options: ProjectOptions, terminal: Terminal): Promise<number> {
  const json = wantsJson(options.output)
  const project = await openProject(options, terminal)
  const { showQuarantined } = await import('../pipeline/holding/show-quarantined.js')
  const shown = await showQuarantined(project, id)
  if (json) writeJson(terminal, shown)
  else terminal.write(renderShown(shown, options.project, terminal))
  return 0
}

/** `sluice quarantine replay`, `release` and `discard`: the exit code of the run that carries it out. */
export async function quarantineDecideCommand(
  move: 'replay' | 'release' | 'discard',
  ids: readonly string[],
  options: QuarantineOptions,
  terminal: Terminal,
): Promise<number> {
  const json = wantsJson(options.output)
  const filter = {
    ...filterOf(options, move),
    ids,
    ...(options.state !== undefined && { state: releasable(options.state) }),
  }
  refuseVague(move, filter, options)
  const { deciderOf, reasonOf } = await import('../pipeline/holding/decision-notes.js')
  const by = deciderOf(options.by, terminal.env)
  const decision = { move, by, reason: move === 'replay' ? options.reason : reasonOf(options.reason, move) }
  const nowMs = options.now === undefined ? undefined : instantOf(options.now)
  const project = await openProject(options, terminal)
  const { decideQuarantined } = await import('../pipeline/holding/decide-quarantine.js')
  const decided = await decideQuarantined(project, filter, decision, { nowMs })
  if (json) writeJson(terminal, decided)
  else {
    const reportOf = (record: RunRecord): string =>
      renderRun({ record, risk: undefined, lake: project.config.lake, project: options.project }, terminal)
    terminal.write(renderDecided(decided, move, reportOf, terminal))
    if (decided.outcome === 'decided') terminal.note(renderRefused(decided, terminal))
  }
  return exitCode(decided, move)
}

/** Somebody else was first, unless all of it was decided in the same way before. */
function exitCode(decided: DecisionOutcome, move: string): number {
  if (decided.outcome === 'decided') return exitCodeOf(decided.record)
  const isSame = decided.before.every(note => note.move === move && !note.under_way)
  if (!isSame) return EXIT_CODES.conflict
  return Math.max(0, ...decided.finished.map(exitCodeOf))
}

function filterOf(options: QuarantineOptions, move?: string): QuarantineFilter {
  const { rule, pipe, run, since, until, rows, holds } = options
  const dataset = options.dataset === undefined ? undefined : datasetName(options.dataset)
  const isOne = move === 'release' || move === 'discard'
  const how = isOne ? `${move} one, then the other.` : 'leave out both for all.'
  if (rows && holds) throw refuse(`--rows and --holds cannot stand together: ${how}`)
  const kind = rows ? ('rows' as const) : holds ? ('holds' as const) : undefined
  const sinceMs = since === undefined ? undefined : timeOf('--since', since)
  const untilMs = until === undefined ? undefined : timeOf('--until', until)
  return { dataset, rule, pipe, run, sinceMs, untilMs, kind }
}

/** What publishes or gives up something has to say exactly what. */
function refuseVague(move: string, filter: QuarantineFilter, options: QuarantineOptions): void {
  if ((filter.ids ?? []).length > 0) return
  const { dataset, rule, pipe, run, sinceMs, untilMs, kind } = filter
  const says = [dataset, rule, pipe, run, sinceMs, untilMs].some(part => part !== undefined) || options.all === true
  if (!says) throw refuse(`Say what to ${move}: ids, --dataset, --rule, --pipe, --run, --since, --until or --all.`)
  if (move !== 'replay' && kind === undefined && rule === undefined)
    throw refuse(`Say what to ${move}: quarantined rows (--rows), or held batches (--holds).`)
}

function stateOf(text: string | undefined): string {
  if (text === undefined || STATES.includes(text)) return text ?? 'waiting'
  throw refuse(`--state is one of ${STATES.join(', ')}, not "${text}".`)
}

function releasable(text: string): string {
  if (text === 'waiting' || text === 'discarded') return text
  throw refuse(`--state is waiting or discarded, not "${text}".`)
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw refuse(`--limit is a whole number from 1 on, not "${text}".`)
}

function refuse(message: string): SluiceError {
  return new SluiceError('SLUICE_ARGUMENT_INVALID', `${message} Nothing was changed.`)
}
