import type { GoldLake } from '../gold/gold-lake.js'

/**
 * Instruments of every kind that a model treats in its own way: one that never closes, one with sessions, splits and dividends, a benchmark, and one whose
 * prices make no sense.
 */
export const REFERENCES = {
  instruments: `instrument_id,calendar
crypto:own:coin,
equity:XNYS:ACME,XNYS
index:own:I,
equity:XLON:TEA,XLON
`,
  benchmarks: 'instrument_id,benchmark_id\nequity:XNYS:ACME,index:own:I\n',
  baskets: 'basket,instrument_id\nthree,crypto:own:coin\nthree,equity:XNYS:ACME\nthree,index:own:I\n',
  garch_parameters: 'instrument_id,omega,alpha,beta\ncrypto:own:coin,0.000002,0.08,0.9\n',
  rate_series: 'currency,series_id\nUSD,macro:own:usd\nPLN,macro:own:pln\nEUR,macro:own:eur\nGBP,macro:own:gbp\n',
  scenarios: `scenario,kind,from_date,to_date,instrument_pattern,shock
slump,window,2024-03-04,2024-03-15,,
down,shock,,,*,-0.1
down,shock,,,equity:*,-0.2
down,shock,,,crypto:own:c?in,0.5
`,
}

/** Of all sessions that Sluice knows, those that the fixture can meet. */
export const SESSIONS = `mic IN ('XNYS', 'XLON') AND session_date BETWEEN DATE '2022-12-01' AND DATE '2024-12-31'`

/** Days of bars: two windows of 250 losses need 501 closes. */
const DAYS = 530

/** Closes that wander, without chance: what the day number makes of some sines. */
const CLOSE = '(100 * exp(0.3 * sin(n / 41.0) + 0.03 * sin(n * n * 0.7) + 0.02 * cos(n * 1.9)))'

export async function fillFixture({ engine }: GoldLake): Promise<void> {
  await engine.run(`
    INSERT INTO silver.bars (instrument_id, bar_interval, event_time, open, high, low, close, volume, quote_volume, currency, _known_at)
    SELECT id, '1d', day::TIMESTAMPTZ, close * 0.995::DOUBLE, close * 1.01::DOUBLE, close * (CASE WHEN unsound AND n = 300 THEN 1.02 ELSE 0.985 END)::DOUBLE, close, volume,
      CASE WHEN id LIKE 'crypto%' THEN close * volume END, currency, day::TIMESTAMPTZ + INTERVAL 30 HOUR
    FROM (
      SELECT id, currency, unsound, n, DATE '2023-01-01' + n::INTEGER AS day,
        CASE WHEN id = 'equity:XLON:TEA' AND n IN (410, 411) THEN 0 ELSE round(${CLOSE} * scale + n % 7 * twist, 6) END AS close,
        CASE WHEN n % 50 = 3 THEN 0 ELSE 1000 + n % 13 END::DOUBLE AS volume
      FROM range(${DAYS}) AS days(n) CROSS JOIN (VALUES
        ('crypto:own:coin', 'USD', 300.0, 11.0, false, 0, ${DAYS}), ('equity:XNYS:ACME', 'USD', 1.0, 0.4, false, 30, ${DAYS}),
        ('index:own:I', 'USD', 20.0, 1.5, false, 0, ${DAYS}), ('equity:XLON:TEA', 'GBp', 5.0, 2.0, true, 200, 480)
      ) AS kinds(id, currency, scale, twist, unsound, first_day, end_day)
      WHERE n >= first_day AND n < end_day AND (id LIKE 'crypto%' OR isodow(DATE '2023-01-01' + n::INTEGER) < 6))`)
  await engine.run(`
    INSERT INTO silver.fx_rates (instrument_id, event_time, fixing, base_currency, quote_currency, mid, fixing_no, source, _known_at)
    SELECT 'fx:' || source || ':' || base || quote, day::TIMESTAMPTZ, fixing, base, quote, mid * (1 + 0.01 * sin(n * 1.3) + 0.02 * cos(n / 9.0)),
      n || '/' || fixing, source, day::TIMESTAMPTZ + INTERVAL 11 HOUR
    FROM (SELECT n, DATE '2023-01-02' + n::INTEGER AS day FROM range(${DAYS}) AS days(n)) CROSS JOIN (VALUES
      ('nbp', 'nbp:A', 'USD', 'PLN', 4.0), ('nbp', 'nbp:A', 'EUR', 'PLN', 4.4), ('nbp', 'nbp:A', 'GBP', 'PLN', 5.1),
      ('ecb', 'ecb', 'EUR', 'USD', 1.1), ('ecb', 'ecb', 'EUR', 'PLN', 4.4)
    ) AS pairs(source, fixing, base, quote, mid)
    WHERE isodow(day) < 6 AND n % 37 <> 5`)
  await engine.run(`
    INSERT INTO silver.market_events (event_id, instrument_id, event_type, event_time, price, size, currency, _known_at)
    SELECT 'e' || n, CASE WHEN n % 5 = 0 THEN 'crypto:own:thin' ELSE 'crypto:own:coin' END, CASE n % 11 WHEN 0 THEN 'price' WHEN 1 THEN 'quote' ELSE 'trade' END, t,
      (100 + 10 * sin(n / 5.0))::DECIMAL(38, 18), CASE WHEN n % 11 > 1 THEN (1 + n % 3)::DECIMAL(38, 18) END, CASE WHEN n = 77 THEN 'EUR' ELSE 'USD' END, t + INTERVAL 1 SECOND
    FROM (SELECT n, TIMESTAMPTZ '2024-06-10 00:00:00+00' + to_seconds(n * 97) + to_microseconds(n % 3) AS t FROM range(500) AS events(n))`)
  // A day of trades alone: nothing keeps its bar from an average price.
  await engine.run(`
    INSERT INTO silver.market_events (event_id, instrument_id, event_type, event_time, price, size, currency, _known_at)
    SELECT 'd' || n, 'crypto:own:thin', 'trade', t, 100 + n, 1 + n % 3, 'USD', t + INTERVAL 1 SECOND
    FROM (SELECT n, TIMESTAMPTZ '2024-06-12 09:00:00+00' + to_seconds(n * 613) AS t FROM range(30) AS events(n))`)
  await engine.run(`
    INSERT INTO silver.bars (instrument_id, bar_interval, event_time, open, high, low, close, volume, currency, _known_at)
    SELECT 'crypto:own:coin', i, t::TIMESTAMPTZ, 100, 120, 90, 105, v, 'USD', t::TIMESTAMPTZ + INTERVAL 2 HOUR FROM (VALUES
      ('1m', '2024-06-10 00:03:00+00', 5), ('5m', '2024-06-10 01:05:00+00', NULL), ('1h', '2024-06-10 02:00:00+00', 9)) AS published(i, t, v)`)
  await engine.run(`
    INSERT INTO silver.corporate_actions (instrument_id, ex_date, action_type, action_id, ratio, amount, currency, status, _known_at)
    SELECT 'equity:XNYS:ACME', ex_date::DATE, kind, id, ratio, amount, 'USD', status, known::TIMESTAMPTZ FROM (VALUES
      ('2023-08-07', 'split', 's1', 2, NULL, NULL, '2023-08-01'), ('2023-09-04', 'cash_dividend', 'd1', NULL, 0.5, NULL, '2023-08-20'),
      ('2023-09-04', 'special_dividend', 'd2', NULL, 0.25, NULL, '2023-08-21'), ('2024-02-05', 'split', 's2', NULL, NULL, 'cancelled', '2024-02-01'),
      ('2024-05-11', 'rights', 'r1', 0.2, 50, NULL, '2024-05-02')) AS actions(ex_date, kind, id, ratio, amount, status, known)`)
  await engine.run(`
    INSERT INTO silver.holdings (portfolio, instrument_id, as_of, quantity, _known_at)
    SELECT 'main', id, as_of::DATE, quantity, as_of::TIMESTAMPTZ + INTERVAL 20 HOUR FROM (VALUES
      ('crypto:own:coin', '2024-05-20', 0.5), ('equity:XNYS:ACME', '2024-05-20', -120), ('index:own:I', '2024-05-20', 3),
      ('crypto:own:coin', '2024-06-03', 0.25), ('equity:XNYS:ACME', '2024-06-03', 80), ('index:own:I', '2024-01-08', 1)) AS held(id, as_of, quantity)`)
  // Monthly figures, known ten days after their month begins; some are revised later, one is taken back, some are missing, one series is daily.
  await engine.run(`
    INSERT INTO silver.macro_observations_versions (instrument_id, event_time, value, source, vintage_date, _known_at)
    SELECT 'macro:own:' || currency, day::TIMESTAMPTZ,
      CASE WHEN version = 1 AND n = 9 THEN NULL ELSE (4 + sin(n) + version * 0.125)::DECIMAL(38, 18) END, 'own', day + (9 + 40 * version)::INTEGER,
      day::TIMESTAMPTZ + to_days((9 + 40 * version)::INTEGER) + to_hours(6)
    FROM (SELECT n, (DATE '2022-11-01' + to_months(n::INTEGER))::DATE AS day FROM range(20) AS months(n))
      CROSS JOIN (VALUES ('usd'), ('pln'), ('eur')) AS series(currency) CROSS JOIN range(2) AS versions(version)
    WHERE (version = 0 OR n % 4 = 1) AND n NOT BETWEEN 12 AND 15
    UNION ALL
    SELECT 'macro:own:gbp', day::TIMESTAMPTZ, (5 + n % 3)::DECIMAL(38, 18), 'own', day + 1, day::TIMESTAMPTZ + INTERVAL 30 HOUR
    FROM (SELECT n, DATE '2023-06-01' + n::INTEGER AS day FROM range(200) AS days(n))`)
}
