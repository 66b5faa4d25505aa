import { groupBy } from '../core/group-by.js'
import type { Dependent } from '../gold/lineage/follow.js'
import type { LineageInput, Transformation } from '../gold/lineage/inputs.js'
import type { Origin } from '../gold/lineage/model-lineage.js'
import type { DatasetOrigin } from '../pipeline/lineage/dataset-origin.js'
import type {
  DownstreamLineage,
  LineageOptions,
  LineageReport,
  ModelOrigin,
  UpstreamLineage,
} from '../pipeline/lineage/lineage.js'
import { commandText } from './command-text.js'
import { plural } from './figures.js'
import { oneLine } from './one-line.js'
import type { ProjectOptions } from './open-project.js'
import { tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

type Asked = Pick<ProjectOptions, 'project'> & Pick<LineageOptions, 'column'>

const ROWS = '*'

/** A lineage on one screen: a line per column, or per table that depends on it; one column with each of its inputs. */
export function renderLineage(report: LineageReport, asked: Asked, terminal: Terminal): string {
  return report.direction === 'upstream'
    ? upstreamText(report, asked, terminal)
    : downstreamText(report, asked, terminal)
}

function upstreamText({ table, made, depth }: UpstreamLineage, asked: Asked, terminal: Terminal): string {
  const { colors } = terminal
  switch (made.by) {
    case 'model': {
      const through = depth === 1 ? '' : depth === null ? ', down to silver' : `, through ${plural(depth, 'model')}`
      const head = `${colors.bold(table)}  ${made.model}${through}\n\n`
      const isOne = made.columns.length + (made.rows === undefined ? 0 : 1) === 1
      return `${head}${isOne ? oneText(made, terminal) : manyText(table, made, asked, terminal)}`
    }
    case 'pipes':
      return datasetText(table, made, asked, terminal)
    case 'file':
      return `${colors.bold(table)}  ${made.file ?? 'a table that Sluice brings'}\n\n${made.columns.join(', ')}\n`
    case 'nothing':
      return `${colors.bold(table)}  no model makes it\n\n${made.columns.join(', ')}\n`
    case 'sluice':
      return `${colors.bold(table)}  filled by Sluice itself\n\n${made.columns.join(', ')}\n`
  }
}

const CELL = 64

function manyText(table: string, { columns, rows }: ModelOrigin, { project }: Asked, { colors }: Terminal): string {
  const lines = [
    ...columns.map(own => [own.column, madeOfText(own), decidedByText(own)]),
    ...(rows === undefined ? [] : [['rows', rowsText(rows), decidedByText(rows)]]),
  ]
  const heads = [{ head: 'column' }, { head: 'made of' }, { head: 'decided by' }]
  const first = columns[0]?.column ?? ''
  return `${tableText(heads, lines, { colors, cellWidth: CELL })}
${unknownText(columns.map(own => [own.column, own.unknown] as const).concat([['rows', rows?.unknown]]))}
What decides the rows decides every column. Each input of one column
  ${commandText(['lineage', table, '--column', first], project)}
`
}

/** Direct inputs, those of one table together; `agg` where values of several rows make one. */
function madeOfText({ inputs, unknown }: Origin): string {
  const direct = inputs.filter(({ transformations }) => transformations.some(({ type }) => type === 'DIRECT'))
  if (direct.length === 0 && unknown !== undefined) return 'unknown'
  if (direct.length === 0) return inputs.length === 0 ? 'a constant' : 'constants'
  const text = namesText(direct)
  return direct.every(isAggregate) ? `agg of ${text}` : text
}

function isAggregate({ transformations }: LineageInput): boolean {
  return transformations.every(({ type, subtype }) => type === 'INDIRECT' || subtype === 'AGGREGATION')
}

function rowsText({ inputs, unknown }: Origin): string {
  const tables = inputs.flatMap(({ table, column }) => (column === ROWS ? [table] : []))
  return tables.length === 0 ? (unknown === undefined ? '' : 'unknown') : `rows of ${tables.join(', ')}`
}

function decidedByText({ inputs }: Origin): string {
  return namesText(
    inputs.filter(
      ({ column, transformations }) => column !== ROWS && transformations.some(({ type }) => type === 'INDIRECT'),
    ),
  )
}

/** `silver.bars: close, open; reference.currencies.parts`: facts stand last, for a line may be cut. */
function namesText(inputs: readonly LineageInput[]): string {
  const isReference = ({ table }: LineageInput): boolean => table.startsWith('reference.')
  const ordered = [...inputs.filter(input => !isReference(input)), ...inputs.filter(isReference)]
  return [...groupBy(ordered, ({ table }) => table)]
    .map(([table, own]) => {
      const names = own.map(({ column }) => (column === ROWS ? 'rows' : column))
      return names.length === 1 && names[0] !== 'rows' ? `${table}.${names[0]}` : `${table}: ${names.join(', ')}`
    })
    .join('; ')
}

function oneText({ columns, rows }: ModelOrigin, { colors }: Terminal): string {
  const own = columns[0] ?? { column: 'rows', ...rows! }
  const lines = own.inputs.map(({ table, column, transformations }) => [
    column === ROWS ? `rows of ${table}` : `${table}.${column}`,
    waysText(transformations, 'DIRECT'),
    waysText(transformations, 'INDIRECT'),
  ])
  const heads = [{ head: own.column }, { head: 'direct' }, { head: 'indirect' }]
  const none = own.inputs.length === 0 && own.unknown === undefined ? `${own.column} is a constant.\n` : ''
  const table = own.inputs.length === 0 ? '' : `${tableText(heads, lines, { colors })}\n`
  return `${none}${table}${unknownText([[own.column, own.unknown]])}`
}

function waysText(transformations: readonly Transformation[], type: Transformation['type']): string {
  return transformations.flatMap(way => (way.type === type ? [way.subtype.toLowerCase()] : [])).join(', ')
}

function unknownText(reasons: readonly (readonly [string, string | undefined])[]): string {
  return reasons
    .flatMap(([name, why]) => (why === undefined ? [] : [`${name} is not wholly known: ${oneLine(why)}\n`]))
    .join('')
}

/** Names of pipes that a screen shows; JSON has all. */
const MOST_PIPES = 8

function datasetText(table: string, made: DatasetOrigin, { project }: Asked, { colors }: Terminal): string {
  const names = made.pipes.slice(0, MOST_PIPES).map(({ name, source }) => `${name} (${source})`)
  const more = made.pipes.length - names.length
  const pipes =
    names.length === 0
      ? `no pipe; files come with --contract ${made.contract.split(' ')[0]}`
      : `${plural(made.pipes.length, 'pipe')}: ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  const lines = made.columns.map(({ column, from }) => [column, fieldsText(column, from)])
  const first = made.columns[0]?.column ?? ''
  return `${colors.bold(table)}  ${made.contract}, ${made.contract_file}
filled by ${oneLine(pipes)}

${tableText([{ head: 'column' }, { head: 'read from' }], lines, { colors, cellWidth: 100 })}

What depends on a column
  ${commandText(['lineage', table, '--column', first, '--downstream'], project)}
`
}

function fieldsText(column: string, from: DatasetOrigin['columns'][number]['from']): string {
  if (column.startsWith('_') && from.length === 0) return 'Sluice, for every row'
  if (from.length === 0) return `the field ${column}`
  const total = from.reduce((sum, { pipes }) => sum + pipes, 0)
  return from
    .map(({ expression, pipes }) => {
      const text = expression ?? `the field ${column}`
      return pipes === total ? text : `${text} (${plural(pipes, 'pipe')})`
    })
    .join('; ')
}

function downstreamText(report: DownstreamLineage, { column, project }: Asked, { colors }: Terminal): string {
  const one = report.columns.length === 1 ? report.columns[0] : undefined
  const what = one === undefined ? report.table : one === ROWS ? `rows of ${report.table}` : `${report.table}.${one}`
  if (report.dependents.length === 0)
    return `${colors.bold(what)}  no model makes anything of it\n${doubtsText(report)}`
  const rows = [...groupBy(report.dependents, ({ table }) => table)].map(([table, own]) => [
    table,
    named(own, 'DIRECT'),
    named(
      own.filter(dependent => !isDirect(dependent)),
      'INDIRECT',
    ),
    own.some(dependent => dependent.column === ROWS) ? 'yes' : '',
  ])
  const heads = [{ head: 'table' }, { head: 'made of it' }, { head: 'decided by it' }, { head: 'rows' }]
  const far = report.depth === null ? '' : `, through ${plural(report.depth, 'model')}`
  const [first] = report.dependents
  const asked = first === undefined ? '' : commandText(['lineage', first.table, '--column', first.column], project)
  const hint = column === undefined ? '' : `\nHow a column takes it\n  ${asked}\n`
  return `${colors.bold(what)}  has a part in ${plural(rows.length, 'table')}${far}

${tableText(heads, rows, { colors, cellWidth: CELL })}

rows: it decides which rows the table has, and so may change every column of it.
${doubtsText(report)}${hint}`
}

function isDirect({ transformations }: Dependent): boolean {
  return transformations.some(({ type }) => type === 'DIRECT')
}

function named(dependents: readonly Dependent[], type: Transformation['type']): string {
  return dependents
    .filter(({ column, transformations }) => column !== ROWS && transformations.some(way => way.type === type))
    .map(({ column }) => column)
    .join(', ')
}

function doubtsText({ unknown }: DownstreamLineage): string {
  return unknown
    .map(({ table, column, why }) => `${table}.${column} may depend on more than is known: ${oneLine(why)}\n`)
    .join('')
}
