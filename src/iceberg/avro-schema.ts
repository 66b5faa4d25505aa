/** An Avro schema as plain JSON: it goes into the file's header word for word, since libraries drop `field-id` when they print one. */
export type AvroSchema = string | readonly AvroSchema[] | AvroComplex

export interface AvroComplex {
  readonly type: AvroSchema
  readonly name?: string
  readonly fields?: readonly AvroField[]
  readonly items?: AvroSchema
  readonly values?: AvroSchema
  readonly symbols?: readonly string[]
  readonly size?: number
  readonly [attribute: string]: unknown
}

export interface AvroField {
  readonly name: string
  readonly type: AvroSchema
  readonly 'field-id'?: number
  readonly [attribute: string]: unknown
}

/** A field that always has a value. */
export function required(id: number, name: string, type: AvroSchema): AvroField {
  return { name, type, 'field-id': id }
}

/** A field that may be null; readers insist on null first and a null default. */
export function optional(id: number, name: string, type: AvroSchema): AvroField {
  return { name, type: ['null', type], default: null, 'field-id': id }
}

/** An array with the id of its element. */
export function arrayOf(elementId: number, items: AvroSchema): AvroSchema {
  return { type: 'array', items, 'element-id': elementId }
}

/** A map with int keys, which Avro lacks: an array of records named after their ids, as all writers of Iceberg name them. */
export function intMap(keyId: number, valueId: number, value: AvroSchema): AvroSchema {
  const fields = [required(keyId, 'key', 'int'), required(valueId, 'value', value)]
  return { type: 'array', logicalType: 'map', items: { type: 'record', name: `k${keyId}_v${valueId}`, fields } }
}
