import { beforeAll, describe, expect, inject, it } from 'vitest'
import { openLake } from '../../src/index.js'
import { findPython } from './python.js'

const python = findPython(['empyrical', 'numpy', 'pandas', 'scipy'])
if (python === undefined)
  console.warn('INTEROP NOT RUN: no python3 with empyrical, so nobody else has computed our risk figures')

/** Instruments of both year lengths; days at the end, in the middle and as soon as there is enough history. */
const CASES = [
  { instrument: 'crypto:coingecko:bitcoin', periods: 365, days: ['2025-12-31', '2025-06-15', '2024-10-01'] },
  { instrument: 'crypto:coingecko:solana', periods: 365, days: ['2025-12-31', '2025-03-09'] },
  { instrument: 'equity:XNYS:ACME', periods: 252, days: ['2025-12-31', '2025-08-06'] },
  { instrument: 'fx:nbp:USDPLN', periods: 252, days: ['2025-12-31', '2025-04-02'] },
].flatMap(({ days, ...one }) => days.map(day => ({ ...one, day, key: `${one.instrument} on ${day}` })))

describe.skipIf(python === undefined)('risk figures of the sample lake', async () => {
  const lake = await openLake({ folder: inject('sampleProject') })
  let theirs: Record<string, Record<string, number | string>>

  beforeAll(async () => {
    const requests = []
    for (const { key, instrument, day, periods } of CASES)
      requests.push({ key, periods, closes: await closes(instrument, day) })
    theirs = python!.script('risk_figures.py', requests) as typeof theirs
  })

  // What needs other closes, or turnover, is judged in relations.test.ts.
  it.each(CASES)('$key are what NumPy, SciPy and empyrical compute', async ({ key, instrument, day }) => {
    const { rows } = await lake.query(
      `SELECT metric, value, reason FROM gold.risk_metrics WHERE instrument_id = '${instrument}' AND date = DATE '${day}'
         AND metric NOT LIKE 'filtered%' AND metric <> 'amihud' AND method NOT LIKE '%against%'`,
    )
    const ours = Object.fromEntries(rows.map(({ metric, value, reason }) => [String(metric), reason ?? Number(value)]))
    expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs[key]!).sort())
    for (const [metric, value] of Object.entries(theirs[key]!)) {
      if (typeof value === 'string') expect(ours[metric], metric).toBe(value)
      else expect(Math.abs(Number(ours[metric]) - value), metric).toBeLessThan(1e-9 * Math.max(1, Math.abs(value)))
    }
  })

  it.each(CASES)('$key stand in risk_summary too', async ({ key, instrument, day }) => {
    const { rows } = await lake.query(
      `SELECT * EXCLUDE (instrument_id, date, close, _known_at) FROM gold.risk_summary WHERE instrument_id = '${instrument}' AND date = DATE '${day}'`,
    )
    expect(rows).toHaveLength(1)
    for (const [metric, value] of Object.entries(rows[0]!))
      expect(Number(value), metric).toBeCloseTo(Number(theirs[key]![metric]), 9)
  })

  it.each(CASES)('$key fell from, to and back when pandas says', async ({ key, instrument, day }) => {
    const { rows: days } = await lake.query(
      `SELECT date::VARCHAR AS date, close FROM gold.risk_summary WHERE instrument_id = '${instrument}' AND date <= DATE '${day}' ORDER BY date DESC LIMIT 251`,
    )
    const window = days.toReversed()
    const request = [{ key, closes: window.map(({ close }) => Number(close)) }]
    const found = (python!.script('drawdown_dates.py', request) as Record<string, Record<string, number | null>>)[key]!
    const dateOf = (place: number | null | undefined): unknown => (place == null ? null : window[place]!['date'])
    const { rows } = await lake.query(
      `SELECT * FROM gold.drawdowns WHERE instrument_id = '${instrument}' AND date = DATE '${day}'`,
    )
    expect(rows).toMatchObject([
      {
        ...{ peak_date: dateOf(found['peak']), trough_date: dateOf(found['trough']) },
        ...{ recovery_date: dateOf(found['recovery']), high_date: dateOf(found['high']) },
        state: found['recovery'] === null ? 'not_recovered' : 'recovered',
      },
    ])
    expect(Number(rows[0]!['max_drawdown_loss'])).toBeCloseTo(found['loss']!, 12)
    expect(Number(rows[0]!['current_drawdown_loss'])).toBeCloseTo(found['current']!, 12)
  })

  it('forecast by GARCH what the filter of SciPy does', async () => {
    const parameters = [
      { instrument: 'crypto:coingecko:bitcoin', omega: 2.5e-5, alpha: 0.08, beta: 0.9 },
      { instrument: 'equity:XNYS:ACME', omega: 4e-6, alpha: 0.11, beta: 0.86 },
    ]
    const requests = []
    for (const { key, instrument, day, periods } of CASES)
      for (const { instrument: own, ...given } of parameters)
        if (own === instrument) requests.push({ key, periods, ...given, closes: await closes(instrument, day) })
    const forecasts = Object.entries(python!.script('garch_forecasts.py', requests) as Record<string, number>)
    expect(forecasts).toHaveLength(5)
    for (const [key, value] of forecasts) {
      const { instrument, day } = CASES.find(one => one.key === key)!
      const { rows } = await lake.query(
        `SELECT value FROM gold.volatility WHERE estimator = 'garch' AND instrument_id = '${instrument}' AND date = DATE '${day}'`,
      )
      expect(Number(rows[0]!['value']) / value, key).toBeCloseTo(1, 10)
    }
  })

  it('are tested against losses as SciPy would', async () => {
    const { rows } = await lake.query(
      `SELECT confidence, exceptions, kupiec_p, christoffersen_lr, christoffersen_p FROM gold.var_backtest WHERE exceptions IS NOT NULL AND date >= '2025-12-01'`,
    )
    const chances = python!.script('backtest_chances.py', rows) as { kupiec: number; christoffersen: number }[]
    expect(rows.length).toBeGreaterThan(100)
    for (const [at, { kupiec, christoffersen }] of chances.entries()) {
      expect(Math.abs(Number(rows[at]!['kupiec_p']) - kupiec)).toBeLessThan(1e-7)
      expect(Math.abs(Number(rows[at]!['christoffersen_p']) - christoffersen)).toBeLessThan(1e-7)
    }
  })

  /** The 251 daily closes up to a day, oldest first. */
  async function closes(instrument: string, day: string): Promise<number[]> {
    const { rows } = await lake.query(
      `SELECT close FROM gold.risk_summary WHERE instrument_id = '${instrument}' AND date <= DATE '${day}' ORDER BY date DESC LIMIT 251`,
    )
    return rows.map(({ close }) => Number(close)).reverse()
  }
})
