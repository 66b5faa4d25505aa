import { nearestName } from '../../core/nearest-name.js'
import type { ReferenceColumn, ReferenceTable } from '../reference-table.js'
import { type CsvCell, type PlacedFault, readCsv } from './csv-table.js'

/** The text of a project's CSV file and the name that messages give it. */
export interface ReferenceFile {
  readonly text: string
  readonly file: string
}

/** A column that a file may have. */
export interface CsvColumn extends ReferenceColumn {
  /** The header must name it and every row must have a value. */
  readonly required?: boolean
  /** What is wrong with a value, in words that follow it. */
  readonly fault?: (value: string) => string | undefined
}

/** One row by column name; a column without a value is absent. */
export type CsvRecord = ReadonlyMap<string, CsvCell>

export interface ReferenceRead {
  readonly table: ReferenceTable
  /** Rows whose values are sound, for checks between values and between rows. */
  readonly records: readonly CsvRecord[]
  readonly faults: readonly PlacedFault[]
}

/** Reads a CSV file into a table with all known columns, and the file's own beside them as text. Every value is checked alone. */
export function readReference(name: string, { text, file }: ReferenceFile, known: readonly CsvColumn[]): ReferenceRead {
  const csv = readCsv(text, file)
  const start = { file, line: 1, column: 1 }
  const headerFaults =
    csv.header.length === 0 ? [{ message: 'the file is empty', place: start }] : headerFaultsOf(csv.header, known)
  if (headerFaults.length > 0) return { table: { name, columns: known, rows: [] }, records: [], faults: headerFaults }
  const names = csv.header.map(cell => cell.text)
  const columns = [...known, ...names.filter(own => !known.some(column => column.name === own)).map(foreignColumn)]
  const records: CsvRecord[] = []
  const faults = [...csv.faults]
  for (const cells of csv.rows) {
    const record = new Map(names.flatMap((own, at) => (cells[at]!.text === '' ? [] : [[own, cells[at]!] as const])))
    const found = known.flatMap(column => valueFaults(column, record.get(column.name), cells[0]!))
    faults.push(...found)
    if (found.length === 0) records.push(record)
  }
  const rows = records.map(record => columns.map(column => record.get(column.name)?.text ?? null))
  return { table: { name, columns, rows }, records, faults }
}

function headerFaultsOf(header: readonly CsvCell[], known: readonly CsvColumn[]): PlacedFault[] {
  const names = header.map(cell => cell.text)
  const lacking = known.filter(column => !names.includes(column.name))
  return [
    ...lacking
      .filter(column => column.required)
      .map(column => ({ message: `the header lacks \`${column.name}\``, place: header[0]!.place })),
    ...header.flatMap((cell, at) => {
      const fault = nameFault(cell.text, names.indexOf(cell.text) < at, lacking)
      return fault === undefined ? [] : [{ message: fault, place: cell.place }]
    }),
  ]
}

/** A column of the user's own may have any name but one that looks like a misspelt column of ours. */
function nameFault(name: string, twice: boolean, lacking: readonly CsvColumn[]): string | undefined {
  if (twice) return `the column \`${name}\` stands here twice`
  if (!/^[a-z][a-z0-9_]*$/.test(name))
    return `\`${name}\` is no column name: lower-case letters, digits and underscores`
  const optional = lacking.filter(column => !column.required).map(column => column.name)
  const near = name.length < 5 ? undefined : nearestName(name, optional)
  return near === undefined ? undefined : `unknown column \`${name}\`, nearest is \`${near}\``
}

function foreignColumn(name: string): CsvColumn {
  return { name, sqlType: 'VARCHAR', doc: 'A column of the project.' }
}

function valueFaults(column: CsvColumn, cell: CsvCell | undefined, first: CsvCell): PlacedFault[] {
  if (cell === undefined) return column.required ? [{ message: `\`${column.name}\` is empty`, place: first.place }] : []
  const fault = column.fault?.(cell.text) ?? typeFault(column, cell.text)
  return fault === undefined ? [] : [{ message: `${column.name}: \`${cell.text}\` ${fault}`, place: cell.place }]
}

function typeFault(column: CsvColumn, text: string): string | undefined {
  if (column.sqlType === 'BOOLEAN') return /^(true|false)$/.test(text) ? undefined : 'is neither true nor false'
  if (column.sqlType === 'DATE') return isDate(text) ? undefined : 'is no date such as 2024-01-31'
  return undefined
}

function isDate(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  return day !== undefined && date.getUTCMonth() + 1 === Number(month)
}
