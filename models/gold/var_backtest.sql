/*---
table: var_backtest
contract: var_backtest
grain: one row per instrument, date, method and confidence
partition: date
lookback: P400D
series: instrument_id
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
-- The levels of a method stand side by side, and three counts of at most 250 in one number, so that a window runs once for all three.
forecasts AS (
  SELECT
    instrument_id, date, methods.method,
    max(value) FILTER (WHERE confidence = 950) AS var_95,
    max(value) FILTER (WHERE confidence = 975) AS var_975,
    max(value) FILTER (WHERE confidence = 990) AS var_99,
    max(_known_at) AS known_at
  FROM gold.risk_metrics JOIN methods USING (metric)
  GROUP BY instrument_id, date, methods.method
),
days AS (
  SELECT
    instrument_id, method, date, date - DATE '1970-01-01' AS day, 0 - simple_return AS loss,
    lag(var_95) OVER series AS var_95, lag(var_975) OVER series AS var_975, lag(var_99) OVER series AS var_99,
    greatest(returns._known_at, lag(forecasts.known_at) OVER series) AS known_at
  FROM forecasts JOIN gold.returns_daily AS returns USING (instrument_id, date)
  WINDOW series AS (PARTITION BY instrument_id, method ORDER BY date)
),
judgements AS (
  SELECT
    *,
    three_counts(loss > var_95, loss > var_975, loss > var_99) AS exception,
    three_counts(loss + var_95 IS NOT NULL, loss + var_975 IS NOT NULL, loss + var_99 IS NOT NULL) AS judged
  FROM days
),
pairs AS (
  SELECT
    *,
    lag(exception, 249, 0) OVER series AS first,
    three_counts(
      count_of(exception, 950) + count_of(lag(exception, 1, 0) OVER series, 950) = 2,
      count_of(exception, 975) + count_of(lag(exception, 1, 0) OVER series, 975) = 2,
      count_of(exception, 990) + count_of(lag(exception, 1, 0) OVER series, 990) = 2) AS repeated
  FROM judgements
  WINDOW series AS (PARTITION BY instrument_id, method ORDER BY day)
),
counts AS (
  SELECT
    *,
    sum(judged) OVER last_250 AS judged_250,
    sum(judged) OVER days_386 AS judged_386d,
    count(*) OVER days_400 - 1 AS steps_400d,
    sum(exception) OVER last_250 AS exceptions,
    sum(repeated) OVER last_249 AS repetitions,
    max(known_at) OVER last_250 AS known_at_250
  FROM pairs
  WINDOW
    last_249 AS (PARTITION BY instrument_id, method ORDER BY day ROWS 248 PRECEDING),
    last_250 AS (PARTITION BY instrument_id, method ORDER BY day ROWS 249 PRECEDING),
    -- A loss reaches back to the close before, at most 14 days.
    days_386 AS (PARTITION BY instrument_id, method ORDER BY day RANGE 386 PRECEDING),
    days_400 AS (PARTITION BY instrument_id, method ORDER BY day RANGE 400 PRECEDING)
),
levels AS (
  SELECT
    * EXCLUDE (judged_250, judged_386d, exceptions, repetitions, exception, first),
    count_of(judged_250, confidence) AS judged_250,
    count_of(judged_386d, confidence) AS judged_386d,
    count_of(exceptions, confidence) AS exceptions,
    count_of(repetitions, confidence) AS n11,
    count_of(exception, confidence) AS last,
    count_of(first, confidence) AS first,
    CASE WHEN loss IS NOT NULL THEN CASE confidence WHEN 950 THEN var_95 WHEN 975 THEN var_975 ELSE var_99 END END AS var_loss
  FROM (SELECT *, unnest([950, 975, 990]) AS confidence FROM counts)
),
tables AS (
  SELECT
    *,
    loss > var_loss AS is_exception,
    steps_400d >= 250 AND judged_250 = 250 AS is_whole,
    CASE WHEN steps_400d < 250 THEN least(judged_386d, 250) ELSE judged_250 END AS observations,
    exceptions - first - n11 AS n01,
    exceptions - last - n11 AS n10
  FROM levels
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
  CASE WHEN is_whole THEN exceptions END AS exceptions, 250 * (1 - confidence / 1000::DOUBLE) AS expected_exceptions,
  kupiec AS kupiec_lr, CASE WHEN is_whole THEN chi2_1_survival(kupiec) END AS kupiec_p,
  christoffersen AS christoffersen_lr, CASE WHEN is_whole THEN chi2_1_survival(christoffersen) END AS christoffersen_p,
  kupiec + christoffersen AS conditional_coverage_lr,
  CASE WHEN is_whole THEN chi2_2_survival(kupiec + christoffersen) END AS conditional_coverage_p,
  CASE WHEN is_whole THEN traffic_light(exceptions, confidence) END AS traffic_light,
  CASE WHEN is_whole AND confidence = 990 THEN basel_multiplier(exceptions) END AS basel_multiplier,
  CASE WHEN NOT is_whole THEN 'insufficient_history' END AS reason,
  observations::BIGINT AS observations,
  CASE WHEN is_whole THEN known_at_250 ELSE known_at END AS _known_at
FROM tests
