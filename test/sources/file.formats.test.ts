import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parsePipes } from '../../src/pipeline/load-pipes.js'
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
let expected: string
beforeAll(async () => {
  folder = await projectFolder()
  expected = await silverOf('ndjson', ndjson(ROWS.map(objectOf)), '')
})
afterAll(() => folder.remove())

function objectOf(row: readonly (string | null)[]): Record<string, unknown> {
  return Object.fromEntries(FIELDS.map((field, at) => [field, row[at]]).filter(([, value]) => value !== null))
}

/** Silver in contract columns, after a file was read by a pipe with these further keys. */
async function silverOf(name: string, body: string | Uint8Array | undefined, keys: string): Promise<string> {
  if (body !== undefined) await folder.write(name, body)
  const pipe = `{ name: it, source: file, contract: market_events, input: '${name}'${keys === '' ? '' : `, ${keys}`} }`
  const lake = folder.lake({ models: [], pipes: parsePipes(`pipes:\n  - ${pipe}\n`, 'pipes/it.yaml') })
  const record = await lake.run({ runId: 'formats', select: ['it'] })
  expect(record.pipes).toMatchObject([{ in: 3, accepted: 3, quarantined: 0 }])
  return lake.text(`SELECT ${FIELDS.join(', ')} FROM silver.market_events ORDER BY event_id`)
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

describe('the same rows give the same silver', () => {
  it.each([
    ['a JSON array', 'rows.json', JSON.stringify(ROWS.map(objectOf), null, 2), ''],
    ['JSON arrays by position', 'tuples.json', JSON.stringify(ROWS), `columns: [${FIELDS.join(', ')}]`],
    [
      'lines of JSON arrays',
      'tuples.ndjson',
      ROWS.map(row => JSON.stringify(row)).join('\n'),
      `format: ndjson, columns: [${FIELDS.join(', ')}]`,
    ],
    ['CSV', 'rows.csv', csv(','), ''],
    ['CSV with semicolons', 'semicolon.csv', csv(';'), `delimiter: ';'`],
    ['CSV with tabs', 'tabs.tsv', csv('\t'), `delimiter: "\\t"`],
    [
      'CSV without a header',
      'bare.csv',
      csv(',').split('\n').slice(1).join('\n'),
      `format: csv, header: false, columns: [${FIELDS.join(', ')}]`,
    ],
    [
      'CSV below a preamble',
      'preamble.csv',
      `Report of the day\n;;\n${csv(';')}`,
      `format: csv, delimiter: ';', skip_lines: 2`,
    ],
    ['CSV with markers for missing values', 'markers.csv', csv(',', ROWS, 'n/a'), 'missing: [n/a]'],
    [
      'CSV with decimal commas and local dates',
      'local.csv',
      csv(';', LOCAL),
      `delimiter: ';', decimal_comma: true, date_format: '%d.%m.%Y %H:%M:%S.%f'`,
    ],
    ['CSV in Windows-1250', 'cp1250.csv', windows1250(csv(',')), 'encoding: windows-1250'],
    ['CSV in UTF-16', 'utf16.csv', Buffer.from(`\uFEFF${csv(',')}`, 'utf16le'), 'encoding: utf-16le'],
  ])('as %s', async (_, name, body, keys) => {
    expect(await silverOf(name, body, keys)).toBe(expected)
  })

  it.each([
    ['text', FIELDS.map(field => field)],
    [
      'types of its own',
      FIELDS.map(field =>
        field === 'event_time'
          ? 'event_time::TIMESTAMPTZ AS event_time'
          : field === 'price' || field === 'size'
            ? `${field}::DECIMAL(18,4) AS ${field}`
            : field,
      ),
    ],
    ['other names and a map', FIELDS.map(field => (field === 'venue' ? 'venue AS "Where At"' : field))],
  ])('as Parquet with %s', async (kind, columns) => {
    const duckdb = await testDuckDb()
    const values = ROWS.map(row => `(${row.map(cell => (cell === null ? 'NULL' : `'${cell}'`)).join(', ')})`).join(', ')
    const path = `${folder.folder}/rows-${kind.length}.parquet`
    await duckdb.run(
      `COPY (SELECT ${columns.join(', ')} FROM (VALUES ${values}) v(${FIELDS.join(', ')})) TO '${path}' (FORMAT parquet)`,
    )
    duckdb.close()
    const keys = kind.startsWith('other') ? `map: { venue: '"Where At"' }` : ''
    expect(await silverOf(path, undefined, keys)).toBe(expected)
  })

  it('as NDJSON with other names, through expressions over columns and the name of the file', async () => {
    const rows = ROWS.map(([id, instrument, type, time, price, size, currency, venue]) => ({
      n: id,
      instrument,
      t: type,
      moment: time,
      p: price,
      q: size,
      c: currency.toLowerCase(),
      venue,
    }))
    const keys = `format: ndjson, map: { event_id: n, instrument_id: instrument, event_type: t, event_time: moment, price: p, size: q, currency: "CASE WHEN regexp_extract(filename, '[a-z]+[.]x$') = 'named.x' THEN upper(c) END" }`
    expect(await silverOf('named.x', ndjson(rows), keys)).toBe(expected)
  })
})

/** The few letters beyond ASCII that the rows hold, in Windows-1250. */
function windows1250(text: string): Buffer {
  const bytes: Readonly<Record<string, number>> = { Ł: 0xa3, ó: 0xf3, ź: 0x9f }
  return Buffer.from([...text].map(letter => bytes[letter] ?? letter.charCodeAt(0)))
}
