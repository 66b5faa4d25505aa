import type { Fault, Path } from '../core/yaml-document.js'
import { quoteIdent } from '../engine/sql-text.js'
import type { Check, Column, Rule, Threshold } from './contract.js'
import { RELATIONSHIP_PROPERTIES, readCustomProperties } from './custom-properties.js'
import type { OdcsObject, OdcsProperty, OdcsRelationship } from './odcs.js'
import { type QualityMeaning, type QualityPlace, readQuality } from './read-quality.js'
import type { SlaTerms } from './read-sla.js'
import { LIMIT_NAMES, limitSql } from './value-limits.js'

/** Every test that a contract asks for, in declared order: of each property, then of the whole object. */
export interface RuleSet {
  readonly rules: readonly Rule[]
  readonly checks: readonly Check[]
  /** Of rules with the severity `hold`. */
  readonly thresholds: readonly Threshold[]
  readonly faults: readonly Fault[]
  readonly sqlPaths: Readonly<Record<string, Path>>
}

/** Says nothing about values, or what every timestamp of ours has anyway. */
const SILENT_OPTIONS = new Set(['timezone', 'defaultTimezone'])

/** Reads limits, relationships, uniqueness and quality entries of an object. */
export function readRules(
  object: OdcsObject,
  path: Path,
  columns: readonly Column[],
  sla?: SlaTerms | undefined,
): RuleSet {
  const properties = (object.properties ?? []).flatMap((property, index) => {
    const column = columns[index]
    return column === undefined ? [] : ofProperty(property, column, [...path, 'properties', index], { columns, sla })
  })
  const whole = (object.quality ?? []).map((entry, index) =>
    readQuality(entry, { path: [...path, 'quality', index], column: undefined, columns, sla }),
  )
  const meanings = [...properties, ...whole]
  const rules = meanings.flatMap(meaning => meaning.rules)
  const checks = meanings.flatMap(meaning => meaning.checks)
  return {
    rules,
    checks,
    thresholds: meanings.flatMap(meaning => meaning.thresholds ?? []),
    faults: [...meanings.flatMap(meaning => meaning.faults), ...repeatedIds([...rules, ...checks], path)],
    sqlPaths: Object.assign({}, ...meanings.map(meaning => meaning.sqlPaths)),
  }
}

type Meaning = Partial<QualityMeaning> & Pick<QualityMeaning, 'rules' | 'checks' | 'faults'>

function ofProperty(
  property: OdcsProperty,
  column: Column,
  path: Path,
  { columns, sla }: Pick<QualityPlace, 'columns' | 'sla'>,
): Meaning[] {
  return [
    ...Object.entries(property.logicalTypeOptions ?? {}).map(([name, value]) => ofOption(column, name, value, path)),
    ...(property.relationships ?? []).map((entry, nth) =>
      ofRelationship(column, entry, [...path, 'relationships', nth], columns),
    ),
    ...(property.unique === true ? [unique(column)] : []),
    ...(property.quality ?? []).map((entry, nth) =>
      readQuality(entry, { path: [...path, 'quality', nth], column, columns, sla }),
    ),
  ]
}

function ofOption(column: Column, name: string, value: unknown, path: Path): Meaning {
  if (SILENT_OPTIONS.has(name)) return { rules: [], checks: [], faults: [] }
  const at = [...path, 'logicalTypeOptions', name]
  if (!LIMIT_NAMES.includes(name)) {
    const instead = name === 'format' ? '; use the custom property `format`' : ''
    return failed(at, `logicalTypeOptions.${name} is not supported${instead}`)
  }
  const limit = limitSql(column, name, value)
  if ('fault' in limit) return failed(at, limit.fault)
  const description = `${column.name}: ${name} ${JSON.stringify(value)}`
  const test = { kind: 'expression', sql: limit.sql } as const
  return { rules: [{ id: `${name}:${column.name}`, severity: 'error', description, test }], checks: [], faults: [] }
}

function ofRelationship(column: Column, entry: OdcsRelationship, path: Path, columns: readonly Column[]): Meaning {
  const custom = readCustomProperties(RELATIONSHIP_PROPERTIES, entry.customProperties, path)
  const targets = typeof entry.to === 'string' ? [entry.to] : entry.to
  const [table, target, ...rest] = targets.length === 1 ? (targets[0] ?? '').split('.') : []
  if (table === undefined || target === undefined || rest.length > 0) {
    return failed([...path, 'to'], '`to` must be one column of a reference table, as instruments.instrument_id')
  }
  const id = custom.value?.rule ?? `unknown_${table.replace(/s$/, '')}`
  const aliasSource = custom.value?.aliasSource
  if (aliasSource !== undefined) {
    if (`${table}.${target}` !== 'instruments.instrument_id')
      return failed(path, 'aliasSource: only instruments have aliases')
    if (![column, columns.find(other => other.name === aliasSource)].every(isText))
      return failed(path, `aliasSource must name a string column, and \`${column.name}\` be one`)
  }
  const orSymbol =
    aliasSource === undefined ? '' : `, or be a symbol of the ${aliasSource} that instrument_aliases knows`
  const description = `${column.name} must be in ${table}.${target}${orSymbol}`
  const test = { kind: 'reference', column: column.name, table, target, aliasSource } as const
  return {
    rules: [{ id, severity: custom.value?.severity ?? 'error', description, test }],
    checks: [],
    faults: custom.faults,
  }
}

function isText(column: Column | undefined): boolean {
  return column?.type.kind === 'string'
}

function unique(column: Column): Meaning {
  const name = quoteIdent(column.name)
  const sql = `count(${name}) - count(DISTINCT ${name})`
  const description = `${column.name} must be unique`
  const must = { op: 'be', value: 0 } as const
  return {
    rules: [],
    checks: [{ id: `unique:${column.name}`, severity: 'error', description, sql, unit: 'rows', must }],
    faults: [],
  }
}

function repeatedIds(tests: readonly { id: string }[], path: Path): Fault[] {
  const repeated = tests.filter((test, index) => tests.findIndex(other => other.id === test.id) < index)
  return [...new Set(repeated.map(test => test.id))].map(id => ({
    path,
    message: `two rules have the id \`${id}\`: give each an own \`id\``,
  }))
}

function failed(path: Path, message: string): Meaning {
  return { rules: [], checks: [], faults: [{ path, message }] }
}
