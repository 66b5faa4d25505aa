-- gold.bars_daily in Trino's SQL, made from models/gold/bars_daily.sql by scripts/generate-trino.mjs.
SELECT
  CAST(instrument_id AS varchar) AS instrument_id,
  CAST(date AS date) AS date,
  CAST(open AS decimal(38, 18)) AS open,
  CAST(high AS decimal(38, 18)) AS high,
  CAST(low AS decimal(38, 18)) AS low,
  CAST(close AS decimal(38, 18)) AS close,
  CAST(vwap AS decimal(38, 18)) AS vwap,
  CAST(volume AS decimal(38, 18)) AS volume,
  CAST(trades AS bigint) AS trades,
  CAST(currency AS varchar) AS currency,
  CAST(bar_known_at AS timestamp(6) with time zone) AS bar_known_at,
  CAST(realised_minutes AS bigint) AS realised_minutes,
  CAST(realised_moves AS bigint) AS realised_moves,
  CAST(realised_variance AS double) AS realised_variance,
  CAST(realised_known_at AS timestamp(6) with time zone) AS realised_known_at,
  CAST(_known_at AS timestamp(6) with time zone) AS _known_at
FROM (
  WITH intraday AS (
    SELECT
      instrument_id,
      CAST(bar_start AT TIME ZONE 'UTC' AS date) AS date,
      bar_interval,
      bar_start,
      close,
      currency,
      _known_at
    FROM gold.price_bars
    WHERE bar_interval IN ('5m', '1h')
    UNION ALL
    SELECT
      instrument_id,
      CAST(event_time AT TIME ZONE 'UTC' AS date),
      bar_interval,
      event_time,
      close,
      currency,
      _known_at
    FROM silver.bars
    WHERE bar_interval IN ('5m', '1h')
  ),
  paced AS (
    SELECT
      instrument_id,
      date,
      bar_start,
      close,
      _known_at AS known_at,
      CASE WHEN bar_interval = '5m' THEN 5 ELSE 60 END AS minutes,
      lag(bar_start) OVER (PARTITION BY instrument_id, bar_interval, date ORDER BY bar_start) AS last_start,
      lag(close) OVER (PARTITION BY instrument_id, bar_interval, date ORDER BY bar_start) AS last_close,
      lag(currency) OVER (PARTITION BY instrument_id, bar_interval, date ORDER BY bar_start) IS NOT DISTINCT FROM currency AS is_comparable
    FROM intraday
  ),
  moves AS (
    SELECT
      instrument_id,
      date,
      minutes,
      bar_start,
      known_at,
      CASE WHEN is_comparable AND to_unixtime(bar_start) - to_unixtime(last_start) = 60 * minutes THEN CASE WHEN close > 0 AND last_close > 0 THEN ln(CAST(close AS double) / CAST(last_close AS double)) END END AS l
    FROM paced
  ),
  realised AS (
    SELECT
      instrument_id,
      date,
      CAST(minutes AS bigint) AS realised_minutes,
      count(l) AS realised_moves,
      element_at(transform(ARRAY[filter(array_agg(l * l ORDER BY bar_start), x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s)), 1) AS realised_variance,
      max(known_at) AS realised_known_at
    FROM moves
    GROUP BY instrument_id, date, minutes
  ),
  finest AS (
    SELECT
      instrument_id,
      date,
      realised_minutes,
      realised_moves,
      realised_variance,
      realised_known_at
    FROM (
      SELECT
        instrument_id,
        date,
        realised_minutes,
        realised_moves,
        realised_variance,
        realised_known_at,
        row_number() OVER (PARTITION BY instrument_id, date ORDER BY realised_minutes) = 1 AS _qualified
      FROM realised
    )
    WHERE _qualified
  ),
  parts AS (
    SELECT
      instrument_id,
      CAST(bar_start AT TIME ZONE 'UTC' AS date) AS date,
      open,
      high,
      low,
      close,
      vwap,
      volume,
      trades,
      currency,
      _known_at AS bar_known_at,
      NULL AS realised_minutes,
      NULL AS realised_moves,
      NULL AS realised_variance,
      NULL AS realised_known_at
    FROM gold.price_bars
    WHERE bar_interval = '1d'
    UNION ALL
    SELECT
      instrument_id,
      date,
      NULL,
      NULL,
      NULL,
      NULL,
      NULL,
      NULL,
      NULL,
      NULL,
      NULL,
      realised_minutes,
      realised_moves,
      realised_variance,
      realised_known_at
    FROM finest
  )
  SELECT
    instrument_id,
    date,
    max(open) AS open,
    max(high) AS high,
    max(low) AS low,
    max(close) AS close,
    max(vwap) AS vwap,
    max(volume) AS volume,
    max(trades) AS trades,
    max(currency) AS currency,
    max(bar_known_at) AS bar_known_at,
    max(realised_minutes) AS realised_minutes,
    max(realised_moves) AS realised_moves,
    max(realised_variance) AS realised_variance,
    max(realised_known_at) AS realised_known_at,
    array_max(filter(ARRAY[max(bar_known_at), max(realised_known_at)], x -> x IS NOT NULL)) AS _known_at
  FROM parts
  GROUP BY instrument_id, date
)
