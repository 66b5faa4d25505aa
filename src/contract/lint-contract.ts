import type { ErrorCode } from '../core/error-codes.js'
import { formatPlace, type Place } from '../core/errors.js'
import { otherFaults } from './check-others.js'
import type { Contract, ReferenceTest, Rule } from './contract.js'
import { guardExpression, guardSelect, type ParseSql, type SqlFault, sqlPlace } from './sql-guard.js'

/** One thing that is wrong with a contract's SQL. */
export interface LintFinding {
  readonly code: ErrorCode
  readonly message: string
  readonly place: Place
  /** `file:line:column: message`. */
  readonly text: string
}

/** Columns that every row has beside those of its contract. */
export const SYSTEM_COLUMNS: readonly string[] = ['_known_at', '_known_basis', '_capture_id', '_position']

/**
 * Every SQL text of a contract that is not exactly one expression or one SELECT over the contract's own columns. Empty when all may
 * run. A row expression also sees the verbatim text of a column as `_raw_<column>`. `all` are the contracts that there are: checks may look at
 * other datasets.
 */
export async function lintContract(
  contract: Contract,
  parse: ParseSql,
  all: readonly Contract[] = [contract],
): Promise<LintFinding[]> {
  const checked = await Promise.all(
    texts(contract).map(async text => {
      const faults = await check(parse, text)
      return faults.map(fault => finding(contract, text, fault))
    }),
  )
  const others = await otherFaults(contract, all, parse)
  return [
    ...checked.flat(),
    ...others.map(({ id, argument, fault, sql = '' }) => {
      const isSql = argument === 'their_where'
      const text = { key: isSql ? `their:${id}` : `other:${id}`, name: `check ${id}`, sql }
      return finding(contract, text, fault, isSql ? 'SLUICE_SQL_REFUSED' : 'SLUICE_CONTRACT_INVALID')
    }),
  ]
}

interface SqlText {
  /** Key in the contract's `sqlPlaces`. */
  readonly key: string
  readonly name: string
  readonly sql: string
  readonly kind: 'row' | 'batch' | 'select'
  readonly columns: readonly string[]
}

function texts(contract: Contract): SqlText[] {
  const columns = contract.columns.map(column => column.name)
  const rowColumns = [...columns, ...columns.map(name => `_raw_${name}`), ...SYSTEM_COLUMNS]
  const row = (key: string, name: string, sql: string | undefined): SqlText[] =>
    sql === undefined ? [] : [{ key, name, sql, kind: 'row', columns: rowColumns }]
  return [
    ...row('publication', 'publication', contract.publication),
    ...row('notFinal', 'notFinal', contract.notFinal),
    ...contract.rules.flatMap(({ id, test }) =>
      test.kind === 'reference' ? [] : row(`rule:${id}`, `rule ${id}`, sqlOf(test)),
    ),
    ...contract.checks.flatMap(({ id, sql, detector }) => {
      if (detector !== undefined) return row(`check:${id}`, `check ${id}`, sqlOf(detector))
      const kind = sql.includes('{object}') ? ('select' as const) : ('batch' as const)
      return [{ key: `check:${id}`, name: `check ${id}`, sql, kind, columns }]
    }),
  ]
}

/** What of a test is the contract's own SQL: of a detector, the condition that says which rows it is for. */
function sqlOf(test: Exclude<Rule['test'], ReferenceTest>): string | undefined {
  if (test.kind === 'expression') return test.sql
  const { where } = test.arguments
  return typeof where === 'string' ? where : undefined
}

function check(parse: ParseSql, { sql, kind, columns }: SqlText): Promise<SqlFault[]> {
  if (kind !== 'select') return guardExpression(parse, sql, { columns, level: kind })
  // As long as the placeholder, so that positions stay true.
  return guardSelect(parse, sql.replaceAll('{object}', '"object"'), { columns, tables: ['object'] })
}

function finding(
  contract: Contract,
  text: Pick<SqlText, 'key' | 'name' | 'sql'>,
  fault: SqlFault,
  code: ErrorCode = 'SLUICE_SQL_REFUSED',
): LintFinding {
  const start = contract.sqlPlaces?.[text.key]
  const place = start === undefined ? { file: contract.file } : sqlPlace(start, text.sql, fault.position)
  const message = `${text.name}: ${fault.message}`
  return { code, message, place, text: `${formatPlace(place)}: ${message}` }
}
