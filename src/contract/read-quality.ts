import { nearestName } from '../core/nearest-name.js'
import type { Fault, Path } from '../core/yaml-document.js'
import { quoteIdent } from '../engine/sql-text.js'
import type { Check, Column, Rule, Severity, Threshold } from './contract.js'
import type { OdcsQuality } from './odcs.js'
import { readDetector } from './read-detector.js'
import { OPERATOR_KEYS, readOperator } from './read-operator.js'
import type { SlaTerms } from './read-sla.js'
import { limitSql, literalSql } from './value-limits.js'

/** What a quality entry means: a test of each row, or of the batch; nothing for a mere text. */
export interface QualityMeaning {
  readonly rules: readonly Rule[]
  readonly checks: readonly Check[]
  /** A rule with the severity `hold` is one of severity `error` that lets no row of its batch pass. */
  readonly thresholds: readonly Threshold[]
  readonly faults: readonly Fault[]
  /** Which SQL of the file a rule or check holds, by `rule:<id>` or `check:<id>`. */
  readonly sqlPaths: Readonly<Record<string, Path>>
}

export interface QualityPlace {
  readonly path: Path
  /** The column under which the entry stands; undefined for the whole object. */
  readonly column: Column | undefined
  readonly columns: readonly Column[]
  /** Of the contract's `slaProperties`. */
  readonly sla: SlaTerms | undefined
}

const NOTHING: QualityMeaning = { rules: [], checks: [], thresholds: [], faults: [], sqlPaths: {} }

/** Reads one entry of a `quality` list. */
export function readQuality(entry: OdcsQuality, place: QualityPlace): QualityMeaning {
  const severity = readSeverity(entry.severity)
  if (severity === undefined) {
    const message = `unknown severity \`${entry.severity}\`, known: warn, error, hold, breaker`
    return fault([...place.path, 'severity'], message)
  }
  if (entry.unit !== undefined && entry.unit !== 'rows' && entry.unit !== 'percent') {
    return fault([...place.path, 'unit'], `unknown unit \`${entry.unit}\`, known: rows, percent`)
  }
  const base = { id: entryId(entry, place), severity, description: (entry.description ?? entry.name ?? '').trim() }
  switch (entry.type ?? 'library') {
    case 'library':
      return library(entry, place, base)
    case 'sql':
      return sqlCheck(entry, place, base)
    case 'custom':
      return rowExpression(entry, place, base)
    case 'text':
      return NOTHING
  }
}

type Base = Pick<Check, 'id' | 'severity' | 'description'>

function readSeverity(text: string | undefined): Severity | undefined {
  if (text === undefined) return 'error'
  if (text === 'warning') return 'warn'
  return (['warn', 'error', 'hold', 'breaker'] as const).find(known => known === text)
}

/** A test of one row. None opens a breaker: that takes a share, or batch after batch. */
function ruleOf({ severity, ...base }: Base, test: Rule['test'], path: Path): QualityMeaning {
  if (severity === 'breaker') {
    const message =
      'a rule tests one row, and no breaker opens for one row: give the rule a threshold of severity breaker'
    return fault([...path, 'severity'], message)
  }
  if (severity !== 'hold') return { ...NOTHING, rules: [{ ...base, severity, test }] }
  const none = { rule: base.id, maxShare: undefined, maxRows: 0, severity }
  return { ...NOTHING, rules: [{ ...base, severity: 'error', test }], thresholds: [none] }
}

function entryId(entry: OdcsQuality, place: QualityPlace): string {
  return entry.id ?? [entry.metric ?? entry.type, place.column?.name].filter(Boolean).join(':')
}

function library(entry: OdcsQuality, place: QualityPlace, base: Base): QualityMeaning {
  const { metric } = entry
  if (metric === undefined) return fault(place.path, 'needs a metric, or the type sql, custom or text')
  const must = readOperator(entry)
  if (typeof must === 'string') return fault(place.path, must)
  const unit = entry.unit === 'percent' ? 'percent' : 'rows'
  if (metric === 'rowCount') {
    if (place.column !== undefined) return fault([...place.path, 'metric'], 'rowCount belongs to the whole object')
    return { ...NOTHING, checks: [{ ...base, sql: 'count(*)', unit: 'rows', must }] }
  }
  if (metric === 'duplicateValues') {
    const counted = duplicates(entry, place)
    return 'fault' in counted
      ? fault(place.path, counted.fault)
      : { ...NOTHING, checks: [{ ...base, ...counted, unit, must }] }
  }
  const good = goodValue(entry, place)
  if ('faults' in good) return { ...NOTHING, faults: good.faults }
  if (must.op === 'be' && must.value === 0) {
    return ruleOf(base, { kind: 'expression', sql: good.sql }, place.path)
  }
  const sql = `count(*) FILTER (WHERE NOT coalesce(${good.sql}, true))`
  return { ...NOTHING, checks: [{ ...base, sql, unit, must }] }
}

/** The condition that a good value keeps: never NULL for null and missing values, NULL for an absent value otherwise. */
function goodValue(entry: OdcsQuality, { column, path }: QualityPlace): { sql: string } | { faults: Fault[] } {
  if (column === undefined)
    return { faults: [{ path: [...path, 'metric'], message: `${entry.metric} belongs to a property` }] }
  const given = Object.entries(entry.arguments ?? {})
  const present = `${quoteIdent(column.name)} IS NOT NULL`
  const known = ARGUMENTS[entry.metric as ValueMetric]
  const unknown = given.filter(([name]) => !known.includes(name)).map(([name]) => unknownArgument(name, known, path))
  if (unknown.length > 0) return { faults: unknown }
  if (entry.metric !== 'invalidValues') return missing(column, entry.arguments?.['missingValues'], present, path)
  if (given.length === 0) return { faults: [{ path, message: `invalidValues needs an argument: ${known.join(', ')}` }] }
  const limits = given.map(([name, value]) => ({ name, ...limitSql(column, name, value) }))
  const faults = limits.flatMap(limit => ('fault' in limit ? [argumentFault(path, limit.name, limit.fault)] : []))
  if (faults.length > 0) return { faults }
  return { sql: limits.map(limit => ('sql' in limit ? limit.sql : '')).join(' AND ') }
}

type ValueMetric = 'nullValues' | 'missingValues' | 'invalidValues'

const ARGUMENTS: Readonly<Record<ValueMetric, readonly string[]>> = {
  nullValues: [],
  missingValues: ['missingValues'],
  invalidValues: ['validValues', 'pattern', 'min', 'max', 'minLength', 'maxLength'],
}

function missing(column: Column, list: unknown, present: string, path: Path): { sql: string } | { faults: Fault[] } {
  const texts = (Array.isArray(list) ? list : []).filter(value => value !== null)
  if (texts.length === 0) return { sql: present }
  const literals = texts.map(value => literalSql(column, value))
  const faults = literals.flatMap(item => ('fault' in item ? [argumentFault(path, 'missingValues', item.fault)] : []))
  if (faults.length > 0) return { faults }
  const values = literals.map(item => ('sql' in item ? item.sql : '')).join(', ')
  return { sql: `(${present} AND ${quoteIdent(column.name)} NOT IN (${values}))` }
}

function duplicates(entry: OdcsQuality, { column, columns }: QualityPlace): { sql: string } | { fault: string } {
  if (column !== undefined) {
    const name = quoteIdent(column.name)
    return { sql: `count(${name}) - count(DISTINCT ${name})` }
  }
  const names = entry.arguments?.['properties']
  if (!Array.isArray(names) || names.length === 0)
    return { fault: 'duplicateValues needs arguments: { properties: [column, …] }' }
  const unknown = names.find(name => !columns.some(known => known.name === name))
  if (unknown !== undefined) return { fault: `unknown column \`${String(unknown)}\` in properties` }
  return { sql: `count(*) - count(DISTINCT (${names.map(name => quoteIdent(String(name))).join(', ')}))` }
}

function sqlCheck(entry: OdcsQuality, place: QualityPlace, base: Base): QualityMeaning {
  const must = readOperator(entry)
  if (typeof must === 'string') return fault(place.path, must)
  const query = (entry.query ?? '').trim()
  const path = [...place.path, 'query']
  if (!query.includes('{object}')) return fault(path, 'the query must read FROM {object}')
  if (query.includes('{property}') && place.column === undefined)
    return fault(path, '{property} needs a property round it')
  const sql = place.column === undefined ? query : query.replaceAll('{property}', quoteIdent(place.column.name))
  const unit = entry.unit === 'percent' ? 'percent' : 'rows'
  return { ...NOTHING, checks: [{ ...base, sql, unit, must }], sqlPaths: { [`check:${base.id}`]: path } }
}

function rowExpression(entry: OdcsQuality, place: QualityPlace, base: Base): QualityMeaning {
  if (entry.engine !== 'sluice') return NOTHING
  const path = [...place.path, 'implementation']
  if (entry.id === undefined) return fault(place.path, 'a rule needs an `id`: it stands in the quarantine')
  const operator = OPERATOR_KEYS.find(key => entry[key] !== undefined)
  if (operator !== undefined) return fault(place.path, `a row expression takes no operator: leave out ${operator}`)
  if (isMapping(entry.implementation)) return detector(entry.implementation, place, base)
  if (typeof entry.implementation !== 'string')
    return fault(path, 'must be a SQL expression that is true for a good row, or name a detector')
  const sql = entry.implementation.trim()
  return { ...ruleOf(base, { kind: 'expression', sql }, place.path), sqlPaths: { [`rule:${base.id}`]: path } }
}

function detector(given: Readonly<Record<string, unknown>>, place: QualityPlace, base: Base): QualityMeaning {
  const path = [...place.path, 'implementation']
  const asked = readDetector(given, { ...place, path })
  if ('faults' in asked) return { ...NOTHING, faults: asked.faults }
  const { test, catches, figure } = asked
  const described = { ...base, description: base.description === '' ? catches : base.description }
  const key = figure === undefined ? `rule:${base.id}` : `check:${base.id}`
  const placed = [[key, 'where'], ...[...OTHERS].map(([argument, of]) => [`${of}:${base.id}`, argument])] as const
  const sqlPaths = Object.fromEntries(
    placed.flatMap(([name, argument]) => (argument! in test.arguments ? [[name, [...path, argument!]]] : [])),
  )
  if (figure === undefined) return { ...ruleOf(described, test, place.path), sqlPaths }
  return { ...NOTHING, checks: [{ ...described, ...figure, sql: '', detector: test }], sqlPaths }
}

/** Arguments that are only judged where all contracts are known. */
const OTHERS: ReadonlyMap<string, string> = new Map([
  ['against', 'other'],
  ['beside', 'other'],
  ['their_where', 'their'],
])

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unknownArgument(name: string, known: readonly string[], path: Path): Fault {
  const near = nearestName(name, known)
  const hint = near === undefined ? `known here: ${known.join(', ') || 'none'}` : `nearest is \`${near}\``
  return { path: [...path, 'arguments'], key: name, message: `unknown argument \`${name}\`, ${hint}` }
}

function argumentFault(path: Path, name: string, message: string): Fault {
  return { path: [...path, 'arguments', name], message }
}

function fault(path: Path, message: string): QualityMeaning {
  return { ...NOTHING, faults: [{ path, message }] }
}
