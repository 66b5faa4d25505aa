/*---
table: bars_daily
contract: bars_daily
grain: one row per instrument and date
partition: date
lookback: PT0S
description: >
  What the bars within a UTC day come to: the daily bar of price_bars, and the realised variance, which is the sum of squared log returns of
  closes one bar apart, of bars of 5 minutes where there are any on the day, else of hours. Formed and published bars count. Models that
  look back over a year of days read this in place of every minute of them.
---*/
-- The day is a column before windows and groups are cut by it: then a condition on it reaches down to where bars are read.
WITH intraday AS (
  SELECT instrument_id, bar_start::DATE AS date, bar_interval, bar_start, close, currency, _known_at
  FROM gold.price_bars WHERE bar_interval IN ('5m', '1h')
  UNION ALL
  SELECT instrument_id, event_time::DATE, bar_interval, event_time, close, currency, _known_at
  FROM silver.bars WHERE bar_interval IN ('5m', '1h')
),
paced AS (
  SELECT
    instrument_id, date, bar_start, close, _known_at AS known_at,
    CASE bar_interval WHEN '5m' THEN 5 ELSE 60 END AS minutes,
    lag(bar_start) OVER bars AS last_start, lag(close) OVER bars AS last_close, lag(currency) OVER bars IS NOT DISTINCT FROM currency AS is_comparable
  FROM intraday
  WINDOW bars AS (PARTITION BY instrument_id, bar_interval, date ORDER BY bar_start)
),
moves AS (
  SELECT
    instrument_id, date, minutes, bar_start, known_at,
    CASE WHEN is_comparable AND epoch(bar_start) - epoch(last_start) = 60 * minutes THEN log_return(close, last_close) END AS l
  FROM paced
),
realised AS (
  SELECT
    instrument_id, date, minutes::BIGINT AS realised_minutes, count(l) AS realised_moves,
    ordered_sum(bar_start, l * l) AS realised_variance,
    max(known_at) AS realised_known_at
  FROM moves
  GROUP BY instrument_id, date, minutes
),
finest AS (
  SELECT * FROM realised QUALIFY row_number() OVER (PARTITION BY instrument_id, date ORDER BY realised_minutes) = 1
),
-- A union, which such a condition passes; a join of both would stop it.
parts AS (
  SELECT
    instrument_id, bar_start::DATE AS date, open, high, low, close, vwap, volume, trades, currency, _known_at AS bar_known_at,
    NULL AS realised_minutes, NULL AS realised_moves, NULL AS realised_variance, NULL AS realised_known_at
  FROM gold.price_bars WHERE bar_interval = '1d'
  UNION ALL
  SELECT
    instrument_id, date, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    realised_minutes, realised_moves, realised_variance, realised_known_at
  FROM finest
)
SELECT
  instrument_id, date,
  max(open) AS open, max(high) AS high, max(low) AS low, max(close) AS close, max(vwap) AS vwap, max(volume) AS volume, max(trades) AS trades,
  max(currency) AS currency, max(bar_known_at) AS bar_known_at,
  max(realised_minutes) AS realised_minutes, max(realised_moves) AS realised_moves, max(realised_variance) AS realised_variance,
  max(realised_known_at) AS realised_known_at,
  greatest(max(bar_known_at), max(realised_known_at)) AS _known_at
FROM parts
GROUP BY instrument_id, date
