import type { PlacedFault } from './csv-table.js'
import { plainNameFault } from './plain-name.js'
import {
  type CsvColumn,
  type CsvRecord,
  type ReferenceFile,
  type ReferenceRead,
  readReference,
} from './read-reference.js'
import { unknownInstruments } from './unknown-instruments.js'

/** Instruments whose returns are compared with one another. */
export const BASKET_COLUMNS: readonly CsvColumn[] = [
  {
    name: 'basket',
    sqlType: 'VARCHAR',
    doc: 'Its name.',
    required: true,
    fault: plainNameFault,
  },
  { name: 'instrument_id', sqlType: 'VARCHAR', doc: 'One of its instruments.', required: true },
]

/** Pairs grow with the square: 100 instruments have 5,050 of them, in three figures a month. */
const MOST = 100

/** Reads baskets.csv: an instrument is in a basket once, a basket has at most 100, and instruments.csv has all of them. */
export function readBaskets(file: ReferenceFile, instruments: ReadonlySet<string>): ReferenceRead {
  const read = readReference('baskets', file, BASKET_COLUMNS)
  const faults = [...unknownInstruments(read.records, instruments), ...basketFaults(read.records)]
  return { ...read, faults: [...read.faults, ...faults] }
}

function basketFaults(records: readonly CsvRecord[]): PlacedFault[] {
  const members = new Map<string, Map<string, number>>()
  return records.flatMap(record => {
    const [{ text: basket }, { text: instrument, place }] = [record.get('basket')!, record.get('instrument_id')!]
    const own = members.get(basket) ?? new Map<string, number>()
    members.set(basket, own)
    const line = own.get(instrument)
    if (line !== undefined) return [{ message: `${instrument} is in ${basket} by line ${line} already`, place }]
    own.set(instrument, place.line)
    return own.size === MOST + 1 ? [{ message: `${basket} has more than ${MOST} instruments`, place }] : []
  })
}
