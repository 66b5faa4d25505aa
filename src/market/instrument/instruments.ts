import { nearestName } from '../../core/nearest-name.js'
import { CALENDAR_NAMES } from '../calendar/registry.js'
import { CURRENCIES } from '../currency/currencies.js'
import { identifierFault } from './check-digits.js'
import type { PlacedFault } from './csv-table.js'
import {
  type CsvColumn,
  type CsvRecord,
  type ReferenceFile,
  type ReferenceRead,
  readReference,
} from './read-reference.js'
import { orderFaults, VALIDITY_COLUMNS } from './validity.js'

/** What instruments.csv may say of an instrument. A project adds columns of its own freely. */
export const INSTRUMENT_COLUMNS: readonly CsvColumn[] = [
  {
    name: 'instrument_id',
    sqlType: 'VARCHAR',
    doc: '`<class>:<scheme or venue>:<code>`, such as `equity:XWAR:PKO` or `crypto:coingecko:bitcoin`. Never changes and is never given again.',
    required: true,
    fault: instrumentIdFault,
  },
  { name: 'name', sqlType: 'VARCHAR', doc: 'Name for people.' },
  { name: 'asset_class', sqlType: 'VARCHAR', doc: 'The first part of the id.' },
  {
    name: 'currency',
    sqlType: 'VARCHAR',
    doc: 'What prices are in: a code of `reference.currencies`; of crypto assets any code.',
  },
  {
    name: 'venue',
    sqlType: 'VARCHAR',
    doc: 'ISO 10383 MIC of the listing.',
    fault: value => identifierFault('mic', value),
  },
  {
    name: 'calendar',
    sqlType: 'VARCHAR',
    doc: 'Trading calendar, one of `sluice calendar` or another name of it.',
    fault: calendarFault,
  },
  { name: 'price_can_be_negative', sqlType: 'BOOLEAN', doc: 'Spreads, power, oil in April 2020.' },
  ...VALIDITY_COLUMNS,
]

/** Reads instruments.csv: each id once and well formed, known currencies, validity the right way round. */
export function readInstruments(file: ReferenceFile): ReferenceRead {
  const read = readReference('instruments', file, INSTRUMENT_COLUMNS)
  const { records } = read
  return {
    ...read,
    faults: [...read.faults, ...orderFaults(records), ...repeatedIds(records), ...records.flatMap(ownFaults)],
  }
}

/** What is wrong with an instrument id, in words that follow it. */
export function instrumentIdFault(id: string): string | undefined {
  if (/[*?\p{Cf}]/u.test(id))
    return 'has *, ? or an invisible sign: patterns of scenarios.csv have the two, and nobody sees the third'
  if (/^[a-z][a-z0-9_-]*:[A-Za-z0-9][\w.-]*:[^\s:\p{Cc}]+$/u.test(id)) return undefined
  return 'is not <class>:<scheme or venue>:<code>, such as equity:XWAR:PKO'
}

function calendarFault(name: string): string | undefined {
  if (CALENDAR_NAMES.has(name)) return undefined
  const near = nearestName(name, CALENDAR_NAMES)
  return near === undefined ? 'is no calendar' : `is no calendar, nearest is \`${near}\``
}

function repeatedIds(records: readonly CsvRecord[]): PlacedFault[] {
  const first = new Map<string, number>()
  return records.flatMap(record => {
    const { text, place } = record.get('instrument_id')!
    const line = first.get(text)
    if (line !== undefined) return [{ message: `${text} stands in line ${line} already`, place }]
    first.set(text, place.line)
    return []
  })
}

function ownFaults(record: CsvRecord): PlacedFault[] {
  const faults: PlacedFault[] = []
  const id = record.get('instrument_id')!.text
  const [idClass] = id.split(':')
  const assetClass = record.get('asset_class')
  const currency = record.get('currency')
  if (assetClass !== undefined && assetClass.text !== idClass)
    faults.push({ message: `asset_class \`${assetClass.text}\` is not that of ${id}`, place: assetClass.place })
  if (currency !== undefined && !isCurrency(currency.text, idClass === 'crypto'))
    faults.push({ message: `unknown currency \`${currency.text}\`${otherCase(currency.text)}`, place: currency.place })
  return faults
}

/** Crypto assets are quoted in one another, and new ones are made every day. */
function isCurrency(code: string, ofCrypto: boolean): boolean {
  return CURRENCIES.has(code) || (ofCrypto && /^[A-Z0-9]{2,10}$/.test(code))
}

function otherCase(code: string): string {
  const known = [...CURRENCIES.keys()].find(other => other.toLowerCase() === code.toLowerCase())
  return known === undefined ? '' : `, nearest is \`${known}\``
}
