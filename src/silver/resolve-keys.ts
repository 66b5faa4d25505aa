import type { Contract } from '../contract/contract.js'
import { asNumber } from '../engine/duckdb.js'
import type { Engine } from '../engine/engine.js'
import { quoteIdent, quoteText } from '../engine/sql-text.js'
import { CONFORMED, IS_GOOD } from './conform.js'

/** New rows that are not published, with why: `_row` is the row id in the conformed table, `_fate` is duplicate, conflict or replaced. */
export const FATES = 'work.fates'
/** Rows already published that a new row takes the place of: their key columns and whole content. */
export const DISPLACED = 'work.displaced'

/**
 * Decides for every key which row stands. `existing` is SQL over the published rows of the batch's partitions.
 * The winner is the extreme of a total order, so it does not depend on arrival; a published row of equal content stays as it is.
 */
export async function resolveKeys(
  contract: Contract,
  existing: string | undefined,
  engine: Engine,
): Promise<{ displaced: number }> {
  const hash = `hash(${keyList(contract)})`
  const fromPublished =
    existing === undefined
      ? ''
      : ` UNION SELECT h FROM (SELECT DISTINCT ${hash} AS h FROM (${existing})) WHERE h IN (SELECT ${hash} FROM ${CONFORMED} WHERE ${IS_GOOD})`
  await engine.run(`CREATE OR REPLACE TABLE work.contested AS
    SELECT h FROM (SELECT ${hash} AS h FROM ${CONFORMED} WHERE ${IS_GOOD}) GROUP BY h HAVING count(*) > 1${fromPublished}`)
  await engine.run(`CREATE OR REPLACE TABLE work.rivals AS ${rivalsSql(contract, existing, hash)}`)
  await engine.run(`CREATE OR REPLACE TABLE ${FATES} AS
    SELECT _row, CASE WHEN _content = _best_content THEN 'duplicate' WHEN ${quoteText(contract.merge.policy)} = 'first' THEN 'conflict' ELSE 'replaced' END AS _fate
    FROM work.rivals WHERE _row IS NOT NULL AND (_rank > 1 OR _content = _published_content)`)
  await engine.run(`CREATE OR REPLACE TABLE ${DISPLACED} AS
    SELECT * FROM work.rivals WHERE _row IS NULL AND _content <> _best_content`)
  const [row] = await engine.rows(`SELECT count(*) AS displaced FROM ${DISPLACED}`)
  return { displaced: asNumber(row?.['displaced']) }
}

function rivalsSql(contract: Contract, existing: string | undefined, hash: string): string {
  const columns = contract.columns.map(column => quoteIdent(column.name)).join(', ')
  const content = `md5(to_json([${contract.columns.map(column => `${quoteIdent(column.name)}::VARCHAR`).join(', ')}])::VARCHAR)`
  const provenance = '_known_at, _known_basis, _capture_id, _position, _contract_version'
  const inContest = `${hash} IN (SELECT h FROM work.contested)`
  const published =
    existing === undefined
      ? ''
      : ` UNION ALL BY NAME SELECT NULL::BIGINT AS _row, ${columns}, ${provenance}, _known_at AS _received_at, NULL::BIGINT AS _p FROM (${existing}) WHERE ${inContest}`
  return `SELECT *, row_number() OVER ranked AS _rank, first_value(_content) OVER ranked AS _best_content,
      max(_content) FILTER (WHERE _row IS NULL) OVER (PARTITION BY ${keyList(contract)}) AS _published_content
    FROM (SELECT *, ${content} AS _content FROM (
      SELECT rowid AS _row, ${columns}, ${provenance}, _received_at, _p FROM ${CONFORMED} WHERE ${IS_GOOD} AND ${inContest}${published}))
    WINDOW ranked AS (PARTITION BY ${keyList(contract)} ORDER BY ${orderSql(contract)})`
}

/** The total order of rows with one key, the row that stands first. */
export function orderSql(contract: Contract): string {
  const direction = contract.merge.policy === 'latest' ? 'DESC NULLS LAST' : 'ASC NULLS LAST'
  const first = contract.merge.orderBy === undefined ? [] : [quoteIdent(contract.merge.orderBy)]
  return [...first, '_received_at', '_capture_id', '_position'].map(column => `${column} ${direction}`).join(', ')
}

function keyList(contract: Contract): string {
  return contract.primaryKey.map(quoteIdent).join(', ')
}
