import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadContract } from '../../src/contract/load-contract.js'
import { OWN_TABLES } from '../../src/pipeline/derive/own-tables.js'
import { fillFixture, REFERENCES } from '../interop/trino-fixture.js'
import { type GoldLake, openGoldLake } from './gold-lake.js'
import { orderedModels } from './trino-twins.js'

/** What no source has stated (an average price needs volume and turnover): nothing could be computed. */
const AS_STATED = 'true'
const REASON = 'reason IS NOT NULL'

const each = (names: string, cover: (name: string) => string): Record<string, string> =>
  Object.fromEntries(names.split(' ').map(name => [name, cover(name)]))
const explained = (names: string): Record<string, string> => each(names, () => REASON)

/** For every figure of gold that may be empty: what the row then says, as a condition over it. */
const EXPLAINED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  bars_daily: {
    ...each('open high low close bar_known_at', () => 'realised_known_at IS NOT NULL AND bar_known_at IS NULL'),
    ...each('vwap volume trades', () => AS_STATED),
    ...each(
      'realised_minutes realised_moves realised_known_at',
      () => 'bar_known_at IS NOT NULL AND realised_known_at IS NULL',
    ),
    realised_variance: 'coalesce(realised_moves, 0) = 0',
  },
  calendar_bars: { vwap: AS_STATED, volume: AS_STATED, trades: AS_STATED },
  covariance: explained('value'),
  cross_instrument: {
    ...explained('return_currency return_usd return_pln correlation_usd correlation_pln beta_usd beta_pln'),
    volatility: 'volatility_reason IS NOT NULL',
    ...each('currency_rate pln_rate rate_gap', () => 'rate_reason IS NOT NULL'),
  },
  drawdowns: {
    ...explained('max_drawdown_loss current_drawdown_loss high_date current_drawdown_days'),
    ...each('peak_date trough_date fall_days drawdown_days', () => `${REASON} OR state = 'no_fall'`),
    recovery_date: `${REASON} OR state <> 'recovered'`,
  },
  features_daily: each(
    'return_1 return_lag_1 return_lag_2 return_lag_5 momentum_5 momentum_20 momentum_125 momentum_250 zscore_20 rsi_14 drawdown_250 rate rate_change_20d rate_age_days days_since_close',
    name => `reasons LIKE '%"${name}":"%'`,
  ),
  fx_daily: { quote_leg: "path NOT LIKE 'cross%'" },
  macro_daily: { ...explained('value'), vintage_date: AS_STATED },
  portfolio_risk: { ...explained('value'), quantity: "instrument_id = '*'" },
  price_bars: { vwap: AS_STATED, volume: AS_STATED, trades: AS_STATED },
  prices_normalized: {
    ...explained('value rate'),
    ...each('rate_date age_days', () => `${REASON} OR path LIKE '%same money'`),
  },
  returns_daily: {
    ...each('open high low volume turnover sessions', () => AS_STATED),
    ...each('previous_date previous_close days', () => "reason = 'no_previous_close'"),
    ...explained('comparable_factor simple_return log_return'),
    total_return: 'total_return_reason IS NOT NULL',
  },
  risk_metrics: explained('value'),
  risk_summary: each(
    'return_1d volatility_20d ewma_volatility var_95_loss var_99_loss es_975_loss max_drawdown_loss sharpe',
    // The same key in long form says why.
    name =>
      `(instrument_id, date) IN (SELECT (instrument_id, date) FROM gold.risk_metrics WHERE metric = '${name}' AND ${REASON})`,
  ),
  stress: explained('market_value scenario_return profit_loss'),
  var_backtest: {
    ...explained('loss var_loss is_exception exceptions kupiec_lr kupiec_p christoffersen_lr christoffersen_p'),
    ...explained('conditional_coverage_lr conditional_coverage_p'),
    basel_multiplier: `${REASON} OR confidence <> 0.99`,
  },
  volatility: explained('value'),
}

const FOLDER = new URL('../../contracts/', import.meta.url)
const contracts = readdirSync(FOLDER)
  .map(name => loadContract(readFileSync(new URL(name, FOLDER), 'utf8'), name))
  .filter(({ layer, dataset }) => layer === 'gold' && !OWN_TABLES.has(dataset))

let lake: GoldLake
beforeAll(async () => {
  lake = await openGoldLake(2, REFERENCES)
  await fillFixture(lake)
  // What is held of nothing, too.
  await lake.add('silver.holdings', [
    { portfolio: 'empty', instrument_id: 'index:own:I', as_of: '2024-05-20', quantity: 0, _known_at: '2024-05-20' },
  ])
  for (const { table } of await orderedModels()) await lake.derive(table)
}, 60_000)
afterAll(() => lake.close())

test('every table of gold says how its empty figures are explained', () => {
  expect(Object.keys(EXPLAINED).sort()).toEqual(contracts.map(({ dataset }) => dataset).sort())
})

describe('a figure is there or explained, and never NaN', () => {
  test.each(contracts)('in $dataset', async ({ dataset, columns }) => {
    const figures = columns.filter(({ type, required }) => !required && type.kind !== 'string')
    const own = EXPLAINED[dataset]!
    expect(Object.keys(own).sort()).toEqual(figures.map(({ name }) => name).sort())
    const counts = figures.map(
      ({ name }) => `count(*) FILTER (WHERE ${name} IS NULL AND NOT coalesce(${own[name]}, false)) AS ${name}`,
    )
    const doubles = columns.filter(({ type }) => type.kind === 'double').map(({ name }) => `NOT isfinite(${name})`)
    const [row] = await lake.rows(`SELECT count(*) > 0 AS has_rows, ${[...counts, '0 AS none'].join(', ')},
      count(*) FILTER (WHERE ${['false', ...doubles].join(' OR ')}) AS not_finite FROM gold.${dataset}`)
    const bare = Object.entries(row!).filter(([name, count]) => name !== 'has_rows' && Number(count) > 0)
    expect([row!['has_rows'], bare]).toEqual([true, []])
  })

  test('and figures are empty for every reason, so that this can fail', async () => {
    const [row] = await lake.rows(`SELECT
      (SELECT count(DISTINCT reason) FROM gold.risk_metrics) AS risk,
      (SELECT count(DISTINCT reason) FROM gold.portfolio_risk) AS held,
      (SELECT count(DISTINCT reasons) FROM gold.features_daily) AS features`)
    expect(Object.values(row!).map(count => Number(count) > 1)).toEqual([true, true, true])
  })
})
