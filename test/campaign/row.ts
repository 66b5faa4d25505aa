/** One record of a provider's answer, as the campaign reads it: the texts of its cells by names of its own. */
export interface Row {
  /** What the provider says of its time; with it a row is told from the others of its series. */
  readonly at: string
  readonly cells: Readonly<Record<string, string>>
}

/** How one provider writes records. Independent of the product's own reading. */
export interface Form {
  /** The content type of an answer with records. */
  readonly type: 'json' | 'csv'
  /** The rows of a clean answer, in its order. */
  read(body: string): Row[]
  /** The answer again with other rows; what stands round the records stays. */
  write(rows: readonly Row[], body: string): string
  /** Start of what a row is about, in milliseconds since the epoch. NaN for a text that is no time. */
  startMs(at: string): number
  /** The text for another time. */
  atOf(ms: number): string
}

/** A decimal text without what does not change its value: `1.500` and `+1.5` are `1.5`, and so is `15e-1`. Other texts stay. */
export function plainNumber(text: string): string {
  const parts = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text.trim())
  if (parts === null || (parts[2] === '' && parts[3] === '')) return text
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  const padded = point < 0 ? '0'.repeat(-point) + digits : digits.padEnd(point, '0')
  const at = Math.max(point, 0)
  const [before, after] = [padded.slice(0, at).replace(/^0+(?=\d)/, '') || '0', padded.slice(at).replace(/0+$/, '')]
  const number = after === '' ? before : `${before}.${after}`
  return sign === '-' && number !== '0' ? `-${number}` : number
}

/** A number times a factor, with so many decimals. What is no number stays as it is. */
export function times(text: string, factor: number, decimals = decimalsOf(text)): string {
  const product = Number(text) * factor
  return text === '' || !Number.isFinite(product) ? text : product.toFixed(decimals)
}

export function decimalsOf(text: string): number {
  return /\.(\d+)/.exec(text)?.[1]?.length ?? 0
}

/** The row with other cells. */
export function withCells(row: Row, cells: Readonly<Record<string, string>>): Row {
  return { ...row, cells: { ...row.cells, ...cells } }
}
