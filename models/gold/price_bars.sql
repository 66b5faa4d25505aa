/*---
table: price_bars
contract: price_bars
grain: one row per instrument, interval and window
partition: bar_start
lookback: PT0S
description: >
  Bars of 1 minute, 5 minutes, 1 hour and 1 day (half-open, UTC) that Sluice forms: minutes from trades and price events, each
  coarser window from the next finer ones. Bars that a provider published stay in bars: they replace the formed bar of the same
  window here, and coarser windows are formed from them. So bars and price_bars never hold the same window. Quotes form no bars.
  Open and close are the first and last price by event time, then event id. Volume and trades count trades only; they are unknown
  when a published bar in the window does not state them.
---*/
WITH listings AS MATERIALIZED (
  -- Numbers for instruments and their currencies: grouping by them takes a fraction of the time that grouping by texts takes.
  SELECT
    instrument_id, currency,
    dense_rank() OVER (ORDER BY instrument_id)::INTEGER AS instrument,
    row_number() OVER (ORDER BY instrument_id, currency)::INTEGER AS listing
  FROM (
    SELECT instrument_id, currency FROM silver.market_events UNION SELECT instrument_id, currency FROM silver.bars
  ) AS named
),
prices AS (
  SELECT
    instrument, listing, minute_of(event_time) AS window_index, event_time, event_id, price, _known_at,
    CASE WHEN event_type = 'trade' THEN size END AS size,
    CASE WHEN event_type = 'trade' THEN traded_value(price, size) END AS notional,
    CASE WHEN event_type = 'trade' THEN 1 END AS trade
  FROM silver.market_events AS event
  JOIN listings ON listings.instrument_id = event.instrument_id AND listings.currency IS NOT DISTINCT FROM event.currency
  WHERE event_type IN ('trade', 'price') AND price IS NOT NULL
),
event_minutes AS (
  SELECT
    instrument, window_index,
    first(price ORDER BY event_time, event_id) AS open,
    max(price) AS high,
    min(price) AS low,
    last(price ORDER BY event_time, event_id) AS close,
    coalesce(sum(size), 0) AS volume,
    CASE WHEN count(notional) = count(size) THEN sum(notional) END AS notional,
    count(trade) AS trades,
    min(listing) AS lowest_listing,
    max(listing) AS highest_listing,
    min(event_time) AS first_event_time,
    max(event_time) AS last_event_time,
    max(_known_at) AS known_at
  FROM prices
  GROUP BY instrument, window_index
),
published AS MATERIALIZED (
  SELECT
    bar_interval, instrument,
    CASE bar_interval
      WHEN '1m' THEN minute_of(event_time)
      WHEN '5m' THEN coarser(minute_of(event_time), 5)
      WHEN '1h' THEN coarser(minute_of(event_time), 60)
      ELSE coarser(minute_of(event_time), 1440)
    END AS window_index,
    open, high, low, close, volume, quote_volume AS notional, trades,
    listing AS lowest_listing, listing AS highest_listing,
    event_time AS first_event_time, event_time AS last_event_time, _known_at AS known_at
  FROM silver.bars AS bar
  JOIN listings ON listings.instrument_id = bar.instrument_id AND listings.currency IS NOT DISTINCT FROM bar.currency
  WHERE bar_interval IN ('1m', '5m', '1h', '1d')
),
formed_1m AS MATERIALIZED (
  SELECT event_minutes.* FROM event_minutes
  LEFT JOIN published
    ON bar_interval = '1m' AND published.instrument = event_minutes.instrument AND published.window_index = event_minutes.window_index
  WHERE published.instrument IS NULL
),
parts_1m AS (
  SELECT * FROM formed_1m
  UNION ALL
  SELECT
    instrument, window_index, open, high, low, close, volume, notional, trades, lowest_listing, highest_listing,
    first_event_time, last_event_time, known_at
  FROM published WHERE bar_interval = '1m'
),
composed_5m AS (
  SELECT
    instrument,
    coarser(parts.window_index, 5) AS window_index,
    arg_min(open, parts.window_index) AS open,
    max(high) AS high,
    min(low) AS low,
    arg_max(close, parts.window_index) AS close,
    sum_known(volume) AS volume,
    sum_known(notional) AS notional,
    sum_known(trades)::BIGINT AS trades,
    min(lowest_listing) AS lowest_listing,
    max(highest_listing) AS highest_listing,
    min(first_event_time) AS first_event_time,
    max(last_event_time) AS last_event_time,
    max(known_at) AS known_at
  FROM parts_1m AS parts
  GROUP BY instrument, coarser(parts.window_index, 5)
),
formed_5m AS MATERIALIZED (
  SELECT composed_5m.* FROM composed_5m
  LEFT JOIN published
    ON bar_interval = '5m' AND published.instrument = composed_5m.instrument AND published.window_index = composed_5m.window_index
  WHERE published.instrument IS NULL
),
parts_5m AS (
  SELECT * FROM formed_5m
  UNION ALL
  SELECT
    instrument, window_index, open, high, low, close, volume, notional, trades, lowest_listing, highest_listing,
    first_event_time, last_event_time, known_at
  FROM published WHERE bar_interval = '5m'
),
composed_1h AS (
  SELECT
    instrument,
    coarser(parts.window_index, 12) AS window_index,
    arg_min(open, parts.window_index) AS open,
    max(high) AS high,
    min(low) AS low,
    arg_max(close, parts.window_index) AS close,
    sum_known(volume) AS volume,
    sum_known(notional) AS notional,
    sum_known(trades)::BIGINT AS trades,
    min(lowest_listing) AS lowest_listing,
    max(highest_listing) AS highest_listing,
    min(first_event_time) AS first_event_time,
    max(last_event_time) AS last_event_time,
    max(known_at) AS known_at
  FROM parts_5m AS parts
  GROUP BY instrument, coarser(parts.window_index, 12)
),
formed_1h AS MATERIALIZED (
  SELECT composed_1h.* FROM composed_1h
  LEFT JOIN published
    ON bar_interval = '1h' AND published.instrument = composed_1h.instrument AND published.window_index = composed_1h.window_index
  WHERE published.instrument IS NULL
),
parts_1h AS (
  SELECT * FROM formed_1h
  UNION ALL
  SELECT
    instrument, window_index, open, high, low, close, volume, notional, trades, lowest_listing, highest_listing,
    first_event_time, last_event_time, known_at
  FROM published WHERE bar_interval = '1h'
),
composed_1d AS (
  SELECT
    instrument,
    coarser(parts.window_index, 24) AS window_index,
    arg_min(open, parts.window_index) AS open,
    max(high) AS high,
    min(low) AS low,
    arg_max(close, parts.window_index) AS close,
    sum_known(volume) AS volume,
    sum_known(notional) AS notional,
    sum_known(trades)::BIGINT AS trades,
    min(lowest_listing) AS lowest_listing,
    max(highest_listing) AS highest_listing,
    min(first_event_time) AS first_event_time,
    max(last_event_time) AS last_event_time,
    max(known_at) AS known_at
  FROM parts_1h AS parts
  GROUP BY instrument, coarser(parts.window_index, 24)
),
formed_1d AS MATERIALIZED (
  SELECT composed_1d.* FROM composed_1d
  LEFT JOIN published
    ON bar_interval = '1d' AND published.instrument = composed_1d.instrument AND published.window_index = composed_1d.window_index
  WHERE published.instrument IS NULL
),
formed AS (
  SELECT '1m' AS bar_interval, 1 AS minutes, * FROM formed_1m
  UNION ALL
  SELECT '5m', 5, * FROM formed_5m
  UNION ALL
  SELECT '1h', 60, * FROM formed_1h
  UNION ALL
  SELECT '1d', 1440, * FROM formed_1d
)
SELECT
  instrument_id, bar_interval, at_minute(window_index * minutes) AS bar_start, open, high, low, close,
  vwap(average, volume, low, high) AS vwap,
  volume, trades, CASE WHEN lowest_listing = highest_listing THEN currency END AS currency,
  first_event_time, last_event_time, known_at AS _known_at
FROM (SELECT *, CASE WHEN low < high THEN to_double(notional) / nullif(to_double(volume), 0) END AS average FROM formed) AS bars
JOIN listings ON listing = lowest_listing
