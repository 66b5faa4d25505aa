/*---
table: macro_daily
contract: macro_daily
grain: one row per series and calendar day
partition: date
lookback: P1200D
until: known
description: >
  Macro series and rates on every calendar day as they were known at its end: the figure of the newest period that had one by then, as it
  was said by then. What is revised or published later changes no earlier day. A figure is carried as long as its frequency allows, which
  the two newest periods tell (at most 400 days apart), and the row then says stale until 800 days after its period began. Days go as far
  as anything has come to be known. A projection counts from the day on which its period begins.
---*/
WITH versions AS (
  SELECT
    instrument_id, event_time::DATE AS period, value, source, vintage_date, _known_at AS known_at,
    greatest(event_time::DATE, (_known_at - INTERVAL 1 MICROSECOND)::DATE) AS first_date
  FROM silver.macro_observations_versions
),
-- What was said last of a period by the end of a day.
said AS (
  SELECT * FROM versions
  QUALIFY row_number() OVER (PARTITION BY instrument_id, period, first_date ORDER BY known_at DESC) = 1
),
firsts AS (
  SELECT
    *,
    CASE WHEN value IS NOT NULL AND row_number() OVER (PARTITION BY instrument_id, period, value IS NULL ORDER BY first_date) = 1
      THEN period END AS first_period
  FROM said
),
newest AS (
  SELECT
    *, max(first_period, 2) OVER (PARTITION BY instrument_id ORDER BY first_date RANGE UNBOUNDED PRECEDING) AS periods
  FROM firsts
),
-- A day on which the figure of the newest period came, was revised or was taken back.
turns AS (
  SELECT *, CASE WHEN period - periods[2] <= 400 THEN period - periods[2] END AS step
  FROM newest
  WHERE period = periods[1]
),
spans AS (
  SELECT
    *,
    least(
      lead(first_date) OVER (PARTITION BY instrument_id ORDER BY first_date) - first_date,
      period + 801 - first_date) AS span
  FROM turns
),
carried AS (
  SELECT *, first_date + unnest(range(span))::INTEGER AS date FROM spans
)
SELECT
  instrument_id, date,
  CASE WHEN date - period <= observation_days(step) THEN value END AS value,
  CASE WHEN value IS NULL THEN 'withdrawn' WHEN date - period > observation_days(step) THEN 'stale' END AS reason,
  period, date - period AS age_days, observation_days(step) AS max_age_days, observation_frequency(step) AS frequency,
  known_at AS value_known_at, vintage_date, source,
  -- The end of the day: until then another figure could have come.
  make_timestamptz((date - DATE '1970-01-01' + 1) * 86400000000) AS _known_at
FROM carried
