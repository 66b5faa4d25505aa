import type { Fault, Path } from '../core/yaml-document.js'
import type { Column, ColumnType } from './contract.js'
import { COLUMN_PROPERTIES, readCustomProperties } from './custom-properties.js'
import type { OdcsProperty } from './odcs.js'

export const NAME = /^[a-z][a-z0-9_]{0,62}$/

/** physicalType → the column type it means; a decimal is read apart. */
const PHYSICAL: Readonly<Record<string, ColumnType['kind']>> = {
  string: 'string',
  varchar: 'string',
  text: 'string',
  boolean: 'boolean',
  integer: 'integer',
  bigint: 'integer',
  long: 'integer',
  double: 'double',
  date: 'date',
  timestamp: 'timestamp',
  timestamptz: 'timestamp',
  'timestamp with time zone': 'timestamp',
  json: 'json',
}

/** logicalType → the kinds of column that keep it; the first is taken when there is no physicalType. */
const LOGICAL: Readonly<Record<string, readonly ColumnType['kind'][]>> = {
  string: ['string', 'json'],
  boolean: ['boolean'],
  integer: ['integer', 'decimal'],
  number: ['decimal', 'double', 'integer'],
  date: ['date'],
  timestamp: ['timestamp'],
  object: ['json'],
  array: ['json'],
}

/** Wide enough for any price or size: 20 digits before the point, 18 after it. */
const DEFAULT_DECIMAL: ColumnType = { kind: 'decimal', precision: 38, scale: 18 }

/** The columns of an object's properties, in declared order, with what is wrong about them. */
export function readColumns(
  properties: readonly OdcsProperty[],
  path: Path,
  layer: 'silver' | 'gold',
): { columns: Column[]; faults: Fault[] } {
  const read = properties.map((property, index) => readColumn(property, [...path, index], layer))
  const faults = read.flatMap(entry => entry.faults)
  properties.forEach((property, index) => {
    const first = properties.findIndex(other => other.name === property.name)
    if (first < index) faults.push({ path: [...path, index, 'name'], message: `a second column \`${property.name}\`` })
  })
  return { columns: read.map(entry => entry.column), faults }
}

function readColumn(property: OdcsProperty, path: Path, layer: 'silver' | 'gold'): { column: Column; faults: Fault[] } {
  const custom = readCustomProperties(COLUMN_PROPERTIES, property.customProperties, path)
  const faults = [...custom.faults]
  if (!NAME.test(property.name)) {
    faults.push({
      path: [...path, 'name'],
      message: `\`${property.name}\` must be lower case letters, digits and underscores`,
    })
  }
  const type = readType(property)
  if (typeof type === 'string') faults.push({ path: [...path, typeKey(property)], message: type })
  else if (type.kind === 'double' && layer === 'silver') {
    const message = `\`${property.name}\`: silver keeps no binary floats; use decimal(38,18)`
    faults.push({ path: [...path, typeKey(property)], message })
  }
  return { column: column(property, typeof type === 'string' ? { kind: 'string' } : type, custom.value), faults }
}

function column(property: OdcsProperty, type: ColumnType, custom: ColumnProperties | undefined): Column {
  return {
    name: property.name,
    type,
    required: property.required === true || property.primaryKey === true,
    description: (property.description ?? '').trim(),
    unit: custom?.unit,
    renamedFrom: custom?.renamedFrom,
    format: custom?.format,
    examples: (property.examples ?? []).map(example =>
      typeof example === 'string' ? example : JSON.stringify(example),
    ),
  }
}

interface ColumnProperties {
  readonly unit?: string | undefined
  readonly renamedFrom?: string | undefined
  readonly format?: string | undefined
}

/** The column type, or what is wrong with the declared one. */
function readType({ logicalType, physicalType, name }: OdcsProperty): ColumnType | string {
  const kinds = logicalType === undefined ? undefined : (LOGICAL[logicalType] ?? [])
  if (kinds?.length === 0) return `\`${name}\`: the logicalType ${logicalType} is not supported`
  if (physicalType === undefined) {
    const kind = kinds?.[0]
    if (kind === undefined) return `\`${name}\` needs a logicalType or a physicalType`
    return kind === 'decimal' ? DEFAULT_DECIMAL : { kind }
  }
  const type = physical(physicalType)
  if (type === undefined) {
    return `\`${name}\`: unknown physicalType \`${physicalType}\`, known: decimal(p,s), ${Object.keys(PHYSICAL).join(', ')}`
  }
  if (kinds?.includes(type.kind) === false) {
    return `\`${name}\`: physicalType ${physicalType} does not keep logicalType ${logicalType}`
  }
  return type
}

function physical(text: string): ColumnType | undefined {
  const name = text.trim().toLowerCase()
  const decimal = /^(?:decimal|numeric) *\( *(\d+) *, *(\d+) *\)$/.exec(name)
  if (decimal === null) {
    const kind = PHYSICAL[name]
    return kind === undefined || kind === 'decimal' ? undefined : { kind }
  }
  const [precision, scale] = [Number(decimal[1]), Number(decimal[2])]
  return precision >= 1 && precision <= 38 && scale <= precision ? { kind: 'decimal', precision, scale } : undefined
}

function typeKey(property: OdcsProperty): string {
  if (property.physicalType !== undefined) return 'physicalType'
  return property.logicalType === undefined ? 'name' : 'logicalType'
}
