/*---
table: fx_changes
contract: fx_changes
grain: one row per pair, fixing and day
partition: date
lookback: P31D
description: >
  Each rate with the one before it at the same fixing and the change between them. The rate of a fixing with two sides is the middle of
  them. A rate that follows a gap of more than a month has none before it.
---*/
WITH rates AS (
  SELECT
    instrument_id, fixing, event_time::DATE AS date, base_currency, quote_currency,
    coalesce(mid, (bid + ask) / 2)::DOUBLE AS rate,
    _known_at
  FROM silver.fx_rates
),
steps AS (
  SELECT
    *,
    lag(date) OVER days AS previous_date,
    lag(rate) OVER days AS previous_rate,
    lag(_known_at) OVER days AS previous_known_at
  FROM rates
  WINDOW days AS (PARTITION BY instrument_id, fixing ORDER BY date)
)
SELECT
  instrument_id, fixing, date, base_currency, quote_currency, rate,
  CASE WHEN date - previous_date <= 31 THEN previous_date END AS previous_date,
  CASE WHEN date - previous_date <= 31 THEN rate / previous_rate - 1 END AS change,
  greatest(_known_at, CASE WHEN date - previous_date <= 31 THEN previous_known_at END) AS _known_at
FROM steps
