import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import type { PipeRecord } from '../../src/pipeline/record/run-record.js'
import { testDuckDb } from '../support/duckdb.js'
import { type ProjectFolder, projectFolder } from '../support/lakes.js'
import { ndjson, trade, trades } from '../support/records.js'

const MARK = '\uFEFF'
const HEADER = 'event_id,instrument_id,event_type,event_time,price,size,currency'
const CELLS = [
  'e0,crypto:coingecko:bitcoin,trade,2026-01-05T10:00:00Z,100,2,USD',
  'e1,crypto:coingecko:bitcoin,trade,2026-01-05T10:01:00Z,101,2,USD',
  'e2,crypto:coingecko:bitcoin,trade,2026-01-05T10:02:00Z,102,2,USD',
]
/** Objects that say two things of one field. */
const TWICE = [
  '"event_id": "second"',
  '"event_id": null',
  '"odd": 1, "event_id": "second"',
  '"venue": null, "price": 1',
].map(more => JSON.stringify(trade('first')).replace('{', `{${more}, `))
const LINES = ndjson(trades(3))

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

/** The same three trades, written in every way that must just work. */
const WAYS: readonly (readonly [way: string, name: string, body: string | Uint8Array])[] = [
  ['a byte order mark', 'mark.ndjson', MARK + LINES],
  ['a byte order mark, as CSV', 'mark.csv', `${MARK}${[HEADER, ...CELLS].join('\n')}\n`],
  ['a byte order mark inside gzip', 'mark.ndjson.gz', gzipSync(MARK + LINES)],
  ['CRLF', 'crlf.ndjson', LINES.replaceAll('\n', '\r\n')],
  ['CRLF, as CSV', 'crlf.csv', `${[HEADER, ...CELLS].join('\r\n')}\r\n`],
  ['CRLF, as a JSON array', 'crlf.json', `[\r\n${LINES.trim().replaceAll('\n', ',\r\n')}\r\n]\r\n`],
  ['blank lines', 'blank.ndjson', `\n\n${LINES.replaceAll('\n', '\n\n  \n\t\n')}`],
  ['blank lines, as CSV', 'blank.csv', `${[HEADER, ...CELLS].join('\n\n')}\n\n`],
  ['no newline at its end', 'open.ndjson', LINES.trimEnd()],
  ['no newline at its end, as CSV', 'open.csv', [HEADER, ...CELLS].join('\n')],
  ['gzip and no ending that says so', 'packed.ndjson', gzipSync(LINES)],
  ['several gzip members', 'members.txt', Buffer.concat([gzipSync(LINES.slice(0, 100)), gzipSync(LINES.slice(100))])],
  ['an ending that lies', 'lines.gz', LINES],
  ['leading space before a JSON array', 'space.json', `\n  [${LINES.trim().replaceAll('\n', ',')}]`],
]

describe('a text file', () => {
  let records: readonly PipeRecord[]
  let silver: string
  beforeAll(async () => {
    for (const [, name, body] of WAYS) await folder.write(name, body)
    const pipes = WAYS.map(
      ([, name]) => `  - { name: ${name}, source: file, contract: market_events, input: ${name} }\n`,
    )
    const lake = folder.lake({ models: [], pipes: parsePipes(`pipes:\n${pipes.join('')}`, 'pipes/ways.yaml') })
    records = (await lake.run()).pipes
    silver = await lake.text('SELECT event_id, price::INTEGER AS price FROM silver.market_events ORDER BY event_id')
  })

  // All of them are read by one run: records of equal content are duplicates, of other content conflicts.
  it.each(WAYS)('is read with %s', (_, name) => {
    expect(records.find(record => record.pipe === name)).toMatchObject({ in: 3, quarantined: 0, rules: {} })
  })

  it('gives the same rows in all these ways', () => {
    const rows = [0, 1, 2].map(at => JSON.stringify({ event_id: `e${at}`, price: 100 + at }))
    expect(silver).toBe(rows.join('\n'))
    const sum = (figure: 'accepted' | 'duplicate') => records.reduce((all, record) => all + record[figure], 0)
    expect([sum('accepted'), sum('duplicate')]).toEqual([3, 3 * (WAYS.length - 1)])
  })

  it('keeps what is between the quotes of a CSV cell: the delimiter, a quote, a line break', async () => {
    const lake = folder.lake()
    const text = `${HEADER},venue\n${CELLS[0]},"a, ""b""\nc"\n`
    await lake.run({ runId: 'quotes', input: [await folder.write('quotes.csv', text)] })
    expect(await lake.rows('SELECT venue FROM silver.market_events')).toEqual([{ venue: 'a, "b"\nc' }])
  })

  it('keeps a CSV line with a cell too many or too few in quarantine, as it is', async () => {
    const lake = folder.lake()
    const text = [HEADER, ...CELLS, `${CELLS[0]},more`, 'e9,crypto'].join('\n')
    const record = await lake.run({
      runId: 'cells',
      input: [await folder.write('cells.csv', text)],
      allowDqBreach: true,
    })
    expect(record.pipes).toMatchObject([{ in: 5, accepted: 3, quarantined: 2 }])
    const rows = await lake.rows('SELECT raw, rules FROM quarantine.market_events ORDER BY raw')
    expect(rows).toEqual([
      { raw: `${CELLS[0]},more`, rules: ['unreadable'] },
      { raw: 'e9,crypto', rules: ['unreadable'] },
    ])
  })

  it('keeps unreadable lines with their text and their number in the file', async () => {
    const lake = folder.lake()
    const broken = ['{"event_id": "e7", ', 'plain text', '[1, 2]', '"text"', '{"a": 1} {"b": 2}', ...TWICE]
    const text = [...trades(2).map(row => JSON.stringify(row)), ...broken].join('\n')
    const record = await lake.run({
      runId: 'broken',
      input: [await folder.write('broken.ndjson', text)],
      allowDqBreach: true,
    })
    expect(record.pipes).toMatchObject([{ in: 11, accepted: 2, quarantined: 9, rules: { unreadable: 9 } }])
    const rows = await lake.rows('SELECT raw, _position FROM quarantine.market_events ORDER BY _position')
    expect(rows).toEqual(broken.map((raw, at) => ({ raw, _position: String(at + 2) })))
  })

  it('keeps a list or an object in a field as JSON text, and fields that the contract does not know in _extra', async () => {
    const lake = folder.lake()
    const rows = [
      trade('a', { venue: ['x', 1] }),
      trade('b', { venue: { mic: 'XNYS' } }),
      trade('c', { venue: 'XNYS', odd: [1, { deep: true }] }),
      trade('d', { venue: null }),
    ]
    await lake.run({ runId: 'lists', input: [await folder.write('lists.ndjson', ndjson(rows))] })
    expect(await lake.rows('SELECT event_id, venue FROM silver.market_events ORDER BY event_id')).toEqual([
      { event_id: 'a', venue: '["x",1]' },
      { event_id: 'b', venue: '{"mic":"XNYS"}' },
      { event_id: 'c', venue: 'XNYS' },
      { event_id: 'd', venue: null },
    ])
    expect(await lake.rows('SELECT _extra FROM bronze.market_events WHERE _extra IS NOT NULL')).toEqual([
      { _extra: '{"odd":[1,{"deep":true}]}' },
    ])
  })

  it.each([
    ['a word', 'exported by hand'],
    ['the log line of another program', '[2026-01-05 10:00:00] INFO export begins'],
    ['a cut record', '"event_id": "e", "price": 1}'],
  ])('is NDJSON also when it begins with %s, which is quarantined by itself', async (_, line) => {
    const input = [await folder.write('begins.x', `${line}\n${LINES}`)]
    const lake = folder.lake()
    const record = await lake.run({ input, allowDqBreach: true })
    expect(record).toMatchObject({ pipes: [{ in: 4, accepted: 3, quarantined: 1, rules: { unreadable: 1 } }] })
    expect(await lake.rows('SELECT raw FROM quarantine.market_events')).toEqual([{ raw: line }])
  })

  it('may hold a line of 20 MB', async () => {
    const long = trade('long', { note: 'x'.repeat(20_000_000) })
    const lake = folder.lake()
    const record = await lake.run({ input: [await folder.write('long.ndjson', ndjson([...trades(2), long]))] })
    expect(record.pipes).toMatchObject([{ in: 3, accepted: 3 }])
    expect(
      await lake.rows(
        `SELECT length(_extra->>'note')::INTEGER AS length FROM bronze.market_events WHERE event_id = 'long'`,
      ),
    ).toEqual([{ length: 20_000_000 }])
  })

  it('may be zstd when its format is declared', async () => {
    const duckdb = await testDuckDb()
    const plain = await folder.write('plain.ndjson', LINES)
    const packed = `${folder.folder}/lines.zst`
    await duckdb.run(`COPY (SELECT * FROM read_csv('${plain}', columns = {'line': 'VARCHAR'}, delim = '\u0001', quote = '', header = false))
      TO '${packed}' (FORMAT csv, QUOTE '', ESCAPE '', DELIMITER '\u0001', HEADER false, COMPRESSION zstd)`)
    duckdb.close()
    const pipes = parsePipes(
      'pipes:\n  - { name: packed, source: file, contract: market_events, input: lines.zst, format: ndjson }\n',
      'pipes/packed.yaml',
    )
    const lake = folder.lake({ models: [], pipes })
    expect((await lake.run({ runId: 'zstd', select: ['packed'] })).pipes).toMatchObject([{ in: 3, accepted: 3 }])
  })
})
