/*---
table: calendar_bars
contract: calendar_bars
grain: one row per instrument, calendar, interval and period
partition: date
lookback: P1D
lookahead: P31D
series: instrument_id
description: >
  Bars of calendar periods that Sluice forms: days of an exchange's sessions, and weeks (from Monday) and months of sessions and of UTC
  days. Instruments without a calendar have those of UTC alone. A row stands at the start of its period: session date, Monday, first
  of the month. Sessions are half-open, from open to close, breaks included. They are formed from hours that lie within them and, in an hour
  that holds an open or a close, from bars of 5 minutes; an hour that a provider published and nothing finer divides belongs to the session it
  begins in, and a session that such an hour leads into has no bar. A published daily bar replaces the formed one of its date and
  stays in bars; weeks and months are formed from days, published or formed. Days of UTC are in price_bars.
---*/
-- Of several bars that begin on one day, the one that begins last.
WITH begun_later AS (
  SELECT instrument_id, event_time::DATE AS date, max(epoch_us(event_time)) AS moment
  FROM silver.bars WHERE bar_interval = '1d'
  GROUP BY instrument_id, event_time::DATE
  HAVING count(*) > 1
),
-- Read where it is needed, not kept: it may be all that there is.
published_days AS NOT MATERIALIZED (
  SELECT
    bar.instrument_id, event_time::DATE AS date, open, high, low, close, volume,
    CASE WHEN volume = 0 THEN 0 ELSE quote_volume END AS notional, trades, currency, _known_at AS known_at
  FROM silver.bars AS bar
  LEFT JOIN begun_later ON begun_later.instrument_id = bar.instrument_id AND begun_later.date = event_time::DATE
  WHERE bar_interval = '1d' AND coalesce(moment = epoch_us(event_time), true)
),
intraday AS (
  SELECT
    instrument_id, CASE bar_interval WHEN '5m' THEN 5 ELSE 60 END AS minutes, minute_of(bar_start) AS start, false AS is_published,
    open, high, low, close, volume, notional_of(vwap, volume) AS notional, trades, currency, _known_at AS known_at
  FROM gold.price_bars WHERE bar_interval IN ('5m', '1h')
  UNION ALL
  SELECT
    instrument_id, CASE bar_interval WHEN '5m' THEN 5 ELSE 60 END, minute_of(event_time), true,
    open, high, low, close, volume, CASE WHEN volume = 0 THEN 0 ELSE quote_volume END, trades, currency, _known_at
  FROM silver.bars WHERE bar_interval IN ('5m', '1h')
),
traded AS (
  SELECT instrument_id, max(calendar) AS calendar FROM reference.instruments GROUP BY instrument_id HAVING max(calendar) IS NOT NULL
),
-- No period reaches further from a day than 31 days: of decades of sessions only these are needed.
span AS (
  SELECT min(date) - 31 AS first_date, max(date) + 31 AS last_date
  FROM (
    SELECT event_time::DATE AS date FROM silver.bars WHERE bar_interval = '1d'
    UNION ALL
    SELECT date FROM gold.bars_daily WHERE bar_known_at IS NOT NULL)
),
sessions AS MATERIALIZED (
  SELECT mic, session_date, minute_of(open) AS open, minute_of(close) AS close
  FROM silver.calendar_sessions, span
  WHERE mic IN (SELECT calendar FROM traded) AND session_date BETWEEN first_date AND last_date
),
session_hours AS (
  SELECT *, unnest(range(coarser(open, 60), coarser(close - 1, 60) + 1)) AS hour FROM sessions
),
-- What there is of each hour of a session, the best first.
placed AS (
  SELECT
    intraday.* REPLACE (intraday.open AS open, intraday.close AS close), calendar, session_date, hour,
    CASE
      WHEN minutes = 60 AND start >= session.open AND start + 60 <= session.close THEN 1
      WHEN minutes = 5 AND (hour * 60 < session.open OR hour * 60 + 60 > session.close) AND start >= session.open AND start + 5 <= session.close THEN 2
      WHEN minutes = 60 AND is_published AND start >= session.open AND start < session.close THEN 3
      WHEN minutes = 60 AND is_published AND start < session.open THEN 4
    END AS choice
  FROM intraday
  JOIN traded USING (instrument_id)
  JOIN session_hours AS session ON mic = calendar AND hour = coarser(start, 60)
),
chosen AS (
  SELECT * FROM placed WHERE choice IS NOT NULL
  QUALIFY choice = min(choice) OVER (PARTITION BY instrument_id, session_date, hour)
),
formed_days AS MATERIALIZED (
  SELECT
    chosen.instrument_id, calendar AS bar_calendar, session_date AS date,
    arg_min(open, start) AS open,
    max(high) AS high,
    min(low) AS low,
    arg_max(close, start) AS close,
    sum_known(volume) AS volume,
    sum_known(notional) AS notional,
    sum_known(trades)::BIGINT AS trades,
    sole(currency) AS currency,
    max(known_at) AS known_at
  FROM chosen
  LEFT JOIN (SELECT instrument_id, event_time::DATE AS date FROM silver.bars WHERE bar_interval = '1d') AS published
    ON published.instrument_id = chosen.instrument_id AND published.date = session_date
  WHERE published.instrument_id IS NULL
  GROUP BY chosen.instrument_id, calendar, session_date
  HAVING max(choice) < 4
),
days AS (
  SELECT instrument_id, 'UTC' AS bar_calendar, * EXCLUDE (instrument_id) FROM published_days
  UNION ALL
  SELECT
    instrument_id, 'UTC', date, open, high, low, close, volume, notional_of(vwap, volume), trades, currency, bar_known_at
  FROM gold.bars_daily WHERE bar_known_at IS NOT NULL
  UNION ALL
  SELECT instrument_id, calendar, published_days.* EXCLUDE (instrument_id)
  FROM published_days
  JOIN traded USING (instrument_id)
  JOIN sessions ON mic = calendar AND session_date = date
  UNION ALL
  SELECT * FROM formed_days
),
periods AS (
  SELECT
    * EXCLUDE (period), (period).bar_interval AS bar_interval, (period).first_day AS period
  FROM (
    SELECT
      *,
      unnest([
        {'bar_interval': '1w', 'first_day': date_trunc('week', date)::DATE},
        {'bar_interval': '1mo', 'first_day': date_trunc('month', date)::DATE}]) AS period
    FROM days)
),
composed AS (
  SELECT
    bar_interval, bar_calendar, instrument_id, period,
    arg_min(open, date) AS open,
    max(high) AS high,
    min(low) AS low,
    arg_max(close, date) AS close,
    sum_known(volume) AS volume,
    sum_known(notional) AS notional,
    sum_known(trades)::BIGINT AS trades,
    sole(currency) AS currency,
    count(*) AS days,
    min(date) AS first_date,
    max(date) AS last_date,
    max(known_at) AS known_at
  FROM periods
  GROUP BY bar_interval, bar_calendar, instrument_id, period
  UNION ALL
  SELECT
    '1d', bar_calendar, instrument_id, date, open, high, low, close, volume, notional, trades, currency, 1, date, date, known_at
  FROM formed_days
),
session_periods AS (
  SELECT mic, '1d' AS bar_interval, session_date AS period, open, close, 1 AS sessions FROM sessions
  UNION ALL
  SELECT mic, '1w', date_trunc('week', session_date)::DATE, min(open), max(close), count(*) FROM sessions GROUP BY mic, date_trunc('week', session_date)
  UNION ALL
  SELECT mic, '1mo', date_trunc('month', session_date)::DATE, min(open), max(close), count(*) FROM sessions GROUP BY mic, date_trunc('month', session_date)
)
SELECT
  bar.instrument_id, bar.bar_calendar, bar.bar_interval, bar.period AS date,
  at_minute(coalesce(session.open, day_minutes(bar.period))) AS bar_start,
  at_minute(coalesce(session.close, day_minutes(CASE bar.bar_interval WHEN '1w' THEN bar.period + 7 ELSE last_day(bar.period) + 1 END))) AS bar_end,
  bar.open, bar.high, bar.low, bar.close,
  vwap(average, bar.volume, bar.low, bar.high) AS vwap,
  bar.volume, bar.trades, bar.currency, bar.first_date, bar.last_date, bar.days,
  coalesce(session.sessions, CASE bar.bar_interval WHEN '1w' THEN 7 ELSE day(last_day(bar.period)) END)::BIGINT AS expected_days,
  bar.known_at AS _known_at
FROM (SELECT *, CASE WHEN low < high THEN to_double(notional) / nullif(to_double(volume), 0) END AS average FROM composed) AS bar
LEFT JOIN session_periods AS session ON session.mic = bar.bar_calendar AND session.bar_interval = bar.bar_interval AND session.period = bar.period
