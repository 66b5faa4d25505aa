import { type BoundValue, compareValues, encodeValue, lowerBoundOf, upperBoundOf } from './bounds.js'
import { childrenOf } from './schema-fields.js'
import type { DataFile, IcebergType, NestedField, PrimitiveType, StructType } from './types.js'
import { parseValue } from './value-text.js'

/** What DuckDB's `COPY … RETURN_STATS` says of one file: per quoted column path (`"price"`, `"rules"."element"`) its figures as text. */
export type FileStatistics = Readonly<Record<string, Readonly<Record<string, string>>>>

export type ColumnMetrics = Pick<
  DataFile,
  'column-sizes' | 'value-counts' | 'null-value-counts' | 'nan-value-counts' | 'lower-bounds' | 'upper-bounds'
>

interface Leaf {
  readonly id: number
  readonly path: string
  readonly type: PrimitiveType
  /** Inside a list or map, where a row has any number of values. */
  readonly repeated: boolean
}

/**
 * The metrics of a data file by field id. Columns without figures are left out: absent means unknown.
 * Repeated values get counts but no bounds, as no reader prunes by them.
 */
export function columnMetrics(schema: StructType, statistics: FileStatistics): ColumnMetrics {
  const leaves = schema.fields.flatMap(field => leavesOf(field, '', false)).filter(leaf => statistics[leaf.path])
  const collect = <Value>(read: (leaf: Leaf, figures: Readonly<Record<string, string>>) => Value | undefined) =>
    new Map(
      leaves.flatMap(leaf => {
        const value = read(leaf, statistics[leaf.path]!)
        return value === undefined ? [] : [[leaf.id, value] as const]
      }),
    )
  return {
    'column-sizes': collect((_leaf, figures) => count(figures['column_size_bytes'])),
    'value-counts': collect((_leaf, figures) => count(figures['num_values'])),
    'null-value-counts': collect((_leaf, figures) => count(figures['null_count'])),
    'nan-value-counts': collect((_leaf, figures) => (figures['has_nan'] === 'false' ? 0n : undefined)),
    'lower-bounds': collect((leaf, figures) => boundsOf(leaf, figures).lower),
    'upper-bounds': collect((leaf, figures) => boundsOf(leaf, figures).upper),
  }
}

function leavesOf(field: NestedField, parentPath: string, repeated: boolean): Leaf[] {
  const path = `${parentPath}"${field.name.replaceAll('"', '""')}"`
  if (typeof field.type === 'string') return [{ id: field.id, path, type: field.type, repeated }]
  const inside = repeated || isRepeated(field.type)
  return childrenOf(field.type).flatMap(child => leavesOf(child, `${path}.`, inside))
}

function isRepeated(type: IcebergType): boolean {
  return typeof type !== 'string' && type.type !== 'struct'
}

function count(text: string | undefined): bigint | undefined {
  return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : undefined
}

function boundsOf(leaf: Leaf, figures: Readonly<Record<string, string>>): { lower?: Buffer; upper?: Buffer } {
  if (leaf.repeated) return {}
  const least = parsed(leaf.type, figures['min'])
  const greatest = parsed(leaf.type, figures['max'])
  if (least !== undefined && greatest !== undefined && compareValues(least, greatest) > 0) return {}
  const lower = least === undefined ? undefined : signedZero(lowerBoundOf(least), -0)
  const upper = greatest === undefined ? undefined : upperBoundOf(signedZero(greatest, 0))
  return {
    ...(lower === undefined ? {} : { lower: encodeValue(leaf.type, lower) }),
    ...(upper === undefined ? {} : { upper: encodeValue(leaf.type, upper) }),
  }
}

function parsed(type: PrimitiveType, text: string | undefined): BoundValue | undefined {
  return text === undefined ? undefined : parseValue(type, text)
}

/** The table format orders -0.0 below +0.0; DuckDB calls them equal and may report either. */
function signedZero(value: BoundValue, zero: number): BoundValue {
  return value === 0 ? zero : value
}
