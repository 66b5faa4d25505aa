import type { Place } from '../../core/errors.js'

/** A value of a CSV file and where it starts. */
export interface CsvCell {
  readonly text: string
  readonly place: Required<Place>
}

/** What is wrong with a reference file, and where. */
export interface PlacedFault {
  readonly message: string
  readonly place: Required<Place>
}

export interface CsvTable {
  readonly header: readonly CsvCell[]
  /** As many cells each as the header has. */
  readonly rows: readonly (readonly CsvCell[])[]
  readonly faults: readonly PlacedFault[]
}

/**
 * Reads comma-separated text by RFC 4180, with the line and column of every value. Empty lines are passed over, a byte order mark
 * too. Faults: a quote that is never closed or stands inside a value, a row with more or fewer values than the header has,
 * blanks round a value or control characters in it. Rows with such a fault are left out, so that each is reported once.
 */
export function readCsv(text: string, file: string): CsvTable {
  const faults: PlacedFault[] = []
  const [header = [], ...records] = recordsOf(text, file, faults)
  const rows = records.filter(cells => {
    const blank = cells.find(cell => UNCLEAN.test(cell.text))
    if (cells.length !== header.length) {
      const message = `the row has ${count(cells.length)}, the header ${header.length}`
      faults.push({ message, place: cells[0]!.place })
    } else if (blank !== undefined) {
      faults.push({
        message: `blanks round the value \`${blank.text.trim()}\`, or a control character in it`,
        place: blank.place,
      })
    }
    return cells.length === header.length && blank === undefined
  })
  return { header, rows, faults }
}

function count(values: number): string {
  return values === 1 ? '1 value' : `${values} values`
}

/** A blank or line break at either side, or a control character anywhere. */
const UNCLEAN = /^\s|\s$|[\u0000-\u001f\u007f-\u009f]/

/** One value with its separator: quoted, or plain up to a comma or the end of the line. */
const VALUE = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y

function recordsOf(text: string, file: string, faults: PlacedFault[]): CsvCell[][] {
  const records: CsvCell[][] = []
  let cells: CsvCell[] = []
  let [line, lineStart] = [1, text.startsWith('\uFEFF') ? 1 : 0]
  VALUE.lastIndex = lineStart
  while (VALUE.lastIndex < text.length || cells.length > 0) {
    const start = VALUE.lastIndex
    const place = { file, line, column: start - lineStart + 1 }
    const match = VALUE.exec(text)
    if (match === null) {
      const closed = /"[^"]*(?:""[^"]*)*"/y
      closed.lastIndex = start
      const open = text[start] === '"' && !closed.test(text)
      faults.push({ message: open ? 'a quote is opened and never closed' : 'a quote stands inside a value', place })
      return records
    }
    const [whole, quoted, plain = '', separator = ''] = match
    cells.push({ text: quoted?.replaceAll('""', '"') ?? plain, place })
    // Most values are plain: only a quoted one can hold line breaks of its own.
    const breaks = quoted === undefined && separator === ',' ? [] : [...whole.matchAll(/\r\n|\n|\r/g)]
    if (breaks.length > 0) {
      line += breaks.length
      lineStart = start + breaks.at(-1)!.index + breaks.at(-1)![0].length
    }
    if (separator === ',') continue
    if (cells.length > 1 || cells[0]!.text !== '' || quoted !== undefined) records.push(cells)
    cells = []
  }
  return records
}
