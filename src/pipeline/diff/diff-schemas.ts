import type { NestedField, Schema } from '../../iceberg/types.js'
import { duckdbTypeOf } from '../../lake/read-sql.js'

/** How the columns of two states differ. Types are DuckDB's. */
export interface ColumnChange {
  readonly column: string
  readonly change: 'added' | 'dropped' | 'renamed' | 'retyped'
  /** The name or the type before, and after. */
  readonly before: string | null
  readonly after: string | null
}

/** What makes columns of two states the same one: their field id in one table, their name in two. */
export type ColumnIdentity = (field: NestedField) => string | number

export function diffSchemas(before: Schema, after: Schema, identityOf: ColumnIdentity): ColumnChange[] {
  const old = new Map(before.fields.map(field => [identityOf(field), field]))
  const kept = new Set(after.fields.map(identityOf))
  const changes = after.fields.flatMap((field): ColumnChange[] => {
    const known = old.get(identityOf(field))
    const column = field.name
    if (known === undefined) return [{ column, change: 'added', before: null, after: duckdbTypeOf(field.type) }]
    const types = [duckdbTypeOf(known.type), duckdbTypeOf(field.type)] as const
    return [
      ...(known.name === column ? [] : [{ column, change: 'renamed' as const, before: known.name, after: column }]),
      ...(types[0] === types[1] ? [] : [{ column, change: 'retyped' as const, before: types[0], after: types[1] }]),
    ]
  })
  const dropped = before.fields.filter(field => !kept.has(identityOf(field)))
  return [
    ...changes,
    ...dropped.map(({ name, type }) => ({
      ...{ column: name, change: 'dropped' as const },
      ...{ before: duckdbTypeOf(type), after: null },
    })),
  ]
}
