import type { Contract } from '../contract/contract.js'
import { asNumber } from '../engine/duckdb.js'
import type { Engine } from '../engine/engine.js'
import { quoteIdent } from '../engine/sql-text.js'
import { CONFORMED, IS_GOOD } from './conform.js'
import { knowsBeforehand, sequenceSql, standingSql } from './key-sequence.js'

/** Conformed rows that are not to be published, with why: `_row` is the row id in the conformed table, `_fate` is duplicate, conflict or replaced. */
export const FATES = 'work.fates'
/** Published rows that leave silver: their columns, and in `_fate` why, as in the fates; NULL when a conformed row tells it. */
export const DISPLACED = 'work.displaced'

/** Hashes of the keys that are contested: they stand twice in the batch, or are published. */
export const CONTESTED = 'work.contested'

/** Working tables of a resolution; they stay in memory until they are dropped. */
export const CONTEST_TABLES: readonly string[] = [
  FATES,
  DISPLACED,
  CONTESTED,
  ...['rivals', 'sequence', 'standing', 'entering'].map(name => `work.${name}`),
]

/**
 * `existing` is SQL over the published rows of the batch's partitions. `evidence` says what the conformed table holds: only the
 * `newest` records, all received after those behind the published rows; or `all` records of the keys in it.
 */
export interface Contest {
  readonly existing: string | undefined
  readonly evidence: 'newest' | 'all'
}

/** Notes the contested keys, among the rows that are good now. */
export async function noteContested(contract: Contract, existing: string | undefined, engine: Engine): Promise<void> {
  await engine.run(`CREATE OR REPLACE TABLE ${CONTESTED} AS ${contestedSql(contract, existing)}`)
}

/**
 * Decides which rows of every key stand, by what was said about it and in which order (ADR-0019): the same for any order and any
 * split in which the records were conformed. Rows that enter silver get the time at which they were known. Needs what `noteContested`
 * notes; keys of rows that are no longer good may be among it.
 */
export async function resolveKeys(
  contract: Contract,
  contest: Contest,
  engine: Engine,
): Promise<{ displaced: number }> {
  await engine.run(`CREATE OR REPLACE TABLE work.rivals AS ${rivalsSql(contract, contest)}`)
  await engine.run(`CREATE OR REPLACE TABLE work.sequence AS ${sequenceSql(contract)}`)
  await engine.run(`CREATE OR REPLACE TABLE work.standing AS ${standingSql(contract)}`)
  await engine.run(`CREATE OR REPLACE TABLE work.entering AS
    SELECT _row, _known_at, _known_basis FROM work.standing new
    WHERE _row IS NOT NULL AND NOT EXISTS (FROM work.rivals old WHERE old._row IS NULL AND ${isSame(contract, 'old', 'new')})`)
  await engine.run(`CREATE OR REPLACE TABLE ${FATES} AS ${fatesSql(contract)}`)
  await engine.run(`CREATE OR REPLACE TABLE ${DISPLACED} AS ${displacedSql(contract)}`)
  if (knowsBeforehand(contract)) {
    await engine.run(`UPDATE ${CONFORMED} SET _known_at = e._known_at, _known_basis = e._known_basis
      FROM work.entering e WHERE ${CONFORMED}.rowid = e._row`)
  }
  const [row] = await engine.rows(`SELECT count(*) AS displaced FROM ${DISPLACED}`)
  return { displaced: asNumber(row?.['displaced']) }
}

function contestedSql(contract: Contract, existing: string | undefined): string {
  const hash = `hash(${keyList(contract)})`
  const again = `SELECT h FROM (SELECT ${hash} AS h FROM ${CONFORMED} WHERE ${IS_GOOD}) GROUP BY h HAVING count(*) > 1`
  if (existing === undefined) return again
  return `${again} UNION SELECT h FROM (SELECT DISTINCT ${hash} AS h FROM (${existing})) WHERE h IN (SELECT ${hash} FROM ${CONFORMED} WHERE ${IS_GOOD})`
}

/** A published row whose record is among the conformed rows takes part through that; one whose record is not there takes part itself. */
function rivalsSql(contract: Contract, { existing, evidence }: Contest): string {
  const columns = contract.columns.map(column => quoteIdent(column.name)).join(', ')
  const content = `md5(to_json([${contract.columns.map(column => `${quoteIdent(column.name)}::VARCHAR`).join(', ')}])::VARCHAR)`
  const provenance = '_known_at, _known_basis, _capture_id, _position, _contract_version'
  const contested = `hash(${keyList(contract)}) IN (SELECT h FROM ${CONTESTED})`
  const fresh = `SELECT rowid AS _row, ${columns}, ${provenance}, _received_at AS _seen, true AS _ranked FROM ${CONFORMED} WHERE ${IS_GOOD} AND ${contested}`
  if (existing === undefined) return `SELECT *, ${content} AS _content FROM (${fresh})`
  const seen = evidence === 'newest' ? `'-infinity'::TIMESTAMPTZ` : '_known_at'
  const ranked =
    evidence === 'newest'
      ? 'true'
      : `(_capture_id, _position) NOT IN (SELECT (_capture_id, _position) FROM ${CONFORMED} WHERE ${IS_GOOD})`
  const published = `SELECT NULL::BIGINT AS _row, ${columns}, ${provenance}, ${seen} AS _seen, ${ranked} AS _ranked FROM (${existing}) WHERE ${contested}`
  return `SELECT *, ${content} AS _content FROM (${fresh} UNION ALL BY NAME ${published})`
}

function fatesSql(contract: Contract): string {
  const published = '_row IN (SELECT _row FROM work.standing WHERE _row IS NOT NULL)'
  return `SELECT _row, CASE WHEN _equal OR ${published} OR ${isSaidAtOnce(contract, 'seq')} THEN 'duplicate' ELSE '${otherwise(contract)}' END AS _fate
    FROM work.sequence seq WHERE _row IS NOT NULL AND _row NOT IN (SELECT _row FROM work.entering)`
}

function displacedSql(contract: Contract): string {
  return `SELECT old.*, CASE WHEN NOT old._ranked THEN NULL WHEN seq._equal OR ${isSaidAtOnce(contract, 'old')} THEN 'duplicate' ELSE '${otherwise(contract)}' END AS _fate
    FROM work.rivals old LEFT JOIN work.sequence seq ON seq._row IS NULL AND ${isSame(contract, 'seq', 'old')}
    WHERE old._row IS NULL AND NOT EXISTS (FROM work.standing new WHERE ${isSame(contract, 'new', 'old')})`
}

/**
 * What becomes of a row that says something else than what stands. A version that is known at the same moment as another is none: which of
 * them came later nobody knows, and neither may be lost (ADR-0030).
 */
function otherwise({ merge }: Contract): 'conflict' | 'replaced' {
  return merge.policy === 'latest' ? 'replaced' : 'conflict'
}

/** SQL that is true for a row that says what the version of its own moment says. */
function isSaidAtOnce(contract: Contract, row: string): string {
  if (contract.merge.policy !== 'versions') return 'false'
  const same = [...contract.primaryKey, '_known_at'].map(quoteIdent).map(name => `at_once.${name} = ${row}.${name}`)
  return `EXISTS (SELECT 1 FROM work.standing at_once WHERE ${same.join(' AND ')} AND at_once._content = ${row}._content)`
}

function keyList(contract: Contract): string {
  return contract.primaryKey.map(quoteIdent).join(', ')
}

/** SQL that is true for the same published row: what it says may have been read by another contract since. */
function isSame(contract: Contract, one: string, other: string): string {
  const columns = [...contract.primaryKey, '_known_at', '_known_basis', '_capture_id', '_position'].map(quoteIdent)
  return columns.map(column => `${one}.${column} = ${other}.${column}`).join(' AND ')
}
