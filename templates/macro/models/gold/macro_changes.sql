/*---
table: macro_changes
contract: macro_changes
grain: one row per series and period
partition: date
lookback: P400D
description: >
  Each figure as it is held true now, with the one of the period before and the one of a year before. Changes are plain differences, because
  a series may be a rate or negative; `growth_on_year` is a share, for series that are positive.
---*/
WITH figures AS (
  SELECT instrument_id, event_time::DATE AS date, value::DOUBLE AS value, _known_at
  FROM silver.macro_observations
  WHERE value IS NOT NULL
),
steps AS (
  SELECT
    *,
    lag(date) OVER periods AS previous_date,
    lag(value) OVER periods AS previous_value,
    lag(_known_at) OVER periods AS previous_known_at
  FROM figures
  WINDOW periods AS (PARTITION BY instrument_id ORDER BY date)
)
SELECT
  steps.instrument_id, steps.date, steps.value,
  CASE WHEN steps.date - previous_date <= 366 THEN steps.value - previous_value END AS change,
  steps.value - year_before.value AS change_on_year,
  CASE WHEN steps.value > 0 AND year_before.value > 0 THEN steps.value / year_before.value - 1 END AS growth_on_year,
  greatest(
    steps._known_at, CASE WHEN steps.date - previous_date <= 366 THEN previous_known_at END, year_before._known_at) AS _known_at
FROM steps
LEFT JOIN figures AS year_before
  ON year_before.instrument_id = steps.instrument_id AND year_before.date = (steps.date - INTERVAL 1 YEAR)::DATE
