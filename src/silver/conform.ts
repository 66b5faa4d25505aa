import { brokenListSql } from '../contract/broken-list.js'
import { type CompiledRule, compileConform } from '../contract/compile-conform.js'
import type { Contract, ReferenceTest } from '../contract/contract.js'
import { rawColumn } from '../contract/raw-column.js'
import { versionText } from '../contract/tables.js'
import type { Engine } from '../engine/engine.js'
import { quoteIdent, quoteText } from '../engine/sql-text.js'
import { ordinalSql } from '../lake/table-shape.js'

/** Where the working tables of a batch stand in the engine. One batch at a time uses them. */
export const CONFORMED = 'work.conformed'
export const BATCH_CAPTURES = 'work.batch_captures'

/** SQL that is true for rows that may be published. */
export const IS_GOOD = '_broken IS NULL AND NOT _open'

/**
 * Types, checks and normalises bronze records of a batch into `work.conformed`: the contract's columns, the system columns,
 * `_p` (partition ordinal), `_broken` (every broken error rule, or NULL), `_warned`, `_open` (not final yet), `_waived` (broken rules that a person
 * let pass; none yet), `_record` (broken rows as JSON).
 * `bronze` is SQL; `work.batch_captures` says which captures may bring instruments of their own.
 */
export async function conform(bronze: string, contract: Contract, engine: Engine): Promise<void> {
  await engine.run(`CREATE OR REPLACE TABLE ${CONFORMED} AS ${conformSql(bronze, contract)}`)
}

/** The statement behind `conform`: casts in an inner SELECT, rules over their results in the next, so each cast runs once. */
export function conformSql(bronze: string, contract: Contract): string {
  const { casts, rules } = compileConform(contract)
  const references = rules.flatMap(rule => (rule.reference === undefined ? [] : [rule.reference]))
  const broken = (rule: CompiledRule): string =>
    rule.reference === undefined
      ? rule.brokenSql
      : referenceBrokenSql(rule.reference.column, references.indexOf(rule.reference))
  const of = (severity: string) =>
    rules.filter(rule => rule.severity === severity).map(rule => ({ id: rule.id, sql: broken(rule) }))
  const typed = contract.columns.map(column => quoteIdent(column.name)).join(', ')
  const raw = contract.columns
    .map(column => `${quoteIdent(column.name)} AS ${quoteIdent(rawColumn(column.name))}`)
    .join(', ')
  const cast = casts.map(({ column, sql }) => `${sql} AS ${quoteIdent(column)}`).join(', ')
  const joins = references.map((reference, at) => referenceJoinSql(reference, at, contract))
  const found = references.map((reference, at) => ({
    column: quoteIdent(reference.column),
    sql: foundSql(reference, at),
  }))
  const ids = found.flatMap(({ column, sql }, at) =>
    references[at]!.aliasSource === undefined ? [] : [`coalesce(${sql}, typed.${column}) AS ${column}`],
  )
  return `SELECT ${typed}, _known_at, _known_basis, _received_at, _capture_id, _position, _contract_version, _p, _broken, _warned, _open, NULL::VARCHAR[] AS _waived,
      CASE WHEN _broken IS NOT NULL THEN ${recordSql(contract)} END AS _record
    FROM (SELECT * REPLACE (${knowledgeSql(contract, `(${contract.publication})::TIMESTAMPTZ`, vintageSql(contract), '_known_at')} AS _known_at,
          ${knowledgeSql(contract, `'rule'`, `'vintage'`, '_known_basis')} AS _known_basis),
        _known_at AS _received_at, ${brokenListSql(of('error'))} AS _broken, ${brokenListSql(of('warn'))} AS _warned,
        ${contract.notFinal === undefined ? 'false' : `((${contract.notFinal}) IS TRUE)`} AS _open
      FROM (SELECT typed.* ${ids.length === 0 ? '' : `REPLACE (${ids.join(', ')})`}, ${found.map(({ sql }, at) => `${sql} AS _ref_${at}, `).join('')}coalesce(universe.open, false) AS _open_universe,
          ${ordinalSql(contract.partition, quoteIdent(contract.eventTime))} AS _p
        FROM (SELECT ${cast}, * FROM (SELECT ${raw}, _known_at, _known_basis, _capture_id, _position, ${quoteText(versionText(contract))} AS _contract_version FROM (${bronze}))) typed
        LEFT JOIN ${BATCH_CAPTURES} universe USING (_capture_id)
        ${joins.join(' ')}))`
}

function referenceJoinSql(
  { column, table, target, aliasSource }: ReferenceTest,
  at: number,
  contract: Contract,
): string {
  const value = `typed.${quoteIdent(column)}`
  const ids = `LEFT JOIN (SELECT DISTINCT ${quoteIdent(target)}::VARCHAR AS id FROM reference.${quoteIdent(table)}) ref_${at} ON ${value}::VARCHAR = ref_${at}.id`
  if (aliasSource === undefined) return ids
  const time = `typed.${quoteIdent(contract.eventTime)}`
  return `${ids} LEFT JOIN (SELECT source, symbol, instrument_id AS id, coalesce(valid_from, '-infinity')::TIMESTAMPTZ AS valid_from,
      coalesce(valid_to, 'infinity')::TIMESTAMPTZ AS valid_to FROM reference.instrument_aliases) alias_${at}
    ON ${value} = alias_${at}.symbol AND typed.${quoteIdent(aliasSource)} = alias_${at}.source
      AND ${time} >= alias_${at}.valid_from AND ${time} < alias_${at}.valid_to`
}

/** The id that a value stands for, or NULL: an id stands for itself, a symbol for what it meant at the event time. */
function foundSql({ aliasSource }: ReferenceTest, at: number): string {
  return aliasSource === undefined ? `ref_${at}.id` : `coalesce(ref_${at}.id, alias_${at}.id)`
}

/**
 * When a row that is seen for the first time was known, or by what we know that: by the provider's vintage, by the publication rule
 * unless that lies after we got it, or because we got it.
 */
function knowledgeSql(contract: Contract, byRule: string, byVintage: string, captured: string): string {
  const cases = [
    ...(contract.vintage === undefined ? [] : [`WHEN ${quoteIdent(contract.vintage)} IS NOT NULL THEN ${byVintage}`]),
    ...(contract.publication === undefined
      ? []
      : [`WHEN ((${contract.publication}) <= _known_at) IS TRUE THEN ${byRule}`]),
  ]
  return cases.length === 0 ? captured : `CASE ${cases.join(' ')} ELSE ${captured} END`
}

function vintageSql({ vintage }: Contract): string {
  return vintage === undefined ? 'NULL' : `${quoteIdent(vintage)}::TIMESTAMPTZ`
}

function referenceBrokenSql(column: string, at: number): string {
  return `(${quoteIdent(column)} IS NOT NULL AND _ref_${at} IS NULL AND NOT _open_universe)`
}

/** The record as it came, without its absent fields. */
function recordSql(contract: Contract): string {
  const pairs = contract.columns
    .map(column => `${quoteText(column.name)}, ${quoteIdent(rawColumn(column.name))}`)
    .join(', ')
  return `json_merge_patch('{}', json_object(${pairs}))::VARCHAR`
}
