/*---
table: drawdowns
contract: drawdowns
grain: one row per instrument and date
partition: date
lookback: P400D
series: instrument_id
description: >
  The deepest fall from an earlier peak over 251 comparable closes, the max_drawdown_loss of risk_metrics, with the dates of its peak, its
  trough and its recovery, and how far below its high the close of the day is. A fall that is not made good by the day of the row has no
  recovery yet, whatever came later. Of equal peaks the newest counts, of equal falls the oldest. All closes must lie within 400 days.
---*/
WITH days AS (
  SELECT
    instrument_id, date, date - DATE '1970-01-01' AS day, previous_date - DATE '1970-01-01' AS previous_day,
    reason AS step_reason, _known_at AS known_at, simple_return AS r, comparable_factor AS factor,
    to_double(close) AS price, to_double(previous_close) * comparable_factor AS start
  FROM gold.returns_daily
),
steps AS (
  SELECT *, fall_of(price, start, factor, day, previous_day) AS block_1 FROM days
),
blocks_5 AS (
  SELECT * EXCLUDE (block_1, e, d, c, b, high, place), join_falls(e, d, c, b, block_1, high, place) AS block_5
  FROM (
    SELECT *, deepest_of(e, d, c, b, block_1, high) AS place
    FROM (
      SELECT *, highs_before(e, d, c, b, block_1) AS high
      FROM (
        SELECT
          *,
          back(block_1, 4, instrument_id, day) AS e, back(block_1, 3, instrument_id, day) AS d,
          back(block_1, 2, instrument_id, day) AS c, back(block_1, 1, instrument_id, day) AS b
        FROM steps)))
),
blocks_25 AS (
  SELECT * EXCLUDE (block_5, e, d, c, b, high, place), join_falls(e, d, c, b, block_5, high, place) AS block_25
  FROM (
    SELECT *, deepest_of(e, d, c, b, block_5, high) AS place
    FROM (
      SELECT *, highs_before(e, d, c, b, block_5) AS high
      FROM (
        SELECT
          *,
          back(block_5, 20, instrument_id, day) AS e, back(block_5, 15, instrument_id, day) AS d,
          back(block_5, 10, instrument_id, day) AS c, back(block_5, 5, instrument_id, day) AS b
        FROM blocks_5)))
),
blocks_125 AS (
  SELECT
    * EXCLUDE (block_25, e, d, c, b, high, place),
    join_falls(e, d, c, b, block_25, high, place) AS newer,
    (block_25).high_day AS high_25_day,
    back(day, 25, instrument_id, day) AS day_25
  FROM (
    SELECT *, deepest_of(e, d, c, b, block_25, high) AS place
    FROM (
      SELECT *, highs_before(e, d, c, b, block_25) AS high
      FROM (
        SELECT
          *,
          back(block_25, 100, instrument_id, day) AS e, back(block_25, 75, instrument_id, day) AS d,
          back(block_25, 50, instrument_id, day) AS c, back(block_25, 25, instrument_id, day) AS b
        FROM blocks_25)))
),
windows AS (
  SELECT
    *,
    back(newer, 125, instrument_id, day) AS older,
    max(step_reason) OVER last_250 AS step_reason_250,
    max(known_at) OVER last_250 AS known_at_250,
    max(known_at) OVER days_400 AS known_at_400d,
    count(*) OVER days_400 - 1 AS steps_400d
  FROM blocks_125
  WINDOW
    last_250 AS (PARTITION BY instrument_id ORDER BY day ROWS 249 PRECEDING),
    days_400 AS (PARTITION BY instrument_id ORDER BY day RANGE 400 PRECEDING)
),
falls AS MATERIALIZED (
  SELECT
    * REPLACE (
      CASE WHEN reason IS NULL THEN loss END AS loss,
      -- A hair of rounding between prices that were made comparable is no fall.
      CASE WHEN reason IS NULL AND loss > 1e-12 THEN peak_day END AS peak_day,
      CASE WHEN reason IS NULL AND loss > 1e-12 THEN trough_day END AS trough_day,
      CASE WHEN reason IS NULL THEN high_day END AS high_day)
  FROM (
    SELECT
      instrument_id, date, day, price, r, factor, high_25_day, day_25, steps_400d, known_at_250, known_at_400d,
      CASE WHEN steps_400d < 250 THEN 'insufficient_history' ELSE step_reason_250 END AS reason,
      fall_250(older, newer) AS loss,
      CASE deepest_of_two(older, newer) WHEN 1 THEN (older).peak_day WHEN 2 THEN (newer).peak_day ELSE (older).high_day END AS peak_day,
      CASE deepest_of_two(older, newer) WHEN 1 THEN (older).trough_day WHEN 2 THEN (newer).trough_day ELSE (newer).low_day END AS trough_day,
      greatest((older).high * (newer).factor, (newer).high) AS high,
      CASE WHEN (newer).high >= (older).high * (newer).factor THEN (newer).high_day ELSE (older).high_day END AS high_day
    FROM windows)
),
-- Few peaks are those of many days.
peaks AS (
  SELECT instrument_id, peak_day, coarser(peak_day, 400) + later AS era
  FROM (SELECT DISTINCT instrument_id, peak_day FROM falls WHERE peak_day IS NOT NULL), (SELECT 0 AS later UNION ALL SELECT 1) AS eras
),
-- Where a price is back at a peak for the first time, it rises and is the highest of 25 rows, unless the peak is one of them. Eras of 400 days
-- keep the join from looking at all rows of an instrument for each of its peaks.
rises AS (
  SELECT
    peak.instrument_id, peak.peak_day, later.day, later.price,
    product(later.factor) OVER (PARTITION BY peak.instrument_id, peak.peak_day ORDER BY later.day ROWS UNBOUNDED PRECEDING) AS factor
  FROM peaks AS peak
  JOIN (SELECT *, coarser(day, 400) AS era FROM falls) AS later
    ON later.instrument_id = peak.instrument_id AND later.era = peak.era AND later.day > peak.peak_day AND later.day <= peak.peak_day + 400
    AND (later.factor <> 1 OR later.r > 0 AND (later.high_25_day = later.day OR coalesce(later.day_25 <= peak.peak_day, true)))
),
recoveries AS (
  SELECT rises.instrument_id, rises.peak_day, min(rises.day) AS recovery_day
  FROM rises JOIN falls AS top ON top.instrument_id = rises.instrument_id AND top.day = rises.peak_day
  WHERE is_back(rises.price, top.price, rises.factor)
  GROUP BY rises.instrument_id, rises.peak_day
),
dated AS (
  SELECT
    falls.*,
    CASE WHEN recovery_day > trough_day AND recovery_day <= day THEN recovery_day END AS recovery_day,
    CASE WHEN reason IS NULL THEN greatest(1 - price / high, 0) END AS current_loss
  FROM falls LEFT JOIN recoveries USING (instrument_id, peak_day)
)
SELECT
  instrument_id, date, 250::BIGINT AS window_observations,
  loss AS max_drawdown_loss,
  CASE WHEN reason IS NULL THEN
    CASE WHEN peak_day IS NULL THEN 'no_fall' WHEN recovery_day IS NULL THEN 'not_recovered' ELSE 'recovered' END END AS state,
  DATE '1970-01-01' + peak_day::INTEGER AS peak_date,
  DATE '1970-01-01' + trough_day::INTEGER AS trough_date,
  DATE '1970-01-01' + recovery_day::INTEGER AS recovery_date,
  trough_day - peak_day AS fall_days,
  coalesce(recovery_day, day) - peak_day AS drawdown_days,
  current_loss AS current_drawdown_loss,
  DATE '1970-01-01' + high_day::INTEGER AS high_date,
  day - high_day AS current_drawdown_days,
  reason,
  'deepest fall from an earlier peak over 251 comparable closes' AS method,
  least(steps_400d, 250)::BIGINT AS observations, least(steps_400d, 250) / 250::DOUBLE AS coverage,
  CASE WHEN reason IS DISTINCT FROM 'insufficient_history' THEN known_at_250 ELSE known_at_400d END AS _known_at
FROM dated
