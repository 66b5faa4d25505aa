import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { convertCurrency } from '../../src/pipeline/read/convert-currency.js'
import { query } from '../../src/pipeline/read/query.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { bar, type InputRow, ndjson } from '../support/records.js'

let folder: ProjectFolder
let lake: TestLake
beforeAll(async () => {
  folder = await projectFolder()
  lake = lakeOfRates()
  await feed(lake, 'fx_rates', FIXINGS)
  await feed(lake, 'bars', CLOSES)
})
afterAll(() => folder.remove())

const TABLES = ['price_bars', 'bars_daily', 'fx_daily', 'returns_daily', 'prices_normalized']
function lakeOfRates(): TestLake {
  return folder.lake({ models: folder.project.models.filter(model => TABLES.includes(model.table)) })
}

const fixing = (date: string, mid: number): InputRow => ({
  ...{ instrument_id: 'fx:nbp:USDPLN', event_time: date, source: 'nbp', fixing: 'nbp:A' },
  ...{ base_currency: 'USD', quote_currency: 'PLN', mid },
})
/** The files of rates end with the year. */
const FIXINGS = [fixing('2025-12-30', 3.58), fixing('2025-12-31', 3.6)]
const CLOSES = ['2025-12-31', '2026-01-02', '2026-01-05'].map((date, at) => bar(date, 100 + at))

let files = 0
async function feed(into: TestLake, contract: string, rows: readonly InputRow[]) {
  return into.run({ input: [await folder.write(`carried-${files++}.ndjson`, ndjson(rows))], contract })
}

describe('the newest fixing of all, at the end of its partition', () => {
  it('is carried as far as it may be, and no further', async () => {
    const days = await lake.rows(
      `SELECT date::VARCHAR AS date, rate, age_days FROM gold.fx_daily WHERE base_currency = 'USD' AND rate_date = '2025-12-31' ORDER BY date`,
    )
    expect(days).toEqual(
      ['2025-12-31', '2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04'].map((date, age) => ({
        ...{ date, rate: 3.6, age_days: String(age) },
      })),
    )
  })

  it('makes the prices of the days after it, and none where it is too old', async () => {
    const prices = await lake.rows(
      `SELECT date::VARCHAR AS date, value, age_days, reason FROM gold.prices_normalized WHERE currency = 'PLN' ORDER BY date`,
    )
    expect(prices).toMatchObject([
      { date: '2025-12-31', value: 360, age_days: '0', reason: null },
      { date: '2026-01-02', value: expect.closeTo(363.6, 9), age_days: '2', reason: null },
      { date: '2026-01-05', value: null, age_days: null, reason: 'no_rate' },
    ])
  })

  it('converts amounts on those days', async () => {
    const asked = { amount: '100', from: 'USD', to: 'PLN', convention: 'reporting' }
    const result = await convertCurrency(lake.project, { ...asked, on: '2026-01-02' })
    expect(result).toMatchObject({ outcome: 'converted', converted: '360.00', age_days: 2, rate_date: '2025-12-31' })
    expect(await convertCurrency(lake.project, { ...asked, on: '2026-01-05' })).toMatchObject({ outcome: 'no_rate' })
  })

  it('gives way to the next one, and gold that grew equals gold at once and gold as known', async () => {
    const next = fixing('2026-01-02', 3.61)
    const atOnce = lakeOfRates()
    await feed(atOnce, 'bars', CLOSES)
    await feed(atOnce, 'fx_rates', [...FIXINGS, next])
    const grown = lakeOfRates()
    await feed(grown, 'bars', CLOSES)
    for (const rows of [FIXINGS, [next]]) await feed(grown, 'fx_rates', rows)
    const names = ['gold.fx_daily', 'gold.prices_normalized']
    const whole = await atOnce.contents(names)
    expect(await grown.contents(names)).toEqual(whole)
    const count = 'SELECT count(*)::INTEGER AS days, max(date)::VARCHAR AS last FROM gold.fx_daily'
    const { rows } = await query(grown.project, count, { asKnownAt: '2030-01-01' })
    expect([...rows]).toEqual([...(await grown.rows(count))])
    expect(rows).toMatchObject([{ last: '2026-01-06' }])
  })
})
