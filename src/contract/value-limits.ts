import { quoteIdent, quoteText } from '../engine/sql-text.js'
import type { Column } from './contract.js'

/** Limits that a value can be declared to have, each a SQL condition that is true for a good value and NULL for none. */
const LIMITS: Readonly<Record<string, (column: string, limit: Literal) => string>> = {
  pattern: (column, limit) => `regexp_matches(${column}, ${limit.pattern()})`,
  minLength: (column, limit) => `length(${column}) >= ${limit.count()}`,
  maxLength: (column, limit) => `length(${column}) <= ${limit.count()}`,
  min: (column, limit) => `${column} >= ${limit.value()}`,
  max: (column, limit) => `${column} <= ${limit.value()}`,
  minimum: (column, limit) => `${column} >= ${limit.value()}`,
  maximum: (column, limit) => `${column} <= ${limit.value()}`,
  exclusiveMinimum: (column, limit) => `${column} > ${limit.value()}`,
  exclusiveMaximum: (column, limit) => `${column} < ${limit.value()}`,
  validValues: (column, limit) => `${column} IN (${limit.list().join(', ')})`,
}

export const LIMIT_NAMES: readonly string[] = Object.keys(LIMITS)

/** The SQL condition of one limit, or what is wrong with it. */
export function limitSql(column: Column, name: string, value: unknown): { sql: string } | { fault: string } {
  const condition = LIMITS[name]
  if (condition === undefined) return { fault: `unknown limit \`${name}\`` }
  try {
    return { sql: condition(quoteIdent(column.name), literal(column, value)) }
  } catch (thrown) {
    if (thrown instanceof LimitFault) return { fault: `\`${name}\` of \`${column.name}\`: ${thrown.message}` }
    throw thrown
  }
}

/** A SQL literal that compares with the column without loss, or what is wrong with the value. */
export function literalSql(column: Column, value: unknown): { sql: string } | { fault: string } {
  try {
    return { sql: scalar(column, value) }
  } catch (thrown) {
    if (thrown instanceof LimitFault) return { fault: thrown.message }
    throw thrown
  }
}

class LimitFault extends Error {}

interface Literal {
  value(): string
  list(): string[]
  count(): string
  pattern(): string
}

function literal(column: Column, value: unknown): Literal {
  return {
    value: () => scalar(column, value),
    list: () => {
      if (!Array.isArray(value) || value.length === 0) throw new LimitFault('must be a list of values')
      return value.map(item => scalar(column, item))
    },
    count: () => {
      if (!Number.isSafeInteger(value) || Number(value) < 0) throw new LimitFault('must be a whole number')
      return String(value)
    },
    pattern: () => quoteText(checkedPattern(column, value)),
  }
}

function checkedPattern(column: Column, value: unknown): string {
  if (typeof value !== 'string') throw new LimitFault('must be a regular expression')
  if (column.type.kind !== 'string') throw new LimitFault('a regular expression needs a string column')
  // DuckDB matches with RE2, in linear time, which has no look-around and no back-references.
  if (/\(\?<?[=!]|\\[1-9]/.test(value)) throw new LimitFault('look-around and back-references are not supported')
  try {
    new RegExp(value, 'u')
  } catch {
    throw new LimitFault('is not a regular expression')
  }
  return value
}

function scalar(column: Column, value: unknown): string {
  switch (column.type.kind) {
    case 'integer':
    case 'decimal':
    case 'double':
      if (typeof value !== 'number' || !Number.isFinite(value)) throw new LimitFault('must be a number')
      return plainNumber(value)
    case 'boolean':
      if (typeof value !== 'boolean') throw new LimitFault('must be true or false')
      return String(value)
    case 'date':
    case 'timestamp':
      return timeLiteral(column.type.kind, value)
    case 'string':
    case 'json':
      if (typeof value !== 'string') throw new LimitFault('must be a text; put it in quotes')
      return quoteText(value)
  }
}

function timeLiteral(kind: 'date' | 'timestamp', value: unknown): string {
  const pattern = kind === 'date' ? /^\d{4}-\d\d-\d\d$/ : /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?$/
  if (typeof value === 'string' && pattern.test(value)) return `${kind === 'date' ? 'DATE' : 'TIMESTAMPTZ'} '${value}'`
  throw new LimitFault(`must be a ${kind === 'date' ? 'date' : 'date or UTC time'} such as 1970-01-01`)
}

/** A number without an exponent, so that DuckDB reads it as a decimal and not as a double. */
function plainNumber(value: number): string {
  const text = String(value)
  const parts = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text)
  if (parts === null) return text
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  if (point >= digits.length) return sign + digits.padEnd(point, '0')
  return `${sign}0.${digits.padStart(digits.length - point, '0')}`
}
