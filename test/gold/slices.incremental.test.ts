import { describe, test } from 'vitest'
import { expectSlicesToEqualWhole } from './slice-by-slice.js'

/** Random walks with gaps, in the shape of silver: a year with few and a year with many missing days, and two that lack few. */
function history(seed: number, days: number): string {
  return `INSERT INTO silver.bars (instrument_id, bar_interval, event_time, close, currency, _known_at)
    SELECT 'fund:own:I' || k, '1d', make_timestamptz(1577836800000000 + d * 86400000000),
      (100 + k + (hash(d, k, ${seed}) % 4000) / 1000.0 + d % 97)::DECIMAL(38,18), 'USD',
      make_timestamptz(1577836800000000 + d * 86400000000 + (hash(k, d, ${seed} + 1) % 900000000000)::BIGINT)
    FROM range(${days}) AS days(d), range(5) AS instruments(k)
    WHERE hash(d, ${seed}, k) % 100 < CASE WHEN k > 2 THEN 97 WHEN (d // 200) % 2 = 0 THEN 90 ELSE 50 + 10 * k END`
}

const ids = Array.from({ length: 5 }, (_, at) => `fund:own:I${at}`)
const instruments = ['instrument_id', ...ids].join('\n')
const SPAN = { first: '2020-01-01', days: 1500 }

describe('computed slice by slice, with one and two threads, the same to the bit as at once', () => {
  test('risk_metrics, and what instruments do beside their benchmarks', async () => {
    await expectSlicesToEqualWhole({
      ...SPAN,
      table: 'risk_metrics',
      before: ['returns_daily', 'volatility'],
      inputs: { 'gold.returns_daily': 'date', 'gold.volatility': 'date' },
      fill: seed => history(seed, 1600),
      references: { instruments, benchmarks: `instrument_id,benchmark_id\n${ids[4]},${ids[3]}\n${ids[0]},${ids[4]}` },
      shows: "metric = 'beta' AND value IS NOT NULL",
      runs: 3,
    })
  })

  test('covariance', async () => {
    await expectSlicesToEqualWhole({
      ...SPAN,
      table: 'covariance',
      before: ['returns_daily'],
      inputs: { 'gold.returns_daily': 'date' },
      fill: seed => history(seed, 1600),
      references: {
        instruments,
        baskets: ['basket,instrument_id', `two,${ids[3]}`, `two,${ids[4]}`, ...ids.map(id => `all,${id}`)].join('\n'),
      },
      shows: "metric = 'shrunk_covariance' AND value IS NOT NULL",
      runs: 2,
    })
  })

  test('stress', async () => {
    const holdings = (
      seed: number,
    ) => `INSERT INTO silver.holdings (portfolio, instrument_id, as_of, quantity, _known_at)
      SELECT 'desk', 'fund:own:I' || k, DATE '2020-02-01' + (d * 90)::INTEGER, hash(d, k, ${seed}) % 50 + 1, '2020-02-01'
      FROM range(8) AS days(d), range(2, 5) AS held(k)`
    await expectSlicesToEqualWhole({
      ...SPAN,
      days: 700,
      table: 'stress',
      before: ['returns_daily', 'fx_daily', 'prices_normalized', 'portfolio_risk'],
      inputs: { 'gold.portfolio_risk': 'date', 'gold.prices_normalized': 'date', 'gold.returns_daily': 'date' },
      fill: seed => `${history(seed, 800)}; ${holdings(seed)}`,
      references: {
        instruments,
        scenarios: [
          'scenario,kind,from_date,to_date,instrument_pattern,shock',
          ...['spring,window,2020-03-02,2020-04-30,,', 'late,window,2021-08-02,2021-08-31,,'],
          ...['down,shock,,,*,-0.1', 'down,shock,,,fund:own:I4,-0.3', 'some,shock,,,fund:own:I4,-0.3'],
        ].join('\n'),
      },
      shows: "kind = 'window' AND instrument_id = '*' AND profit_loss <> 0",
      runs: 2,
    })
  })

  test('macro_daily', async () => {
    const figures = (
      seed: number,
    ) => `INSERT INTO silver.macro_observations_versions (instrument_id, event_time, value, source, _known_at)
      SELECT DISTINCT ON (series, period, known) 'macro:own:' || series, make_timestamptz(1577836800000000 + period * 86400000000),
        CASE WHEN hash(period, v, ${seed}) % CASE v WHEN 1 THEN 2 ELSE 12 END > 0 THEN hash(series, period, v, ${seed}) % 1000 / 100.0 END, 'own',
        make_timestamptz((1577836800000000 + known * 86400000000)::BIGINT)
      FROM (
        SELECT series, v, d * step AS period, d * step + hash(series, d, v, ${seed}) % CASE v WHEN 0 THEN step + 3 WHEN 1 THEN 2 * step + 3 ELSE 900 END AS known
        FROM (SELECT 's' || step AS series, step FROM (VALUES (1), (7), (30), (91), (365)) AS steps(step)), range(1600) AS days(d), range(3) AS said(v)
        WHERE d * step < 1600 AND hash(d, step, ${seed}) % 10 > 0 AND (v = 0 OR hash(d, step, v, ${seed}) % 3 = 0))
      ORDER BY ALL`
    await expectSlicesToEqualWhole({
      ...SPAN,
      table: 'macro_daily',
      before: [],
      inputs: { 'silver.macro_observations_versions': 'event_time' },
      fill: figures,
      shows: "reason = 'withdrawn'",
      runs: 6,
    })
  })
})
