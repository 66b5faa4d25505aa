import { type BoundValue, compareValues, decodeValue } from './bounds.js'
import { holdsOnlyNulls } from './manifest-plan.js'
import { boundValueOf } from './partition-value.js'
import { decimalOf } from './schema-fields.js'
import { isTimeGrain, transformedType, transformOrdinal } from './transforms.js'
import type {
  DataFile,
  ManifestFile,
  NestedField,
  PartitionField,
  PartitionSpec,
  PrimitiveType,
  Schema,
} from './types.js'
import { parseValue } from './value-text.js'

/**
 * A filter over columns, with SQL's meaning: a comparison with null is never true. Values are those of the column's type
 * (days for a date, microseconds for a timestamp, the unscaled value for a decimal) or text as DuckDB prints it.
 */
export type Predicate =
  | { readonly and: readonly Predicate[] }
  | { readonly or: readonly Predicate[] }
  | { readonly column: string; readonly op: '=' | '<' | '<=' | '>' | '>='; readonly value: PredicateValue }
  | { readonly column: string; readonly op: 'in'; readonly values: readonly PredicateValue[] }
  | { readonly column: string; readonly op: 'is-null' }
  | { readonly column: string; readonly op: 'not-null' }

export type PredicateValue = BoundValue

/** Whether a file may hold a matching row. False is certain; true is not. `spec` is the one the file was written with. */
export function mayMatchFile(file: DataFile, spec: PartitionSpec, schema: Schema, predicate: Predicate): boolean {
  return mayMatch(predicate, schema, (field, type) => [
    fileRange(file, field.id, type),
    ...partitionRanges(spec, field, type, (part, partType) => tupleRange(file, part, partType)),
  ])
}

/** Whether any file of a manifest may hold a matching row. `spec` is the manifest's. */
export function mayMatchManifest(
  manifest: ManifestFile,
  spec: PartitionSpec,
  schema: Schema,
  predicate: Predicate,
): boolean {
  return mayMatch(predicate, schema, (field, type) =>
    partitionRanges(spec, field, type, (part, partType) => summaryRange(manifest, spec.fields.indexOf(part), partType)),
  )
}

/** What is known of a column's values in a set of rows; an undefined bound is unknown. */
interface Range {
  readonly lower: BoundValue | undefined
  readonly upper: BoundValue | undefined
  readonly nulls: 'none' | 'some' | 'all'
  /** How the column's values were mapped before they were summarised: order is kept, equality may be lost. */
  readonly project?: (value: BoundValue) => BoundValue
}

type Leaf = Exclude<Predicate, { and: readonly Predicate[] } | { or: readonly Predicate[] }>
type RangesOf = (field: NestedField, type: PrimitiveType) => readonly Range[]

function mayMatch(predicate: Predicate, schema: Schema, rangesOf: RangesOf): boolean {
  if ('and' in predicate) return predicate.and.every(part => mayMatch(part, schema, rangesOf))
  if ('or' in predicate) return predicate.or.some(part => mayMatch(part, schema, rangesOf))
  const field = schema.fields.find(one => one.name === predicate.column)
  if (field === undefined || typeof field.type !== 'string') return true
  const type = field.type
  return rangesOf(field, type).every(range => leafMayMatch(predicate, type, range))
}

function leafMayMatch(leaf: Leaf, type: PrimitiveType, range: Range): boolean {
  if (leaf.op === 'is-null') return range.nulls !== 'none'
  if (range.nulls === 'all') return false
  if (leaf.op === 'not-null') return true
  if (leaf.op === 'in') return leaf.values.some(value => comparisonMayMatch('=', typed(type, value), range))
  return comparisonMayMatch(leaf.op, typed(type, leaf.value), range)
}

function comparisonMayMatch(op: '=' | '<' | '<=' | '>' | '>=', value: BoundValue | undefined, range: Range): boolean {
  if (value === undefined) return true
  const at = range.project === undefined ? value : range.project(value)
  const below = range.lower === undefined ? -1 : compareValues(range.lower, at)
  const above = range.upper === undefined ? 1 : compareValues(range.upper, at)
  const strict = range.project === undefined
  if (op === '<') return strict ? below < 0 : below <= 0
  if (op === '>') return strict ? above > 0 : above >= 0
  return (op === '>=' || below <= 0) && (op === '<=' || above >= 0)
}

/** The predicate's value in the column's own form, or undefined when it has none (then nothing is pruned). */
function typed(type: PrimitiveType, value: PredicateValue): BoundValue | undefined {
  if (type === 'string') return typeof value === 'string' ? value : undefined
  if (typeof value === 'string') return exact(type, parseValue(type, value))
  const form = FORMS[type] ?? (decimalOf(type) === undefined ? 'object' : 'bigint')
  if (typeof value === form) return exact(type, value)
  if (type === 'long' && Number.isSafeInteger(value)) return BigInt(value as number)
  if (form === 'number' && typeof value === 'bigint' && Number.isSafeInteger(Number(value)))
    return exact(type, Number(value))
  return undefined
}

/** An engine may round a number to the column's type before it compares; only what needs no rounding is safe to compare here. */
function exact(type: PrimitiveType, value: BoundValue | undefined): BoundValue | undefined {
  if (typeof value !== 'number') return value
  if (type === 'float') return Math.fround(value) === value ? value : undefined
  return Number.isNaN(value) || (type === 'date' && !Number.isInteger(value)) ? undefined : value
}

const FORMS: Readonly<Partial<Record<PrimitiveType, 'boolean' | 'number' | 'bigint'>>> = {
  boolean: 'boolean',
  int: 'number',
  date: 'number',
  float: 'number',
  double: 'number',
  long: 'bigint',
  time: 'bigint',
  timestamp: 'bigint',
  timestamptz: 'bigint',
}

function fileRange(file: DataFile, id: number, type: PrimitiveType): Range {
  const nulls = file['null-value-counts']?.get(id)
  const values = file['value-counts']?.get(id)
  const bound = (bytes: Buffer | undefined) => (bytes === undefined ? undefined : decodeValue(type, bytes))
  return {
    lower: bound(file['lower-bounds']?.get(id)),
    upper: mayHoldNaN(type, file['nan-value-counts']?.get(id)) ? undefined : bound(file['upper-bounds']?.get(id)),
    nulls: nulls === 0n ? 'none' : nulls !== undefined && nulls === values ? 'all' : 'some',
  }
}

/** Bounds leave NaN out, but DuckDB orders it above every number. */
function mayHoldNaN(type: PrimitiveType, count: bigint | undefined): boolean {
  return (type === 'float' || type === 'double') && count !== 0n
}

function partitionRanges(
  spec: PartitionSpec,
  field: NestedField,
  type: PrimitiveType,
  rangeOf: (part: PartitionField, partType: PrimitiveType) => Range,
): Range[] {
  return spec.fields
    .filter(part => part['source-id'] === field.id)
    .flatMap(part => {
      const { transform } = part
      if (transform === 'identity') return [rangeOf(part, type)]
      if (!isTimeGrain(transform)) return []
      const project = (value: BoundValue) => transformOrdinal(transform, value as number | bigint)
      return [{ ...rangeOf(part, transformedType(transform, type)), project }]
    })
}

function tupleRange(file: DataFile, part: PartitionField, type: PrimitiveType): Range {
  const value = file.partition[part['field-id']] ?? null
  if (value === null) return { lower: undefined, upper: undefined, nulls: 'all' }
  const bound = Number.isNaN(value) ? undefined : boundValueOf(type, value)
  return { lower: bound, upper: bound, nulls: 'none' }
}

function summaryRange(manifest: ManifestFile, index: number, type: PrimitiveType): Range {
  const summary = manifest.partitions[index]
  if (summary === undefined) return { lower: undefined, upper: undefined, nulls: 'some' }
  const bound = (bytes: Buffer | undefined) => (bytes === undefined ? undefined : decodeValue(type, bytes))
  return {
    lower: bound(summary['lower-bound']),
    upper: summary['contains-nan'] ? undefined : bound(summary['upper-bound']),
    nulls: holdsOnlyNulls(summary) ? 'all' : summary['contains-null'] ? 'some' : 'none',
  }
}
