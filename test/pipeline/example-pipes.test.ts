import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DuckDb, type DuckDbConnection, openDuckDb } from '../../src/engine/duckdb.js'
import { quoteIdent, quoteText } from '../../src/engine/sql-text.js'
import { fillParameters } from '../../src/pipeline/pipes/fill-parameters.js'
import { mapFaults } from '../../src/pipeline/pipes/guard-pipes.js'
import { parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import { requiredParams } from '../../src/pipeline/pipes/pipe-declaration.js'

const files = readdirSync('examples').filter(name => name.endsWith('.yaml'))
const pipes = files.flatMap(name => parsePipes(readFileSync(join('examples', name), 'utf8'), `examples/${name}`))

let db: DuckDb
let engine: DuckDbConnection

beforeAll(async () => {
  db = await openDuckDb({ threads: 1, memoryLimit: '256MB', tempFolder: '' })
  engine = await db.connect()
})

afterAll(() => {
  engine.close()
  db.close()
})

/** The mapped fields of one record, by the SQL of a pipe. */
async function mapped(name: string, record: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
  const pipe = fillParameters(pipes.find(candidate => candidate.name === name)!, { path: 'x' })
  const columns = Object.entries(record).map(([column, value]) => `${value} AS ${quoteIdent(column)}`)
  const fields = Object.entries(pipe.map).map(([field, sql]) => `(${sql})::VARCHAR AS ${quoteIdent(field)}`)
  const [row] = await engine.rows(`SELECT ${fields.join(', ')} FROM (SELECT ${columns.join(', ')})`)
  return row!
}

describe('the example pipes', () => {
  it.each(pipes.map(pipe => [pipe.name, pipe] as const))(
    '%s holds nothing but computing expressions',
    async (_, pipe) => {
      expect(await mapFaults(pipe, sql => engine.parse(sql))).toEqual([])
    },
  )

  it.each(pipes.map(pipe => [pipe.name, pipe] as const))('%s takes its path as a parameter', (_, pipe) => {
    expect(requiredParams(pipe)).toEqual(['path'])
    expect(pipe.input).toEqual(['{path}'])
  })

  it('give the same trade from text, as JSON has it, and from typed Parquet columns', async () => {
    const text = { timestamp: quoteText('1570752011620'), id: quoteText('13519807'), amount: quoteText('23.0') }
    const typed = { timestamp: '1570752011620::BIGINT', id: quoteText('13519807'), amount: '23::DOUBLE' }
    const trade = await mapped('trades-lists', text)
    expect(trade).toEqual({
      event_id: '13519807',
      instrument_id: 'crypto:binance:XRPETH',
      event_type: 'trade',
      event_time: '2019-10-11T00:00:11.620Z',
      size: '23.0',
      currency: 'ETH',
      venue: 'binance',
      source: 'binance',
    })
    expect(await mapped('trades-objects', text)).toEqual(trade)
    expect(await mapped('trades-parquet', typed)).toEqual(trade)
  })

  it.each(['', 'soon', '9223372036854775807', '1e400', '-1.5.2'])(
    'keep the time %j as it came for the contract to judge',
    async time => {
      const record = { filename: quoteText('/in/A-1m-2024-02.csv'), open_time: quoteText(time) }
      expect(await mapped('binance-klines', record)).toMatchObject({ event_time: time })
    },
  )

  it('take symbol and interval of a kline from the name of its file', async () => {
    const record = {
      filename: quoteText('/data/2024-01/ALGOUSDT-15m-2023-02.csv.gz'),
      open_time: quoteText('1675209600000'),
    }
    expect(await mapped('binance-klines', record)).toMatchObject({
      instrument_id: 'crypto:binance-futures:ALGOUSDT',
      bar_interval: '15m',
      event_time: '2023-02-01T00:00:00.000Z',
    })
  })

  it('make a share of its ticker', async () => {
    const record = { Name: quoteText('BRK.B'), date: quoteText('2013-02-08') }
    expect(await mapped('sp500', record)).toMatchObject({
      instrument_id: 'equity:XNYS:BRK.B',
      event_time: '2013-02-08',
    })
  })
})
