import type { PlacedFault } from './csv-table.js'
import { plainNameFault } from './plain-name.js'
import {
  type CsvColumn,
  type CsvRecord,
  type ReferenceFile,
  type ReferenceRead,
  readReference,
} from './read-reference.js'

/** What holdings are put through: the returns of a window of the past, or a shock to instruments. */
export const SCENARIO_COLUMNS: readonly CsvColumn[] = [
  {
    name: 'scenario',
    sqlType: 'VARCHAR',
    doc: 'Its name. A shock may have several rows, a window has one.',
    required: true,
    fault: plainNameFault,
  },
  {
    name: 'kind',
    sqlType: 'VARCHAR',
    doc: '`window`: what prices did from one day to another. `shock`: returns that are given.',
    required: true,
    fault: value => (/^(window|shock)$/.test(value) ? undefined : 'is neither window nor shock'),
  },
  { name: 'from_date', sqlType: 'DATE', doc: 'Of a window: the first day whose return counts.' },
  { name: 'to_date', sqlType: 'DATE', doc: 'Of a window: the last one.' },
  {
    name: 'instrument_pattern',
    sqlType: 'VARCHAR',
    doc: 'Of a shock: ids that it meets, `*` for any text and `?` for one sign. Where several do, the longest pattern counts.',
    // The models match by GLOB, which gives brackets a meaning.
    fault: value => (/[[\]]/.test(value) ? 'has [ or ]: only `*` and `?` stand for other text' : undefined),
  },
  {
    name: 'shock',
    sqlType: 'DECIMAL(38,9)',
    doc: 'Of a shock: the simple return, -0.2 for a fall of 20 %; at least -1.',
    fault: value =>
      /^-?\d{1,9}(\.\d{1,9})?$/.test(value) && Number(value) >= -1
        ? undefined
        : 'is no return such as -0.2, at least -1',
  },
]

/** Windows that every project has: days of stress that risk desks name. A project may not redefine them. */
const WINDOWS: readonly (readonly [name: string, from: string, to: string])[] = [
  ['black_monday_1987', '1987-10-19', '1987-10-19'],
  ['ltcm_1998', '1998-08-01', '1998-08-31'],
  ['financial_crisis_2008', '2008-09-15', '2009-03-09'],
  ['flash_crash_2010', '2010-05-06', '2010-05-06'],
  ['us_downgrade_2011', '2011-08-01', '2011-08-31'],
  ['franc_floor_2015', '2015-01-15', '2015-01-15'],
  ['brexit_2016', '2016-06-24', '2016-06-24'],
  ['covid_2020', '2020-02-19', '2020-03-23'],
  ['negative_oil_2020', '2020-04-20', '2020-04-20'],
  ['ukraine_2022', '2022-02-24', '2022-02-24'],
  ['terra_2022', '2022-05-01', '2022-05-31'],
  ['ftx_2022', '2022-11-01', '2022-11-30'],
]

const OURS = WINDOWS.map(([name, from, to]) => [name, 'window', from, to, null, null] as const)

/**
 * The scenarios of every project, and those of scenarios.csv: a window has its two days, a shock a pattern and a return, and neither what the
 * other has. A pattern that is an id is one of instruments.csv.
 */
export function readScenarios(file: ReferenceFile | undefined, instruments: ReadonlySet<string>): ReferenceRead {
  if (file === undefined)
    return { table: { name: 'scenarios', columns: SCENARIO_COLUMNS, rows: OURS }, records: [], faults: [] }
  const { table, records, faults } = readReference('scenarios', file, SCENARIO_COLUMNS)
  const own = OURS.map(row => [...row, ...table.columns.slice(row.length).map(() => null)])
  return {
    table: { ...table, rows: [...own, ...table.rows] },
    records,
    faults: [...faults, ...scenarioFaults(records), ...records.flatMap(record => valueFaults(record, instruments))],
  }
}

/** What a row of each kind needs. */
const OWN = { window: ['from_date', 'to_date'], shock: ['instrument_pattern', 'shock'] } as const

function scenarioFaults(records: readonly CsvRecord[]): PlacedFault[] {
  const kinds = new Map<string, string>(WINDOWS.map(([name]) => [name, 'window']))
  const keys = new Set<string>()
  return records.flatMap(record => {
    const { text: name, place } = record.get('scenario')!
    const kind = record.get('kind')!.text
    const lacking = OWN[kind as keyof typeof OWN].filter(column => !record.has(column))
    const earlier = kinds.get(name)
    kinds.set(name, earlier ?? kind)
    const key = JSON.stringify([name, record.get('instrument_pattern')?.text])
    const isTwice = kind === 'window' || earlier === 'window' ? earlier !== undefined : keys.has(key)
    keys.add(key)
    const [from, to] = [record.get('from_date')?.text, record.get('to_date')?.text]
    return [
      ...lacking.map(column => ({ message: `a ${kind} needs \`${column}\``, place })),
      ...(isTwice ? [{ message: `${name} is there already`, place }] : []),
      ...(kind === 'window' && from !== undefined && to !== undefined && to < from
        ? [{ message: `to_date ${to} is before from_date ${from}`, place: record.get('to_date')!.place }]
        : []),
    ]
  })
}

/** What stands in a row and would never count. */
function valueFaults(record: CsvRecord, instruments: ReadonlySet<string>): PlacedFault[] {
  const kind = record.get('kind')!.text
  const foreign = (kind === 'window' ? OWN.shock : OWN.window).flatMap(column => {
    const cell = record.get(column)
    return cell === undefined ? [] : [{ message: `a ${kind} has no \`${column}\``, place: cell.place }]
  })
  const pattern = kind === 'shock' ? record.get('instrument_pattern') : undefined
  if (pattern === undefined || /[*?]/.test(pattern.text) || instruments.has(pattern.text)) return foreign
  return [...foreign, { message: `instruments.csv has no ${pattern.text}`, place: pattern.place }]
}
