import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addDailyBars, dayAfter, type GoldLake, openGoldLake } from './gold-lake.js'

let lake: GoldLake
beforeEach(async () => {
  lake = await openGoldLake()
})
afterEach(() => lake.close())

const DAYS = Array.from({ length: 251 }, (_, at) => dayAfter('2024-01-01', at))
const LAST = DAYS[250]!
const RETURNS = {
  a: DAYS.slice(1).map((_, at) => (((at * 37) % 101) - 49) / 10_000),
  b: DAYS.slice(1).map((_, at) => (((at * 53) % 89) - 43) / 9_000),
  c: DAYS.slice(1).map((_, at) => (((at * 37) % 101) - 51) / 8_000 + (((at * 71) % 97) - 48) / 12_000),
}
type Held = keyof typeof RETURNS

function closesOf(returns: readonly number[]): string[] {
  const closes = [100]
  for (const r of returns) closes.push(closes.at(-1)! * (1 + r))
  return closes.map(close => close.toFixed(18))
}

async function hold(
  quantities: Readonly<Record<string, number>>,
  asOf = '2024-09-01',
  portfolio = 'main',
): Promise<void> {
  await lake.add(
    'silver.holdings',
    Object.entries(quantities).map(([instrument_id, quantity]) => ({
      ...{ portfolio, instrument_id, quantity, as_of: asOf, _known_at: `${asOf}T20:00:00Z` },
    })),
  )
}

async function derive(): Promise<void> {
  for (const table of ['returns_daily', 'fx_daily', 'prices_normalized', 'portfolio_risk']) await lake.derive(table)
}

async function figures(currency = 'USD', day = LAST): Promise<Record<string, number | string>> {
  const rows =
    await lake.rows(`SELECT instrument_id || ' ' || metric AS k, coalesce(value::VARCHAR, reason) AS v FROM gold.portfolio_risk
    WHERE currency = '${currency}' AND date = DATE '${day}'`)
  return Object.fromEntries(rows.map(({ k, v }) => [String(k), Number.isNaN(Number(v)) ? String(v) : Number(v)]))
}

const mean = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0) / xs.length
const covariance = (xs: readonly number[], ys: readonly number[]): number =>
  xs.reduce((sum, x, at) => sum + (x - mean(xs)) * (ys[at]! - mean(ys)), 0) / (xs.length - 1)

/** The normal VaR at 99 % by the covariance matrix: sqrt(e' S e), with what is off the diagonal times a share. */
function matrixVar(exposures: Readonly<Record<Held, number>>, share = 1): number {
  const names = Object.keys(exposures) as Held[]
  const total = names
    .flatMap(i =>
      names.map(j => exposures[i] * exposures[j] * covariance(RETURNS[i], RETURNS[j]) * (i === j ? 1 : share)),
    )
    .reduce((sum, x) => sum + x, 0)
  return 2.3263478740408408 * Math.sqrt(total) - names.reduce((sum, i) => sum + exposures[i] * mean(RETURNS[i]), 0)
}

async function addThree(): Promise<Record<Held, number>> {
  for (const name of ['a', 'b', 'c'] as const) await addDailyBars(lake, name, closesOf(RETURNS[name]), DAYS)
  const close = (name: Held): number => Number(closesOf(RETURNS[name])[250])
  return { a: 10 * close('a'), b: -5 * close('b'), c: 2 * close('c') }
}

describe('portfolio_risk', () => {
  test('is that of the covariance matrix, and its components add up to it', async () => {
    const exposures = await addThree()
    await hold({ a: 10, b: -5, c: 2 })
    await derive()
    const found = await figures()
    expect(found['* market_value']).toBeCloseTo(exposures.a + exposures.b + exposures.c, 8)
    expect(found['* normal_var_99_loss']).toBeCloseTo(matrixVar(exposures), 8)
    expect(found['* shrunk_normal_var_99_loss']).toBeCloseTo(matrixVar(exposures, 0.8), 8)
    for (const kind of ['', 'shrunk_']) {
      const parts = ['a', 'b', 'c'].map(name => Number(found[`${name} ${kind}component_var_99_loss`]))
      expect(parts[0]! + parts[1]! + parts[2]!).toBeCloseTo(Number(found[`* ${kind}normal_var_99_loss`]), 9)
    }
    expect(found['a component_var_99_loss']).toBeCloseTo(exposures.a * Number(found['a marginal_var_99']), 9)
  })

  test('has as a marginal part what a little more of the instrument adds', async () => {
    const exposures = await addThree()
    await hold({ a: 10, b: -5, c: 2 })
    await derive()
    const more = matrixVar({ ...exposures, a: exposures.a + 0.01 }) - matrixVar({ ...exposures, a: exposures.a - 0.01 })
    expect((await figures())['a marginal_var_99']).toBeCloseTo(more / 0.02, 7)
  })

  test('puts the holdings of today through the returns of 250 steps', async () => {
    const exposures = await addThree()
    await hold({ a: 10, b: -5, c: 2 })
    await derive()
    const results = RETURNS.a
      .map((_, at) => exposures.a * RETURNS.a[at]! + exposures.b * RETURNS.b[at]! + exposures.c * RETURNS.c[at]!)
      .sort((x, y) => x - y)
    const found = await figures()
    expect(found['* var_99_loss']).toBeCloseTo(-(results[2]! + 0.49 * (results[3]! - results[2]!)), 8)
    const worst = results.slice(0, 6).reduce((sum, x) => sum + x, 0) + 0.25 * results[6]!
    expect(found['* es_975_loss']).toBeCloseTo(-worst / 6.25, 8)
  })

  test('of one instrument is its own: value times the VaR of the instrument', async () => {
    const exposures = await addThree()
    await hold({ a: 10 })
    await derive()
    await lake.derive('volatility')
    await lake.derive('risk_metrics')
    const [own] = await lake.rows(
      `SELECT value FROM gold.risk_metrics WHERE instrument_id = 'a' AND metric = 'normal_var_99_loss' AND date = DATE '${LAST}'`,
    )
    const found = await figures()
    expect(found['* normal_var_99_loss']).toBeCloseTo(exposures.a * Number(own!['value']), 9)
    expect(found['a component_var_99_loss']).toBeCloseTo(Number(found['* normal_var_99_loss']), 9)
  })

  test('compounds the return of a price with that of its rate', async () => {
    await addThree()
    await hold({ a: 10 })
    const rates = DAYS.map((_, at) => (4 + ((at * 31) % 67) / 1000).toFixed(4))
    await lake.add(
      'silver.fx_rates',
      DAYS.map((date, at) => ({
        ...{
          instrument_id: 'fx:nbp:USDPLN',
          event_time: `${date}T00:00:00Z`,
          fixing: 'nbp:A',
          mid: rates[at]!,
          source: 'nbp',
        },
        ...{ base_currency: 'USD', quote_currency: 'PLN', fixing_no: `${date}`, _known_at: `${date}T11:00:00Z` },
      })),
    )
    await derive()
    const inZloty = RETURNS.a.map((r, at) => (1 + r) * (Number(rates[at + 1]) / Number(rates[at])) - 1)
    const exposure = 10 * Number(closesOf(RETURNS.a)[250]) * Number(rates[250])
    const found = await figures('PLN')
    expect(found['* market_value']).toBeCloseTo(exposure, 7)
    expect(found['* normal_var_99_loss']).toBeCloseTo(
      exposure * (2.3263478740408408 * Math.sqrt(covariance(inZloty, inZloty)) - mean(inZloty)),
      7,
    )
    expect(await figures('EUR')).toMatchObject({ '* market_value': 'no_rate', '* var_99_loss': 'no_rate' })
  })

  test('has figures from the 250th step with a rate on, although prices go further back', async () => {
    await addThree()
    const earlier = Array.from({ length: 12 }, (_, at) => dayAfter('2023-12-20', at))
    await addDailyBars(
      lake,
      'a',
      earlier.map(() => '100'),
      earlier,
    )
    await hold({ a: 10 })
    const rate = { instrument_id: 'fx:nbp:USDPLN', fixing: 'nbp:A', mid: '4.0000', source: 'nbp' }
    await lake.add(
      'silver.fx_rates',
      DAYS.map(date => ({
        ...{ ...rate, event_time: `${date}T00:00:00Z`, fixing_no: date, _known_at: `${date}T11:00:00Z` },
        ...{ base_currency: 'USD', quote_currency: 'PLN' },
      })),
    )
    await derive()
    expect(await figures('PLN')).toMatchObject({ '* normal_var_99_loss': expect.any(Number) })
    expect(await figures('PLN', DAYS[249]!)).toMatchObject({ '* normal_var_99_loss': 'no_rate' })
  })

  test('says what a holding lacks: history, or a close on the day', async () => {
    await addThree()
    await addDailyBars(lake, 'young', ['50', '51'], [DAYS[249]!, LAST])
    await hold({ a: 10, young: 1 })
    await hold({ a: 10, gone: 1 }, '2024-09-01', 'other')
    await derive()
    expect(await figures()).toMatchObject({ 'young component_var_99_loss': 'insufficient_history' })
    const rows = await lake.rows(`SELECT portfolio, metric, reason FROM gold.portfolio_risk
      WHERE instrument_id = '*' AND currency = 'USD' AND date = DATE '${LAST}' AND metric IN ('market_value', 'var_99_loss') ORDER BY ALL`)
    expect(rows).toEqual([
      { portfolio: 'main', metric: 'market_value', reason: null },
      { portfolio: 'main', metric: 'var_99_loss', reason: 'insufficient_history' },
      { portfolio: 'other', metric: 'market_value', reason: 'no_close' },
      { portfolio: 'other', metric: 'var_99_loss', reason: 'no_close' },
    ])
  })

  test('of nothing but zeros is worth 0, whatever has a close, and has no risk', async () => {
    await addThree()
    await hold({ a: 10 }, '2024-08-01')
    await hold({ a: 0, gone: 0 }, '2024-09-01')
    await derive()
    await lake.derive('stress')
    expect(await figures('USD', '2024-08-31')).toMatchObject({ '* market_value': expect.any(Number) })
    const risk = ['normal_var_95_loss', 'normal_var_99_loss', 'shrunk_normal_var_99_loss', 'var_99_loss', 'es_975_loss']
    const part = ['marginal_var_99', 'component_var_99_loss', 'shrunk_component_var_99_loss']
    // Nothing is worth 0 in every currency, with or without a rate.
    for (const currency of ['USD', 'EUR'])
      expect(await figures(currency)).toEqual({
        ...{ '* market_value': 0, 'a market_value': 0 },
        ...Object.fromEntries(risk.map(metric => [`* ${metric}`, 'nothing_held'])),
        ...Object.fromEntries(part.map(metric => [`a ${metric}`, 'nothing_held'])),
      })
    const stress = await lake.rows(`SELECT DISTINCT market_value, profit_loss, scenario_return, reason FROM gold.stress
      WHERE instrument_id = '*' AND date = DATE '${LAST}'`)
    expect(stress).toEqual([{ market_value: 0, profit_loss: null, scenario_return: null, reason: 'nothing_held' }])
  })

  test('takes the holdings of the newest day, whole, and none that are older than 366 days', async () => {
    await addThree()
    await hold({ a: 10, b: 1 }, '2024-08-01')
    await hold({ a: 4 }, '2024-09-06')
    await hold({ c: 9 }, '2023-01-01', 'old')
    await derive()
    const rows =
      await lake.rows(`SELECT date::VARCHAR AS date, list(instrument_id || ' ' || quantity ORDER BY instrument_id) AS held FROM gold.portfolio_risk
      WHERE metric = 'market_value' AND currency = 'USD' AND instrument_id <> '*' AND portfolio = 'main' AND date >= DATE '2024-09-05' GROUP BY date ORDER BY date`)
    expect(rows).toEqual([
      { date: '2024-09-05', held: ['a 10.0', 'b 1.0'] },
      { date: '2024-09-06', held: ['a 4.0'] },
      { date: '2024-09-07', held: ['a 4.0'] },
    ])
    expect(
      await lake.rows(
        `SELECT DISTINCT date FROM gold.portfolio_risk WHERE portfolio = 'old' AND date > DATE '2024-01-01'`,
      ),
    ).toEqual([])
  })

  test('compares days on which everything has a close: a holding that trades at weekends moves from one to the next', async () => {
    await addDailyBars(lake, 'a', closesOf(RETURNS.a), DAYS)
    const every = Array.from({ length: 360 }, (_, at) => dayAfter('2023-09-14', at))
    const returns = every.slice(1).map((_, at) => (((at * 53) % 89) - 43) / 9_000)
    const closes = closesOf(returns)
    const weekdays = every.flatMap((day, at) => ([0, 6].includes(new Date(day).getUTCDay()) ? [] : [at]))
    await addDailyBars(lake, 'crypto', closes, every)
    await addDailyBars(
      lake,
      'share',
      weekdays.map(() => '10'),
      weekdays.map(at => every[at]!),
    )
    await hold({ crypto: 1, share: 1 }, '2024-09-01')
    await derive()
    const last = weekdays.at(-1)!
    const own = weekdays.slice(-251).map(at => Number(closes[at]))
    const moves = own.slice(1).map((close, at) => close / own[at]! - 1)
    const expected = Number(closes[last]) * (2.3263478740408408 * Math.sqrt(covariance(moves, moves)) - mean(moves))
    expect((await figures('USD', every[last]!))['* normal_var_99_loss']).toBeCloseTo(expected, 8)
    expect((await figures('USD', '2024-09-07'))['* normal_var_99_loss']).toBe('no_close')
  })

  test('slice by slice equals at once', async () => {
    const days = Array.from({ length: 700 }, (_, at) => dayAfter('2023-01-01', at))
    for (const name of ['a', 'b'] as const)
      await addDailyBars(lake, name, closesOf(days.slice(1).map((_, at) => RETURNS[name][(at * 7) % 250]!)), days)
    await lake.engine.run(`DELETE FROM silver.bars WHERE hash(instrument_id, event_time) % 20 = 0`)
    await hold({ a: 3, b: -1 }, '2024-02-01')
    await hold({ a: 3, b: 4 }, '2024-07-15')
    await derive()
    await lake.engine.run('CREATE TABLE gold.at_once AS FROM gold.portfolio_risk')
    const [counts] = await lake.rows(
      `SELECT count(*) FILTER (metric = 'es_975_loss' AND value IS NOT NULL) > 100 AS many FROM gold.at_once`,
    )
    expect(counts).toEqual({ many: true })
    const inputs = [
      ['gold', 'returns_daily', 'date'],
      ['gold', 'prices_normalized', 'date'],
      ['silver', 'holdings', 'as_of'],
    ] as const
    for (const [schema, table] of inputs) await lake.engine.run(`ALTER TABLE ${schema}.${table} RENAME TO all_${table}`)
    for (const [from, to] of [
      ['2024-03-01', '2024-04-01'],
      ['2024-07-01', '2024-08-01'],
      ['2024-11-01', '2024-12-01'],
    ]) {
      for (const [schema, table, column] of inputs)
        await lake.engine.run(`CREATE OR REPLACE VIEW ${schema}.${table} AS FROM ${schema}.all_${table}
          WHERE ${column} >= DATE '${from}' - 400 AND ${column} < DATE '${to}'`)
      await lake.derive('portfolio_risk')
      const within = `WHERE date >= DATE '${from}' AND date < DATE '${to}'`
      const differing = await lake.rows(
        `(FROM gold.at_once ${within} EXCEPT FROM gold.portfolio_risk) UNION ALL (FROM gold.portfolio_risk ${within} EXCEPT FROM gold.at_once)`,
      )
      expect(differing, from).toEqual([])
    }
  })
})
