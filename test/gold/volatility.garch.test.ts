import { afterEach, describe, expect, test } from 'vitest'
import { addDailyBars, type GoldLake, openGoldLake } from './gold-lake.js'

const ID = 'equity:a:b'
const IDS = `instrument_id,asset_class,currency\n${ID},equity,USD\nequity:c:d,equity,USD`

let lake: GoldLake
afterEach(() => lake.close())

/** Figures of GARCH by date, from closes of consecutive days: daily variances, or the reasons. */
async function garch(closes: readonly string[], parameters: string): Promise<Map<string, number | string>> {
  lake = await openGoldLake(2, {
    instruments: IDS,
    garch_parameters: `instrument_id,omega,alpha,beta\n${ID},${parameters}`,
  })
  await addDailyBars(lake, ID, closes)
  await addDailyBars(lake, 'equity:c:d', closes)
  await lake.derive('returns_daily')
  await lake.derive('volatility')
  const rows = await lake.rows(
    `SELECT instrument_id, date::VARCHAR AS date, value, reason FROM gold.volatility WHERE estimator = 'garch' ORDER BY date`,
  )
  expect(new Set(rows.map(row => row['instrument_id']))).toEqual(new Set([ID]))
  return new Map(
    rows.map(row => [String(row['date']), (row['reason'] as string | null) ?? Number(row['value']) ** 2 / 252]),
  )
}

/** Prices up and down by 1 %, with one move of 10 % some days before the last. */
function closes(count: number, shockAge: number): string[] {
  let price = 100
  return Array.from({ length: count }, (_, at) => {
    price *= at === count - 1 - shockAge ? 1.1 : at % 2 === 0 ? 1.01 : 0.99
    return price.toFixed(6)
  })
}

describe('the GARCH(1,1) filter', () => {
  test('without memory is omega and alpha times the last squared return', async () => {
    const found = await garch([...Array.from({ length: 250 }, () => '100'), '110'], '0.0001,0.2,0')
    expect(found.get('2020-09-07')).toBeCloseTo(0.0001 + 0.2 * Math.log(1.1) ** 2, 14)
  })

  test('stays at the long-run variance where nothing moves against it', async () => {
    // Alpha 0: s2 = omega + beta s2 has the fixed point omega / (1 - beta) = 0.0004.
    const found = await garch(
      Array.from({ length: 251 }, () => '100'),
      '0.00002,0,0.95',
    )
    expect(found.get('2020-09-07')).toBeCloseTo(0.0004, 16)
  })

  test('is the recursion from the long-run variance over 250 returns', async () => {
    const [omega, alpha, beta] = [1.5e-6, 0.09, 0.9]
    const prices = closes(300, 3)
    const found = await garch(prices, '1.5e-6,0.09,.9')
    for (const end of [251, 299, 300]) {
      let variance = omega / (1 - alpha - beta)
      for (let at = end - 250; at < end; at++) {
        const r = Math.log(Number(prices[at]) / Number(prices[at - 1]))
        variance = omega + alpha * r * r + beta * variance
      }
      const day = new Date(Date.UTC(2020, 0, end)).toISOString().slice(0, 10)
      expect(Number(found.get(day)) / variance, day).toBeCloseTo(1, 11)
    }
  })

  test('needs 251 closes that can be compared', async () => {
    const found = await garch(['0', ...Array.from({ length: 251 }, () => '100')], '0.0001,0.1,0.8')
    expect([...found.values()].slice(-3)).toEqual([
      'insufficient_history',
      'non_positive_price',
      expect.closeTo(0.0001 * ((1 - 0.8 ** 250) / 0.2) + 0.8 ** 250 * 0.001, 12),
    ])
  })

  test('says its parameters, what it is of and how much was there', async () => {
    await garch(closes(20, 3), '0.0001,0.1,0.8')
    const [row] = await lake.rows(
      `SELECT method, observations::INTEGER AS n, coverage FROM gold.volatility WHERE estimator = 'garch' ORDER BY date DESC LIMIT 1`,
    )
    expect(row).toEqual({
      method:
        'GARCH(1,1), Bollerslev 1986: forecast for the next close, squared log returns, zero mean, omega 0.0001, alpha 0.1, beta 0.8, from the long-run variance 250 returns ago, annualised by sqrt(252)',
      n: 19,
      coverage: 19 / 250,
    })
  })
})
