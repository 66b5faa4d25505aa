import type { DuckDbConnection } from '../../../src/engine/duckdb.js'
import type { References } from '../gold-lake.js'

/** Reference files of a small market: calendars, a benchmark, and scenarios of both kinds. */
export const REFERENCES: References = {
  instruments: `instrument_id,calendar
equity:XNYS:A,XNYS
equity:XLON:B,XLON
crypto:own:C,24/7
`,
  benchmarks: `instrument_id,benchmark_id
equity:XNYS:A,equity:XLON:B
`,
  scenarios: `scenario,kind,from_date,to_date,instrument_pattern,shock
slump,window,2023-03-01,2023-03-20,,
down,shock,,,equity:*,-0.2
down,shock,,,*,-0.1
`,
}

const DAYS = 290

/**
 * Fills silver with a market of three instruments, with days of bars, hours of one of them, trades, every kind of corporate action, two
 * tables of rates, and two portfolios. Prices walk by hashes: the same on every machine.
 */
export async function fillMarket(engine: DuckDbConnection, days = DAYS): Promise<void> {
  await engine.run(`
    CREATE TABLE work.instruments AS SELECT * FROM (VALUES
      ('equity:XNYS:A', 'USD', 1, 120), ('equity:XLON:B', 'GBp', 2, 900), ('crypto:own:C', 'USD', 3, 30000)) AS v(id, money, n, base);
    CREATE TABLE work.days AS SELECT d, DATE '2023-01-01' + d::INTEGER AS day FROM (SELECT unnest(range(${days})) AS d);
    CREATE TABLE work.closes AS SELECT *, base * exp(0.1 * sin(d / 9.0 + n) + 0.03 * (hash(d, n) % 1000) / 1000.0) AS close
      FROM work.days CROSS JOIN work.instruments;
    INSERT INTO silver.bars (instrument_id, bar_interval, event_time, open, high, low, close, volume, quote_volume, trades, currency, source,
        _known_at, _known_basis, _capture_id, _position, _contract_version)
      SELECT id, '1d', day::TIMESTAMPTZ, close * 0.999, close * 1.01, close * 0.98, close, 1000 + hash(d) % 77, CASE WHEN n > 1 THEN close * 1000 END,
        10 + d, CASE WHEN n = 2 AND d < 100 THEN 'GBP' ELSE money END, 'own', day::TIMESTAMPTZ + INTERVAL 1 DAY, 'rule', 'c', d, 'v1.0.0'
      FROM work.closes WHERE NOT (n = 1 AND d % 17 = 0);
    INSERT INTO silver.bars (instrument_id, bar_interval, event_time, open, high, low, close, volume, quote_volume, trades, currency, _known_at)
      SELECT 'crypto:own:C', '1h', day::TIMESTAMPTZ + h * INTERVAL 1 HOUR, 30000 + h, 30010 + h, 29990 + h, 30000 + hash(d, h) % 90, 5, 150000, 3, 'USD',
        day::TIMESTAMPTZ + INTERVAL 1 DAY
      FROM work.days CROSS JOIN (SELECT unnest(range(24)) AS h) WHERE d > ${days - 5};
    INSERT INTO silver.market_events (instrument_id, event_time, event_id, event_type, price, size, bid, ask, currency, side, venue, source, _known_at)
      SELECT 'equity:XNYS:A', day::TIMESTAMPTZ + k * INTERVAL 17 MINUTE, 'e' || k, CASE WHEN k % 3 = 0 THEN 'price' ELSE 'trade' END, 100 + hash(d, k) % 40,
        1 + k, 99, 101, 'USD', 'buy', 'own', 'own', day::TIMESTAMPTZ + INTERVAL 20 HOUR
      FROM work.days CROSS JOIN (SELECT unnest(range(40)) AS k) WHERE d % 17 = 0;
    INSERT INTO silver.corporate_actions (instrument_id, ex_date, action_type, action_id, ratio, amount, currency, record_date, payment_date, status,
        source, _known_at)
      SELECT 'equity:XNYS:A', DATE '2023-01-01' + since, kind, 'a' || since, ratio, amount, 'USD', DATE '2023-01-01' + since, DATE '2023-01-01' + since, status, 'own',
        (DATE '2023-01-01' + since)::TIMESTAMPTZ
      FROM (VALUES (20, 'split', 2, NULL, NULL), (50, 'cash_dividend', NULL, 1.5, NULL), (51, 'special_dividend', NULL, 0.5, 'announced'),
        (80, 'rights', 0.25, 50, NULL), (90, 'cash_dividend', NULL, 3, 'cancelled'), (110, 'stock_dividend', 1.1, NULL, NULL)) AS v(since, kind, ratio, amount, status);
    INSERT INTO silver.fx_rates (instrument_id, event_time, fixing, base_currency, quote_currency, mid, bid, ask, fixing_no, quoted_on, source, _known_at)
      SELECT 'fx:' || source || ':' || base || quote, day::TIMESTAMPTZ + INTERVAL 11 HOUR, fixing, base, quote,
        level * exp(0.05 * sin(d / 7.0 + length(base || quote)) + 0.01 * (hash(d, base) % 100) / 100.0), level, level, 'no ' || d, day, source,
        day::TIMESTAMPTZ + INTERVAL 12 HOUR
      FROM work.days CROSS JOIN (VALUES ('nbp', 'nbp:A', 'USD', 'PLN', 4.0), ('nbp', 'nbp:A', 'EUR', 'PLN', 4.5), ('nbp', 'nbp:A', 'GBP', 'PLN', 5.1),
        ('ecb', 'ecb', 'EUR', 'USD', 1.1), ('ecb', 'ecb', 'EUR', 'PLN', 4.5), ('ecb', 'ecb', 'EUR', 'GBP', 0.9)) AS v(source, fixing, base, quote, level)
      WHERE d % 7 < 5;
    INSERT INTO silver.holdings (portfolio, instrument_id, as_of, quantity, _known_at)
      SELECT portfolio, id, DATE '2023-01-01' + since, quantity, (DATE '2023-01-01' + since)::TIMESTAMPTZ FROM work.instruments
      CROSS JOIN (VALUES ('main', ${days - 12}, 10), ('main', ${days - 4}, 12), ('other', ${days - 9}, -3)) AS v(portfolio, since, quantity)`)
  await engine.run(`CREATE TABLE work.sessions_copy AS SELECT * FROM silver.calendar_sessions WHERE session_date >= DATE '2022-01-01';
    DROP VIEW silver.calendar_sessions; CREATE TABLE silver.calendar_sessions AS SELECT * FROM work.sessions_copy`)
}
