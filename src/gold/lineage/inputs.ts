/**
 * How an input column has a part in a value, in the words of OpenLineage's ColumnLineageDatasetFacet (1-2-0). DIRECT: the value is made of
 * it. INDIRECT: it decides which value or which rows there are.
 */
export type Transformation =
  | { readonly type: 'DIRECT'; readonly subtype: 'IDENTITY' | 'TRANSFORMATION' | 'AGGREGATION' }
  | {
      readonly type: 'INDIRECT'
      readonly subtype: 'JOIN' | 'GROUP_BY' | 'FILTER' | 'SORT' | 'WINDOW' | 'CONDITIONAL'
    }

export type Subtype = Transformation['subtype']

/** A column of a table that has a part in something, and each way in which it has. */
export interface LineageInput {
  /** `silver.bars` */
  readonly table: string
  /** `*`: not a column, but which rows the table has. */
  readonly column: string
  readonly transformations: readonly Transformation[]
}

/** The column name that stands for which rows a table has. */
export const ROWS = '*'

/** Input columns with their ways as bits. Never changed once made, so values share them. */
export type Inputs = ReadonlyMap<string, number>

export const NO_INPUTS: Inputs = new Map()

const SUBTYPES: readonly Subtype[] = [
  ...(['IDENTITY', 'TRANSFORMATION', 'AGGREGATION'] as const),
  ...(['JOIN', 'GROUP_BY', 'FILTER', 'SORT', 'WINDOW', 'CONDITIONAL'] as const),
]
const DIRECT = 0b111

/** A column as it is. */
export function inputOf(table: string, column: string): Inputs {
  return new Map([[keyOf(table, column), bitOf('IDENTITY')]])
}

export function union(...all: readonly Inputs[]): Inputs {
  const filled = all.filter(inputs => inputs.size > 0)
  if (filled.length <= 1) return filled[0] ?? NO_INPUTS
  const sum = new Map(filled[0])
  for (const inputs of filled.slice(1)) for (const [key, bits] of inputs) sum.set(key, (sum.get(key) ?? 0) | bits)
  return sum
}

/**
 * The inputs of something that is made of a thing with these inputs. What is made directly keeps the strongest way: an aggregate of a
 * transformed column is an AGGREGATION. What was INDIRECT already stays as it is: its nearest use says most.
 */
export function through(subtype: Subtype, inputs: Inputs): Inputs {
  if (subtype === 'IDENTITY' || inputs.size === 0) return inputs
  return new Map([...inputs].map(([key, bits]) => [key, throughBits(bitOf(subtype), bits)]))
}

/** The same for several ways at once: how `inner`'s inputs have a part in what takes it in the ways `outer`. */
export function throughAll(outer: readonly Transformation[], inner: readonly Transformation[]): Transformation[] {
  const bits = bitsOf(inner)
  return transformationsOf(bitsOf(outer, way => throughBits(way, bits)))
}

/** Both lists as one, each way once. */
export function unionWays(a: readonly Transformation[], b: readonly Transformation[]): Transformation[] {
  return transformationsOf(bitsOf(a) | bitsOf(b))
}

/** The tables whose rows are counted when rows are: which of them there are is decided by the rest. */
export function directRows(inputs: Inputs): Inputs {
  const rows = [...inputs].filter(([key, bits]) => key.endsWith(`\n${ROWS}`) && (bits & DIRECT) > 0)
  return new Map(rows.map(([key, bits]) => [key, bits & DIRECT]))
}

/** In order of tables and columns. */
export function listInputs(inputs: Inputs): LineageInput[] {
  return [...inputs]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, bits]) => {
      const end = key.indexOf('\n')
      return { table: key.slice(0, end), column: key.slice(end + 1), transformations: transformationsOf(bits) }
    })
}

function keyOf(table: string, column: string): string {
  return `${table}\n${column}`
}

function throughBits(way: number, bits: number): number {
  const indirect = bits & ~DIRECT
  if ((bits & DIRECT) === 0) return indirect
  if ((way & DIRECT) === 0) return indirect | way
  // IDENTITY < TRANSFORMATION < AGGREGATION, by the order of the bits.
  const atLeast = [1, 2, 4].filter(bit => (bits & bit) > 0).map(bit => Math.max(bit, way))
  return atLeast.reduce((sum, bit) => sum | bit, indirect)
}

function bitOf(subtype: Subtype): number {
  return 1 << SUBTYPES.indexOf(subtype)
}

function bitsOf(ways: readonly Transformation[], map: (bit: number) => number = bit => bit): number {
  return ways.reduce((bits, { subtype }) => bits | map(bitOf(subtype)), 0)
}

function transformationsOf(bits: number): Transformation[] {
  return SUBTYPES.flatMap((subtype, at) =>
    (bits & (1 << at)) === 0 ? [] : [{ type: at < 3 ? 'DIRECT' : 'INDIRECT', subtype } as Transformation],
  )
}
