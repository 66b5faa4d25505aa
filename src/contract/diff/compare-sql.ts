import type { ParseSql } from '../sql-guard.js'
import type { SqlNode } from '../sql-tree.js'
import type { Relation, Renames } from './change.js'
import { compareTrees, sameTree } from './compare-trees.js'

/** Compares SQL texts of two contracts as parsed trees: layout, comments and names of renamed columns do not count. */
export interface SqlComparison {
  /** Of two conditions that a good row keeps. `unknown` where the trees do not tell. */
  conditions(before: string, after: string): Promise<Relation>
  /** Whether two expressions or SELECTs say the same. */
  same(before: string, after: string): Promise<boolean>
}

/** `parse` is the engine's; texts that are equal, or that it cannot parse, need and get no tree. */
export function sqlComparison(parse: ParseSql, renames: Renames): SqlComparison {
  const treeOf = async (sql: string): Promise<SqlNode | undefined> => {
    // A placeholder for the table of a check is no SQL.
    const text = sql.replaceAll('{object}', '"object"')
    const parsed = await parse(/^\s*(select|with)\b/i.test(text) ? text : `SELECT ${text}`)
    return parsed.ok && parsed.statements.length === 1 ? plain(parsed.statements[0], new Map()) : undefined
  }
  const trees = async (before: string, after: string): Promise<readonly [SqlNode, SqlNode] | undefined> => {
    const [old, now] = [await treeOf(before), await treeOf(after)]
    if (old === undefined || now === undefined || isInexact(old) || isInexact(now)) return undefined
    return [plain(old, renames), now]
  }
  return {
    async conditions(before, after) {
      if (before === after && renames.size === 0) return 'same'
      const found = await trees(before, after)
      const [old, now] = [conditionOf(found?.[0]), conditionOf(found?.[1])]
      return old === undefined || now === undefined ? 'unknown' : compareTrees(old, now)
    },
    async same(before, after) {
      if (before === after && renames.size === 0) return true
      const found = await trees(before, after)
      return found !== undefined && sameTree(...found)
    },
  }
}

function conditionOf(statement: SqlNode | undefined): SqlNode | undefined {
  const items = (statement?.['node'] as SqlNode | undefined)?.['select_list'] as SqlNode[] | undefined
  return items?.length === 1 ? items[0] : undefined
}

/** The tree without places, with columns by their new names. */
function plain(value: unknown, renames: Renames): SqlNode {
  const visit = (item: unknown): unknown => {
    if (Array.isArray(item)) return item.map(visit)
    if (typeof item !== 'object' || item === null) return item
    const node = item as SqlNode
    const entries = Object.entries(node).filter(([key]) => key !== 'query_location')
    if (node['class'] !== 'COLUMN_REF') return Object.fromEntries(entries.map(([key, part]) => [key, visit(part)]))
    const path = (node['column_names'] as string[]).map(name => newName(name.toLowerCase(), renames))
    return { ...Object.fromEntries(entries), column_names: path }
  }
  return visit(value) as SqlNode
}

function newName(name: string, renames: Renames): string {
  const raw = /^_raw_(.+)$/.exec(name)?.[1]
  return raw === undefined ? (renames.get(name) ?? name) : `_raw_${renames.get(raw) ?? raw}`
}

/** JSON rounds whole numbers beyond 2^53: two that differ may look alike in the tree. */
function isInexact(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value)
  return typeof value === 'object' && value !== null && Object.values(value).some(isInexact)
}
