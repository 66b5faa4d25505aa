import type { PlacedFault } from './csv-table.js'
import type { CsvRecord } from './read-reference.js'

/** Rows whose value of a column an earlier row has already: `what` is what a value may have once, as `a benchmark`. */
export function toldTwice(records: readonly CsvRecord[], column: string, what: string): PlacedFault[] {
  const lines = new Map<string, number>()
  return records.flatMap(record => {
    const { text, place } = record.get(column)!
    const line = lines.get(text)
    if (line === undefined) lines.set(text, place.line)
    return line === undefined ? [] : [{ message: `${text} has ${what} in line ${line} already`, place }]
  })
}
