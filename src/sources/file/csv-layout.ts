import { SluiceError } from '../../core/errors.js'
import type { Dialect } from '../pipe.js'
import { type CsvRecord, type CsvShape, recordAt } from './csv-records.js'

/** What the beginning of a CSV text says about the rest. */
export interface CsvLayout {
  readonly shape: CsvShape
  /** The columns of every record, by name; empty when the text has no record at all. */
  readonly header: readonly string[]
  /** Where the records begin: the byte, and its line counted from 1. */
  readonly bodyStart: number
  readonly bodyLine: number
  /** Blank lines stand before the header, which DuckDB would take for it. */
  readonly blankFirst: boolean
  /** The first record, as far as it is in the beginning. */
  readonly firstCells: readonly string[]
}

const DELIMITERS = [',', ';', '\t', '|']

/**
 * The layout of a CSV whose first bytes these are; undefined when the header is longer than they are. Without a declared delimiter
 * it is the one that divides the first line into the most cells. Throws SLUICE_INPUT_FORMAT for a header that cannot be one.
 */
export function layoutOf(start: Buffer, isLast: boolean, dialect: Dialect, file: string): CsvLayout | undefined {
  const tries = dialect.delimiter === undefined ? DELIMITERS : [dialect.delimiter]
  const layouts = tries.map(delimiter => layoutWith(delimiter, start, isLast, dialect, file))
  if (layouts.includes(undefined)) return undefined
  const [best] = layouts.sort((a, b) => b!.width - a!.width)
  refuseTwins(best!.layout, dialect, file)
  return best!.layout
}

function layoutWith(
  delimiter: string,
  start: Buffer,
  isLast: boolean,
  dialect: Dialect,
  file: string,
): { readonly layout: CsvLayout; readonly width: number } | undefined {
  const quote = dialect.quote ?? '"'
  const newline = start.includes(10) || !start.includes(13) ? 10 : 13
  const shape: CsvShape = { delimiter: Buffer.from(delimiter), quote: Buffer.from(quote)[0], newline }
  const top = afterSkipped(start, dialect.skipLines, newline)
  const head = afterBlank(start, top.at, newline)
  const first = recordAt(start, head.at, shape, isLast)
  if (first === undefined) return undefined
  const headerLine = dialect.skipLines + head.lines + 1
  if (first.fault && dialect.header) throw brokenHeader(file, headerLine)
  const after = dialect.header ? first.end : head.at
  const names =
    dialect.columns ?? (dialect.header ? first.cells.map(nameOf) : first.cells.map((_, at) => `column${at}`))
  const second = dialect.header ? recordAt(start, afterBlank(start, after, newline).at, shape, isLast) : first
  const layout = {
    shape: { ...shape, columns: names.length },
    header: head.at >= start.length ? [] : names,
    bodyStart: after,
    bodyLine: headerLine + (dialect.header ? linesIn(start.subarray(head.at, first.end), newline) : 0),
    blankFirst: head.lines > 0,
    firstCells: second?.cells.map(cell => cell.toString('utf8')) ?? [],
  }
  return { layout, width: first.cells.length }
}

function afterSkipped(text: Buffer, lines: number, newline: number): { readonly at: number } {
  let at = 0
  for (let line = 0; line < lines && at < text.length; line++) at = text.indexOf(newline, at) + 1 || text.length
  return { at }
}

function afterBlank(text: Buffer, from: number, newline: number): { readonly at: number; readonly lines: number } {
  let at = from
  let lines = 0
  for (let end = at; text[end] === 13 || text[end] === 10; ) {
    if (text[end++] !== newline) continue
    lines++
    at = end
  }
  return { at, lines }
}

function linesIn(text: Buffer, newline: number): number {
  let lines = 0
  for (const byte of text) if (byte === newline) lines++
  return lines
}

function nameOf(cell: CsvRecord['cells'][number], at: number): string {
  const name = cell.toString('utf8').replaceAll('""', '"')
  return name === '' ? `column${at}` : name
}

function refuseTwins({ header, bodyLine }: CsvLayout, dialect: Dialect, file: string): void {
  if (!dialect.header || dialect.columns !== undefined) return
  const twice = header.find((name, at) => header.findIndex(other => other.toLowerCase() === name.toLowerCase()) !== at)
  if (twice === undefined) return
  throw new SluiceError('SLUICE_INPUT_FORMAT', `${file} has two columns named ${twice}.`, {
    place: { file, line: bodyLine - 1 },
    next: 'Name the columns yourself: `header: true` with `columns: [...]` in the pipe. Nothing was written.',
  })
}

function brokenHeader(file: string, line: number): SluiceError {
  return new SluiceError('SLUICE_INPUT_FORMAT', `The header of ${file} has a quote that is not closed as it should.`, {
    place: { file, line },
    next: 'Correct the line, or declare another `quote` or `skip_lines` in the pipe. Nothing was written.',
  })
}
