import type { IcebergType, NestedField, PrimitiveType, Schema, StructType } from './types.js'

/** All fields of a schema with an id, nested ones too: list elements, map keys and values. */
export function fieldsById(schema: StructType): {
  readonly byId: ReadonlyMap<number, NestedField>
  readonly duplicates: readonly number[]
} {
  const byId = new Map<number, NestedField>()
  const duplicates: number[] = []
  const visit = (field: NestedField): void => {
    if (byId.has(field.id)) duplicates.push(field.id)
    byId.set(field.id, field)
    for (const child of childrenOf(field.type)) visit(child)
  }
  for (const field of schema.fields) visit(field)
  return { byId, duplicates }
}

/** The parts of a nested type as fields, under the names that Parquet gives them; none for a primitive. */
export function childrenOf(type: IcebergType): readonly NestedField[] {
  if (typeof type === 'string') return []
  if (type.type === 'struct') return type.fields
  if (type.type === 'list') {
    return [{ id: type['element-id'], name: 'element', required: type['element-required'], type: type.element }]
  }
  return [
    { id: type['key-id'], name: 'key', required: true, type: type.key },
    { id: type['value-id'], name: 'value', required: type['value-required'], type: type.value },
  ]
}

/** The primitive type of a column, or undefined when there is no such column or it is nested. */
export function primitiveOf(schema: Schema, id: number): PrimitiveType | undefined {
  const type = fieldsById(schema).byId.get(id)?.type
  return typeof type === 'string' ? type : undefined
}

/** Precision and scale of a decimal, or undefined for any other type. */
export function decimalOf(type: PrimitiveType): { readonly precision: number; readonly scale: number } | undefined {
  const match = /^decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)$/.exec(type)
  return match === null ? undefined : { precision: Number(match[1]), scale: Number(match[2]) }
}
