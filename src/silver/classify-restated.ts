import type { Contract } from '../contract/contract.js'
import { RESTATED, type RestatementKind, restatedRule } from '../contract/restated-rules.js'
import { asNumber } from '../engine/duckdb.js'
import type { Engine } from '../engine/engine.js'
import { quoteText } from '../engine/sql-text.js'
import { CONSTANT_SQL, kindSql, LIMITS, nearSql } from '../quality/restatement-kinds.js'
import { addRule, type Tally } from './count-batch.js'
import { restatedRows, restatedTable } from './restated-rows.js'

const PIPES = 'work.restated_pipes'
const KINDS = 'work.restated_kinds'
/** Changes of series, a row each, with what `addChanges` says of them; the columns are those of the contract `restatements` without run and time. */
export const CHANGES = 'work.restatements'

/** Which pipe brought a capture. Several may bring the same one. */
export type CapturePipes = readonly (readonly [captureId: string, pipe: string])[]

/** Kinds whose rows move by one ratio: each ratio is a change of its own. */
const BY_RATIO: readonly RestatementKind[] = ['split', 'redenomination', 'unit_switch', 'back_adjustment']

/**
 * Says of a dataset's restated rows what the provider did, in one pass over all of them, and adds them to the tally as broken rules of
 * their captures: `restated`, and `restated:<kind>`. Vintages that the provider announced count as neither.
 */
export async function countRestated(
  contract: Contract,
  pipes: CapturePipes,
  tally: Tally,
  engine: Engine,
): Promise<void> {
  if (!(await classify(contract, pipes, engine))) return
  const rows = await engine.rows(`SELECT _capture_id, kind, count(*) AS rows
    FROM (SELECT DISTINCT ON (_row, _capture_id) * FROM ${KINDS} ORDER BY _row, _capture_id, pipe) WHERE NOT announced GROUP BY ALL ORDER BY ALL`)
  for (const row of rows) {
    const counted = asNumber(row['rows'])
    addRule(tally.rules, String(row['_capture_id']), RESTATED, counted)
    addRule(tally.rules, String(row['_capture_id']), restatedRule(String(row['kind']) as RestatementKind), counted)
  }
}

/** What became of the restated rows of a pipe, and what the gate said. */
export interface PipeOutcome {
  readonly pipe: string
  readonly verdict: string
  readonly fate: 'version' | 'replaced' | 'conflict' | 'held'
}

/** Has the changes of a dataset's series in `work.restatements`: what the same pass finds, summed up. Gives how many there are. */
export async function addChanges(
  contract: Contract,
  pipes: CapturePipes,
  outcomes: readonly PipeOutcome[],
  engine: Engine,
): Promise<number> {
  await engine.run(`DELETE FROM ${CHANGES} WHERE dataset = ${quoteText(contract.dataset)}`)
  if (!(await classify(contract, pipes, engine))) return 0
  const known = outcomes.map(({ pipe, verdict, fate }) => [pipe, verdict, fate])
  await engine.run(
    `INSERT INTO ${CHANGES} ${changesSql(contract.dataset, listSql(known, ['pipe', 'verdict', 'fate']))}`,
  )
  const [row] = await engine.rows(
    `SELECT count(*) AS changes FROM ${CHANGES} WHERE dataset = ${quoteText(contract.dataset)}`,
  )
  return asNumber(row?.['changes'])
}

/** Makes `work.restatements`, unless it is there. */
export async function startChanges(engine: Engine): Promise<void> {
  await engine.run(`CREATE TABLE IF NOT EXISTS ${CHANGES} (dataset VARCHAR, pipe VARCHAR, series VARCHAR, change BIGINT, kind VARCHAR,
    announced BOOLEAN, rows BIGINT, first_event TIMESTAMPTZ, last_event TIMESTAMPTZ, ratio DOUBLE, columns VARCHAR, known_at TIMESTAMPTZ,
    fate VARCHAR, verdict VARCHAR)`)
}

/** Fills the working table of rows with their kinds; false when there are none. */
async function classify(contract: Contract, pipes: CapturePipes, engine: Engine): Promise<boolean> {
  if ((await restatedRows(contract, engine)) === 0) return false
  await engine.run(
    `CREATE OR REPLACE TABLE ${PIPES} AS SELECT DISTINCT * FROM (${listSql(pipes, ['_capture_id', 'pipe'])})`,
  )
  await engine.run(`CREATE OR REPLACE TABLE ${KINDS} AS ${kindsSql(contract)}`)
  return true
}

/** One text literal for all rows: the parser of SQL is slow on long lists of values. */
function listSql(rows: readonly (readonly string[])[], names: readonly string[]): string {
  const values = names.map((name, at) => `r[${at + 1}] AS ${name}`).join(', ')
  return `SELECT ${values} FROM (SELECT unnest(from_json(${quoteText(JSON.stringify(rows))}, '[["VARCHAR"]]')) AS r)`
}

/**
 * Rows with the ratio by which they moved fall into groups where one ratio fits them all: sorted by the lowest that fits each, a group
 * ends where the next row's lowest is above every highest before it. A group is judged as a whole. Rows with a cause of their own are
 * one group whatever their ratios.
 */
function kindsSql(contract: Contract): string {
  const finest = (decimals: string): string => `max(${decimals}) OVER (PARTITION BY pipe, series, measure)`
  const rounding = (value: string, decimals: string): string => `0.5 * pow(10, -${finest(decimals)}) / abs(${value})`
  const group = 'pipe, series, cause, x IS NULL'
  return `WITH moved AS (
      SELECT *, CASE WHEN new_value / known_value > 0 THEN ln(new_value / known_value) END AS x,
        coalesce(${rounding('new_value', 'new_decimals')} + ${rounding('known_value', 'known_decimals')}, 0) AS rounding
      FROM (SELECT rowid AS _row, * FROM ${restatedTable(contract)}) JOIN ${PIPES} USING (_capture_id)
    ), caused AS (
      SELECT *, rounding + least(${LIMITS.spreadOfChange} * abs(x), ${LIMITS.mostSpread}) AS width, CASE WHEN announced THEN 'announced'
        WHEN returned THEN 'returned' WHEN currency_changed THEN 'currency'
        WHEN abs(ln(abs(new_value * known_value))) <= ${LIMITS.nearInverse} + least(rounding, ${LIMITS.mostRounding}) AND abs(x) > ${LIMITS.mostSpread} THEN 'inverted' ELSE 'plain' END AS cause
      FROM moved
    ), parted AS (
      SELECT *, sum(begins) OVER (PARTITION BY ${group} ORDER BY x - width, _row ROWS UNBOUNDED PRECEDING) AS part FROM (
        SELECT *, CASE WHEN cause <> 'plain' OR x - width <= max(x + width) OVER (PARTITION BY ${group} ORDER BY x - width, _row
          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) THEN 0 ELSE 1 END AS begins FROM caused)
    ), centred AS (
      SELECT *, median(x) OVER (PARTITION BY ${group}, part) AS centre FROM parted
    ), groups AS (
      SELECT pipe, series, cause, part, x IS NULL AS plain, count(*) AS rows, any_value(centre) AS x, median(rounding) AS rounding,
        avg(CASE WHEN abs(x - centre) <= width THEN 1 ELSE 0 END) AS agreeing, avg(inverse::INTEGER) AS inverse,
        max(event_time) AS last_event, list_distinct(flatten(list(DISTINCT currencies))) AS currencies
      FROM centred GROUP BY ALL
    ), judged AS (
      SELECT *, sum(CASE WHEN ${CONSTANT_SQL} THEN rows ELSE 0 END) OVER (PARTITION BY pipe, series)
          / sum(rows) OVER (PARTITION BY pipe, series) AS systematic, ${redenominatedSql()} AS redenominated
      FROM groups
    ), kinds AS (SELECT *, ${kindSql()} AS kind FROM judged)
    SELECT r._row, r._capture_id, r.pipe, r.series, r.event_time, r.known_at, r.changed, r.announced, CASE WHEN r.x IS NOT NULL THEN r.new_value / r.known_value END AS ratio, k.kind, k.cause, k.part
    FROM centred r JOIN kinds k ON r.pipe = k.pipe AND r.series = k.series AND r.cause = k.cause AND r.part = k.part AND (r.x IS NULL) = k.plain`
}

/** The currency of the rows was replaced, or replaced another, after they happened, at about this factor. */
function redenominatedSql(): string {
  const either = 'list_contains(currencies, from_currency) OR list_contains(currencies, to_currency)'
  return `EXISTS (FROM reference.redenominations d WHERE (${either}) AND last_event < d.effective_date::TIMESTAMPTZ AND ${nearSql('d.factor::DOUBLE')})`
}

function changesSql(dataset: string, outcomes: string): string {
  const alike = BY_RATIO.map(quoteText).join(', ')
  return `SELECT ${quoteText(dataset)}, pipe, series,
      row_number() OVER (PARTITION BY pipe, series ORDER BY first_event, last_event, kind, announced, ratio, columns) AS change,
      kind, announced, rows, first_event, last_event, ratio, columns, known_at, fate, verdict
    FROM (SELECT pipe, series, kind, announced, count(*) AS rows, min(event_time) AS first_event, max(event_time) AS last_event,
        median(ratio) AS ratio, array_to_string(list_sort(list_distinct(flatten(list_transform(list(DISTINCT changed), lambda names: string_split(names, ' '))))), ', ') AS columns, max(known_at) AS known_at
      FROM ${KINDS} GROUP BY pipe, series, kind, announced, CASE WHEN kind IN (${alike}) THEN cause || part END)
    LEFT JOIN (${outcomes}) USING (pipe)`
}
