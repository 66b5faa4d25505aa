import { quoteIdent, quoteText } from '../engine/sql-text.js'
import { duckdbType, typeNames } from './column-types.js'
import type {
  BreakerTerms,
  Check,
  Column,
  ColumnType,
  Contract,
  DetectorTest,
  Operator,
  Rule,
  Severity,
} from './contract.js'
import { restatedWords } from './restated-rules.js'

/** The contract as a Markdown section, for people. */
export function describeContract(contract: Contract): string {
  const { major, minor, patch } = contract.version
  const parts = [
    `## ${contract.dataset}`,
    contract.description,
    `Layer ${contract.layer}, version ${major}.${minor}.${patch}, ${contract.status}.`,
    table(['column', 'type', 'required', 'meaning'], contract.columns.map(columnRow)),
    terms(contract)
      .map(term => `- ${term}`)
      .join('\n'),
    tests(contract),
  ]
  return `${parts.filter(part => part !== '').join('\n\n')}\n`
}

/** JSON Schema (2020-12) of one row as JSON: decimals and times as text. */
export function jsonSchemaOf(contract: Contract): Record<string, unknown> {
  const properties = contract.columns.map(column => {
    const { type, ...rest } = typeNames(column.type).jsonSchema
    const nullable = column.required ? type : [type, 'null']
    return [
      column.name,
      { type: nullable, ...rest, ...(column.description === '' ? {} : { description: oneLine(column.description) }) },
    ]
  })
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: contract.dataset,
    description: contract.description,
    type: 'object',
    properties: Object.fromEntries(properties),
    required: contract.columns.filter(column => column.required).map(column => column.name),
    additionalProperties: false,
  }
}

/** A TypeScript interface of one row. */
export function typescriptOf(contract: Contract): string {
  const name = contract.dataset.replace(/(^|_)([a-z0-9])/g, (_match, _bar, letter: string) => letter.toUpperCase())
  const fields = contract.columns.flatMap(column => [
    ...(column.description === '' ? [] : [`  /** ${oneLine(column.description).replaceAll('*/', '*\\/')} */`]),
    `  readonly ${column.name}: ${typeNames(column.type).typescript}${column.required ? '' : ' | null'}`,
  ])
  return [`export interface ${name}Row {`, ...fields, '}', ''].join('\n')
}

/** DuckDB DDL of a table for the contract's rows, with comments. */
export function ddlOf(contract: Contract): string {
  const columns = contract.columns.map(
    column => `  ${quoteIdent(column.name)} ${duckdbType(column.type)}${column.required ? ' NOT NULL' : ''}`,
  )
  const key = `  PRIMARY KEY (${contract.primaryKey.map(quoteIdent).join(', ')})`
  const table = quoteIdent(contract.dataset)
  const comments = contract.columns
    .filter(column => column.description !== '')
    .map(
      column => `COMMENT ON COLUMN ${table}.${quoteIdent(column.name)} IS ${quoteText(oneLine(column.description))};`,
    )
  return [`CREATE TABLE ${table} (`, `${[...columns, key].join(',\n')}`, ');', ...comments, ''].join('\n')
}

/** A column type in the words of a contract: `decimal(38,18)`. */
export function typeText(type: ColumnType): string {
  return type.kind === 'decimal' ? `decimal(${type.precision},${type.scale})` : type.kind
}

/** What an operator asks of a figure: `must be between 1 and 5`. */
export function operatorText(must: Operator): string {
  const words = must.op.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
  return `must ${words} ${'value' in must ? must.value : `${must.low} and ${must.high}`}`
}

function columnRow(column: Column): string[] {
  const unit = column.unit === undefined ? '' : ` Unit: ${column.unit}.`
  const examples = column.examples.length === 0 ? '' : ` For example ${column.examples.map(code).join(', ')}.`
  return [
    code(column.name),
    columnType(column),
    column.required ? 'yes' : '',
    `${oneLine(column.description)}${unit}${examples}`,
  ]
}

function columnType({ type, format }: Column): string {
  return format === undefined ? typeText(type) : `${typeText(type)}, read as ${code(format)}`
}

function terms(contract: Contract): string[] {
  const { policy, orderBy } = contract.merge
  const merge = {
    first: 'the first row stays',
    latest: 'the latest row replaces the others',
    versions: 'every version is kept',
  }[policy]
  return [
    `Key: ${contract.primaryKey.map(code).join(', ')}; of several rows of a key ${merge}${orderBy === undefined ? '' : `, ordered by ${code(orderBy)}`}.`,
    `Event time: ${code(contract.eventTime)}; one data file per ${contract.partition}.`,
    ...(contract.vintage === undefined ? [] : [`Known since its vintage: ${code(contract.vintage)}.`]),
    ...(contract.publication === undefined ? [] : [`Known, when seen first: ${code(contract.publication)}.`]),
    ...(contract.notFinal === undefined ? [] : [`Not final while ${code(contract.notFinal)}.`]),
    ...(contract.allowedLateness === undefined ? [] : [`Expected within ${contract.allowedLateness} of the event.`]),
    ...(contract.retentionHours === undefined ? [] : [`Rows stay for ${daysText(contract.retentionHours)}.`]),
    ...(contract.calendar === undefined ? [] : [`Calendar: ${contract.calendar}.`]),
    ...contract.thresholds.map(limit => {
      const what =
        limit.rule === '*' ? 'rows in error' : (restatedWords(limit.rule) ?? `rows that break ${code(limit.rule)}`)
      const share = limit.maxShare === undefined ? [] : [`${Number((limit.maxShare * 100).toPrecision(6))} %`]
      const rows = limit.maxRows === undefined ? [] : [`${limit.maxRows} rows`]
      return `${CONSEQUENCES[limit.severity ?? 'error']} more than ${[...share, ...rows].join(' or ')} ${what}.`
    }),
    ...(contract.breaker === undefined ? [] : [breakerTerms(contract.breaker)]),
  ]
}

const CONSEQUENCES: Readonly<Record<Severity, string>> = {
  warn: 'A warning is given for a batch with',
  error: 'Nothing of a batch is published with',
  hold: "A pipe's batch is held with",
  breaker: "A pipe's batch is held, and its breaker opens, with",
}

function breakerTerms({ failures, coolDownMs, longestMs }: BreakerTerms): string {
  const hours = (ms: number): string => `${Number((ms / 3_600_000).toPrecision(3))} h`
  return `A breaker opens for ${failures} failed batches in a row at the latest; it cools down for ${hours(coolDownMs)}, at most ${hours(longestMs)}.`
}

function tests(contract: Contract): string {
  const rows = [...contract.rules.map(ruleRow), ...contract.checks.map(checkRow)]
  return rows.length === 0 ? '' : table(['rule', 'severity', 'what it asks', 'SQL'], rows)
}

function ruleRow({ id, severity, description, test }: Rule): string[] {
  return [code(id), severity, oneLine(description), testText(test)]
}

function testText(test: Rule['test']): string {
  switch (test.kind) {
    case 'expression':
      return code(test.sql)
    case 'reference':
      return `in ${code(`${test.table}.${test.target}`)}`
    case 'detector':
      return code(detectorText(test))
  }
}

/** A detector and its parameters, for people. */
export function detectorText({ name, arguments: values }: DetectorTest): string {
  const given = Object.entries(values).map(
    ([key, value]) => `${key}: ${Array.isArray(value) ? `[${value.join(', ')}]` : value}`,
  )
  return `detector ${name} { ${given.join(', ')} }`
}

function checkRow({ id, severity, description, sql, must, unit, detector }: Check): string[] {
  return [
    code(id),
    severity,
    oneLine(description),
    `${code(detector === undefined ? sql : detectorText(detector))} ${operatorText(must)}${unit === 'percent' ? ' %' : ''}`,
  ]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function code(text: string): string {
  return `\`${oneLine(text)}\``
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function daysText(hours: number): string {
  return hours % 24 === 0 ? `${hours / 24} days` : `${hours} hours`
}
