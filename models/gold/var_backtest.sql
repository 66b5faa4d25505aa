/*---
table: var_backtest
contract: var_backtest
grain: one row per instrument, date, method and confidence
partition: date
lookback: P400D
description: >
  Every VaR of risk_metrics against the losses of the last 250 days: an exception is a loss strictly greater than the VaR that stood at
  the close before. Kupiec asks whether there are as many as promised, Christoffersen whether they come alone, and Basel's
  traffic light whether the VaR can still be believed. All 250 days need a loss and a VaR before it, within 400 days.
---*/
WITH methods AS (
  SELECT unnest([
    {'metric': 'var_95_loss', 'method': 'historical', 'confidence': 950},
    {'metric': 'var_975_loss', 'method': 'historical', 'confidence': 975},
    {'metric': 'var_99_loss', 'method': 'historical', 'confidence': 990},
    {'metric': 'normal_var_95_loss', 'method': 'normal', 'confidence': 950},
    {'metric': 'normal_var_975_loss', 'method': 'normal', 'confidence': 975},
    {'metric': 'normal_var_99_loss', 'method': 'normal', 'confidence': 990},
    {'metric': 'cornish_fisher_var_95_loss', 'method': 'cornish_fisher', 'confidence': 950},
    {'metric': 'cornish_fisher_var_975_loss', 'method': 'cornish_fisher', 'confidence': 975},
    {'metric': 'cornish_fisher_var_99_loss', 'method': 'cornish_fisher', 'confidence': 990},
    {'metric': 'filtered_var_95_loss', 'method': 'filtered_historical', 'confidence': 950},
    {'metric': 'filtered_var_975_loss', 'method': 'filtered_historical', 'confidence': 975},
    {'metric': 'filtered_var_99_loss', 'method': 'filtered_historical', 'confidence': 990}], recursive := true)
),
forecasts AS (
  SELECT
    instrument_id, methods.method, confidence, returns.date, returns.date - DATE '1970-01-01' AS day,
    0 - simple_return AS loss, value AS var_loss, returns._known_at AS loss_known_at, metrics._known_at AS var_known_at
  FROM gold.risk_metrics AS metrics
  JOIN methods USING (metric)
  JOIN gold.returns_daily AS returns USING (instrument_id, date)
),
days AS (
  SELECT
    instrument_id, method, confidence, date, day, loss,
    CASE WHEN loss IS NOT NULL THEN lag(var_loss) OVER series END AS var_loss,
    loss > lag(var_loss) OVER series AS is_exception,
    greatest(loss_known_at, lag(var_known_at) OVER series) AS known_at
  FROM forecasts
  WINDOW series AS (PARTITION BY instrument_id, method, confidence ORDER BY day)
),
pairs AS (
  SELECT *, is_exception AND lag(is_exception) OVER series AS is_repeated, lag(is_exception, 249) OVER series AS was_first
  FROM days
  WINDOW series AS (PARTITION BY instrument_id, method, confidence ORDER BY day)
),
counts AS (
  SELECT
    *,
    count(is_exception) OVER last_250 AS judged_250,
    count(is_exception) OVER days_386 AS judged_386d,
    count(*) OVER days_400 - 1 AS steps_400d,
    count(*) FILTER (WHERE is_exception) OVER last_250 AS exceptions,
    count(*) FILTER (WHERE is_repeated) OVER last_249 AS n11,
    max(known_at) OVER last_250 AS known_at_250
  FROM pairs
  WINDOW
    last_249 AS (PARTITION BY instrument_id, method, confidence ORDER BY day ROWS 248 PRECEDING),
    last_250 AS (PARTITION BY instrument_id, method, confidence ORDER BY day ROWS 249 PRECEDING),
    -- A loss reaches back to the close before, at most 14 days.
    days_386 AS (PARTITION BY instrument_id, method, confidence ORDER BY day RANGE 386 PRECEDING),
    days_400 AS (PARTITION BY instrument_id, method, confidence ORDER BY day RANGE 400 PRECEDING)
),
tables AS (
  SELECT
    *,
    steps_400d >= 250 AND judged_250 = 250 AS is_whole,
    CASE WHEN steps_400d < 250 THEN least(judged_386d, 250) ELSE judged_250 END AS observations,
    exceptions - was_first::INTEGER - n11 AS n01,
    exceptions - is_exception::INTEGER - n11 AS n10
  FROM counts
),
tests AS (
  SELECT
    *,
    kupiec_lr(250, exceptions, 1 - confidence / 1000) AS kupiec,
    christoffersen_lr(249 - n01 - n10 - n11, n01, n10, n11) AS christoffersen
  FROM tables
  WHERE is_whole
)
SELECT
  instrument_id, date, method, (confidence / 1000)::DECIMAL(4, 3) AS confidence, 250::BIGINT AS window_observations, loss, var_loss, is_exception,
  exceptions::BIGINT AS exceptions, 250 * (1 - confidence / 1000::DOUBLE) AS expected_exceptions,
  kupiec AS kupiec_lr, chi2_1_survival(kupiec) AS kupiec_p,
  christoffersen AS christoffersen_lr, chi2_1_survival(christoffersen) AS christoffersen_p,
  kupiec + christoffersen AS conditional_coverage_lr, chi2_2_survival(kupiec + christoffersen) AS conditional_coverage_p,
  traffic_light(exceptions, confidence) AS traffic_light,
  CASE WHEN confidence = 990 THEN basel_multiplier(exceptions) END AS basel_multiplier,
  NULL::VARCHAR AS reason, observations::BIGINT AS observations, known_at_250 AS _known_at
FROM tests
UNION ALL
SELECT
  instrument_id, date, method, (confidence / 1000)::DECIMAL(4, 3), 250::BIGINT, loss, var_loss, is_exception,
  NULL, 250 * (1 - confidence / 1000::DOUBLE), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  'insufficient_history', observations::BIGINT, known_at
FROM tables
WHERE NOT is_whole
