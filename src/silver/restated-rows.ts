import type { Column, Contract } from '../contract/contract.js'
import { asNumber } from '../engine/duckdb.js'
import type { Engine } from '../engine/engine.js'
import { quoteIdent, quoteText } from '../engine/sql-text.js'
import { LIMITS } from '../quality/restatement-kinds.js'
import type { Scope } from './count-batch.js'
import { OWN } from './evidence.js'
import { FATES } from './resolve-keys.js'

const ASIDE = 'work.restated_aside'

/** The working table of a dataset's restated rows: a row for each event of which a run says something else than was known. */
export function restatedTable(contract: Contract): string {
  return `work.${quoteIdent(`restated_${contract.dataset}`)}`
}

const COLUMNS = `(_capture_id VARCHAR, series VARCHAR, event_time TIMESTAMPTZ, known_at TIMESTAMPTZ, changed VARCHAR[], measure VARCHAR,
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
  await engine.run(`INSERT INTO ${restatedTable(contract)} ${factsSql(contract, pairsSql(contract, scope))}`)
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

/** SQL for pairs: `new` and `known` are rows of the sequence, `returned` says that the key has said this before. */
function pairsSql(contract: Contract, scope: Scope): string {
  const key = contract.primaryKey.map(quoteIdent).join(', ')
  // What was received before by another run is not the run's own, though it is the same capture.
  const receipt = `(_capture_id, _seen) IN (SELECT (_capture_id, _received_at) FROM ${OWN})`
  const own = `(_row IS NOT NULL${scope === 'new' ? '' : ` AND ${receipt}`})`
  const isCandidate = `_own AND _row IN (${candidatesSql(contract)})`
  const contested = `(${key}) IN (SELECT (${key}) FROM work.sequence WHERE _row IN (${candidatesSql(contract)}))`
  const before = `(PARTITION BY ${key} ORDER BY _n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)`
  switch (contract.merge.policy) {
    case 'versions': {
      const order = '_known_at, _seen, _capture_id, _position'
      return `SELECT new, known, again > 1 AS returned FROM (SELECT said AS new, lag(said) OVER (PARTITION BY ${key} ORDER BY ${order}) AS known,
          row_number() OVER (PARTITION BY ${key}, _content ORDER BY ${order}) AS again,
          count(*) FILTER (WHERE NOT _own) OVER (PARTITION BY ${key} ORDER BY ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS elder, ${isCandidate} AS candidate
        FROM (SELECT *, ${own} AS _own FROM work.standing WHERE ${contested}) said) WHERE candidate AND elder > 0`
    }
    case 'latest':
      return `SELECT new, known, false AS returned FROM (SELECT said AS new, ${isCandidate} AS candidate,
          last_value(CASE WHEN NOT _own THEN said END IGNORE NULLS) OVER ${before} AS known
        FROM (SELECT *, ${own} AS _own FROM work.sequence WHERE ${contested}) said) WHERE candidate`
    case 'first':
      return `SELECT new, known, false AS returned FROM (SELECT said AS new, ${isCandidate} AS candidate,
          first_value(CASE WHEN NOT _own THEN said END) OVER ${before} AS known,
          row_number() OVER (PARTITION BY ${key}, ${isCandidate} ORDER BY _n DESC) AS back
        FROM (SELECT *, ${own} AS _own FROM work.sequence WHERE ${contested}) said) WHERE candidate AND back = 1`
  }
}

function factsSql(contract: Contract, pairs: string): string {
  const { eventTime, vintage } = contract
  const at = (row: 'new' | 'known', name: string): string => `${row}.${quoteIdent(name)}`
  const differs = (name: string): string => `${at('new', name)} IS DISTINCT FROM ${at('known', name)}`
  const isMeasure = new Set(measures(contract).map(({ name }) => name))
  const isNoise = (name: string): string =>
    `coalesce(abs(${at('new', name)}::DOUBLE - ${at('known', name)}::DOUBLE) <= ${LIMITS.noise} * abs(${at('known', name)}::DOUBLE), false)`
  const isChanged = (name: string): string =>
    isMeasure.has(name) ? `${differs(name)} AND NOT ${isNoise(name)}` : differs(name)
  const changed = saidColumns(contract).map(({ name }) => `CASE WHEN ${isChanged(name)} THEN ${quoteText(name)} END`)
  const moved = measures(contract).map(
    ({ name }) => `CASE WHEN ${isChanged(name)} AND ${at('known', name)} <> 0 AND ${at('new', name)} <> 0
      THEN {name: ${quoteText(name)}, n: ${at('new', name)}::DOUBLE, k: ${at('known', name)}::DOUBLE,
        nd: ${decimals(at('new', name))}, kd: ${decimals(at('known', name))}} END`,
  )
  const currencies = currencyColumns(contract)
  const codes = currencies.flatMap(name => [at('known', name), at('new', name)].map(code => `${code}::VARCHAR`))
  const announced = vintage === undefined ? 'false' : `coalesce(${at('new', vintage)} > ${at('known', vintage)}, false)`
  return `SELECT new._capture_id, ${seriesSql(contract, 'new')}, ${at('new', eventTime)}::TIMESTAMPTZ, new._known_at, changed, moved[1].name,
      moved[1].n, moved[1].k, moved[1].nd, moved[1].kd,
      list_bool_or(list_transform(moved[2:], lambda m: abs(ln(abs(m.n / m.k)) + ln(abs(moved[1].n / moved[1].k))) < ${LIMITS.nearProduct})) IS TRUE,
      ${announced}, returned, list_distinct(${list(codes)}), ${currencies.length === 0 ? 'false' : currencies.map(differs).join(' OR ')}
    FROM (SELECT *, list_filter(${list(changed)}, lambda name: name IS NOT NULL) AS changed,
        list_filter(${moved.length === 0 ? NO_MOVES : `[${moved.join(', ')}]`}, lambda m: m IS NOT NULL) AS moved FROM (${pairs})
      WHERE known IS NOT NULL AND ${at('new', eventTime)} = ${at('known', eventTime)})
    WHERE len(changed) > 0`
}

const NO_MOVES = '[]::STRUCT(name VARCHAR, n DOUBLE, k DOUBLE, nd BIGINT, kd BIGINT)[]'

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

/** A series by the values of its columns, with blanks between them; a value that has blanks itself stands in quotes. */
function seriesSql({ series }: Contract, row: string): string {
  const texts = series.map(name => {
    const text = `coalesce(${row}.${quoteIdent(name)}::VARCHAR, '')`
    return `CASE WHEN regexp_matches(${text}, '^$|[\\s"]') THEN to_json(${text})::VARCHAR ELSE ${text} END`
  })
  return texts.length === 0 ? `''` : `concat_ws(' ', ${texts.join(', ')})`
}

function decimals(value: string): string {
  return `length(rtrim(split_part(${value}::VARCHAR, '.', 2), '0'))`
}
