import { type SqlNode, textOf } from '../../contract/sql-tree.js'
import { evaluate, type Site } from './expression.js'
import { type Column, resolve, starColumns } from './relation.js'

export interface StarColumn {
  readonly column: Column
  /** The column of FROM that it is. */
  readonly of?: Column | undefined
}

/** The columns of `*`, `t.*`, `s.*` of a struct and COLUMNS('pattern'), with EXCLUDE, REPLACE and RENAME. */
export function starOf(node: SqlNode, site: Site): { columns: StarColumn[]; unknown?: string | undefined } {
  const of = textOf(node['relation_name'])
  const isNamed = of === '' || site.scope.sources.some(({ path }) => path.at(-1) === of.toLowerCase())
  if (!isNamed) return structColumns(of, site)
  const { columns, unknown } = starColumns(site.scope, of === '' ? undefined : of)
  const pattern = patternOf(node)
  if (pattern === undefined)
    return { columns: [], unknown: 'COLUMNS with another expression than a pattern is not understood' }
  const excluded = excludedBy(node)
  const replaced = pairsOf(node['replace_list'])
  const renamed = pairsOf(node['rename_list'])
  return {
    columns: columns
      .filter(({ column, source }) => {
        const name = column.name.toLowerCase()
        return pattern.test(column.name) && !excluded.has(name) && !excluded.has(`${source.path.at(-1)}.${name}`)
      })
      .map(({ column }) => {
        const name = column.name.toLowerCase()
        const replacement = replaced.get(name)
        const shown = textOf(renamed.get(name)) || column.name
        if (replacement !== undefined) return { column: { name: shown, value: evaluate(replacement as SqlNode, site) } }
        return { column: { name: shown, value: column.value }, of: column }
      }),
    unknown,
  }
}

/** `s.*` of a struct that a column holds. */
function structColumns(name: string, { scope }: Site): { columns: StarColumn[]; unknown?: string } {
  const { value } = resolve([name], scope)
  if (value.fields === undefined) return { columns: [], unknown: `the fields of ${name} are not known` }
  return { columns: [...value.fields].map(([field, own]) => ({ column: { name: field, value: own } })) }
}

/** Which names are meant: all of them without COLUMNS. */
function patternOf(node: SqlNode): RegExp | undefined {
  if (node['columns'] !== true) return /^/
  const expression = (node['expr'] ?? null) as SqlNode | null
  if (expression === null) return /^/
  const text = expression['class'] === 'CONSTANT' ? (expression['value'] as SqlNode)['value'] : undefined
  if (typeof text !== 'string') return undefined
  try {
    return new RegExp(text)
  } catch {
    return undefined
  }
}

/** Names in lower case, qualified ones as `table.column`. */
function excludedBy(node: SqlNode): Set<string> {
  const plain = ((node['exclude_list'] ?? []) as readonly unknown[]).map(nameOf)
  const qualified = ((node['qualified_exclude_list'] ?? []) as readonly unknown[]).map(nameOf)
  return new Set([...plain, ...qualified])
}

function nameOf(entry: unknown): string {
  if (typeof entry === 'string') return entry.toLowerCase()
  const { table, column } = entry as SqlNode
  return [textOf(table), textOf(column)].filter(Boolean).join('.').toLowerCase()
}

/** The pairs of REPLACE and RENAME by the column's name in lower case. */
function pairsOf(list: unknown): Map<string, unknown> {
  return new Map(((list ?? []) as readonly SqlNode[]).map(({ key, value }) => [nameOf(key).split('.').at(-1)!, value]))
}
