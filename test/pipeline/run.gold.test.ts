import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NOW, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { bar, type InputRow, ndjson, trade } from '../support/records.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const GOLD = ['gold.price_bars', 'gold.risk_metrics', 'gold.risk_summary']
const contents = (lake: TestLake, asOf?: string) => lake.contents(GOLD, asOf)

let files = 0
async function feed(lake: TestLake, rows: readonly InputRow[], contract: string, nowMs = NOW) {
  return lake.run({ input: [await folder.write(`feed-${files++}.ndjson`, ndjson(rows))], contract, nowMs })
}

/** Daily bars of two shares over some weeks, across a month's end, with prices that move. */
const BARS = Array.from({ length: 45 }, (_, at) => {
  const date = new Date(Date.UTC(2025, 11, 1) + at * 86_400_000).toISOString().slice(0, 10)
  const close = 100 + ((at * 37) % 11) - ((at * 17) % 7) / 4
  return [bar(date, close), bar(date, close * 3, { instrument_id: 'equity:XWAR:SLU', currency: 'PLN' })]
}).flat()

const EVENTS = Array.from({ length: 40 }, (_, at) =>
  trade(`g${at}`, {
    event_time: new Date(Date.UTC(2026, 0, 5, 9) + at * 411_000).toISOString(),
    price: 50 + ((at * 13) % 9),
    size: 1 + (at % 3),
  }),
)

describe('gold that grew over several runs', () => {
  let whole: Record<string, string>
  beforeAll(async () => {
    const lake = folder.lake({})
    await feed(lake, BARS, 'bars')
    whole = await contents(lake)
    const figures = `SELECT count(*)::INTEGER AS figures FROM gold.risk_metrics WHERE value IS NOT NULL AND metric = 'volatility_20d'`
    expect(await lake.rows(figures)).toEqual([{ figures: 50 }])
  })

  it.each([
    ['in order', [BARS.slice(0, 50), BARS.slice(50, 56), BARS.slice(56)]],
    ['in the wrong order', [BARS.slice(60), BARS.slice(0, 20), BARS.slice(20, 60)]],
  ])('equals gold of all bars at once, byte for byte, when they came %s', async (_, parts) => {
    const grown = folder.lake({})
    for (const part of parts) await feed(grown, part, 'bars')
    expect(await contents(grown)).toEqual(whole)
  })

  it('equals gold of all events at once, a late one among them, which re-opens its windows', async () => {
    const atOnce = folder.lake({})
    await feed(atOnce, EVENTS, 'market_events')
    const grown = folder.lake({})
    const late = EVENTS[3]!
    await feed(grown, EVENTS.filter(event => event !== late).slice(0, 20), 'market_events')
    const window = `SELECT open::DOUBLE AS open, trades FROM gold.price_bars WHERE bar_interval = '5m' AND bar_start = '2026-01-05 09:20:00+00'`
    expect(await grown.rows(window)).toEqual([])
    await feed(grown, EVENTS.filter(event => event !== late).slice(20), 'market_events')
    await feed(grown, [late], 'market_events')
    expect(await grown.rows(window)).toEqual([{ open: late['price'], trades: '1' }])
    expect(await contents(grown)).toEqual(await contents(atOnce))
  })
})

describe('a run', () => {
  it('leaves the files of partitions that it does not touch as they are', async () => {
    const lake = folder.lake({})
    await feed(lake, EVENTS, 'market_events')
    const before = await lake.files('gold/price_bars')
    const next = trade('next', { event_time: '2026-01-06T09:00:00Z', price: 77 })
    const record = await feed(lake, [next], 'market_events')
    const after = await lake.files('gold/price_bars')
    const current = await lake.rows(`SELECT count(DISTINCT bar_start::DATE)::INTEGER AS days FROM gold.price_bars`)
    expect(current).toEqual([{ days: 2 }])
    const table = record.tables.find(candidate => candidate.table === 'gold.price_bars')
    expect(table).toMatchObject({ operation: 'append', rows_removed: 0 })
    for (const path of Object.keys(before).filter(path => path.endsWith('.parquet')))
      expect(after[path]).toBe(before[path])
  })

  it('of duplicates derives nothing', async () => {
    const lake = folder.lake({})
    await feed(lake, EVENTS, 'market_events')
    const record = await feed(lake, EVENTS.slice(5, 9), 'market_events', NOW + 1000)
    expect(record.tables.map(({ table }) => table)).toEqual(['bronze.market_events', 'gold.data_quality_metrics'])
  })

  it('dates gold by what its inputs knew, not by when it ran', async () => {
    const lake = folder.lake({})
    await feed(lake, BARS.slice(0, 4), 'bars')
    expect(await lake.rows('SELECT max(_known_at) AS known FROM gold.risk_summary')).toEqual([
      { known: '2025-12-03 00:00:00+00' },
    ])
    expect(NOW).toBeGreaterThan(Date.UTC(2025, 11, 3))
  })

  it('keeps old gold readable as of an earlier run', async () => {
    const lake = folder.lake({})
    await lake.run({ runId: 'early', input: [await folder.write('early.ndjson', ndjson(EVENTS.slice(0, 10)))] })
    const early = await contents(lake)
    await lake.run({
      runId: 'later',
      input: [await folder.write('later.ndjson', ndjson(EVENTS.slice(10)))],
      nowMs: NOW + 60_000,
    })
    expect(await contents(lake)).not.toEqual(early)
    expect(await contents(lake, 'early')).toEqual(early)
  })
})
