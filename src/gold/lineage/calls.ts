import { NO_INPUTS, type Subtype, through, union } from './inputs.js'
import {
  CONSTANT,
  decidedBy,
  elementOf,
  fieldOf,
  lengthOf,
  listLike,
  listOf,
  madeOf,
  merged,
  passed,
  structOf,
  unknownValue,
  type Value,
} from './value.js'

/** An argument of a call: its value, its name where it has one, and the text that it is when it is one. */
export interface Argument {
  readonly value: Value
  readonly name?: string | undefined
  readonly text?: string | undefined
}

/** Aggregates that give one of their values as it is; what else they take decides which. */
const PICKS = new Set(
  'any_value arbitrary first last arg_max arg_min argmax argmin max_by min_by arg_max_null arg_min_null'.split(' '),
)
const LISTS = new Set(['list', 'array_agg'])
/** Window functions that give the value of another row. */
const FROM_ROWS = new Set(['lag', 'lead', 'first_value', 'last_value', 'nth_value', 'first', 'last'])
const EXTRACTS = new Set(['array_extract', 'list_extract', 'list_element', 'struct_extract'])
const SLICES = new Set(['array_slice', 'list_slice', 'list_resize', 'array_resize'])
const SORTS = new Set(
  'list_sort array_sort list_reverse_sort array_reverse_sort list_distinct array_distinct'.split(' '),
)
const SERIES = new Set(['range', 'generate_series'])

/** The value of an aggregate over the rows of a group or a window. */
export function aggregateValue(name: string, args: readonly Value[], isDistinct: boolean): Value {
  const [first = CONSTANT, ...others] = args
  if (PICKS.has(name)) {
    const picked = decidedBy(passed(first, 'AGGREGATION'), ...asDecision(others, 'SORT'))
    return others.length > 1 ? listLike(picked) : picked
  }
  if (LISTS.has(name)) {
    const element = passed(first, 'AGGREGATION')
    return listLike(element, isDistinct ? element.inputs : NO_INPUTS)
  }
  return madeOf(args, 'AGGREGATION')
}

/** The value of a window function that takes values of other rows, undefined when `name` is none of them. */
export function otherRowValue(name: string, args: readonly Value[], rest: readonly Value[]): Value | undefined {
  if (!FROM_ROWS.has(name)) return undefined
  const [first = CONSTANT, ...others] = args
  return decidedBy(merged([passed(first, 'TRANSFORMATION'), ...rest]), ...asDecision(others, 'WINDOW'))
}

/** The value of a function of one row. */
export function scalarValue(name: string, args: readonly Argument[]): Value {
  const values = args.map(({ value }) => value)
  const [first = CONSTANT, ...others] = values
  if (name === 'struct_pack') return structOf(new Map(args.map((arg, at) => [arg.name ?? `v${at + 1}`, arg.value])))
  if (name === 'list_value' || name === 'list_pack') return listOf(values)
  if (EXTRACTS.has(name)) return extracted(first, args[1])
  if (SLICES.has(name)) {
    const part: Value = { ...passed(first, 'TRANSFORMATION'), length: undefined }
    return decidedBy(part, ...asDecision(others, 'CONDITIONAL'))
  }
  if (SORTS.has(name)) return sorted(first)
  if (name === 'list_reverse' || name === 'array_reverse') return passed(first, 'TRANSFORMATION')
  if (SERIES.has(name)) return listLike(madeOf(values), madeOf(values).inputs)
  return madeOf(values)
}

/** A field of a struct by its text, or an element of a list by its place. */
function extracted(of: Value, by: Argument | undefined): Value {
  const isField = of.fields !== undefined && of.element === undefined
  if (isField) {
    const field = by?.text === undefined ? madeOf([of]) : fieldOf(of, by.text)
    return field ?? unknownValue(`the struct has no field ${by?.text}`, of.inputs)
  }
  const element = passed(elementOf(of), 'TRANSFORMATION')
  return decidedBy(element, ...asDecision(by === undefined ? [] : [by.value], 'CONDITIONAL'))
}

/** Which element stands where is decided by all of them. */
function sorted(list: Value): Value {
  const element = decidedBy(passed(elementOf(list), 'TRANSFORMATION'), through('SORT', list.inputs), list.unknown)
  return listLike(element, lengthOf(list))
}

/** `list_transform`: each element becomes what the lambda makes of it. */
export function transformedList(list: Value, result: Value): Value {
  return listLike(decidedBy(result, NO_INPUTS, list.unknown), lengthOf(list))
}

/** `list_filter`: the elements for which a condition holds. */
export function filteredList(list: Value, condition: Value): Value {
  const element = decidedBy(elementOf(list), ...asDecision([condition], 'CONDITIONAL'))
  return listLike(element, union(lengthOf(list), through('CONDITIONAL', condition.inputs)))
}

/** Values as arguments of `decidedBy`. */
export function asDecision(values: readonly Value[], subtype: Subtype): [Value['inputs'], string | undefined] {
  const { inputs, unknown } = madeOf(values, subtype)
  return [inputs, unknown]
}
