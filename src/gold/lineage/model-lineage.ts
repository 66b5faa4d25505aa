import type { SqlNode } from '../../contract/sql-tree.js'
import type { ParsedSql } from '../../engine/engine.js'
import type { SqlFacts } from './facts.js'
import { type LineageInput, listInputs } from './inputs.js'
import { evaluateQuery } from './query.js'
import { type Relation, unknownRelation } from './relation.js'
import type { Value } from './value.js'

/** Where the columns of a table come from, as its SQL says. */
export interface TableLineage {
  /** `gold.risk_summary` */
  readonly table: string
  readonly columns: readonly ColumnLineage[]
  /** What decides which rows the table has: each of them has a part in every column. */
  readonly rows: Origin
}

export interface ColumnLineage extends Origin {
  readonly column: string
}

export interface Origin {
  readonly inputs: readonly LineageInput[]
  /** Why there may be inputs beside these: what the SQL does not give is never guessed. */
  readonly unknown?: string
}

/**
 * The lineage of a table that a parsed SELECT makes, for these of its columns. Pure. SQL that is not understood gives columns that are
 * `unknown`, with the reason, never fewer inputs.
 */
export function lineageOf(
  parsed: ParsedSql,
  made: { readonly table: string; readonly columns: readonly string[] },
  facts: SqlFacts,
): TableLineage {
  const relation = relationOf(parsed, facts)
  const byName = new Map<string, Value>()
  for (const { name, value } of relation.columns)
    if (!byName.has(name.toLowerCase())) byName.set(name.toLowerCase(), value)
  const columns = made.columns.map(column => {
    const value = byName.get(column.toLowerCase())
    if (value !== undefined) return { column, ...originOf(value) }
    return { column, inputs: [], unknown: relation.unknown ?? 'the SELECT does not give it' }
  })
  return { table: made.table, columns, rows: originOf(relation.rows) }
}

function relationOf(parsed: ParsedSql, facts: SqlFacts): Relation {
  if (!parsed.ok) return unknownRelation(`the SQL cannot be parsed: ${parsed.message}`)
  const [statement] = parsed.statements as readonly (SqlNode | undefined)[]
  const node = statement?.['node'] as SqlNode | undefined
  return node === undefined ? unknownRelation('there is no SELECT') : evaluateQuery(node, facts)
}

function originOf({ inputs, unknown }: Value): Origin {
  return { inputs: listInputs(inputs), ...(unknown !== undefined && { unknown }) }
}
