import { SluiceError } from '../core/errors.js'
import type { RunQuery } from '../pipeline/ledger/list-runs.js'
import type { RowStatus } from '../pipeline/ledger/run-row.js'
import { countText } from './figures.js'
import { timeOf } from './interval-flags.js'
import { openSettings, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { renderRuns } from './render-runs.js'
import type { Terminal } from './terminal.js'

export interface RunsOptions extends ProjectOptions {
  readonly status?: readonly string[]
  readonly failed?: boolean
  readonly pipe?: string
  readonly dataset?: string
  readonly since?: string
  readonly until?: string
  readonly limit?: string
}

/** `sluice runs [ID]` and `sluice runs show ID`. */
export async function runsCommand(id: string | undefined, options: RunsOptions, terminal: Terminal): Promise<number> {
  const json = wantsJson(options.output)
  if (id !== undefined) return showRun(id, json, options, terminal)
  const query = queryOf(options)
  const project = await openSettings(options, terminal)
  const { listRows, recordsOf } = await import('../pipeline/ledger/list-runs.js')
  const indexing = (rows: number): void => {
    if (rows >= MANY_RUNS) terminal.note(`indexing ${countText(rows)} runs, once\n`)
  }
  const { rows, more } = await listRows(project, query, indexing)
  if (json) {
    const records = await recordsOf(project, rows)
    const gone = rows.length - records.length
    if (gone > 0) terminal.note(`the records of ${countText(gone)} of these runs are gone: see \`sluice verify\`\n`)
    writeJson(terminal, records)
  } else terminal.write(renderRuns(rows, { more, narrowed: isNarrowed(options) }, terminal))
  return 0
}

async function showRun(id: string, json: boolean, options: RunsOptions, terminal: Terminal): Promise<number> {
  const project = await openSettings(options, terminal)
  const { showRun: show } = await import('../pipeline/ledger/list-runs.js')
  const { record, attempts } = await show(project, id)
  if (json) {
    writeJson(terminal, record ?? { run_id: id, attempts })
    return 0
  }
  const { renderAttempts } = await import('./render-attempts.js')
  const { renderSteps } = await import('./render-steps.js')
  const told = attempts.length === 0 ? '' : renderAttempts(attempts, terminal)
  if (record === undefined) {
    terminal.write(told)
    return 0
  }
  const { renderRun } = await import('./render-run.js')
  const view = { record, risk: undefined, lake: project.config.lake, project: options.project }
  terminal.write(`${renderRun(view, terminal)}\n${renderSteps(record.steps, terminal)}${told && `\n${told}`}`)
  return 0
}

/** Fewer are indexed before anybody wonders. */
const MANY_RUNS = 4096

const STATUSES: readonly RowStatus[] = [
  'published',
  'partial',
  'held',
  'failed',
  'decided',
  'nothing_due',
  'error',
  'died',
  'running',
]
/** Those of which the exit code was not 0. */
const FAILED: readonly RowStatus[] = ['failed', 'held', 'partial', 'error', 'died']

function queryOf({ status, failed, pipe, dataset, since, until, limit = '20' }: RunsOptions): RunQuery {
  if (!/^[1-9]\d{0,8}$/.test(limit)) throw refused(`--limit is a whole number from 1, not "${limit}".`)
  const sinceMs = since === undefined ? undefined : timeOf('--since', since)
  const untilMs = until === undefined ? undefined : timeOf('--until', until)
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs >= untilMs)
    throw refused(`--since ${since} is not before --until ${until}: no run can have started then.`)
  if (status !== undefined && failed) throw refused('--failed stands for some statuses: it goes without --status.')
  const statuses = failed ? FAILED : status?.flatMap(text => text.split(',')).map(statusOf)
  return { statuses, pipe, dataset, sinceMs, untilMs, limit: Number(limit) }
}

function statusOf(text: string): RowStatus {
  const found = STATUSES.find(status => status === text)
  if (found !== undefined) return found
  throw refused(`--status is one of ${STATUSES.join(', ')}, not "${text}".`)
}

function isNarrowed({ status, failed, pipe, dataset, since, until }: RunsOptions): boolean {
  return [status, failed, pipe, dataset, since, until].some(option => option !== undefined)
}

function refused(message: string): SluiceError {
  return new SluiceError('SLUICE_ARGUMENT_INVALID', `${message} Nothing was done.`)
}
