import type { PlacedFault } from './csv-table.js'
import type { CsvRecord } from './read-reference.js'

/** Rows that name an instrument which instruments.csv does not have. */
export function unknownInstruments(records: readonly CsvRecord[], instruments: ReadonlySet<string>): PlacedFault[] {
  return records.flatMap(record => {
    const { text, place } = record.get('instrument_id')!
    return instruments.has(text) ? [] : [{ message: `instruments.csv has no ${text}`, place }]
  })
}
