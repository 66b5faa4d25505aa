import { CLOCK_WORDS, refusedFunction } from './sql-functions.js'

/** A node of DuckDB's `json_serialize_sql`. */
export type SqlNode = Readonly<Record<string, unknown>>

/** Names in lower case; undefined means any. */
export interface TreeRules {
  readonly kind: 'row' | 'batch' | 'select'
  readonly columns: ReadonlySet<string> | undefined
  readonly tables: ReadonlySet<string> | undefined
}

export interface TreeFault {
  readonly message: string
  /** Byte offset in the parsed text, as DuckDB gives it. */
  readonly location: unknown
}

/** Everything in a parsed expression or statement that the rules do not allow. */
export function treeFaults(tree: SqlNode, rules: TreeRules): TreeFault[] {
  const faults: TreeFault[] = []
  const own = rules.kind === 'select' ? ownNames(tree) : { tables: new Set<string>(), columns: new Set<string>() }
  visit(tree, { rules, own, lambda: new Set() }, faults)
  return faults
}

interface Scope {
  readonly rules: TreeRules
  /** CTEs and aliases that the statement itself brings. */
  readonly own: { readonly tables: ReadonlySet<string>; readonly columns: ReadonlySet<string> }
  /** Parameters of the lambdas round this node. */
  readonly lambda: ReadonlySet<string>
}

function visit(value: unknown, scope: Scope, faults: TreeFault[]): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, scope, faults)
    return
  }
  if (typeof value !== 'object' || value === null) return
  const node = value as SqlNode
  const message = isTableRef(node) ? tableFault(node, scope) : expressionFault(node, scope)
  if (message !== undefined) faults.push({ message, location: node['query_location'] })
  if (node['class'] === 'FUNCTION') {
    visitFunction(node, scope, faults)
    return
  }
  // A table reference keeps a table function's call in `function`: its name has been judged as a table already.
  const parts = node['type'] === 'TABLE_FUNCTION' ? [(node['function'] as SqlNode)['children']] : Object.values(node)
  for (const part of parts) visit(part, scope, faults)
}

/** Lambdas bring names of their own; outside of a call, `a -> 'x'` is JSON access and `a` a column. */
function visitFunction(node: SqlNode, scope: Scope, faults: TreeFault[]): void {
  const { children, ...rest } = node
  visit(Object.values(rest), scope, faults)
  for (const child of (children as SqlNode[] | undefined) ?? []) {
    const parameters = child['class'] === 'LAMBDA' ? lambdaParameters(child['lhs'] as SqlNode) : []
    if (parameters.length === 0) visit(child, scope, faults)
    else visit(child['expr'], { ...scope, lambda: new Set([...scope.lambda, ...parameters]) }, faults)
  }
}

function lambdaParameters(side: SqlNode): string[] {
  const names = side['class'] === 'COLUMN_REF' ? [side] : ((side['children'] as SqlNode[] | undefined) ?? [])
  return names.map(name => textOf((name['column_names'] as unknown[] | undefined)?.[0]).toLowerCase())
}

function expressionFault(node: SqlNode, scope: Scope): string | undefined {
  const { kind } = scope.rules
  switch (node['class']) {
    case 'COLUMN_REF':
      return columnFault(node['column_names'] as string[], scope)
    case 'FUNCTION':
      return refusedFunction(textOf(node['function_name']), kind)
    case 'SUBQUERY':
      return kind === 'select' ? undefined : 'an expression must not hold a subquery'
    case 'WINDOW':
      return kind === 'row' ? 'a window function sees other rows; an expression here sees one' : undefined
    case 'STAR':
      return kind === 'select' ? undefined : '`*` stands for many columns; an expression has one value'
    case 'PARAMETER':
      return 'there is nothing to bind a parameter to'
    case undefined:
      return typeFault(node)
    default:
      return undefined
  }
}

/** `ATTACH 'x'` is, to the parser, a text of the type ATTACH. */
function typeFault(node: SqlNode): string | undefined {
  if (node['type'] !== 'UNBOUND_TYPE_INFO' || textOf(node['name']).toLowerCase() === 'json') return undefined
  return `unknown type ${textOf(node['name'])}`
}

function columnFault(path: readonly string[], { rules, own, lambda }: Scope): string | undefined {
  const names = path.map(name => name.toLowerCase())
  const [first = ''] = names
  if (rules.columns?.has(first) === true || lambda.has(first)) return undefined
  if (names.length === 1 && CLOCK_WORDS.has(first)) return `${first} gives another value tomorrow`
  if (rules.columns === undefined) return undefined
  if (own.columns.has(first) || names.some(name => own.tables.has(name) || rules.tables?.has(name))) return undefined
  return `unknown column \`${path.join('.')}\``
}

function tableFault(node: SqlNode, { rules, own }: Scope): string | undefined {
  switch (node['type']) {
    case 'EMPTY':
    case 'JOIN':
    case 'SUBQUERY':
    case 'EXPRESSION_LIST':
      return undefined
    case 'TABLE_FUNCTION': {
      const name = textOf((node['function'] as SqlNode)['function_name'])
      return TABLE_FUNCTIONS.has(name.toLowerCase())
        ? undefined
        : `the table function ${name} is not allowed: it may reach outside`
    }
    case 'BASE_TABLE': {
      const parts = [node['catalog_name'], node['schema_name'], node['table_name']].map(textOf).filter(Boolean)
      return baseTableFault(
        parts.map(part => part.toLowerCase()),
        rules,
        own.tables,
      )
    }
    default:
      return `${textOf(node['type']).toLowerCase().replaceAll('_', ' ')} is not allowed here`
  }
}

function baseTableFault(parts: readonly string[], rules: TreeRules, own: ReadonlySet<string>): string | undefined {
  const name = parts.join('.')
  if (parts.length === 1 && own.has(name)) return undefined
  // A quoted name with a dot in it is one part, and a file.
  const isTable = parts.length <= 2 && parts.every(part => /^[a-z_][a-z0-9_]*$/.test(part))
  if (rules.tables !== undefined) return isTable && rules.tables.has(name) ? undefined : `unknown table \`${name}\``
  const isOurs = isTable && !/^(information_schema|pg_catalog|duckdb_|pragma_|sqlite_)/.test(name)
  return isOurs ? undefined : `\`${name}\` is not a table of the lake`
}

const TABLE_FUNCTIONS = new Set(['unnest', 'range', 'generate_series'])

function isTableRef(node: SqlNode): boolean {
  return node['class'] === undefined && 'sample' in node && 'query_location' in node
}

/** Names of CTEs and every alias in the statement. Scopes are not told apart: a wrong one fails when the statement is bound. */
function ownNames(tree: SqlNode): { tables: Set<string>; columns: Set<string> } {
  const tables = new Set<string>()
  const columns = new Set<string>()
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) {
      for (const item of value) walk(item)
      return
    }
    const node = value as SqlNode
    const alias = textOf(node['alias']).toLowerCase()
    if (alias !== '') (isTableRef(node) ? tables : columns).add(alias)
    for (const name of (node['column_name_alias'] as string[] | undefined) ?? []) columns.add(name.toLowerCase())
    for (const entry of ((node['cte_map'] as SqlNode | undefined)?.['map'] as SqlNode[] | undefined) ?? []) {
      tables.add(textOf(entry['key']).toLowerCase())
    }
    for (const part of Object.values(node)) walk(part)
  }
  walk(tree)
  return { tables, columns }
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
