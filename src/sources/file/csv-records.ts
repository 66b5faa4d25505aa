/** How the bytes of a CSV text are divided into records and cells. */
export interface CsvShape {
  readonly delimiter: Buffer
  /** Undefined: quotes mean nothing. */
  readonly quote: number | undefined
  readonly newline: 10 | 13
  /** Cells that every record has. It tells a quote that opens a cell of several lines from one that stands there by mistake. */
  readonly columns?: number
}

/** A record in the bytes: `end` is after its newline. With a fault it is the one line in which the fault begins. */
export interface CsvRecord {
  readonly end: number
  readonly cells: readonly Buffer[]
  readonly severalLines: boolean
  readonly fault: boolean
}

/** A record of several lines may have so many bytes; a quote that is not closed by then was not meant to open a cell. */
export const LONGEST_QUOTED_BYTES = 4 << 20

const SPACE = 32
const RETURN = 13

/**
 * The record that begins at `start`; undefined when more bytes are needed to tell. As DuckDB reads it: quotes count at the beginning
 * of a cell only, two of them inside stand for one, and spaces round a quoted cell are none of it.
 */
export function recordAt(text: Buffer, start: number, shape: CsvShape, isLast: boolean): CsvRecord | undefined {
  const cells: Buffer[] = []
  for (let at = start; ; ) {
    const cell = cellAt(text, at, shape, isLast, start)
    if (cell === 'more') return undefined
    if (cell === 'fault') return brokenLine(text, start, shape, isLast)
    cells.push(cell.value)
    const end = endOfLine(text, cell.end, shape, isLast)
    if (end === 'more') return undefined
    if (end !== undefined) {
      const lines = text.subarray(start, cell.end)
      const severalLines = lines.includes(shape.newline)
      if (severalLines && isMistaken(lines, cells.length, shape)) return brokenLine(text, start, shape, isLast)
      return { end, cells, severalLines, fault: false }
    }
    if (!startsWith(text, cell.end, shape.delimiter)) return brokenLine(text, start, shape, isLast)
    at = cell.end + shape.delimiter.length
  }
}

/**
 * Whether a record of several lines is more likely several records, and a quote among them a mistake: it has another number of
 * cells, or most of the lines inside it would be whole records by themselves.
 */
function isMistaken(record: Buffer, cells: number, shape: CsvShape): boolean {
  const columns = shape.columns ?? cells
  if (cells !== columns) return true
  if (columns < TELLING_COLUMNS) return false
  let inside = 0
  let whole = 0
  for (let at = record.indexOf(shape.newline) + 1; ; ) {
    const end = record.indexOf(shape.newline, at)
    if (end === -1) return whole * 2 > inside
    const line = record.subarray(at, end)
    inside++
    if (occurrences(line, shape.delimiter) === columns - 1 && !line.includes(shape.quote ?? 0)) whole++
    at = end + 1
  }
}

/** Lines of a text have a comma or two by chance, but not as many as records have. */
const TELLING_COLUMNS = 3

function occurrences(text: Buffer, part: Buffer): number {
  let count = 0
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) count++
  return count
}

interface Cell {
  readonly value: Buffer
  readonly end: number
}

function cellAt(text: Buffer, at: number, shape: CsvShape, isLast: boolean, start: number): Cell | 'more' | 'fault' {
  const { quote, delimiter, newline } = shape
  const open = afterSpaces(text, at, delimiter)
  if (quote !== undefined && text[open] === quote) {
    const close = closingQuote(text, open, quote)
    if (close === -1 || close - start > LONGEST_QUOTED_BYTES)
      return isLast || text.length - start > LONGEST_QUOTED_BYTES ? 'fault' : 'more'
    if (close + 1 >= text.length && !isLast) return 'more'
    return { value: text.subarray(open + 1, close), end: afterSpaces(text, close + 1, delimiter) }
  }
  let end = at
  while (end < text.length && text[end] !== newline && text[end] !== RETURN && !startsWith(text, end, delimiter)) end++
  return end === text.length && !isLast ? 'more' : { value: text.subarray(at, end), end }
}

/** The quote that closes the cell opened at `open`, or -1. */
function closingQuote(text: Buffer, open: number, quote: number): number {
  for (let at = open + 1; ; at += 2) {
    at = text.indexOf(quote, at)
    if (at === -1 || text[at + 1] !== quote) return at
  }
}

/** Where the next line begins when this one ends at `at`, with returns or without. */
function endOfLine(text: Buffer, at: number, shape: CsvShape, isLast: boolean): number | 'more' | undefined {
  let end = at
  if (shape.newline !== RETURN) while (text[end] === RETURN) end++
  if (end >= text.length) return isLast ? text.length : 'more'
  return text[end] === shape.newline ? end + 1 : undefined
}

function brokenLine(text: Buffer, start: number, shape: CsvShape, isLast: boolean): CsvRecord | undefined {
  const newline = text.indexOf(shape.newline, start)
  if (newline === -1 && !isLast) return undefined
  return { end: newline === -1 ? text.length : newline + 1, cells: [], severalLines: false, fault: true }
}

function afterSpaces(text: Buffer, at: number, delimiter: Buffer): number {
  if (delimiter[0] === SPACE) return at
  let end = at
  while (text[end] === SPACE) end++
  return end
}

function startsWith(text: Buffer, at: number, part: Buffer): boolean {
  if (text[at] !== part[0]) return false
  for (let index = 1; index < part.length; index++) if (text[at + index] !== part[index]) return false
  return true
}
