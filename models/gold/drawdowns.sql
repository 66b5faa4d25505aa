/*---
table: drawdowns
contract: drawdowns
grain: one row per instrument and date
partition: date
lookback: P400D
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
  SELECT
    * EXCLUDE (block_1),
    join_falls(
      back(block_1, 4, instrument_id, day), back(block_1, 3, instrument_id, day), back(block_1, 2, instrument_id, day),
      back(block_1, 1, instrument_id, day), block_1) AS block_5
  FROM steps
),
blocks_25 AS (
  SELECT
    * EXCLUDE (block_5),
    join_falls(
      back(block_5, 20, instrument_id, day), back(block_5, 15, instrument_id, day), back(block_5, 10, instrument_id, day),
      back(block_5, 5, instrument_id, day), block_5) AS block_25
  FROM blocks_5
),
blocks_125 AS (
  SELECT
    * EXCLUDE (block_25),
    join_falls(
      back(block_25, 100, instrument_id, day), back(block_25, 75, instrument_id, day), back(block_25, 50, instrument_id, day),
      back(block_25, 25, instrument_id, day), block_25) AS newer
  FROM blocks_25
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
    instrument_id, date, day, price, steps_400d, known_at_250, known_at_400d,
    CASE WHEN steps_400d < 250 THEN 'insufficient_history' ELSE step_reason_250 END AS reason,
    dated_fall_250(older, newer) AS fall,
    high_250(older, newer) AS high
  FROM windows
),
stated AS (
  SELECT
    *,
    CASE WHEN reason IS NULL THEN fall.loss END AS loss,
    -- A hair of rounding between prices that were made comparable is no fall.
    CASE WHEN reason IS NULL AND fall.loss > 1e-12 THEN fall.peak_day END AS peak_day,
    CASE WHEN reason IS NULL AND fall.loss > 1e-12 THEN 0 - fall.before END AS trough_day
  FROM falls
),
-- Few peaks are those of many days. Below its peak a price is back on a day on which it rises, if on any.
peaks AS (
  SELECT DISTINCT instrument_id, peak_day FROM stated WHERE peak_day IS NOT NULL
),
rises AS (
  SELECT
    peak.instrument_id, peak.peak_day, top.price AS peak_price, later.day, later.price,
    product(later.factor) OVER (PARTITION BY peak.instrument_id, peak.peak_day ORDER BY later.day ROWS UNBOUNDED PRECEDING) AS factor
  FROM peaks AS peak
  JOIN days AS top ON top.instrument_id = peak.instrument_id AND top.day = peak.peak_day
  JOIN days AS later
    ON later.instrument_id = peak.instrument_id AND later.day > peak.peak_day AND later.day <= peak.peak_day + 400
    AND (later.r > 0 OR later.factor <> 1)
),
recoveries AS (
  SELECT instrument_id, peak_day, min(day) AS recovery_day FROM rises WHERE is_back(price, peak_price, factor) GROUP BY instrument_id, peak_day
),
dated AS (
  SELECT
    stated.*,
    CASE WHEN recovery_day > trough_day AND recovery_day <= day THEN recovery_day END AS recovery_day,
    CASE WHEN reason IS NULL THEN greatest(1 - price / high.price, 0) END AS current_loss,
    CASE WHEN reason IS NULL THEN high.day END AS high_day
  FROM stated LEFT JOIN recoveries USING (instrument_id, peak_day)
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
