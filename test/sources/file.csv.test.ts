import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import { testDuckDb } from '../support/duckdb.js'
import { type ProjectFolder, projectFolder } from '../support/lakes.js'

const HEADER = 'event_id,instrument_id,event_type,event_time,price,size,currency,venue'
const line = (id: string, venue = 'v') => `${id},crypto:coingecko:bitcoin,trade,2026-01-05T10:00:00Z,100,2,USD,${venue}`
const lines = (count: number, prefix: string) => Array.from({ length: count }, (_, at) => line(`${prefix}${at}`))

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

async function run(name: string, body: string | Uint8Array, dialect = '') {
  await folder.write(name, body)
  const text = `pipes:\n  - { name: own, source: file, contract: market_events, input: '${name}'${dialect} }\n`
  const lake = folder.lake({ models: [], pipes: parsePipes(text, 'pipes/own.yaml') })
  const record = await lake.run({ runId: 'own', allowDqBreach: true })
  return { lake, pipe: record.pipes[0] }
}

const RAW = 'SELECT raw, _position, rules FROM quarantine.market_events ORDER BY _position'

describe('a CSV with a bad line', () => {
  it('loses no other line to a quote that nothing closes', async () => {
    const stray = line('stray', '"open')
    const text = [HEADER, ...lines(2000, 'a'), stray, ...lines(20_000, 'b')].join('\n')
    const { lake, pipe } = await run('stray.csv', text)
    expect(pipe).toMatchObject({ in: 22_001, accepted: 22_000, quarantined: 1, rules: { unreadable: 1 } })
    expect(await lake.rows(RAW)).toEqual([{ raw: stray, _position: '2002', rules: ['unreadable'] }])
  })

  it('loses none to several, of which one closes the other', async () => {
    const text = [HEADER, ...lines(9, 'a'), line('x', '"y'), ...lines(9, 'b'), line('x', '"y"z'), ...lines(9, 'c')]
    const { lake, pipe } = await run('several.csv', gzipSync(text.join('\r\n')))
    expect(pipe).toMatchObject({ in: 29, accepted: 27, quarantined: 2 })
    expect((await lake.rows(RAW)).map(row => row['raw'])).toEqual([text[10], text[20]])
  })

  it('keeps the whole of it in quarantine, however long it is', async () => {
    const long = `${line('long', 'x'.repeat(50_000))},one,too,many`
    const { lake, pipe } = await run('long.csv', [HEADER, line('a'), long, line('b')].join('\n'))
    expect(pipe).toMatchObject({ in: 3, accepted: 2, quarantined: 1 })
    expect(await lake.rows(RAW)).toEqual([{ raw: long, _position: '3', rules: ['unreadable'] }])
  })

  it('shows expressions its own path beside it', async () => {
    const { lake } = await run(
      'path.csv',
      [HEADER, line('a'), line('b', '"open')].join('\n'),
      `, map: { venue: filename }`,
    )
    expect(await lake.rows('SELECT venue FROM silver.market_events')).toEqual([{ venue: `${folder.folder}/path.csv` }])
  })

  it('is read the same way out of zstd', async () => {
    const path = await folder.write('plain.txt', '')
    const text = [HEADER, line('a'), line('b', '"open'), line('c', '"two\n\nlines"'), line('d')]
    const duckdb = await testDuckDb()
    await duckdb.run(`COPY (SELECT unnest([${text.map(row => `'${row}'`).join(', ')}]))
      TO '${path}' (FORMAT csv, QUOTE '', ESCAPE '', DELIMITER '\u0001', HEADER false, COMPRESSION zstd)`)
    duckdb.close()
    const { lake, pipe } = await run('plain.txt', await readFile(path), ', format: csv')
    expect(pipe).toMatchObject({ in: 4, accepted: 3, quarantined: 1 })
    expect(await lake.rows(`SELECT venue FROM silver.market_events WHERE event_id = 'c'`)).toEqual([
      { venue: 'two\n\nlines' },
    ])
  })
})

describe('a CSV', () => {
  it.each([
    ['newlines of both kinds', `${HEADER}\r\n${line('a')}\n${line('b')}\r\n${line('c')}`],
    ['newlines of both kinds, the other way', `${HEADER}\n${line('a')}\r\n${line('b')}\n${line('c')}\r\n`],
    ['blank lines before its header', `\r\n\r\n${[HEADER, line('a'), line('b'), line('c')].join('\r\n')}`],
    ['semicolons', [HEADER, line('a'), line('b'), line('c')].join('\n').replaceAll(',', ';')],
    ['tabs', [HEADER, line('a'), line('b'), line('c')].join('\n').replaceAll(',', '\t')],
    ['bars', [HEADER, line('a'), line('b'), line('c')].join('\n').replaceAll(',', '|')],
    ['returns alone', [HEADER, line('a'), line('b'), line('c')].join('\r')],
    ['UTF-16 and its mark', Buffer.from(`\uFEFF${[HEADER, line('a'), line('b'), line('c')].join('\r\n')}`, 'utf16le')],
    [
      'big-endian UTF-16 and its mark, in gzip',
      gzipSync(Buffer.from(`\uFEFF${[HEADER, line('a'), line('b'), line('c')].join('\n')}`, 'utf16le').swap16()),
    ],
  ])('is read with %s', async (_, body) => {
    const { lake, pipe } = await run('ways.csv', body)
    expect(pipe).toMatchObject({ in: 3, accepted: 3, quarantined: 0 })
    expect(await lake.rows('SELECT event_id, venue FROM silver.market_events ORDER BY event_id')).toEqual(
      ['a', 'b', 'c'].map(event_id => ({ event_id, venue: 'v' })),
    )
  })

  it('may have files with newlines of one kind beside files with the other', async () => {
    await folder.write('kind-1.csv', `${HEADER}\n${line('a')}\n`)
    await folder.write('kind-2.csv', `${HEADER}\r\n${line('b')}\r\n`)
    await folder.write('kind-3.csv', `${HEADER}\r\n${line('c')}\n${line('d', '"')}\n`)
    await folder.write('kind-4.csv', `${HEADER}\r${line('e')}\r`)
    const text = `pipes:\n  - { name: own, source: file, contract: market_events, input: 'kind-*.csv' }\n`
    const lake = folder.lake({ models: [], pipes: parsePipes(text, 'pipes/own.yaml') })
    const record = await lake.run({ runId: 'kinds', allowDqBreach: true })
    expect(record.pipes).toMatchObject([{ in: 5, accepted: 4, quarantined: 1 }])
  })

  it('without records is accepted where the pipe says so', async () => {
    for (const [name, body] of [
      ['none.csv', `${HEADER}\n`],
      ['none.json', '[]'],
      ['none.txt', ' \n'],
    ] as const) {
      const { pipe } = await run(name, body, ', empty: allow')
      expect(pipe).toMatchObject({ in: 0, accepted: 0 })
    }
  })
})
