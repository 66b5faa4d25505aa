import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import type { RunRecord } from '../../src/pipeline/record/run-record.js'
import { testDuckDb } from '../support/duckdb.js'
import { type ProjectFolder, projectFolder } from '../support/lakes.js'
import { ndjson } from '../support/records.js'

const FIELDS = ['event_id', 'instrument_id', 'event_type', 'event_time', 'price', 'size', 'currency', 'venue']
const ROWS = [
  ['a', 'crypto:coingecko:bitcoin', 'trade', '2026-01-05T10:00:00.123456Z', '88453.06', '2.2495', 'USD', 'Łódź'],
  ['b', 'equity:XNYS:ACME', 'trade', '2026-01-05T11:30:00.000000Z', '141.65', '1', 'USD', null],
  ['c', 'fx:nbp:USDPLN', 'price', '2026-01-06T00:00:00.000000Z', '4.4839', null, 'PLN', 'nbp'],
] as const

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

function objectOf(row: readonly (string | null)[]): Record<string, unknown> {
  return Object.fromEntries(FIELDS.map((field, at) => [field, row[at]]).filter(([, value]) => value !== null))
}

/** A table of cells with a delimiter; an absent value is written as `missing`. */
function csv(delimiter: string, rows: readonly (readonly (string | null)[])[] = ROWS, missing = ''): string {
  return [FIELDS, ...rows].map(cells => `${cells.map(cell => cell ?? missing).join(delimiter)}\n`).join('')
}

const localTime = (iso: string): string =>
  `${iso.slice(8, 10)}.${iso.slice(5, 7)}.${iso.slice(0, 4)} ${iso.slice(11, 26)}`
const LOCAL = ROWS.map(([id, instrument, type, time, price, size, ...rest]) => [
  ...[id, instrument, type, localTime(time), price.replace('.', ','), size?.replace('.', ',') ?? null, ...rest],
])

interface Way {
  readonly way: string
  readonly file: string
  readonly body: string | Uint8Array
  /** Further keys of its pipe. */
  readonly keys?: string
}

const COLUMNS = `columns: [${FIELDS.join(', ')}]`
const RENAMED = ROWS.map(([n, i, t, moment, p, q, c, venue]) => ({ n, i, t, moment, p, q, c: c.toLowerCase(), venue }))
const WAYS: readonly Way[] = [
  { way: 'NDJSON', file: 'rows.ndjson', body: ndjson(ROWS.map(objectOf)) },
  { way: 'a JSON array', file: 'rows.json', body: JSON.stringify(ROWS.map(objectOf), null, 2) },
  { way: 'JSON arrays by position', file: 'tuples.json', body: JSON.stringify(ROWS), keys: COLUMNS },
  {
    way: 'lines of JSON arrays',
    file: 'tuples.ndjson',
    body: ROWS.map(row => JSON.stringify(row)).join('\n'),
    keys: `format: ndjson, ${COLUMNS}`,
  },
  {
    way: 'NDJSON with other names, through expressions over columns and the name of the file',
    file: 'named.x',
    body: ndjson(RENAMED),
    keys: `format: ndjson, map: { event_id: n, instrument_id: i, event_type: t, event_time: moment, price: p, size: q, currency: "CASE WHEN regexp_extract(filename, '[a-z]+[.]x$') = 'named.x' THEN upper(c) END" }`,
  },
  { way: 'CSV', file: 'rows.csv', body: csv(',') },
  { way: 'CSV with semicolons', file: 'semicolon.csv', body: csv(';'), keys: `delimiter: ';'` },
  { way: 'CSV with tabs', file: 'tabs.tsv', body: csv('\t'), keys: `delimiter: "\\t"` },
  {
    way: 'CSV without a header',
    file: 'bare.csv',
    body: csv(',').split('\n').slice(1).join('\n'),
    keys: `format: csv, header: false, ${COLUMNS}`,
  },
  {
    way: 'CSV below a preamble',
    file: 'preamble.csv',
    body: `Report of the day\n;;\n${csv(';')}`,
    keys: `format: csv, delimiter: ';', skip_lines: 2`,
  },
  {
    way: 'CSV with markers for missing values',
    file: 'markers.csv',
    body: csv(',', ROWS, 'n/a'),
    keys: 'missing: [n/a]',
  },
  {
    way: 'CSV with decimal commas and local dates',
    file: 'local.csv',
    body: csv(';', LOCAL),
    keys: `delimiter: ';', decimal_comma: true, date_format: '%d.%m.%Y %H:%M:%S.%f'`,
  },
  { way: 'CSV in Windows-1250', file: 'cp1250.csv', body: windows1250(csv(',')), keys: 'encoding: windows-1250' },
  {
    way: 'CSV in UTF-16',
    file: 'utf16.csv',
    body: Buffer.from(`\uFEFF${csv(',')}`, 'utf16le'),
    keys: 'encoding: utf-16le',
  },
]
const OWN_TYPES: Readonly<Record<string, string>> = {
  event_time: 'TIMESTAMPTZ',
  price: 'DECIMAL(18,4)',
  size: 'DECIMAL(18,4)',
}
const PARQUET = [
  { way: 'Parquet with text', file: 'text.parquet', columns: FIELDS },
  {
    way: 'Parquet with types of its own',
    file: 'typed.parquet',
    columns: FIELDS.map(field => `${field}::${OWN_TYPES[field] ?? 'VARCHAR'} AS ${field}`),
  },
  {
    way: 'Parquet with other names and a map',
    file: 'mapped.parquet',
    columns: FIELDS.map(field => (field === 'venue' ? 'venue AS "Where At"' : field)),
    keys: `map: { venue: '"Where At"' }`,
  },
]

describe('the same rows give the same silver', () => {
  let record: RunRecord
  let silver: string
  beforeAll(async () => {
    for (const { file, body } of WAYS) await folder.write(file, body)
    const duckdb = await testDuckDb()
    const values = ROWS.map(row => `(${row.map(cell => (cell === null ? 'NULL' : `'${cell}'`)).join(', ')})`).join(', ')
    for (const { file, columns } of PARQUET)
      await duckdb.run(
        `COPY (SELECT ${columns.join(', ')} FROM (VALUES ${values}) v(${FIELDS.join(', ')})) TO '${folder.folder}/${file}' (FORMAT parquet)`,
      )
    duckdb.close()
    const pipes = [...WAYS, ...PARQUET].map(
      ({ file, keys }) =>
        `  - { name: ${file}, source: file, contract: market_events, input: ${file}${keys === undefined ? '' : `, ${keys}`} }\n`,
    )
    const lake = folder.lake({ models: [], pipes: parsePipes(`pipes:\n${pipes.join('')}`, 'pipes/ways.yaml') })
    record = await lake.run()
    silver = await lake.text(`SELECT ${FIELDS.join(', ')} FROM silver.market_events ORDER BY event_id`)
  })

  // One run reads them all: records of equal content are duplicates of each other, of other content conflicts.
  it.each([...WAYS, ...PARQUET])('as $way', ({ file }) => {
    expect(record.pipes.find(({ pipe }) => pipe === file)).toMatchObject({ in: 3, quarantined: 0, rules: {} })
  })

  it('and it is what the rows say, to the last digit', () => {
    const [first, second, third] = ROWS.map(row => [...row])
    const expected = [
      [
        ...first!.slice(0, 3),
        '2026-01-05 10:00:00.123456+00',
        '88453.060000000000000000',
        '2.249500000000000000',
        ...first!.slice(6),
      ],
      [
        ...second!.slice(0, 3),
        '2026-01-05 11:30:00+00',
        '141.650000000000000000',
        '1.000000000000000000',
        ...second!.slice(6),
      ],
      [...third!.slice(0, 3), '2026-01-06 00:00:00+00', '4.483900000000000000', null, ...third!.slice(6)],
    ].map(row => JSON.stringify(Object.fromEntries(FIELDS.map((field, at) => [field, row[at]]))))
    expect(silver).toBe(expected.join('\n'))
  })
})

/** The few letters beyond ASCII that the rows hold, in Windows-1250. */
function windows1250(text: string): Buffer {
  const bytes: Readonly<Record<string, number>> = { Ł: 0xa3, ó: 0xf3, ź: 0x9f }
  return Buffer.from([...text].map(letter => bytes[letter] ?? letter.charCodeAt(0)))
}
