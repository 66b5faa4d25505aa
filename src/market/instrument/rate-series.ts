import { type CsvColumn, type ReferenceFile, type ReferenceRead, readReference } from './read-reference.js'
import { toldTwice } from './told-twice.js'

/** Which macro series is the short rate of a currency. */
export const RATE_SERIES_COLUMNS: readonly CsvColumn[] = [
  {
    name: 'currency',
    sqlType: 'VARCHAR',
    doc: 'ISO 4217 code.',
    required: true,
    fault: value => (/^[A-Z]{3}$/.test(value) ? undefined : 'is no code of a currency such as USD'),
  },
  {
    name: 'series_id',
    sqlType: 'VARCHAR',
    doc: 'The series of macro_observations, in percent a year.',
    required: true,
    fault: value => (/^macro:[^:\s]+:\S+$/.test(value) ? undefined : 'is no series such as macro:fred:DFF'),
  },
]

/**
 * What every project has, until its rate_series.csv says otherwise of a currency: the federal funds rate, the deposit rate of the ECB, and what
 * banks in Poland pay one another for three months (OECD, by month), as FRED has them.
 */
const OURS: readonly (readonly [currency: string, series: string])[] = [
  ['USD', 'macro:fred:DFF'],
  ['EUR', 'macro:fred:ECBDFR'],
  ['PLN', 'macro:fred:IR3TIB01PLM156N'],
]

/** Reads rate_series.csv: a currency has one series, the file's own before ours. */
export function readRateSeries(file?: ReferenceFile): ReferenceRead {
  if (file === undefined)
    return { table: { name: 'rate_series', columns: RATE_SERIES_COLUMNS, rows: OURS }, records: [], faults: [] }
  const { table, records, faults } = readReference('rate_series', file, RATE_SERIES_COLUMNS)
  const own = new Set(records.map(record => record.get('currency')!.text))
  const ours = OURS.filter(([currency]) => !own.has(currency))
  const padded = ours.map(row => [...row, ...table.columns.slice(row.length).map(() => null)])
  return {
    table: { ...table, rows: [...padded, ...table.rows] },
    records,
    faults: [...faults, ...toldTwice(records, 'currency', 'a series')],
  }
}
