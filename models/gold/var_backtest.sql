/*---
table: var_backtest
contract: var_backtest
grain: one row per instrument, date, method and confidence
partition: date
lookback: P400D
description: >
  Every VaR of risk_metrics against the losses of the last 250 days: an exception is a loss strictly greater than the VaR that stood at
  the close before. Kupiec asks whether there are as many as promised, Christoffersen whether they come alone, and Basel's
  traffic light whether the VaR can still be believed. All 250 days need a loss and a VaR before it, within 400 days. The twelve VaRs
  of a day are one list, and their exceptions are counted side by side in lanes of one number.
---*/
WITH forecasts AS (
  SELECT
    instrument_id, date,
    [
      max(value) FILTER (WHERE metric = 'var_95_loss'),
      max(value) FILTER (WHERE metric = 'var_975_loss'),
      max(value) FILTER (WHERE metric = 'var_99_loss'),
      max(value) FILTER (WHERE metric = 'normal_var_95_loss'),
      max(value) FILTER (WHERE metric = 'normal_var_975_loss'),
      max(value) FILTER (WHERE metric = 'normal_var_99_loss'),
      max(value) FILTER (WHERE metric = 'cornish_fisher_var_95_loss'),
      max(value) FILTER (WHERE metric = 'cornish_fisher_var_975_loss'),
      max(value) FILTER (WHERE metric = 'cornish_fisher_var_99_loss'),
      max(value) FILTER (WHERE metric = 'filtered_var_95_loss'),
      max(value) FILTER (WHERE metric = 'filtered_var_975_loss'),
      max(value) FILTER (WHERE metric = 'filtered_var_99_loss')] AS vars,
    max(_known_at) FILTER (WHERE metric NOT LIKE 'filtered%') AS known_at,
    max(_known_at) AS filtered_known_at
  FROM gold.risk_metrics
  WHERE metric IN (
    'var_95_loss', 'var_975_loss', 'var_99_loss',
    'normal_var_95_loss', 'normal_var_975_loss', 'normal_var_99_loss',
    'cornish_fisher_var_95_loss', 'cornish_fisher_var_975_loss', 'cornish_fisher_var_99_loss',
    'filtered_var_95_loss', 'filtered_var_975_loss', 'filtered_var_99_loss')
  GROUP BY instrument_id, date
),
days AS (
  SELECT
    instrument_id, date, date - DATE '1970-01-01' AS day, 0 - simple_return AS loss,
    lag(vars) OVER series AS vars,
    greatest(returns._known_at, lag(forecasts.known_at) OVER series) AS known_at,
    greatest(returns._known_at, lag(filtered_known_at) OVER series) AS filtered_known_at
  FROM gold.returns_daily AS returns JOIN forecasts USING (instrument_id, date)
  WINDOW series AS (PARTITION BY instrument_id ORDER BY date)
),
flagged AS (
  SELECT *, list_transform(vars, lambda v: loss > v) AS flags FROM days
),
paired AS (
  SELECT *, back(flags, 1, instrument_id, day) AS flags_before, back(flags, 249, instrument_id, day) AS first_flags FROM flagged
),
lanes AS (
  SELECT
    * EXCLUDE (flags_before),
    lanes_of(list_transform(flags, lambda f: f IS NOT NULL)) AS judged,
    lanes_of(flags) AS exceptions,
    lanes_of(list_transform(flags, lambda f, k: f AND flags_before[k])) AS repeated
  FROM paired
),
windows AS (
  SELECT
    instrument_id, date, loss, vars, flags, first_flags, known_at, filtered_known_at,
    sum(judged) OVER last_250 AS judged_250,
    sum(judged) OVER days_386 AS judged_386d,
    sum(exceptions) OVER last_250 AS exceptions_250,
    sum(repeated) OVER last_249 AS repeated_249,
    count(*) OVER days_400 - 1 AS steps_400d,
    max(known_at) OVER last_250 AS known_at_250,
    max(filtered_known_at) OVER last_250 AS filtered_known_at_250
  FROM lanes
  WINDOW
    last_249 AS (PARTITION BY instrument_id ORDER BY day ROWS 248 PRECEDING),
    last_250 AS (PARTITION BY instrument_id ORDER BY day ROWS 249 PRECEDING),
    -- A loss reaches back to the close before, at most 14 days.
    days_386 AS (PARTITION BY instrument_id ORDER BY day RANGE 386 PRECEDING),
    days_400 AS (PARTITION BY instrument_id ORDER BY day RANGE 400 PRECEDING)
),
series AS (
  SELECT
    *,
    unnest([
      {'k': 1, 'method': 'historical', 'confidence': 950},
      {'k': 2, 'method': 'historical', 'confidence': 975},
      {'k': 3, 'method': 'historical', 'confidence': 990},
      {'k': 4, 'method': 'normal', 'confidence': 950},
      {'k': 5, 'method': 'normal', 'confidence': 975},
      {'k': 6, 'method': 'normal', 'confidence': 990},
      {'k': 7, 'method': 'cornish_fisher', 'confidence': 950},
      {'k': 8, 'method': 'cornish_fisher', 'confidence': 975},
      {'k': 9, 'method': 'cornish_fisher', 'confidence': 990},
      {'k': 10, 'method': 'filtered_historical', 'confidence': 950},
      {'k': 11, 'method': 'filtered_historical', 'confidence': 975},
      {'k': 12, 'method': 'filtered_historical', 'confidence': 990}]) AS m
  FROM windows
),
counted AS (
  SELECT
    instrument_id, date, m.method AS method, m.confidence AS confidence, loss, steps_400d,
    CASE WHEN loss IS NOT NULL THEN vars[m.k] END AS var_loss,
    flags[m.k] AS is_exception, first_flags[m.k] AS was_first,
    of_lane(judged_250, m.k) AS judged_250,
    of_lane(judged_386d, m.k) AS judged_386d,
    of_lane(exceptions_250, m.k) AS exceptions,
    of_lane(repeated_249, m.k) AS n11,
    CASE m.method WHEN 'filtered_historical' THEN filtered_known_at ELSE known_at END AS known_at,
    CASE m.method WHEN 'filtered_historical' THEN filtered_known_at_250 ELSE known_at_250 END AS known_at_250
  FROM series
),
tables AS (
  SELECT
    *,
    steps_400d >= 250 AND judged_250 = 250 AS is_whole,
    CASE WHEN steps_400d < 250 THEN least(judged_386d, 250) ELSE judged_250 END AS observations,
    exceptions - was_first::INTEGER - n11 AS n01,
    exceptions - is_exception::INTEGER - n11 AS n10
  FROM counted
),
tests AS (
  SELECT
    *,
    CASE WHEN is_whole THEN kupiec_lr(250, exceptions, 1 - confidence / 1000) END AS kupiec,
    CASE WHEN is_whole THEN christoffersen_lr(249 - n01 - n10 - n11, n01, n10, n11) END AS christoffersen
  FROM tables
)
SELECT
  instrument_id, date, method, (confidence / 1000)::DECIMAL(4, 3) AS confidence, 250::BIGINT AS window_observations, loss, var_loss, is_exception,
  CASE WHEN is_whole THEN exceptions END AS exceptions,
  250 * (1 - confidence / 1000::DOUBLE) AS expected_exceptions,
  kupiec AS kupiec_lr, chi2_1_survival(kupiec) AS kupiec_p,
  christoffersen AS christoffersen_lr, chi2_1_survival(christoffersen) AS christoffersen_p,
  kupiec + christoffersen AS conditional_coverage_lr, chi2_2_survival(kupiec + christoffersen) AS conditional_coverage_p,
  CASE WHEN is_whole THEN traffic_light(exceptions, confidence) END AS traffic_light,
  CASE WHEN is_whole AND confidence = 990 THEN basel_multiplier(exceptions) END AS basel_multiplier,
  CASE WHEN NOT is_whole THEN 'insufficient_history' END AS reason,
  observations,
  CASE WHEN is_whole THEN known_at_250 ELSE known_at END AS _known_at
FROM tests
