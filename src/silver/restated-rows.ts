import type { Column, Contract } from '../contract/contract.js'
import { asNumber } from '../engine/duckdb.js'
import type { Engine } from '../engine/engine.js'
import { quoteIdent, quoteText } from '../engine/sql-text.js'
import { LIMITS } from '../quality/restatement-kinds.js'
import type { Scope } from './count-batch.js'
import { OWN } from './evidence.js'
import { FATES } from './resolve-keys.js'

const ASIDE = 'work.restated_aside'
const SAID = 'work.said'

/** The working table of a dataset's restated rows: a row for each event of which a run says something else than was known. */
export function restatedTable(contract: Contract): string {
  return `work.${quoteIdent(`restated_${contract.dataset}`)}`
}

const COLUMNS = `(_capture_id VARCHAR, series VARCHAR, event_time TIMESTAMPTZ, known_at TIMESTAMPTZ, changed VARCHAR, measure VARCHAR,
  new_value DOUBLE, known_value DOUBLE, new_decimals BIGINT, known_decimals BIGINT, inverse BOOLEAN, announced BOOLEAN, returned BOOLEAN,
  currencies VARCHAR[], currency_changed BOOLEAN)`

/** An empty working table for a dataset's restated rows. */
export async function startRestated(contract: Contract, engine: Engine): Promise<void> {
  await engine.run(`CREATE OR REPLACE TABLE ${restatedTable(contract)} ${COLUMNS}`)
}

/** How many rows the working table has; of a dataset that was never settled, none. */
export async function restatedRows(contract: Contract, engine: Engine): Promise<number> {
  await engine.run(`CREATE TABLE IF NOT EXISTS ${restatedTable(contract)} ${COLUMNS}`)
  const [row] = await engine.rows(`SELECT count(*) AS rows FROM ${restatedTable(contract)}`)
  return asNumber(row?.['rows'])
}

/**
 * Adds the run's own rows of the batch that say something else than was known, once the keys are resolved. Compared are a new version with
 * the one before it, a row that replaces with the one that it replaces, a row in conflict with the one that stands; always of the same
 * event. What a run says of an event for the first time, however often, restates nothing.
 */
export async function keepRestated(contract: Contract, scope: Scope, engine: Engine): Promise<void> {
  const [row] = await engine.rows(`SELECT count(*) AS rows FROM (${candidatesSql(contract)})`)
  if (asNumber(row?.['rows']) === 0) return
  await engine.run(`CREATE OR REPLACE TABLE ${SAID} AS ${saidSql(contract, scope)}`)
  await engine.run(`INSERT INTO ${restatedTable(contract)} ${factsSql(contract, pairsSql(contract))}`)
  await engine.run(`DROP TABLE ${SAID}`)
}

/** Puts the restated rows of some captures aside: a pass without them starts the table anew. */
export async function setRestatedAside(
  contract: Contract,
  captures: ReadonlySet<string>,
  engine: Engine,
): Promise<void> {
  const ids = [...captures].map(quoteText).join(', ')
  await engine.run(
    `CREATE OR REPLACE TABLE ${ASIDE} AS SELECT * FROM ${restatedTable(contract)} WHERE _capture_id IN (${ids})`,
  )
}

/** Returns what `setRestatedAside` took. */
export async function bringRestatedBack(contract: Contract, engine: Engine): Promise<void> {
  await engine.run(`INSERT INTO ${restatedTable(contract)} SELECT * FROM ${ASIDE}`)
}

/** Rows that may say something else than was known: none on most runs, and then nothing is compared. */
function candidatesSql({ merge }: Contract): string {
  return merge.policy === 'first'
    ? `SELECT _row FROM ${FATES} WHERE _fate = 'conflict'`
    : 'SELECT _row FROM work.entering'
}

/** The rows of the sequence whose keys have a candidate, with `_own` for those of the run. */
function saidSql(contract: Contract, scope: Scope): string {
  const key = keyList(contract)
  // What was received before by another run is not the run's own, though it is the same capture.
  const receipt = `(_capture_id, _seen) IN (SELECT (_capture_id, _received_at) FROM ${OWN})`
  const rows = contract.merge.policy === 'versions' ? 'work.standing' : 'work.sequence'
  return `SELECT *, (_row IS NOT NULL${scope === 'new' ? '' : ` AND ${receipt}`}) AS _own, _row IN (${candidatesSql(contract)}) AS _candidate
    FROM ${rows} SEMI JOIN (SELECT ${key} FROM work.sequence WHERE _row IN (${candidatesSql(contract)})) USING (${key})`
}

/** SQL for pairs of rows in `work.said`: `n` is new, `k` is what was known, `returned` says that the key has said this before. */
function pairsSql(contract: Contract): string {
  const key = keyList(contract)
  const order = contract.merge.policy === 'versions' ? '_known_at, _seen, _capture_id, _position' : '_n'
  const before = `(PARTITION BY ${key} ORDER BY ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)`
  const others = 'CASE WHEN NOT _own THEN rowid END'
  const isNew = '_own AND _candidate'
  switch (contract.merge.policy) {
    case 'versions':
      return `SELECT n, k, again > 1 AS returned FROM (SELECT rowid AS n, lag(rowid) OVER (PARTITION BY ${key} ORDER BY ${order}) AS k,
          row_number() OVER (PARTITION BY ${key}, _content ORDER BY ${order}) AS again, count(${others}) OVER ${before} AS elder, ${isNew} AS is_new
        FROM ${SAID}) WHERE is_new AND elder > 0`
    case 'latest':
      return `SELECT n, k, false AS returned FROM (SELECT rowid AS n, last_value(${others} IGNORE NULLS) OVER ${before} AS k, ${isNew} AS is_new
        FROM ${SAID}) WHERE is_new`
    case 'first':
      return `SELECT n, k, false AS returned FROM (SELECT rowid AS n, first_value(${others}) OVER ${before} AS k, ${isNew} AS is_new,
          row_number() OVER (PARTITION BY ${key}, ${isNew} ORDER BY _n DESC) AS back
        FROM ${SAID}) WHERE is_new AND back = 1`
  }
}

/** Casts of decimals are dear: each is made once, in the inner SELECT, as `n<i>` and `k<i>` of the i-th figure, NULL where it has no ratio. */
function factsSql(contract: Contract, pairs: string): string {
  const { eventTime, vintage } = contract
  const at = (row: 'new' | 'known', name: string): string => `${row}.${quoteIdent(name)}`
  const differs = (name: string): string => `${at('new', name)} IS DISTINCT FROM ${at('known', name)}`
  const figures = measures(contract).map(({ name }) => name)
  const values = figures.flatMap((name, i) => [
    `CASE WHEN ${differs(name)} THEN nullif(${at('new', name)}::DOUBLE, 0) END AS n${i}`,
    `CASE WHEN ${differs(name)} THEN nullif(${at('known', name)}::DOUBLE, 0) END AS k${i}`,
  ])
  const isNoise = (i: number): string => `coalesce(abs(n${i} - k${i}) <= ${LIMITS.noise} * abs(k${i}), false)`
  const changed = saidColumns(contract).map(({ name }) => {
    const i = figures.indexOf(name)
    return `CASE WHEN ${differs(name)}${i < 0 ? '' : ` AND NOT ${isNoise(i)}`} THEN ${quoteText(name)} END`
  })
  // The first figure that has a ratio stands for the row.
  const lead = (value: (name: string, i: number) => string): string => {
    const cases = figures.map(
      (name, i) => `WHEN n${i} / k${i} IS NOT NULL AND NOT ${isNoise(i)} THEN ${value(name, i)}`,
    )
    return cases.length === 0 ? 'NULL' : `CASE ${cases.join(' ')} END`
  }
  const against = figures.map(
    (_, i) => `abs(ln(abs(n${i} / k${i})) + ln(abs(new_value / known_value))) < ${LIMITS.nearProduct}`,
  )
  const currencies = currencyColumns(contract)
  const codes = currencies.flatMap(name => [`${at('known', name)}::VARCHAR`, `${at('new', name)}::VARCHAR`])
  const announced = vintage === undefined ? 'false' : `coalesce(${at('new', vintage)} > ${at('known', vintage)}, false)`
  const either = (conditions: readonly string[]): string =>
    conditions.length === 0 ? 'false' : conditions.join(' OR ')
  return `SELECT _capture_id, series, event_time, known_at, changed, measure, new_value, known_value, new_decimals, known_decimals,
      (${either(against)}) IS TRUE, announced, returned, currencies, currency_changed
    FROM (SELECT *, ${lead(quoteText)} AS measure, ${lead((_, i) => `n${i}`)} AS new_value, ${lead((_, i) => `k${i}`)} AS known_value,
        ${lead(name => decimals(at('new', name)))} AS new_decimals, ${lead(name => decimals(at('known', name)))} AS known_decimals,
        concat_ws(' ', ${changed.length === 0 ? `''` : changed.join(', ')}) AS changed
      FROM (SELECT new, known, new._capture_id, ${seriesSql(contract, 'new')} AS series, ${at('new', eventTime)}::TIMESTAMPTZ AS event_time,
          new._known_at AS known_at, ${announced} AS announced, returned, ${list(codes)} AS currencies,
          ${either(currencies.map(differs))} AS currency_changed${values.map(value => `, ${value}`).join('')}
        FROM (${pairs}) JOIN ${SAID} new ON new.rowid = n JOIN ${SAID} known ON known.rowid = k
        WHERE ${at('new', eventTime)} = ${at('known', eventTime)}))
    WHERE changed <> ''`
}

function list(items: readonly string[]): string {
  return `[${items.join(', ')}]::VARCHAR[]`
}

/** What a row says beside its key: not when it was said, nor in which order. */
function saidColumns({ columns, primaryKey, eventTime, vintage, merge }: Contract): Column[] {
  const apart = [...primaryKey, eventTime, vintage, merge.orderBy]
  return columns.filter(({ name }) => !apart.includes(name))
}

function measures(contract: Contract): Column[] {
  return saidColumns(contract).filter(({ type }) => ['decimal', 'integer', 'double'].includes(type.kind))
}

/** The columns that say what money a row is in. */
function currencyColumns(contract: Contract): string[] {
  const named = contract.rules.flatMap(({ test }) =>
    test.kind === 'reference' && test.table === 'currencies' ? [test.column] : [],
  )
  return saidColumns(contract)
    .map(({ name }) => name)
    .filter(name => named.includes(name))
}

/**
 * A series by the values of its columns, with blanks between them; a value that has blanks itself stands in quotes. A column outside the
 * key may be what was restated, as a currency: it parts nothing.
 */
function seriesSql({ series, primaryKey }: Contract, row: string): string {
  const texts = series
    .filter(name => primaryKey.includes(name))
    .map(name => {
      const text = `coalesce(${row}.${quoteIdent(name)}::VARCHAR, '')`
      return `CASE WHEN regexp_matches(${text}, '^$|[\\s"]') THEN to_json(${text})::VARCHAR ELSE ${text} END`
    })
  return texts.length === 0 ? `''` : `concat_ws(' ', ${texts.join(', ')})`
}

function decimals(value: string): string {
  return `length(rtrim(split_part(${value}::VARCHAR, '.', 2), '0'))`
}

function keyList(contract: Contract): string {
  return contract.primaryKey.map(quoteIdent).join(', ')
}
