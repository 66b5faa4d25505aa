import { identifierFault } from './check-digits.js'
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

/** Numbers of an instrument in public schemes, and when it had them. */
export const IDENTIFIER_COLUMNS: readonly CsvColumn[] = [
  { name: 'instrument_id', sqlType: 'VARCHAR', doc: 'The instrument.', required: true },
  {
    name: 'scheme',
    sqlType: 'VARCHAR',
    doc: '`isin`, `figi`, `figi_composite`, `figi_share_class`, `cusip`, `sedol` and `mic` are checked; others are taken as they are.',
    required: true,
    fault: value =>
      /^[a-z][a-z0-9_]*$/.test(value) ? undefined : 'is no name of a scheme: lower-case letters, digits, underscores',
  },
  { name: 'value', sqlType: 'VARCHAR', doc: 'The number, with its check digit.', required: true },
  ...VALIDITY_COLUMNS,
]

/** Reads instrument_identifiers.csv: check digits are right, and at any time an instrument has one number in a scheme. */
export function readIdentifiers(file: ReferenceFile, instruments: ReadonlySet<string>): ReferenceRead {
  const read = readReference('instrument_identifiers', file, IDENTIFIER_COLUMNS)
  const { records } = read
  const overlaps = overlapFaults(
    records,
    record => [record.get('instrument_id')!, record.get('scheme')!],
    ([id, scheme]) => `${id} has another ${scheme}`,
  )
  // One ISIN has many listings; a FIGI is of one.
  const shared = overlapFaults(
    records.filter(record => record.get('scheme')!.text === 'figi'),
    record => [record.get('value')!],
    ([value]) => `${value} is of another instrument`,
  )
  const faults = [...orderFaults(records), ...unknownInstruments(records, instruments), ...overlaps, ...shared]
  return { ...read, faults: [...read.faults, ...records.flatMap(valueFaults), ...faults] }
}

function valueFaults(record: CsvRecord): PlacedFault[] {
  const { text, place } = record.get('value')!
  const fault = identifierFault(record.get('scheme')!.text, text)
  return fault === undefined ? [] : [{ message: `${text} ${fault}`, place }]
}
