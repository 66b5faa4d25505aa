import { nearestName } from '../../core/nearest-name.js'
import type { Fault, Path } from '../../core/yaml-document.js'
import type { Column, DetectorArguments } from '../contract.js'
import type { SlaTerms } from '../read-sla.js'
import { type Detector, type Parameter, STEPS } from './detector.js'

/** Where a detector is asked for. */
export interface ArgumentPlace {
  /** Of the `implementation`. */
  readonly path: Path
  /** The property under which it stands. */
  readonly column: Column | undefined
  readonly columns: readonly Column[]
  readonly sla: SlaTerms | undefined
}

/** The arguments of a detector with its defaults, or what is wrong with them. `given` is the `implementation` of a quality entry. */
export function readArguments(
  detector: Detector,
  given: Readonly<Record<string, unknown>>,
  place: ArgumentPlace,
): { arguments: DetectorArguments; faults: Fault[] } {
  const { parameters } = detector
  const known = Object.keys(parameters)
  const faults: Fault[] = Object.keys(given)
    .filter(name => name !== 'detector' && !known.includes(name))
    .map(name => unknownArgument(name, detector, place.path))
  const values: Record<string, DetectorArguments[string]> = {}
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = given[name] ?? defaultOf(name, parameter, place)
    if (value === undefined) {
      if (parameter.optional === undefined)
        faults.push({ path: place.path, message: `${detector.name} needs \`${name}\`` })
      continue
    }
    const fault = faultOf(value, parameter, place.columns)
    if (fault === undefined) values[name] = value as DetectorArguments[string]
    else
      faults.push({
        path: given[name] === undefined ? place.path : [...place.path, name],
        message: `\`${name}\` ${fault}`,
      })
  }
  return { arguments: values, faults }
}

/** A default column counts only where the contract has it; the value of an entry under a property is that property. */
function defaultOf(name: string, parameter: Parameter, { column, columns, sla }: ArgumentPlace): unknown {
  if (parameter.ofSla !== undefined && sla !== undefined) return sla[parameter.ofSla]
  if (parameter.kind !== 'column' && parameter.kind !== 'columns') return parameter.default
  if (
    column !== undefined &&
    parameter.default === undefined &&
    parameter.optional === undefined &&
    fits(column, parameter)
  )
    return parameter.kind === 'columns' ? [column.name] : column.name
  const isThere = columns.some(candidate => candidate.name === parameter.default && fits(candidate, parameter))
  return isThere || (parameter.optional === undefined && name !== 'value') ? parameter.default : undefined
}

function faultOf(value: unknown, parameter: Parameter, columns: readonly Column[]): string | undefined {
  switch (parameter.kind) {
    case 'column':
      return columnFault(value, parameter, columns)
    case 'columns':
      if (!Array.isArray(value) || value.length === 0) return 'must be a list of columns'
      return value.map(item => columnFault(item, parameter, columns)).find(fault => fault !== undefined)
    case 'number':
    case 'integer':
      return numberFault(value, parameter)
    case 'numbers':
      if (!Array.isArray(value) || value.length === 0) return 'must be a list of numbers'
      return value.map(item => numberFault(item, parameter)).find(fault => fault !== undefined)
    case 'step':
      return STEPS.includes(String(value)) || columns.some(({ name }) => name === value)
        ? undefined
        : `must be one of ${STEPS.join(', ')}, or a column`
    case 'dataset':
    case 'their column':
      return isName(value) ? undefined : `must be the name of a ${parameter.kind === 'dataset' ? 'dataset' : 'column'}`
    case 'their columns':
      return Array.isArray(value) && value.length > 0 && value.every(isName) ? undefined : 'must be a list of columns'
    case 'expression':
    case 'their expression':
      return typeof value === 'string' && value.trim() !== '' ? undefined : 'must be a text'
  }
}

/** Whether there is such a dataset or column is asked where all contracts are known. */
function isName(value: unknown): boolean {
  return typeof value === 'string' && /^[a-z][a-z0-9_]*$/.test(value)
}

function columnFault(value: unknown, parameter: Parameter, columns: readonly Column[]): string | undefined {
  if (typeof value !== 'string') return 'must be the name of a column'
  const column = columns.find(candidate => candidate.name === value)
  if (column === undefined) {
    const near = nearestName(
      value,
      columns.map(candidate => candidate.name),
    )
    return `names the unknown column \`${value}\`${near === undefined ? '' : `, nearest is \`${near}\``}`
  }
  return fits(column, parameter)
    ? undefined
    : `must name a ${parameter.holds} column; \`${value}\` is ${column.type.kind}`
}

function fits({ type }: Column, { holds }: Parameter): boolean {
  switch (holds) {
    case 'number':
      return type.kind === 'integer' || type.kind === 'decimal' || type.kind === 'double'
    case 'time':
      return type.kind === 'date' || type.kind === 'timestamp'
    case 'text':
      return type.kind === 'string'
    default:
      return true
  }
}

function numberFault(value: unknown, { kind, min, max }: Parameter): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'must be a number'
  if (kind === 'integer' && !Number.isSafeInteger(value)) return 'must be a whole number'
  if (min !== undefined && value < min) return `must be at least ${min}`
  return max !== undefined && value > max ? `must be at most ${max}` : undefined
}

function unknownArgument(name: string, { name: detector, parameters }: Detector, path: Path): Fault {
  const known = Object.keys(parameters)
  const near = nearestName(name, known)
  const hint = near === undefined ? `known: ${known.join(', ')}` : `nearest is \`${near}\``
  return { path, key: name, message: `${detector} has no parameter \`${name}\`, ${hint}` }
}
