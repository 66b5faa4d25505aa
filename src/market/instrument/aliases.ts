import type { PlacedFault } from './csv-table.js'
import {
  type CsvColumn,
  type CsvRecord,
  type ReferenceFile,
  type ReferenceRead,
  readReference,
} from './read-reference.js'
import { unknownInstruments } from './unknown-instruments.js'
import { orderFaults, overlapFaults, VALIDITY_COLUMNS } from './validity.js'

/** How a source calls an instrument, and when. */
export const ALIAS_COLUMNS: readonly CsvColumn[] = [
  { name: 'source', sqlType: 'VARCHAR', doc: 'Whose symbol it is.', required: true },
  { name: 'symbol', sqlType: 'VARCHAR', doc: 'As the source writes it; case counts.', required: true },
  { name: 'instrument_id', sqlType: 'VARCHAR', doc: 'The instrument meant.', required: true },
  ...VALIDITY_COLUMNS,
]

/**
 * Reads instrument_aliases.csv: at any time a symbol of a source means one instrument, and one that instruments.csv has. The id of
 * an instrument means that one for every source, so it cannot be a symbol of another.
 */
export function readAliases(file: ReferenceFile, instruments: ReadonlySet<string>): ReferenceRead {
  const read = readReference('instrument_aliases', file, ALIAS_COLUMNS)
  const overlaps = overlapFaults(
    read.records,
    record => [record.get('source')!, record.get('symbol')!],
    ([source, symbol]) => `${symbol} of ${source} has a meaning`,
  )
  const faults = [
    ...orderFaults(read.records),
    ...unknownInstruments(read.records, instruments),
    ...idsAsSymbols(read.records, instruments),
    ...overlaps,
  ]
  return { ...read, faults: [...read.faults, ...faults] }
}

function idsAsSymbols(records: readonly CsvRecord[], instruments: ReadonlySet<string>): PlacedFault[] {
  return records.flatMap(record => {
    const { text, place } = record.get('symbol')!
    const message = `${text} has two meanings: it is the id of an instrument too`
    return instruments.has(text) ? [{ message, place }] : []
  })
}
