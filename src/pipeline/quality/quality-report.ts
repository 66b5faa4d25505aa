import type { Contract } from '../../contract/contract.js'
import { goldShape } from '../../contract/tables.js'
import { SluiceError } from '../../core/errors.js'
import { didYouMean } from '../../core/nearest-name.js'
import type { SqlRow } from '../../engine/engine.js'
import { quoteIdent, quoteText } from '../../engine/sql-text.js'
import { damagedFile } from '../../lake/check-data-files.js'
import { testIds } from '../../quality/batch-figures.js'
import { type Deps, systemDeps } from '../deps.js'
import type { Project } from '../project/project.js'
import { createViews, emptySql, sqlNames } from '../read/lake-views.js'
import { openWorkspace } from '../workspace.js'
import { METRICS } from './quality-metrics.js'

export interface QualityOptions {
  /** One dataset. Undefined: all. */
  readonly dataset?: string | undefined
  /** So many figures make the trend of each rule, 1 to 1000. */
  readonly runs: number
  /** Only what fails its batch. */
  readonly failed: boolean
  /** Leaves out the rows of all pipes together where there is but one pipe: they say the same. */
  readonly withoutEchoes?: boolean | undefined
  /** Gives no more figures than these, the worst. Undefined: all. */
  readonly limit?: number | undefined
}

/** What the runs booked about the quality of data. Times are ISO 8601. */
export interface QualityReport {
  /** Of the newest run of each dataset and pipe: failing rules first, then those that warn, then by name. */
  readonly figures: readonly QualityFigure[]
  /** How many figures there are, with those that `limit` left out. */
  readonly total: number
  /** What contracts ask and no run has asked yet. */
  readonly neverAsked: readonly { readonly dataset: string; readonly rules: readonly string[] }[]
  /** Datasets of contracts that no run has booked a figure of. */
  readonly neverRun: readonly string[]
}

export interface QualityFigure {
  readonly dataset: string
  /** Empty for the rows of all pipes together, and for derived datasets. */
  readonly pipe: string
  /** `*`: rows in error, whatever they broke. */
  readonly rule: string
  readonly kind: string
  readonly severity: string
  readonly run: string
  readonly at: string
  readonly rows: number
  readonly failed: number
  readonly share: number
  /** Of a batch check that gave one. */
  readonly value: number | null
  readonly unit: string | null
  /** What the contract allows, in words; null when it names no limit of its own. */
  readonly allowed: string | null
  readonly verdict: 'pass' | 'warn' | 'fail' | 'unchecked'
  /** Who released what warns or fails, when that is what the run did; else null. */
  readonly released_by: string | null
  /** What the gate said of the whole batch. */
  readonly gate: string
  /** The figure of a check, else the share of failed rows, in the last runs of the pipe, the oldest first; null where there was none. */
  readonly trend: readonly (number | null)[]
}

const TABLE = `gold.${METRICS}`
const DECISIONS = 'ledger.decisions'

/**
 * The quality figures of a lake, in two statements whatever the number of pipes. Throws SLUICE_CONTRACT_UNKNOWN for a dataset that
 * neither the project nor the lake knows, and when the project books no figures.
 */
export async function qualityReport(
  project: Project,
  options: QualityOptions,
  deps: Deps = systemDeps,
): Promise<QualityReport> {
  await using workspace = await openWorkspace(project, deps, { runId: undefined, connections: 1 })
  const engine = workspace.engines[0]!
  const contract = project.contracts.find(({ dataset, layer }) => dataset === METRICS && layer === 'gold')
  const booked = sqlNames(await workspace.lake.catalog.list()).has(TABLE)
  if (!booked && contract === undefined) throw booksNothing()
  await createViews(new Set([TABLE, DECISIONS]), workspace.lake, project, engine, { kind: 'now' })
  const rows = (sql: string): Promise<SqlRow[]> =>
    engine.rows(sql).catch(cause => {
      throw damagedFile(cause) ?? cause
    })
  const metrics = metricsSql(contract)
  const asked = await rows(
    `SELECT dataset, list(DISTINCT rule) FILTER (found <> 'unchecked') AS rules FROM (${metrics}) GROUP BY dataset`,
  )
  const askedBy = new Map(asked.map(row => [String(row['dataset']), new Set(row['rules'] as string[] | null)]))
  const contracts = project.contracts.filter(({ dataset }) => dataset !== METRICS)
  if (options.dataset !== undefined) refuseUnknown(options.dataset, [...askedBy.keys(), ...contracts.map(nameOf)])
  const concerned = contracts.filter(({ dataset }) => options.dataset === undefined || dataset === options.dataset)
  const figures = (await rows(figuresSql(metrics, options))).map(figureOf)
  return {
    figures: figures.map(({ figure }) => figure),
    total: figures[0]?.total ?? 0,
    neverAsked: concerned.flatMap(candidate => unasked(candidate, askedBy.get(candidate.dataset))),
    neverRun: concerned.map(nameOf).filter(dataset => !askedBy.has(dataset)),
  }
}

function nameOf({ dataset }: Contract): string {
  return dataset
}

function unasked(contract: Contract, asked: ReadonlySet<string> | undefined): QualityReport['neverAsked'] {
  if (asked === undefined) return []
  const rules = testIds(contract).filter(id => !asked.has(id))
  return rules.length === 0 ? [] : [{ dataset: contract.dataset, rules }]
}

/** Tables of older lakes lack columns, and their verdict on a rule follows from its figures. */
function metricsSql(contract: Contract | undefined): string {
  const known = contract === undefined ? '' : `UNION ALL BY NAME (${emptySql(goldShape(contract))})`
  const since = LATER_COLUMNS.map(([name, type]) => `NULL::${type} AS ${quoteIdent(name)}`).join(', ')
  return `SELECT *, coalesce(rule_verdict, CASE WHEN failed = 0 THEN 'pass' WHEN share > threshold THEN 'fail' ELSE 'warn' END) AS found
    FROM (SELECT * FROM ${TABLE} ${known} UNION ALL BY NAME (SELECT ${since} WHERE false))`
}

const LATER_COLUMNS = [
  ['kind', 'VARCHAR'],
  ['threshold_rows', 'BIGINT'],
  ['value', 'DOUBLE'],
  ['unit', 'VARCHAR'],
  ['operator', 'VARCHAR'],
  ['limit_low', 'DOUBLE'],
  ['limit_high', 'DOUBLE'],
  ['rule_verdict', 'VARCHAR'],
] as const

/** Every batch has a row of the rule `*`: by that its runs are put in order. Trends are made of what is shown alone. */
function figuresSql(metrics: string, { dataset, runs, failed, withoutEchoes, limit }: QualityOptions): string {
  const where = dataset === undefined ? '' : `WHERE dataset = ${quoteText(dataset)}`
  const echoes = `pipe = '' AND count(*) FILTER (pipe <> '') OVER (PARTITION BY dataset, rule) = 1`
  const order = `array_position(['fail', 'warn', 'unchecked', 'pass'], found), dataset, pipe, rule`
  return `WITH booked AS (SELECT * FROM (${metrics}) ${where}),
    ages AS (SELECT dataset, pipe, run_id, row_number() OVER (PARTITION BY dataset, pipe ORDER BY recorded_at DESC, run_id DESC) AS age
      FROM booked WHERE rule = '*'),
    newest AS (SELECT booked.* FROM booked JOIN ages USING (dataset, pipe, run_id) WHERE age = 1
      ${withoutEchoes ? `QUALIFY NOT (${echoes})` : ''}),
    shown AS (SELECT *, count(*) OVER () AS total, strftime(recorded_at, '%Y-%m-%dT%H:%M:%SZ') AS at FROM newest
      ${failed ? `WHERE found = 'fail'` : ''} ORDER BY ${order} ${limit === undefined ? '' : `LIMIT ${limit}`}),
    trends AS (SELECT dataset, pipe, rule,
        list(coalesce(value, CASE WHEN kind = 'check' THEN NULL ELSE share END) ORDER BY age DESC) AS trend
      FROM booked JOIN ages USING (dataset, pipe, run_id) SEMI JOIN shown USING (dataset, pipe, rule) WHERE age <= ${runs} GROUP BY ALL)
    SELECT shown.*, trend, CASE WHEN found IN ('fail', 'warn') THEN decided_by END AS released_by FROM shown LEFT JOIN trends USING (dataset, pipe, rule)
      LEFT JOIN (SELECT run_id, decided_by FROM ${DECISIONS} WHERE move = 'release') USING (run_id) ORDER BY ${order}`
}

function figureOf(row: SqlRow): { readonly figure: QualityFigure; readonly total: number } {
  const text = (name: string): string => String(row[name] ?? '')
  const number = (name: string): number => Number(row[name] ?? 0)
  const figure = {
    dataset: text('dataset'),
    pipe: text('pipe'),
    rule: text('rule'),
    kind: row['kind'] === null ? (text('rule') === '*' ? 'gate' : 'rule') : text('kind'),
    severity: text('severity'),
    run: text('run_id'),
    at: text('at'),
    rows: number('rows'),
    failed: number('failed'),
    share: number('share'),
    value: numberOrNull(row['value']),
    unit: row['unit'] === null ? null : text('unit'),
    allowed: allowedText(row),
    verdict: text('found') as QualityFigure['verdict'],
    released_by: row['released_by'] === null ? null : text('released_by'),
    gate: text('verdict'),
    trend: ((row['trend'] ?? []) as readonly unknown[]).map(numberOrNull),
  }
  return { figure, total: number('total') }
}

function allowedText(row: SqlRow): string | null {
  const [share, rows] = [numberOrNull(row['threshold']), numberOrNull(row['threshold_rows'])]
  const [low, high] = [numberOrNull(row['limit_low']), numberOrNull(row['limit_high'])]
  const unit = row['unit'] === 'percent' ? ' %' : ''
  if (typeof row['operator'] === 'string') {
    const words = row['operator'].replace(/([A-Z])/g, letter => ` ${letter.toLowerCase()}`)
    const figures = low === high ? [low] : [low, high]
    return `${words} ${figures.filter(figure => figure !== null).join(' and ')}${unit}`
  }
  const limits = [
    ...(share === null ? [] : [`${Number((share * 100).toPrecision(4))} %`]),
    ...(rows === null ? [] : [`${rows} rows`]),
  ]
  return limits.length === 0 ? null : `at most ${limits.join(' and ')}`
}

function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value)
}

function refuseUnknown(dataset: string, known: readonly string[]): void {
  if (known.includes(dataset)) return
  const message = `No contract and no run knows a dataset ${dataset.slice(0, 80)}.${didYouMean(dataset, known)}`
  throw new SluiceError('SLUICE_CONTRACT_UNKNOWN', message)
}

function booksNothing(): SluiceError {
  const message = `The project has no contract ${METRICS}, so its runs book no quality figures.`
  const next = '`sluice init .` writes that contract and keeps every file that exists; the next run books its figures.'
  return new SluiceError('SLUICE_CONTRACT_UNKNOWN', message, { next })
}
