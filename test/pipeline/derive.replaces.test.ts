import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { ndjson, trades } from '../support/records.js'

describe('gold after a second run over the same day', () => {
  let folder: ProjectFolder
  let lake: TestLake

  beforeAll(async () => {
    folder = await projectFolder()
    lake = folder.lake({})
    const later = { instrument_id: 'crypto:coingecko:ethereum' }
    const first = await folder.write('first.ndjson', ndjson(trades(30)))
    const second = await folder.write('second.ndjson', ndjson(trades(30, later, 'f')))
    await lake.run({ input: [first], contract: 'market_events', runId: 'first' })
    await lake.run({ input: [second], contract: 'market_events', runId: 'second' })
  })
  afterAll(() => folder.remove())

  it.each([
    ['gold.price_bars', 'instrument_id, bar_interval, bar_start'],
    ['gold.risk_metrics', 'instrument_id, date, metric, window_observations'],
    ['gold.risk_summary', 'instrument_id, date'],
  ])('%s holds every key once', async (table, key) => {
    const [counts] = await lake.rows(
      `SELECT count(*) AS rows, count(DISTINCT (${key})) AS keys, count(DISTINCT instrument_id) AS instruments FROM ${table}`,
    )
    expect(counts!['rows']).toEqual(counts!['keys'])
    expect(Number(counts!['instruments'])).toBe(2)
  })
})
