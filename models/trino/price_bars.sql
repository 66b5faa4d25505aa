-- gold.price_bars in Trino's SQL, made from models/gold/price_bars.sql by scripts/generate-trino.mjs.
SELECT
  CAST(instrument_id AS varchar) AS instrument_id,
  CAST(bar_interval AS varchar) AS bar_interval,
  CAST(bar_start AS timestamp(6) with time zone) AS bar_start,
  CAST(open AS decimal(38, 18)) AS open,
  CAST(high AS decimal(38, 18)) AS high,
  CAST(low AS decimal(38, 18)) AS low,
  CAST(close AS decimal(38, 18)) AS close,
  CAST(vwap AS decimal(38, 18)) AS vwap,
  CAST(volume AS decimal(38, 18)) AS volume,
  CAST(trades AS bigint) AS trades,
  CAST(currency AS varchar) AS currency,
  CAST(first_event_time AS timestamp(6) with time zone) AS first_event_time,
  CAST(last_event_time AS timestamp(6) with time zone) AS last_event_time,
  CAST(_known_at AS timestamp(6) with time zone) AS _known_at
FROM (
  WITH listings AS (
    SELECT
      instrument_id,
      currency,
      CAST(dense_rank() OVER (ORDER BY instrument_id) AS integer) AS instrument,
      CAST(row_number() OVER (ORDER BY instrument_id, currency) AS integer) AS listing
    FROM (
      SELECT
        instrument_id,
        currency
      FROM silver.market_events
      UNION
      SELECT
        instrument_id,
        currency
      FROM silver.bars
    ) AS named
  ),
  prices AS (
    SELECT
      listings.instrument,
      listings.listing,
      (CAST(round(to_unixtime(event.event_time) * 1e6) AS bigint) - (CAST(round(to_unixtime(event.event_time) * 1e6) AS bigint) % 60000000 + 60000000) % 60000000) / 60000000 AS window_index,
      event.event_time,
      event.event_id,
      event.price,
      event._known_at,
      CASE WHEN event.event_type = 'trade' THEN event.size END AS size,
      CASE WHEN event.event_type = 'trade' THEN TRY_CAST(CAST(event.price AS double) * CAST(event.size AS double) AS decimal(38, 18)) END AS notional,
      CASE WHEN event.event_type = 'trade' THEN 1 END AS trade
    FROM silver.market_events AS event
    JOIN listings ON (listings.instrument_id = event.instrument_id AND listings.currency IS NOT DISTINCT FROM event.currency)
    WHERE event.event_type IN ('trade', 'price') AND event.price IS NOT NULL
  ),
  event_minutes AS (
    SELECT
      instrument,
      window_index,
      element_at(array_agg(price ORDER BY event_time, event_id), 1) AS open,
      max(price) AS high,
      min(price) AS low,
      element_at(array_agg(price ORDER BY event_time, event_id), -1) AS close,
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
  published AS (
    SELECT
      bar.bar_interval,
      listings.instrument,
      CASE WHEN bar.bar_interval = '1m' THEN (CAST(round(to_unixtime(bar.event_time) * 1e6) AS bigint) - (CAST(round(to_unixtime(bar.event_time) * 1e6) AS bigint) % 60000000 + 60000000) % 60000000) / 60000000 WHEN bar.bar_interval = '5m' THEN ((CAST(round(to_unixtime(bar.event_time) * 1e6) AS bigint) - (CAST(round(to_unixtime(bar.event_time) * 1e6) AS bigint) % 60000000 + 60000000) % 60000000) / 60000000 - ((CAST(round(to_unixtime(bar.event_time) * 1e6) AS bigint) - (CAST(round(to_unixtime(bar.event_time) * 1e6) AS bigint) % 60000000 + 60000000) % 60000000) / 60000000 % 5 + 5) % 5) / 5 WHEN bar.bar_interval = '1h' THEN ((CAST(round(to_unixtime(bar.event_time) * 1e6) AS bigint) - (CAST(round(to_unixtime(bar.event_time) * 1e6) AS bigint) % 60000000 + 60000000) % 60000000) / 60000000 - ((CAST(round(to_unixtime(bar.event_time) * 1e6) AS bigint) - (CAST(round(to_unixtime(bar.event_time) * 1e6) AS bigint) % 60000000 + 60000000) % 60000000) / 60000000 % 60 + 60) % 60) / 60 ELSE ((CAST(round(to_unixtime(bar.event_time) * 1e6) AS bigint) - (CAST(round(to_unixtime(bar.event_time) * 1e6) AS bigint) % 60000000 + 60000000) % 60000000) / 60000000 - ((CAST(round(to_unixtime(bar.event_time) * 1e6) AS bigint) - (CAST(round(to_unixtime(bar.event_time) * 1e6) AS bigint) % 60000000 + 60000000) % 60000000) / 60000000 % 1440 + 1440) % 1440) / 1440 END AS window_index,
      bar.open,
      bar.high,
      bar.low,
      bar.close,
      bar.volume,
      bar.quote_volume AS notional,
      bar.trades,
      listings.listing AS lowest_listing,
      listings.listing AS highest_listing,
      bar.event_time AS first_event_time,
      bar.event_time AS last_event_time,
      bar._known_at AS known_at
    FROM silver.bars AS bar
    JOIN listings ON (listings.instrument_id = bar.instrument_id AND listings.currency IS NOT DISTINCT FROM bar.currency)
    WHERE bar.bar_interval IN ('1m', '5m', '1h', '1d')
  ),
  formed_1m AS (
    SELECT
      event_minutes.instrument,
      event_minutes.window_index,
      event_minutes.open,
      event_minutes.high,
      event_minutes.low,
      event_minutes.close,
      event_minutes.volume,
      event_minutes.notional,
      event_minutes.trades,
      event_minutes.lowest_listing,
      event_minutes.highest_listing,
      event_minutes.first_event_time,
      event_minutes.last_event_time,
      event_minutes.known_at
    FROM event_minutes
    LEFT JOIN published ON (published.bar_interval = '1m' AND published.instrument = event_minutes.instrument AND published.window_index = event_minutes.window_index)
    WHERE published.instrument IS NULL
  ),
  parts_1m AS (
    SELECT
      instrument,
      window_index,
      open,
      high,
      low,
      close,
      volume,
      notional,
      trades,
      lowest_listing,
      highest_listing,
      first_event_time,
      last_event_time,
      known_at
    FROM formed_1m
    UNION ALL
    SELECT
      instrument,
      window_index,
      open,
      high,
      low,
      close,
      volume,
      notional,
      trades,
      lowest_listing,
      highest_listing,
      first_event_time,
      last_event_time,
      known_at
    FROM published
    WHERE bar_interval = '1m'
  ),
  composed_5m AS (
    SELECT
      instrument,
      (window_index - (window_index % 5 + 5) % 5) / 5 AS window_index,
      min_by(open, window_index) FILTER (WHERE open IS NOT NULL AND window_index IS NOT NULL) AS open,
      max(high) AS high,
      min(low) AS low,
      max_by(close, window_index) FILTER (WHERE close IS NOT NULL AND window_index IS NOT NULL) AS close,
      CASE WHEN count(volume) = count(*) THEN sum(volume) END AS volume,
      CASE WHEN count(notional) = count(*) THEN sum(notional) END AS notional,
      CAST(CASE WHEN count(trades) = count(*) THEN sum(trades) END AS bigint) AS trades,
      min(lowest_listing) AS lowest_listing,
      max(highest_listing) AS highest_listing,
      min(first_event_time) AS first_event_time,
      max(last_event_time) AS last_event_time,
      max(known_at) AS known_at
    FROM parts_1m AS parts
    GROUP BY instrument, (window_index - (window_index % 5 + 5) % 5) / 5
  ),
  formed_5m AS (
    SELECT
      composed_5m.instrument,
      composed_5m.window_index,
      composed_5m.open,
      composed_5m.high,
      composed_5m.low,
      composed_5m.close,
      composed_5m.volume,
      composed_5m.notional,
      composed_5m.trades,
      composed_5m.lowest_listing,
      composed_5m.highest_listing,
      composed_5m.first_event_time,
      composed_5m.last_event_time,
      composed_5m.known_at
    FROM composed_5m
    LEFT JOIN published ON (published.bar_interval = '5m' AND published.instrument = composed_5m.instrument AND published.window_index = composed_5m.window_index)
    WHERE published.instrument IS NULL
  ),
  parts_5m AS (
    SELECT
      instrument,
      window_index,
      open,
      high,
      low,
      close,
      volume,
      notional,
      trades,
      lowest_listing,
      highest_listing,
      first_event_time,
      last_event_time,
      known_at
    FROM formed_5m
    UNION ALL
    SELECT
      instrument,
      window_index,
      open,
      high,
      low,
      close,
      volume,
      notional,
      trades,
      lowest_listing,
      highest_listing,
      first_event_time,
      last_event_time,
      known_at
    FROM published
    WHERE bar_interval = '5m'
  ),
  composed_1h AS (
    SELECT
      instrument,
      (window_index - (window_index % 12 + 12) % 12) / 12 AS window_index,
      min_by(open, window_index) FILTER (WHERE open IS NOT NULL AND window_index IS NOT NULL) AS open,
      max(high) AS high,
      min(low) AS low,
      max_by(close, window_index) FILTER (WHERE close IS NOT NULL AND window_index IS NOT NULL) AS close,
      CASE WHEN count(volume) = count(*) THEN sum(volume) END AS volume,
      CASE WHEN count(notional) = count(*) THEN sum(notional) END AS notional,
      CAST(CASE WHEN count(trades) = count(*) THEN sum(trades) END AS bigint) AS trades,
      min(lowest_listing) AS lowest_listing,
      max(highest_listing) AS highest_listing,
      min(first_event_time) AS first_event_time,
      max(last_event_time) AS last_event_time,
      max(known_at) AS known_at
    FROM parts_5m AS parts
    GROUP BY instrument, (window_index - (window_index % 12 + 12) % 12) / 12
  ),
  formed_1h AS (
    SELECT
      composed_1h.instrument,
      composed_1h.window_index,
      composed_1h.open,
      composed_1h.high,
      composed_1h.low,
      composed_1h.close,
      composed_1h.volume,
      composed_1h.notional,
      composed_1h.trades,
      composed_1h.lowest_listing,
      composed_1h.highest_listing,
      composed_1h.first_event_time,
      composed_1h.last_event_time,
      composed_1h.known_at
    FROM composed_1h
    LEFT JOIN published ON (published.bar_interval = '1h' AND published.instrument = composed_1h.instrument AND published.window_index = composed_1h.window_index)
    WHERE published.instrument IS NULL
  ),
  parts_1h AS (
    SELECT
      instrument,
      window_index,
      open,
      high,
      low,
      close,
      volume,
      notional,
      trades,
      lowest_listing,
      highest_listing,
      first_event_time,
      last_event_time,
      known_at
    FROM formed_1h
    UNION ALL
    SELECT
      instrument,
      window_index,
      open,
      high,
      low,
      close,
      volume,
      notional,
      trades,
      lowest_listing,
      highest_listing,
      first_event_time,
      last_event_time,
      known_at
    FROM published
    WHERE bar_interval = '1h'
  ),
  composed_1d AS (
    SELECT
      instrument,
      (window_index - (window_index % 24 + 24) % 24) / 24 AS window_index,
      min_by(open, window_index) FILTER (WHERE open IS NOT NULL AND window_index IS NOT NULL) AS open,
      max(high) AS high,
      min(low) AS low,
      max_by(close, window_index) FILTER (WHERE close IS NOT NULL AND window_index IS NOT NULL) AS close,
      CASE WHEN count(volume) = count(*) THEN sum(volume) END AS volume,
      CASE WHEN count(notional) = count(*) THEN sum(notional) END AS notional,
      CAST(CASE WHEN count(trades) = count(*) THEN sum(trades) END AS bigint) AS trades,
      min(lowest_listing) AS lowest_listing,
      max(highest_listing) AS highest_listing,
      min(first_event_time) AS first_event_time,
      max(last_event_time) AS last_event_time,
      max(known_at) AS known_at
    FROM parts_1h AS parts
    GROUP BY instrument, (window_index - (window_index % 24 + 24) % 24) / 24
  ),
  formed_1d AS (
    SELECT
      composed_1d.instrument,
      composed_1d.window_index,
      composed_1d.open,
      composed_1d.high,
      composed_1d.low,
      composed_1d.close,
      composed_1d.volume,
      composed_1d.notional,
      composed_1d.trades,
      composed_1d.lowest_listing,
      composed_1d.highest_listing,
      composed_1d.first_event_time,
      composed_1d.last_event_time,
      composed_1d.known_at
    FROM composed_1d
    LEFT JOIN published ON (published.bar_interval = '1d' AND published.instrument = composed_1d.instrument AND published.window_index = composed_1d.window_index)
    WHERE published.instrument IS NULL
  ),
  formed AS (
    SELECT
      '1m' AS bar_interval,
      1 AS minutes,
      instrument,
      window_index,
      open,
      high,
      low,
      close,
      volume,
      notional,
      trades,
      lowest_listing,
      highest_listing,
      first_event_time,
      last_event_time,
      known_at
    FROM formed_1m
    UNION ALL
    SELECT
      '5m',
      5,
      instrument,
      window_index,
      open,
      high,
      low,
      close,
      volume,
      notional,
      trades,
      lowest_listing,
      highest_listing,
      first_event_time,
      last_event_time,
      known_at
    FROM formed_5m
    UNION ALL
    SELECT
      '1h',
      60,
      instrument,
      window_index,
      open,
      high,
      low,
      close,
      volume,
      notional,
      trades,
      lowest_listing,
      highest_listing,
      first_event_time,
      last_event_time,
      known_at
    FROM formed_1h
    UNION ALL
    SELECT
      '1d',
      1440,
      instrument,
      window_index,
      open,
      high,
      low,
      close,
      volume,
      notional,
      trades,
      lowest_listing,
      highest_listing,
      first_event_time,
      last_event_time,
      known_at
    FROM formed_1d
  )
  SELECT
    listings.instrument_id,
    bars.bar_interval,
    CAST(from_unixtime_nanos(bars.window_index * bars.minutes * 60000000 * 1000) AS timestamp(6) with time zone) AS bar_start,
    bars.open,
    bars.high,
    bars.low,
    bars.close,
    CASE WHEN bars.volume <= 0 THEN NULL WHEN bars.low = bars.high THEN bars.low WHEN bars.average BETWEEN CAST(bars.low AS double) - 1e-6 * abs(CAST(bars.low AS double)) AND CAST(bars.high AS double) + 1e-6 * abs(CAST(bars.high AS double)) THEN array_min(filter(ARRAY[bars.high, array_max(filter(ARRAY[bars.low, TRY_CAST(bars.average AS decimal(38, 18))], x -> x IS NOT NULL))], x -> x IS NOT NULL)) END AS vwap,
    bars.volume,
    bars.trades,
    CASE WHEN bars.lowest_listing = bars.highest_listing THEN listings.currency END AS currency,
    bars.first_event_time,
    bars.last_event_time,
    bars.known_at AS _known_at
  FROM (
    SELECT
      bar_interval,
      minutes,
      instrument,
      window_index,
      open,
      high,
      low,
      close,
      volume,
      notional,
      trades,
      lowest_listing,
      highest_listing,
      first_event_time,
      last_event_time,
      known_at,
      CASE WHEN low < high THEN CAST(notional AS double) / nullif(CAST(volume AS double), 0) END AS average
    FROM formed
  ) AS bars
  JOIN listings ON listings.listing = bars.lowest_listing
)
