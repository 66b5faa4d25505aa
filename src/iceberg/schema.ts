import { childrenOf, decimalOf, fieldsById } from './schema-fields.js'
import type { IcebergType, NestedField, PrimitiveType, Schema, StructType, TableMetadata } from './types.js'

/** The types a declared column may have; ids are assigned here. */
export type DeclaredType = PrimitiveType | { readonly list: PrimitiveType }

export interface ColumnDeclaration {
  readonly name: string
  readonly type: DeclaredType
  readonly required?: boolean
  readonly doc?: string
  /** The column's former name. Without it a new name is a new column. */
  readonly renamedFrom?: string
}

export type SchemaEvolution =
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'changed'; readonly schema: Schema; readonly lastColumnId: number }
  | { readonly outcome: 'incompatible'; readonly reasons: readonly string[] }

/** A first schema (schema-id 0). Ids follow `lastColumnId`: all columns in order, then list elements. */
export function assignIds(columns: readonly ColumnDeclaration[], lastColumnId: number): Schema {
  const ids = counterAfter(lastColumnId)
  const columnIds = columns.map(() => ids.next())
  const fields = columns.map((column, index) => declaredField(column, columnIds[index]!, ids))
  return { type: 'struct', 'schema-id': 0, fields }
}

/**
 * How the current schema becomes the declared one. Adding, widening, renaming (`renamedFrom`), reordering and dropping
 * columns are compatible; other type changes, a new required column and dropping a partition source are not.
 * An existing column that is declared required stays optional: files already written may hold nulls.
 */
export function evolveSchema(metadata: TableMetadata, columns: readonly ColumnDeclaration[]): SchemaEvolution {
  const current = metadata.schemas.find(schema => schema['schema-id'] === metadata['current-schema-id'])!
  const ids = counterAfter(metadata['last-column-id'])
  const reasons = [...repeatedNames(columns), ...droppedSources(metadata, current, columns)]
  const fields = columns.map(column => evolveField(current, column, ids, reasons))
  if (reasons.length > 0) return { outcome: 'incompatible', reasons }
  if (sameFields(current.fields, fields)) return { outcome: 'unchanged' }
  const schemaId = Math.max(...metadata.schemas.map(schema => schema['schema-id'])) + 1
  return {
    outcome: 'changed',
    schema: { type: 'struct', 'schema-id': schemaId, fields },
    lastColumnId: Math.max(metadata['last-column-id'], ids.last()),
  }
}

/** The table property `schema.name-mapping.default`: lets readers resolve data files that carry no field ids. */
export function nameMapping(schema: StructType): string {
  return JSON.stringify(mappedFields(schema.fields))
}

interface Counter {
  next(): number
  last(): number
}

function counterAfter(lastColumnId: number): Counter {
  let last = lastColumnId
  return { next: () => ++last, last: () => last }
}

function declaredField(column: ColumnDeclaration, id: number, ids: Counter): NestedField {
  const type: IcebergType =
    typeof column.type === 'string'
      ? column.type
      : { type: 'list', 'element-id': ids.next(), element: column.type.list, 'element-required': false }
  return withDoc({ id, name: column.name, required: column.required ?? false, type }, column.doc)
}

function evolveField(current: Schema, column: ColumnDeclaration, ids: Counter, reasons: string[]): NestedField {
  const before = formerField(current, column)
  if (before === undefined) {
    if (column.required === true) reasons.push(`${column.name} is new and required: rows already written have no value`)
    return declaredField(column, ids.next(), ids)
  }
  const type = widened(before.type, column.type)
  if (type === undefined) {
    reasons.push(`${column.name} changes from ${typeName(before.type)} to ${declaredName(column.type)}`)
    return before
  }
  const required = before.required && column.required === true
  return withDoc({ id: before.id, name: column.name, required, type }, column.doc)
}

function formerField(current: Schema, column: ColumnDeclaration): NestedField | undefined {
  const named = (name: string) => current.fields.find(field => field.name === name)
  return named(column.name) ?? (column.renamedFrom === undefined ? undefined : named(column.renamedFrom))
}

function widened(from: IcebergType, to: DeclaredType): IcebergType | undefined {
  if (typeof to === 'string') return typeof from === 'string' && widens(from, to) ? to : undefined
  if (typeof from === 'string' || from.type !== 'list' || typeof from.element !== 'string') return undefined
  return widens(from.element, to.list) ? { ...from, element: to.list } : undefined
}

/** Whether every value of a type is one of another, and files written before still read: Iceberg's rules of promotion. */
export function widens(from: PrimitiveType, to: PrimitiveType): boolean {
  const [old, wanted] = [decimalOf(from), decimalOf(to)]
  if (old !== undefined && wanted !== undefined) return old.scale === wanted.scale && old.precision <= wanted.precision
  return from === to || (from === 'int' && to === 'long') || (from === 'float' && to === 'double')
}

function repeatedNames(columns: readonly ColumnDeclaration[]): string[] {
  const names = columns.map(column => column.name)
  const repeated = names.filter((name, index) => names.indexOf(name) !== index)
  const taken = columns.filter(column => column.renamedFrom !== undefined && names.includes(column.renamedFrom))
  return [
    ...repeated.map(name => `${name} is declared twice`),
    ...taken.map(column => `${column.name} is renamed from ${column.renamedFrom}, which is still declared`),
  ]
}

function droppedSources(metadata: TableMetadata, current: Schema, columns: readonly ColumnDeclaration[]): string[] {
  const kept = new Set(columns.map(column => formerField(current, column)?.id))
  const spec = metadata['partition-specs'].find(one => one['spec-id'] === metadata['default-spec-id'])!
  const fields = fieldsById(current).byId
  return spec.fields
    .filter(field => field.transform !== 'void' && !kept.has(field['source-id']))
    .map(field => `${fields.get(field['source-id'])?.name} is dropped, but the table is partitioned by it`)
}

/** Equal up to `renamedFrom` and key order. */
function sameFields(left: readonly NestedField[], right: readonly NestedField[]): boolean {
  return JSON.stringify(left.map(comparable)) === JSON.stringify(right.map(comparable))
}

function comparable(field: NestedField): unknown {
  const type = typeof field.type === 'string' ? field.type.replaceAll(' ', '') : field.type.type
  return [field.id, field.name, field.required, field.doc ?? null, type, childrenOf(field.type).map(comparable)]
}

function withDoc(field: NestedField, doc: string | undefined): NestedField {
  return doc === undefined ? field : { ...field, doc }
}

function typeName(type: IcebergType): string {
  return typeof type === 'string' ? type : type.type === 'list' ? `list of ${typeName(type.element)}` : type.type
}

function declaredName(type: DeclaredType): string {
  return typeof type === 'string' ? type : `list of ${type.list}`
}

function mappedFields(fields: readonly NestedField[]): unknown[] {
  return fields.map(field => {
    const children = childrenOf(field.type)
    const mapped = { 'field-id': field.id, names: [field.name] }
    return children.length === 0 ? mapped : { ...mapped, fields: mappedFields(children) }
  })
}
