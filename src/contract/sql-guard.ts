import { type Place, SluiceError } from '../core/errors.js'
import type { TextPlace } from '../core/yaml-document.js'
import type { ParsedSql } from '../engine/engine.js'
import { type SqlNode, textOf, treeFaults } from './sql-tree.js'

/** Parses one SQL text: `Engine.parse`. */
export type ParseSql = (sql: string) => Promise<ParsedSql>

/** What a SQL text may name. Undefined means any name. */
export interface SqlScope {
  readonly columns?: Iterable<string> | undefined
  /** Tables that a SELECT may read, as `name` or `schema.name`. An expression reads none. */
  readonly tables?: Iterable<string> | undefined
  /** `batch` allows aggregates and window functions in an expression; a `row` expression sees one row. Default `row`. */
  readonly level?: 'row' | 'batch'
}

/** Why a SQL text is refused; `position` counts characters of the text from 0. */
export interface SqlFault {
  readonly message: string
  readonly position: number | undefined
}

const PREFIX = 'SELECT '

/**
 * What keeps a text from being one SQL expression that only computes: several expressions or statements, a subquery, an unknown
 * column, a parameter, a function that reaches outside or gives another value tomorrow. Empty when it may be used.
 */
export async function guardExpression(parse: ParseSql, sql: string, scope: SqlScope = {}): Promise<SqlFault[]> {
  // The text will stand in parentheses: neither a comment nor a bracket of its own may close over them.
  const [parsed, inside] = await Promise.all([parse(PREFIX + sql), parse(`${PREFIX}(${sql})`)])
  if (!parsed.ok) return [syntaxFault(parsed, sql, PREFIX.length)]
  const item = onlyExpression(parsed.statements)
  if (item === undefined) return [{ message: 'must be exactly one expression', position: undefined }]
  if (!inside.ok) return [{ message: 'must not end in a comment', position: undefined }]
  return located(treeFaults(item, { ...names(scope), kind: scope.level ?? 'row' }), sql, PREFIX.length)
}

/** The same for one SELECT statement; it may read the tables of the scope and its own CTEs, never a file. */
export async function guardSelect(parse: ParseSql, sql: string, scope: SqlScope = {}): Promise<SqlFault[]> {
  const parsed = await parse(sql)
  if (!parsed.ok) return [syntaxFault(parsed, sql, 0)]
  if (parsed.statements.length !== 1) return [{ message: 'must be exactly one SELECT', position: undefined }]
  return located(treeFaults(parsed.statements[0] as SqlNode, { ...names(scope), kind: 'select' }), sql, 0)
}

/** The error for SQL that a guard refused: SLUICE_SQL_REFUSED, `what` saying which text it is. */
export function refusedSql(what: string, fault: SqlFault, place: Place): SluiceError {
  return new SluiceError('SLUICE_SQL_REFUSED', `${what}: ${fault.message}. Nothing was run.`, { place })
}

/** Where in the file a fault of an embedded SQL text stands. */
export function sqlPlace(start: TextPlace, sql: string, position: number | undefined): Required<Place> {
  const { file, line, column, step } = start
  if (position === undefined || step === 'folded') return { file, line, column }
  const before = sql.slice(0, position).split('\n')
  if (step === 'single' && before.length > 1) return { file, line, column }
  return { file, line: line + before.length - 1, column: column + (before.at(-1) ?? '').length }
}

function names(scope: SqlScope): { columns: Set<string> | undefined; tables: Set<string> | undefined } {
  const lower = (list: Iterable<string> | undefined): Set<string> | undefined =>
    list === undefined ? undefined : new Set([...list].map(name => name.toLowerCase()))
  return { columns: lower(scope.columns), tables: lower(scope.tables) }
}

/** The one select item of `SELECT <text>`, or undefined when the text brought a FROM, a second item or anything else. */
function onlyExpression(statements: readonly unknown[]): SqlNode | undefined {
  const node = statements.length === 1 ? ((statements[0] as SqlNode)['node'] as SqlNode) : undefined
  if (node?.['type'] !== 'SELECT_NODE') return undefined
  const items = node['select_list'] as SqlNode[]
  const rest = ['modifiers', 'group_expressions'].some(key => (node[key] as unknown[]).length > 0)
  const clauses = ['where_clause', 'having', 'qualify', 'sample'].some(key => node[key] !== null)
  const from = (node['from_table'] as SqlNode)['type']
  const [item] = items
  const named = item !== undefined && textOf(item['alias']) !== ''
  return items.length !== 1 || rest || clauses || named || from !== 'EMPTY' ? undefined : item
}

function syntaxFault(parsed: ParsedSql & { ok: false }, sql: string, offset: number): SqlFault {
  const message = parsed.message.includes('Only SELECT') ? 'only an expression or a SELECT is allowed' : parsed.message
  return { message, position: characterAt(sql, parsed.position, offset) }
}

function located(faults: readonly { message: string; location: unknown }[], sql: string, offset: number): SqlFault[] {
  return faults.map(({ message, location }) => ({
    message,
    position: characterAt(sql, typeof location === 'number' ? location : undefined, offset),
  }))
}

/** DuckDB counts bytes of UTF-8, and marks "nowhere" by the largest 64-bit number. */
function characterAt(sql: string, bytes: number | undefined, offset: number): number | undefined {
  const buffer = Buffer.from(sql)
  const at = (bytes ?? Number.POSITIVE_INFINITY) - offset
  return at >= 0 && at <= buffer.length ? buffer.subarray(0, at).toString().length : undefined
}
