import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addDailyBars, deriveRisk, type GoldLake, openGoldLake } from './gold-lake.js'

let lake: GoldLake
beforeEach(async () => {
  lake = await openGoldLake()
})
afterEach(() => lake.close())

describe('risk_summary', () => {
  test('shows the values of risk_metrics as columns beside the exact close, and nothing where there is a reason', async () => {
    await addDailyBars(
      lake,
      'equity:xnys:A',
      Array.from({ length: 251 }, (_, i) => `${100 + (i % 9)}.123456789012345678`),
    )
    await deriveRisk(lake)
    await lake.derive('risk_summary')
    const rows = await lake.rows('SELECT * FROM gold.risk_summary ORDER BY date DESC')
    const metrics = await lake.rows('SELECT metric, value FROM gold.risk_metrics QUALIFY date = max(date) OVER ()')
    expect(rows).toHaveLength(251)
    expect(rows[0]).toMatchObject({
      instrument_id: 'equity:xnys:A',
      date: '2020-09-07',
      close: '107.123456789012345678',
    })
    const named = Object.fromEntries(metrics.map(({ metric, value }) => [metric, value]))
    for (const column of Object.keys(rows[0]!).slice(3, -1)) expect(rows[0]![column], column).toBe(named[column])
    expect(rows[1]).toMatchObject({ sharpe: null, return_1d: expect.any(Number) })
  })
})
