import { isoTime } from '../../core/clock.js'
import { asNumber } from '../../engine/duckdb.js'
import type { SqlRow } from '../../engine/engine.js'
import { instant, quoteIdent, quoteText } from '../../engine/sql-text.js'
import { type Deps, systemDeps } from '../deps.js'
import { globTest } from '../pipes/expand-input.js'
import type { Project } from '../project/project.js'
import { createViews, sqlNames } from '../read/lake-views.js'
import { openWorkspace, type Workspace } from '../workspace.js'
import { type Hold, heldNow, openHolds } from './hold-book.js'
import { refuseUnknownNames } from './known-names.js'
import { isHold, type QuarantineId, readIds, refuseUnknownIds } from './quarantine-ids.js'

/** What is looked for. Several together must all hold. */
export interface QuarantineFilter {
  /** Holds by id, and rows as `capture:position`; the beginning of an id is enough when only one has it. */
  readonly ids?: readonly string[]
  readonly dataset?: string | undefined
  /** A rule that a row broke. Holds have none. */
  readonly rule?: string | undefined
  /** A pipe by its name, or a pattern. */
  readonly pipe?: string | undefined
  /** A run that brought the capture, or held it. */
  readonly run?: string | undefined
  /** Received at or after it. */
  readonly sinceMs?: number | undefined
  /** Received before it. */
  readonly untilMs?: number | undefined
  /** Of rows; default `waiting`, `all` for any. */
  readonly state?: string | readonly string[] | undefined
  /** Default: both. */
  readonly kind?: 'rows' | 'holds' | undefined
}

export interface QuarantinedRow {
  /** `capture:position`, with the beginning of the capture's id. */
  readonly id: string
  readonly dataset: string
  /** Empty when no finished run has brought it. */
  readonly pipe: string
  readonly rules: readonly string[]
  readonly state: string
  readonly received_at: string
  readonly capture_id: string
  readonly position: number
  readonly record: string | undefined
  readonly raw: string | undefined
  readonly contract_version: string
  /** Run id of the decision that ended its waiting. */
  readonly decision: string | undefined
}

/** Rows that broke the same rules. */
export interface QuarantinedGroup {
  readonly dataset: string
  readonly pipe: string
  readonly rules: readonly string[]
  readonly state: string
  readonly rows: number
  readonly first_received_at: string
  readonly last_received_at: string
}

export interface QuarantineList {
  readonly holds: readonly Hold[]
  readonly groups: readonly QuarantinedGroup[]
  /** The newest first. */
  readonly rows: readonly QuarantinedRow[]
  /** Whether `limit` left rows out. */
  readonly more: boolean
}

/**
 * Holds and quarantined rows that fit. Throws SLUICE_QUARANTINE_UNKNOWN for an id or a rule that there is not, SLUICE_CONTRACT_UNKNOWN,
 * SLUICE_PIPE_UNKNOWN and SLUICE_RUN_UNKNOWN for such names.
 */
export async function listQuarantine(
  project: Project,
  filter: QuarantineFilter,
  limit: number,
  deps: Deps = systemDeps,
): Promise<QuarantineList> {
  await using workspace = await openWorkspace(project, deps, { runId: undefined, connections: 1 })
  const ids = readIds(filter.ids ?? [])
  await refuseUnknownNames(filter, project, workspace, deps)
  const holds = await holdsThatFit(filter, ids, workspace, deps)
  const found = await viewRows(filter, ids, project, workspace)
  refuseUnknownIds(ids, holds, found)
  const engine = workspace.engines[0]!
  const groups =
    await engine.rows(`SELECT dataset, pipe, rules, state, count(*) AS rows, ${timeText('min(_known_at)')} AS first_received_at,
      ${timeText('max(_known_at)')} AS last_received_at FROM ${FOUND} GROUP BY ALL ORDER BY rows DESC, dataset, pipe, rules, state`)
  const rows = await engine.rows(`SELECT *, ${timeText('_known_at')} AS received_at FROM ${FOUND}
    ORDER BY _known_at DESC, dataset, _capture_id, _position, rules LIMIT ${limit + 1}`)
  return { holds, groups: groups.map(groupOf), rows: rows.slice(0, limit).map(rowOf), more: rows.length > limit }
}

/** The rows that fit, with their dataset and pipe. */
export const FOUND = 'work.quarantined'

/** The holds that fit, the newest first. */
export async function holdsThatFit(
  { dataset, rule, pipe, run, sinceMs, untilMs, kind }: QuarantineFilter,
  ids: readonly QuarantineId[],
  { lake }: Workspace,
  deps: Deps,
): Promise<Hold[]> {
  if (kind === 'rows' || rule !== undefined) return []
  const all = heldNow(await openHolds({ store: lake.store, wait: deps.wait, random: deps.random }).read())
  const isPipe = pipe === undefined ? () => true : globTest(pipe)
  const since = sinceMs === undefined ? '' : isoTime(sinceMs)
  const until = untilMs === undefined ? '~' : isoTime(untilMs)
  const isNamed = (hold: Hold): boolean => ids.length === 0 || ids.some(id => isHold(id, hold))
  return all
    .filter(hold => (dataset ?? hold.dataset) === hold.dataset && (run ?? hold.run_id) === hold.run_id)
    .filter(hold => isPipe(hold.pipe) && isNamed(hold))
    .filter(({ captures }) => captures.some(({ received_at: at }) => at >= since && at < until))
    .sort((a, b) => (a.held_at < b.held_at ? 1 : a.held_at > b.held_at ? -1 : a.id < b.id ? -1 : 1))
}

/** Puts the rows that fit into a working table, with their pipes. Gives the places of those that are named by id, with their states. */
export async function viewRows(
  filter: QuarantineFilter,
  ids: readonly QuarantineId[],
  project: Project,
  { lake, engines }: Workspace,
): Promise<SqlRow[]> {
  const engine = engines[0]!
  const names = [...sqlNames(await lake.catalog.list()).keys()]
  const tables = names.filter(name => /^quarantine\./.test(name) && !/_v\d+$/.test(name))
  const wanted =
    filter.kind === 'holds' ? [] : tables.filter(name => name === `quarantine.${filter.dataset ?? name.slice(11)}`)
  await createViews(new Set([...wanted, 'ledger.inputs']), lake, project, engine, { kind: 'now' })
  const rows = wanted.map(
    name => `SELECT ${quoteText(name.slice(11))} AS dataset, * FROM ${name.split('.').map(quoteIdent).join('.')}`,
  )
  const of = `SELECT capture_id, min(pipe) AS pipe, list(run_id) AS runs FROM ledger.inputs GROUP BY capture_id`
  const pipes = filter.pipe === undefined ? undefined : await pipesThatFit(filter.pipe, engine)
  const conditions = [
    rowCondition(filter, ids),
    ...(pipes === undefined ? [] : [`pipe IN (${['NULL', ...pipes.map(quoteText)].join(', ')})`]),
    ...(filter.run === undefined ? [] : [`list_contains(runs, ${quoteText(filter.run)})`]),
  ]
  await engine.run(`CREATE OR REPLACE TABLE ${FOUND} AS SELECT q.*, coalesce(i.pipe, '') AS pipe FROM (${[EMPTY, ...rows].join(' UNION ALL BY NAME ')}) q
    LEFT JOIN (${of}) i ON q._capture_id = i.capture_id WHERE ${conditions.join(' AND ')}`)
  return engine.rows(
    `SELECT DISTINCT _capture_id, _position, state, decision FROM ${FOUND} ${ids.length === 0 ? 'LIMIT 0' : ''}`,
  )
}

async function pipesThatFit(pattern: string, engine: Workspace['engines'][number]): Promise<string[]> {
  const isPipe = globTest(pattern)
  const rows = await engine.rows('SELECT DISTINCT pipe FROM ledger.inputs')
  return rows.map(row => String(row['pipe'])).filter(isPipe)
}

/** SQL over the columns of a quarantine alone. */
export function rowCondition(
  { rule, sinceMs, untilMs, state = 'waiting' }: QuarantineFilter,
  ids: readonly QuarantineId[],
): string {
  const named = ids.map(({ capture, position }) =>
    capture === undefined ? 'false' : `(starts_with(_capture_id, ${quoteText(capture)}) AND _position = ${position})`,
  )
  const conditions = [
    ...(state === 'all' ? [] : [`state IN (${[state].flat().map(quoteText).join(', ')})`]),
    ...(rule === undefined ? [] : [`list_contains(rules, ${quoteText(rule)})`]),
    ...(sinceMs === undefined ? [] : [`_known_at >= ${instant(sinceMs)}`]),
    ...(untilMs === undefined ? [] : [`_known_at < ${instant(untilMs)}`]),
    ...(named.length === 0 ? [] : [`(${named.join(' OR ')})`]),
  ]
  return conditions.length === 0 ? 'true' : conditions.join(' AND ')
}

const EMPTY = `SELECT NULL::VARCHAR AS dataset, NULL::VARCHAR AS record, NULL::VARCHAR AS raw, NULL::VARCHAR[] AS rules, NULL::VARCHAR AS state,
  NULL::TIMESTAMPTZ AS _known_at, NULL::VARCHAR AS _capture_id, NULL::BIGINT AS _position, NULL::VARCHAR AS _contract_version,
  NULL::VARCHAR AS decision WHERE false`

function timeText(sql: string): string {
  return `strftime(${sql} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ')`
}

const SHOWN_ID = 12

function rowOf(row: SqlRow): QuarantinedRow {
  const text = (name: string): string | undefined => (row[name] === null ? undefined : String(row[name]))
  const capture = String(row['_capture_id'])
  return {
    id: `${capture.slice(0, SHOWN_ID)}:${row['_position']}`,
    dataset: String(row['dataset']),
    pipe: String(row['pipe']),
    rules: row['rules'] as unknown as string[],
    state: String(row['state']),
    received_at: String(row['received_at']),
    capture_id: capture,
    position: asNumber(row['_position']),
    record: text('record'),
    raw: text('raw'),
    contract_version: String(row['_contract_version']),
    decision: text('decision'),
  }
}

function groupOf(row: SqlRow): QuarantinedGroup {
  return {
    dataset: String(row['dataset']),
    pipe: String(row['pipe']),
    rules: row['rules'] as unknown as string[],
    state: String(row['state']),
    rows: asNumber(row['rows']),
    first_received_at: String(row['first_received_at']),
    last_received_at: String(row['last_received_at']),
  }
}
