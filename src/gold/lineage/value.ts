import { type Inputs, NO_INPUTS, type Subtype, through, union } from './inputs.js'

/**
 * What a value is made of. Structs whose fields are visible keep them apart, lists keep what their elements are, so that a figure that
 * travels inside of one does not bring its neighbours along.
 */
export interface Value {
  /** Of all of it, fields and elements included. */
  readonly inputs: Inputs
  /** By lower-case name, in order. */
  readonly fields?: ReadonlyMap<string, Value> | undefined
  readonly element?: Value | undefined
  /** What decides how many elements there are; without it, all inputs do. */
  readonly length?: Inputs | undefined
  /** Why its inputs are not all known. */
  readonly unknown?: string | undefined
  /** NULL: it has any shape. */
  readonly isNull?: boolean | undefined
}

export const CONSTANT: Value = { inputs: NO_INPUTS }
export const NULL: Value = { inputs: NO_INPUTS, isNull: true }

export function unknownValue(why: string, inputs: Inputs = NO_INPUTS): Value {
  return { inputs, unknown: why }
}

export function structOf(fields: ReadonlyMap<string, Value>): Value {
  const values = [...fields.values()]
  return { ...partsOf(values), fields }
}

/** A list of so many elements as are written down. */
export function listOf(elements: readonly Value[]): Value {
  return { ...partsOf(elements), element: merged(elements), length: NO_INPUTS }
}

/** A list whose elements are alike; `length` decides how many there are. */
export function listLike(element: Value, length?: Inputs): Value {
  return { inputs: union(element.inputs, length ?? NO_INPUTS), unknown: element.unknown, element, length }
}

/** Made of values as wholes: nothing of their shapes is left. */
export function madeOf(values: readonly Value[], subtype: Subtype = 'TRANSFORMATION'): Value {
  const { inputs, unknown } = partsOf(values)
  return { inputs: through(subtype, inputs), unknown }
}

/** One of several values, and of the shape that they share. */
export function merged(values: readonly Value[]): Value {
  const real = values.filter(({ isNull }) => isNull !== true)
  const [first, ...others] = real
  if (first === undefined) return NULL
  if (others.length === 0) return first
  return { ...partsOf(real), fields: mergedFields(real), element: mergedElement(real), length: mergedLength(real) }
}

/** The value with every part of it taken one step further. */
export function passed(value: Value, subtype: Subtype): Value {
  return mapped(value, inputs => through(subtype, inputs))
}

/** The value, of which something else decides whether or which one it is. */
export function decidedBy(value: Value, inputs: Inputs, unknown?: string): Value {
  if (inputs.size === 0 && unknown === undefined) return value
  const decided = mapped(value, own => union(own, inputs), unknown)
  return { ...decided, isNull: undefined }
}

/** What there is in one of its places: an element, or something of the list. */
export function elementOf(value: Value): Value {
  return value.element ?? madeOf([value])
}

/** A field by name; undefined when the struct is known and lacks it. */
export function fieldOf(value: Value, name: string): Value | undefined {
  if (value.fields === undefined) return madeOf([value])
  return value.fields.get(name.toLowerCase())
}

export function lengthOf(value: Value): Inputs {
  return value.length ?? value.inputs
}

function mapped(value: Value, change: (inputs: Inputs) => Inputs, unknown?: string): Value {
  const inner = (part: Value): Value => mapped(part, change, unknown)
  return {
    ...value,
    inputs: change(value.inputs),
    unknown: value.unknown ?? unknown,
    fields: value.fields && new Map([...value.fields].map(([name, field]) => [name, inner(field)])),
    element: value.element && inner(value.element),
    length: value.length && change(value.length),
  }
}

function partsOf(values: readonly Value[]): Value {
  return {
    inputs: union(...values.map(({ inputs }) => inputs)),
    unknown: values.find(({ unknown }) => unknown !== undefined)?.unknown,
  }
}

function mergedFields(values: readonly Value[]): ReadonlyMap<string, Value> | undefined {
  const [first, ...others] = values.map(({ fields }) => fields)
  if (first === undefined) return undefined
  const isAlike = others.every(other => other?.size === first.size && [...first.keys()].every(name => other.has(name)))
  if (!isAlike) return undefined
  return new Map([...first.keys()].map(name => [name, merged(values.map(({ fields }) => fields!.get(name)!))]))
}

function mergedElement(values: readonly Value[]): Value | undefined {
  const elements = values.flatMap(({ element }) => (element === undefined ? [] : [element]))
  return elements.length === values.length ? merged(elements) : undefined
}

function mergedLength(values: readonly Value[]): Inputs | undefined {
  const lengths = values.flatMap(({ length }) => (length === undefined ? [] : [length]))
  return lengths.length === values.length ? union(...lengths) : undefined
}
