import { nearestName } from '../core/nearest-name.js'
import type { Check, Column, Contract, DetectorTest } from './contract.js'
import { guardExpression, type ParseSql, type SqlFault } from './sql-guard.js'

/** What is wrong with one argument of a check that looks at another dataset. */
export interface OtherFault {
  /** Of the check. */
  readonly id: string
  /** `their_where` has a place of its own. */
  readonly argument: 'dataset' | 'their_where'
  readonly fault: SqlFault
  readonly sql?: string
}

/** Faults of the checks of a contract that look at other datasets, by the contracts that there are. */
export async function otherFaults(
  contract: Contract,
  all: readonly Contract[],
  parse: ParseSql,
): Promise<OtherFault[]> {
  const found = contract.checks.map(async check => {
    const { id, detector } = check
    const name = detector?.arguments['against'] ?? detector?.arguments['beside']
    if (detector === undefined || name === undefined) return []
    const other = datasetFault(String(name), contract, all)
    const say = (message: string): OtherFault => ({ id, argument: 'dataset', fault: { message, position: undefined } })
    if (typeof other === 'string') return [say(other)]
    return [
      ...columnFaults(check, detector, contract, other).map(say),
      ...(await whereFaults(id, detector, other, parse)),
    ]
  })
  return (await Promise.all(found)).flat()
}

function datasetFault(name: string, contract: Contract, all: readonly Contract[]): Contract | string {
  const other = all.find(({ dataset }) => dataset === name)
  if (name === contract.dataset)
    return `\`${name}\` is the dataset itself; rows of one dataset are for \`reconciliation\``
  if (other === undefined)
    return `there is no dataset \`${name}\`${nearest(
      name,
      all.filter(({ layer }) => layer === 'silver').map(({ dataset }) => dataset),
    )}`
  // Gold tables are derived in the order of their models: nobody could say which state would be looked at.
  return other.layer === 'gold' ? `${name} is derived: only a dataset of silver can be looked at` : other
}

function columnFaults(
  { id }: Check,
  { arguments: given }: DetectorTest,
  contract: Contract,
  other: Contract,
): string[] {
  const names = (list: unknown): readonly string[] => (list === undefined ? [] : (list as readonly string[]))
  if (given['beside'] !== undefined)
    return contract.series.filter(name => columnOf(other, name) === undefined).map(name => lacks(other, name))
  const [by, theirBy] = [names(given['by']), names(given['their_by'] ?? given['by'])]
  const value = String(given['their_value'] ?? given['value'])
  const unknown = [...theirBy, value].filter(name => columnOf(other, name) === undefined)
  if (unknown.length > 0) return unknown.map(name => lacks(other, name))
  if (by.length !== theirBy.length) return [`${id}: \`by\` and \`their_by\` must name as many columns`]
  const unlike = by.filter((name, at) => kindOf(columnOf(contract, name)) !== kindOf(columnOf(other, theirBy[at]!)))
  return [
    ...(kindOf(columnOf(other, value)) === 'number' ? [] : [`\`${value}\` of ${other.dataset} is no number`]),
    ...unlike.map(name => `\`${name}\` and \`${theirBy[by.indexOf(name)]}\` of ${other.dataset} cannot be equal`),
  ]
}

async function whereFaults(
  id: string,
  { arguments: given }: DetectorTest,
  other: Contract,
  parse: ParseSql,
): Promise<OtherFault[]> {
  const sql = given['their_where']
  if (typeof sql !== 'string') return []
  const columns = other.columns.map(({ name }) => name)
  const faults = await guardExpression(parse, sql, { columns, level: 'row' })
  return faults.map(fault => ({ id, argument: 'their_where', fault, sql }))
}

function columnOf({ columns }: Contract, name: string): Column | undefined {
  return columns.find(column => column.name === name)
}

/** Columns of one kind can be compared. */
function kindOf(column: Column | undefined): string {
  const kind = column?.type.kind ?? ''
  if (kind === 'integer' || kind === 'decimal' || kind === 'double') return 'number'
  return kind === 'date' || kind === 'timestamp' ? 'time' : kind
}

function lacks(other: Contract, name: string): string {
  return `${other.dataset} has no column \`${name}\`${nearest(
    name,
    other.columns.map(column => column.name),
  )}`
}

function nearest(name: string, known: readonly string[]): string {
  const near = nearestName(name, known)
  return near === undefined ? '' : `, nearest is \`${near}\``
}
