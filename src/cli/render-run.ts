import { posix } from 'node:path'
import { RESTATED_RULES } from '../contract/restated-rules.js'
import type { QueryResult } from '../pipeline/read/query.js'
import type { DatasetRecord, PipeRecord, RunRecord, RunStatus } from '../pipeline/record/run-record.js'
import { commandText } from './command-text.js'
import { bytesText, countText, plural, secondsText } from './figures.js'
import { budgetLines } from './render-budget.js'
import { untoldLine } from './render-events.js'
import { gateLines } from './render-gates.js'
import { heldBatches } from './render-holds.js'
import { restatedLines } from './render-restated.js'
import { cellText, rowsText } from './render-rows.js'
import { lostLeases, sourceFailures } from './render-sources.js'
import { tableText } from './table-text.js'
import type { Colors, Terminal } from './terminal.js'

/** What the report of a run is made of. */
export interface RunView {
  readonly record: RunRecord
  /** Newest risk figures per instrument; undefined when the run made none. */
  readonly risk: QueryResult | undefined
  readonly lake: string
  /** The `--project` of the command, for the commands to try next. */
  readonly project: string | undefined
}

type Look = Pick<Terminal, 'colors' | 'columns'>

const MOST_ROWS = 20

/** The report of a run: what arrived, what was rejected and why, risk per instrument, where the files are, what to try next. */
export function renderRun(view: RunView, look: Look): string {
  const { record } = view
  const sections = [
    headline(view, look.colors),
    budgetLines(record.over_budget, look),
    planned(record, look),
    sourceFailures(record, look),
    lostLeases(record),
    arrived(record.pipes, look),
    rejected(record, look),
    restated(record.datasets, look.colors),
    gates(record, look.colors),
    contractChanges(record, look.colors),
    heldSection(record, look),
    untoldLine(record.events, look.colors),
    untoldLine(record.lineage, look.colors, 'lineage events'),
    riskSection(view.risk, look),
    files(view, look),
    nextCommands(view, look.colors),
  ]
  return `${sections.filter(section => section !== '').join('\n\n')}\n`
}

/** `in = accepted + duplicate + quarantined + held + not final`, with the figures of these pipes together. */
export function conservation(pipes: readonly PipeRecord[]): { readonly holds: boolean; readonly text: string } {
  const sum = (pick: (pipe: PipeRecord) => number) => pipes.reduce((total, pipe) => total + pick(pipe), 0)
  const into = sum(pipe => pipe.in)
  const parts = OUTCOMES.map(({ word, pick }) => ({ word, rows: sum(pick) }))
  const holds = pipes.every(pipe => pipe.in === OUTCOMES.reduce((total, { pick }) => total + pick(pipe), 0))
  const text = `${countText(into)} in = ${parts.map(part => `${countText(part.rows)} ${part.word}`).join(' + ')}`
  return { holds, text }
}

const OUTCOMES: readonly { readonly word: string; readonly pick: (pipe: PipeRecord) => number }[] = [
  { word: 'accepted', pick: pipe => pipe.accepted },
  { word: 'duplicate', pick: pipe => pipe.duplicate },
  { word: 'quarantined', pick: pipe => pipe.quarantined },
  { word: 'held', pick: pipe => pipe.held },
  { word: 'not final', pick: pipe => pipe.not_final },
]

const STATUS_WORDS: Readonly<Record<RunStatus, string>> = {
  published: 'published',
  partial: 'published in part: something was held back or failed',
  held: 'held back: a gate failed or a breaker is open, nothing was published',
  failed: 'failed: no provider answered, nothing was published',
  nothing_due: 'nothing to do',
  planned: 'dry run: nothing was written',
  decided: 'decided: nothing was published',
}

function headline({ record }: RunView, colors: Colors): string {
  const tint = record.status === 'held' ? colors.red : record.status === 'partial' ? colors.yellow : colors.green
  const { wall_seconds, peak_memory_bytes } = record.usage
  const usage = `${secondsText(wall_seconds)}, ${bytesText(peak_memory_bytes)} at most in memory`
  const repeated = record.repeated ? `  done before, on ${record.started_at}: nothing was written now` : ''
  return `${colors.bold(`Run ${record.run_id}`)}  ${tint(statusWords(record))}${repeated}  ${colors.dim(usage)}`
}

function statusWords({ status, usage, derivation, steps }: RunRecord): string {
  if (status === 'nothing_due' && derivation !== undefined && steps.some(({ step }) => step === 'derive'))
    return 'derived again: every file came out the same'
  return status === 'nothing_due' && usage.http_requests > 0 ? 'nothing new came' : STATUS_WORDS[status]
}

/** What a dry run would read. */
function planned(record: RunRecord, look: Look): string {
  if (record.status !== 'planned') return ''
  const asking = record.sources?.length ?? 0
  const asks =
    asking === 0
      ? []
      : [
          `${asking} ${asking === 1 ? 'pipe asks its provider' : 'pipes ask providers'}: \`sluice plan\` says what they would ask for`,
        ]
  if (record.inputs.length === 0) return asks.join()
  const columns = [{ head: 'pipe' }, { head: 'input' }, { head: 'size', align: 'right' as const }]
  const rows = record.inputs.slice(0, MOST_ROWS).map(input => [input.pipe, input.name, bytesText(input.bytes)])
  return section(
    'What would be read',
    [tableText(columns, rows, look), more(record.inputs.length), ...asks],
    look.colors,
  )
}

function arrived(pipes: readonly PipeRecord[], look: Look): string {
  if (pipes.length === 0) return ''
  const columns = [
    { head: 'pipe' },
    { head: 'dataset' },
    { head: 'in', align: 'right' as const },
    ...OUTCOMES.map(({ word }) => ({ head: word, align: 'right' as const })),
  ]
  const troubledFirst = [...pipes].sort((a, b) => b.held - a.held || b.quarantined - a.quarantined)
  const shown = pipes.length > MOST_ROWS ? troubledFirst.slice(0, MOST_ROWS) : pipes
  const rows = shown.map(pipe => [
    pipe.pipe,
    pipe.dataset,
    countText(pipe.in),
    ...OUTCOMES.map(({ pick }) => countText(pick(pipe))),
  ])
  const sum = conservation(pipes)
  const verdict = sum.holds ? look.colors.green('adds up') : look.colors.red('DOES NOT ADD UP')
  return section(
    'What arrived',
    [tableText(columns, rows, look), more(pipes.length), `${sum.text}  ${verdict}`],
    look.colors,
  )
}

function rejected(record: RunRecord, look: Look): string {
  const counts = new Map<string, { dataset: string; rule: string; rows: number }>()
  for (const pipe of record.pipes) {
    for (const [rule, rows] of Object.entries(pipe.rules).filter(([rule]) => !RESTATED_RULES.includes(rule))) {
      const key = JSON.stringify([pipe.dataset, rule])
      const entry = counts.get(key) ?? { dataset: pipe.dataset, rule, rows: 0 }
      entry.rows += rows
      counts.set(key, entry)
    }
  }
  const rows = [...counts.values()].filter(entry => entry.rows > 0).sort((a, b) => b.rows - a.rows)
  if (rows.length === 0) return ''
  const columns = [{ head: 'dataset' }, { head: 'rule' }, { head: 'rows', align: 'right' as const }]
  const lines = rows.slice(0, MOST_ROWS).map(entry => [entry.dataset, entry.rule, countText(entry.rows)])
  return section('What was rejected, and why', [tableText(columns, lines, look), more(rows.length)], look.colors)
}

function restated(datasets: readonly DatasetRecord[], colors: Colors): string {
  const lines = restatedLines(datasets)
  return lines.length === 0 ? '' : section('What providers restated', lines, colors)
}

function gates(record: RunRecord, colors: Colors): string {
  const lines = gateLines(record, colors)
  return lines.length === 0 ? '' : section('Gates', lines, colors)
}

function heldSection(record: RunRecord, look: Look): string {
  const lines = heldBatches(record, look)
  return lines.length === 0 ? '' : section('Held back', lines, look.colors)
}

function riskSection(risk: QueryResult | undefined, look: Look): string {
  if (risk === undefined || risk.rows.length === 0) return ''
  const shown = risk.columns.filter(column => !column.name.startsWith('_'))
  // Long names stand above each other, so that ten figures fit on a line.
  const columns = shown.map(({ name, type }) => ({ name: name.replaceAll('_', '\n'), type }))
  const rows = risk.rows
    .slice(0, MOST_ROWS)
    .map(row => Object.fromEntries(columns.map(({ name }, at) => [name, cellText(row[shown[at]!.name] ?? null, 4)])))
  const table = rowsText({ columns, rows, more: false }, look)
  return section(
    'Risk per instrument, newest day',
    [table, more(risk.rows.length, 'the query below has all')],
    look.colors,
  )
}

/** Contracts whose version says less than what changed in them, and new tables that lack what the old ones have. */
function contractChanges(
  { contract_changes: changes = [], to_migrate: waiting = [] }: RunRecord,
  colors: Colors,
): string {
  const lines = changes.flatMap(({ dataset, before, after, grade, needs, subjects }) =>
    needs === undefined
      ? []
      : [
          `${dataset}  ${before} to ${after} is a ${grade} change (${subjects.join(', ')}): its version should be ${needs}`,
        ],
  )
  lines.push(
    ...waiting.map(
      dataset => `${dataset}  has a new table without the rows of the old one: sluice contract migrate ${dataset}`,
    ),
  )
  return lines.length === 0 ? '' : section('What changed in contracts', lines, colors)
}

function files({ record, lake }: RunView, look: Look): string {
  if (record.tables.length === 0) return ''
  const columns = [
    { head: 'table' },
    { head: 'rows', align: 'right' as const },
    { head: 'files', align: 'right' as const },
    { head: 'size', align: 'right' as const },
    { head: 'below the lake' },
  ]
  const rows = record.tables.map(table => [
    table.table,
    countText(table.rows_added),
    countText(table.files.length),
    bytesText(table.bytes_added),
    folderOf(table.files.map(file => file.path)),
  ])
  const written = `lake ${lake}, ${plural(record.tables.length, 'table')} written, ${bytesText(record.usage.bytes_written)}`
  return section('Where the files are', [tableText(columns, rows, look), written], look.colors)
}

function nextCommands({ record, risk, project }: RunView, colors: Colors): string {
  const commands = nextSteps(record, risk !== undefined).map(words => `  ${commandText(words, project)}`)
  return section('Next', commands, colors)
}

function nextSteps(record: RunRecord, hasRisk: boolean): string[][] {
  if (record.status === 'planned') return [['run'], [record.sources === undefined ? 'validate' : 'plan'], ['runs']]
  const bad = record.pipes.find(pipe => pipe.quarantined > 0)?.dataset
  const failed = record.status === 'held' || record.status === 'partial'
  const unanswered = record.sources?.some(({ state }) => state === 'failed') === true
  const steps = [
    ...(unanswered ? [['pipes']] : []),
    ...((record.holds ?? []).length > 0 ? [['quarantine', 'ls', '--run', record.run_id]] : []),
    ...(failed ? [['runs', record.run_id]] : []),
    ...(hasRisk ? [['query', 'SELECT * FROM gold.risk_summary ORDER BY date DESC LIMIT 10']] : []),
    ...(bad === undefined ? [] : [['query', `SELECT * FROM quarantine.${bad} LIMIT 10`]]),
    ['tables'],
    ...(record.derivation !== undefined && record.status === 'nothing_due' ? [['models']] : [['runs', record.run_id]]),
    ['validate'],
  ]
  return steps.filter((step, at) => steps.findIndex(other => other.join() === step.join()) === at).slice(0, 3)
}

/** The folder that all paths are in, so that partitions do not fill the line. */
function folderOf(paths: readonly string[]): string {
  const [first, ...rest] = paths
  if (first === undefined) return ''
  let folder = posix.dirname(first)
  while (folder !== '.' && !rest.every(path => path.startsWith(`${folder}/`))) folder = posix.dirname(folder)
  return `${folder}/`
}

function more(count: number, hint = '--output json has all'): string {
  return count > MOST_ROWS ? `… and ${countText(count - MOST_ROWS)} more (${hint})` : ''
}

function section(title: string, lines: readonly string[], colors: Colors): string {
  return [colors.bold(title), ...lines.filter(line => line !== '')].join('\n')
}
