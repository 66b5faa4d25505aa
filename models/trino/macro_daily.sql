-- gold.macro_daily in Trino's SQL, made from models/gold/macro_daily.sql by scripts/generate-trino.mjs.
SELECT
  CAST(instrument_id AS varchar) AS instrument_id,
  CAST(date AS date) AS date,
  CAST(value AS decimal(38, 18)) AS value,
  CAST(reason AS varchar) AS reason,
  CAST(period AS date) AS period,
  CAST(age_days AS bigint) AS age_days,
  CAST(max_age_days AS bigint) AS max_age_days,
  CAST(frequency AS varchar) AS frequency,
  CAST(value_known_at AS timestamp(6) with time zone) AS value_known_at,
  CAST(vintage_date AS date) AS vintage_date,
  CAST(source AS varchar) AS source,
  CAST(_known_at AS timestamp(6) with time zone) AS _known_at
FROM (
  WITH versions AS (
    SELECT
      instrument_id,
      CAST(event_time AT TIME ZONE 'UTC' AS date) AS period,
      value,
      source,
      vintage_date,
      _known_at AS known_at,
      array_max(filter(ARRAY[CAST(event_time AT TIME ZONE 'UTC' AS date), CAST(CAST(from_unixtime_nanos((CAST(round(to_unixtime(_known_at) * 1e6) AS bigint) - 1 * 1) * 1000) AS timestamp(6) with time zone) AT TIME ZONE 'UTC' AS date)], x -> x IS NOT NULL)) AS first_date
    FROM silver.macro_observations_versions
  ),
  said AS (
    SELECT
      instrument_id,
      period,
      value,
      source,
      vintage_date,
      known_at,
      first_date
    FROM (
      SELECT
        instrument_id,
        period,
        value,
        source,
        vintage_date,
        known_at,
        first_date,
        row_number() OVER (PARTITION BY instrument_id, period, first_date ORDER BY known_at DESC) = 1 AS _qualified
      FROM versions
    )
    WHERE _qualified
  ),
  firsts AS (
    SELECT
      instrument_id,
      period,
      value,
      source,
      vintage_date,
      known_at,
      first_date,
      CASE WHEN value IS NOT NULL AND row_number() OVER (PARTITION BY instrument_id, period, value IS NULL ORDER BY first_date) = 1 THEN period END AS first_period
    FROM said
  ),
  newest AS (
    SELECT
      instrument_id,
      period,
      value,
      source,
      vintage_date,
      known_at,
      first_date,
      first_period,
      max(first_period, 2) OVER (PARTITION BY instrument_id ORDER BY first_date) AS periods
    FROM firsts
  ),
  turns AS (
    SELECT
      instrument_id,
      period,
      value,
      source,
      vintage_date,
      known_at,
      first_date,
      first_period,
      periods,
      CASE WHEN date_diff('day', element_at(periods, 2), period) <= 400 THEN date_diff('day', element_at(periods, 2), period) END AS step
    FROM newest
    WHERE period = element_at(periods, 1)
  ),
  spans AS (
    SELECT
      instrument_id,
      period,
      value,
      source,
      vintage_date,
      known_at,
      first_date,
      first_period,
      periods,
      step,
      array_min(filter(ARRAY[date_diff('day', first_date, lead(first_date) OVER (PARTITION BY instrument_id ORDER BY first_date)), date_diff('day', first_date, date_add('day', 801, period))], x -> x IS NOT NULL)) AS span
    FROM turns
  ),
  carried AS (
    SELECT
      spans.instrument_id,
      spans.period,
      spans.value,
      spans.source,
      spans.vintage_date,
      spans.known_at,
      spans.first_date,
      spans.first_period,
      spans.periods,
      spans.step,
      spans.span,
      date_add('day', CAST(unnested.element_1 AS integer), spans.first_date) AS date
    FROM spans
    CROSS JOIN UNNEST(slice(sequence(0, spans.span), 1, spans.span)) AS unnested (element_1)
  )
  SELECT
    instrument_id,
    date,
    CASE WHEN date_diff('day', period, date) <= CASE WHEN step <= 6 THEN 10 WHEN step <= 20 THEN 35 WHEN step <= 35 THEN 130 WHEN step <= 100 THEN 300 WHEN step <= 400 THEN 800 ELSE 10 END THEN value END AS value,
    CASE WHEN value IS NULL THEN 'withdrawn' WHEN date_diff('day', period, date) > CASE WHEN step <= 6 THEN 10 WHEN step <= 20 THEN 35 WHEN step <= 35 THEN 130 WHEN step <= 100 THEN 300 WHEN step <= 400 THEN 800 ELSE 10 END THEN 'stale' END AS reason,
    period,
    date_diff('day', period, date) AS age_days,
    CASE WHEN step <= 6 THEN 10 WHEN step <= 20 THEN 35 WHEN step <= 35 THEN 130 WHEN step <= 100 THEN 300 WHEN step <= 400 THEN 800 ELSE 10 END AS max_age_days,
    CASE WHEN step <= 6 THEN 'daily' WHEN step <= 20 THEN 'weekly' WHEN step <= 35 THEN 'monthly' WHEN step <= 100 THEN 'quarterly' WHEN step <= 400 THEN 'annual' END AS frequency,
    known_at AS value_known_at,
    vintage_date,
    source,
    CAST(from_unixtime_nanos((date_diff('day', DATE '1970-01-01', date) + 1) * 86400000000 * 1000) AS timestamp(6) with time zone) AS _known_at
  FROM carried
)
