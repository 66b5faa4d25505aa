import { CLOCK_WORDS } from '../contract/sql-functions.js'
import { type Place, SluiceError } from '../core/errors.js'
import type { ParsedSql } from '../engine/engine.js'

/** SQL and where its first character stands, so that faults in it have a place. */
export interface PlacedSql {
  readonly sql: string
  readonly sqlPlace: Required<Place>
}

/** Table functions that only make rows. Everything else in FROM reads something that the lake does not know. */
const ROW_MAKERS = new Set(['range', 'generate_series', 'unnest'])

/** What gives another answer on another run or machine: clock, chance, session and environment. */
const NOT_REPEATABLE = new Set(
  `now current_timestamp get_current_timestamp transaction_timestamp current_date today current_time get_current_time
  localtime localtimestamp current_localtime current_localtimestamp random setseed uuid gen_random_uuid uuidv4 uuidv7
  nextval currval getenv current_setting getvariable current_user session_user current_database current_schema
  txid_current version`.split(/\s+/),
)

const LAYERS = new Set(['silver', 'gold'])

/** Facts that a run loads as a whole: a model may join them, and does not wait for them. */
const REFERENCE = 'reference'

/** What the SQL of a model names, each sorted and without repetition. */
export interface NamedTables {
  /** Tables of the lake, as `layer.table`. */
  readonly tables: readonly string[]
  /** Reference tables, by their names alone. */
  readonly references: readonly string[]
}

/**
 * The tables that a model reads and the reference tables that it joins. Names of CTEs are no tables.
 * Throws SLUICE_MODEL_INVALID unless the SQL is one SELECT over `silver.*`, `gold.*` and `reference.*` that gives the same answer every time:
 * no files, no other catalogs, no clock, no randomness, no samples.
 */
export function namedTables(parsed: ParsedSql, source: PlacedSql): NamedTables {
  if (!parsed.ok) throw refusal(source, parsed.message, parsed.position)
  if (parsed.statements.length !== 1) throw refusal(source, 'A model is exactly one SELECT.', undefined)
  const tables = new Set<string>()
  const references = new Set<string>()
  visit(parsed.statements[0], new Set(), { source, tables, references })
  return { tables: [...tables].sort(), references: [...references].sort() }
}

interface Visit {
  readonly source: PlacedSql
  readonly tables: Set<string>
  readonly references: Set<string>
}

type SqlNode = Readonly<Record<string, unknown>>

function visit(node: unknown, ctes: ReadonlySet<string>, to: Visit): void {
  if (Array.isArray(node)) {
    for (const item of node) visit(item, ctes, to)
    return
  }
  if (typeof node !== 'object' || node === null) return
  const sqlNode = node as SqlNode
  inspect(sqlNode, ctes, to)
  const inner = new Set([...ctes, ...cteNames(sqlNode)])
  for (const value of Object.values(sqlNode)) visit(value, inner, to)
}

function inspect(node: SqlNode, ctes: ReadonlySet<string>, to: Visit): void {
  if (node['sample']) throw refuseNode(to.source, node, 'A sample gives other rows on every run.')
  switch (node['type']) {
    case 'BASE_TABLE':
      addTable(node, ctes, to)
      break
    case 'TABLE_FUNCTION':
      checkRowMaker(node, to)
      break
    case 'COLUMN_REF':
      checkWord(node, soleName(node), to)
      break
    case 'FUNCTION':
      checkRepeatable(node, text(node['function_name']), to)
      break
  }
}

function addTable(node: SqlNode, ctes: ReadonlySet<string>, to: Visit): void {
  const [catalog, schema, table] = [text(node['catalog_name']), text(node['schema_name']), text(node['table_name'])]
  if (catalog === '' && schema === '' && ctes.has(table.toLowerCase())) return
  if (catalog === '' && schema.toLowerCase() === REFERENCE) {
    to.references.add(table.toLowerCase())
    return
  }
  if (catalog !== '' || !LAYERS.has(schema.toLowerCase())) {
    const name = [catalog, schema, table].filter(Boolean).join('.')
    throw refuseNode(
      to.source,
      node,
      `A model reads \`silver.<dataset>\`, \`gold.<table>\` or \`reference.<table>\`, not \`${name}\`.`,
    )
  }
  if (node['at_clause']) throw refuseNode(to.source, node, 'A model cannot choose a snapshot: the run does.')
  to.tables.add(`${schema}.${table}`.toLowerCase())
}

function checkRowMaker(node: SqlNode, to: Visit): void {
  const name = text((node['function'] as SqlNode | undefined)?.['function_name']).toLowerCase()
  if (!ROW_MAKERS.has(name)) throw refuseNode(to.source, node, `A model cannot read from \`${name}\`.`)
}

/** A word without parentheses: a column may well be called `version` or `query`. */
function checkWord(node: SqlNode, name: string, to: Visit): void {
  if (CLOCK_WORDS.has(name.toLowerCase()))
    throw refuseNode(to.source, node, `\`${name}\` gives another answer on every run.`)
}

function checkRepeatable(node: SqlNode, name: string, to: Visit): void {
  const oneArgumentAge = name === 'age' && (node['children'] as readonly unknown[] | undefined)?.length === 1
  if (!oneArgumentAge && !NOT_REPEATABLE.has(name.toLowerCase())) return
  throw refuseNode(to.source, node, `\`${name}\` gives another answer on every run.`)
}

function soleName(node: SqlNode): string {
  const names = node['column_names'] as readonly unknown[] | undefined
  return names?.length === 1 ? text(names[0]) : ''
}

function cteNames(node: SqlNode): string[] {
  const map = (node['cte_map'] as { map?: readonly { key: string }[] } | undefined)?.map ?? []
  return map.map(entry => entry.key.toLowerCase())
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function refuseNode(source: PlacedSql, node: SqlNode, message: string): SluiceError {
  return refusal(source, message, Number(node['query_location']))
}

/** `position` counts UTF-8 bytes from the start of the SQL; DuckDB gives a huge one when it knows none. */
function refusal(source: PlacedSql, message: string, position: number | undefined): SluiceError {
  const bytes = Buffer.from(source.sql)
  const known = position !== undefined && position <= bytes.length
  const before = known ? bytes.subarray(0, position).toString() : ''
  const { file, line, column } = source.sqlPlace
  const lines = before.split('\n')
  const last = lines.at(-1)!.length
  const place = { file, line: line + lines.length - 1, column: lines.length === 1 ? column + last : last + 1 }
  return new SluiceError('SLUICE_MODEL_INVALID', message, { place })
}
