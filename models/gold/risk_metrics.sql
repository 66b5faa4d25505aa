/*---
table: risk_metrics
contract: risk_metrics
grain: one row per instrument, date and metric
partition: date
lookback: P400D
description: >
  Risk of every instrument on every day with a close, in long form: value or reason, method, observations and coverage.
  The close is the one of the published daily bar, else of the day that price_bars formed. Days are UTC. A metric uses exactly its
  last n observations; all of them must lie within a bounded span of days (14, 60 or 400), else insufficient_history.
---*/
WITH daily AS (
  SELECT instrument_id, event_time::DATE AS date, 1 AS published, event_time AS moment, close, _known_at
  FROM silver.bars WHERE bar_interval = '1d'
  UNION ALL
  SELECT instrument_id, bar_start::DATE, 0, bar_start, close, _known_at
  FROM gold.price_bars WHERE bar_interval = '1d'
),
closes AS (
  SELECT
    instrument_id, date, date - DATE '1970-01-01' AS day,
    last(close ORDER BY published, moment) AS close,
    last(_known_at ORDER BY published, moment) AS known_at
  FROM daily
  GROUP BY instrument_id, date
),
steps AS (
  SELECT
    instrument_id, date, day, close, known_at,
    back(close, 1, instrument_id, day) AS previous,
    back(known_at, 1, instrument_id, day) AS previous_known_at
  FROM closes
),
returns AS (
  SELECT *, to_double(close) AS price, simple_return(close, previous) AS r, log_return(close, previous) AS l FROM steps
),
blocks_5 AS (
  SELECT
    *,
    sum_5(r, 1, instrument_id, day) / 5 AS mean_5,
    deviation_5(0.0::DOUBLE, r, 1, instrument_id, day) AS deviation_5,
    decayed_5(l * l, 1, instrument_id, day) AS ewma_5,
    max_5(price, 1, instrument_id, day) AS high_5,
    min_5(price, 1, instrument_id, day) AS low_5,
    fall_5(0.0::DOUBLE, price, price, 1, instrument_id, day) AS fall_5
  FROM returns
),
blocks_25 AS (
  SELECT
    *,
    sum_5(mean_5, 5, instrument_id, day) / 5 AS mean_25,
    deviation_5(deviation_5, mean_5, 5, instrument_id, day) AS deviation_25,
    decayed_5(ewma_5, 5, instrument_id, day) AS ewma_25,
    max_5(high_5, 5, instrument_id, day) AS high_25,
    min_5(low_5, 5, instrument_id, day) AS low_25,
    fall_5(fall_5, high_5, low_5, 5, instrument_id, day) AS fall_25
  FROM blocks_5
),
blocks_125 AS (
  SELECT
    *,
    sum_5(mean_25, 25, instrument_id, day) / 5 AS mean_125,
    deviation_5(deviation_25, mean_25, 25, instrument_id, day) AS deviation_125,
    decayed_5(ewma_25, 25, instrument_id, day) AS ewma_125,
    max_5(high_25, 25, instrument_id, day) AS high_125,
    min_5(low_25, 25, instrument_id, day) AS low_125,
    fall_5(fall_25, high_25, low_25, 25, instrument_id, day) AS fall_125
  FROM blocks_25
),
-- 250 returns are two blocks of 125; their 251 prices are the same blocks and the price before them.
windows AS (
  SELECT
    *,
    (back(mean_125, 125, instrument_id, day) + mean_125) / 2 AS mean_250,
    back(deviation_125, 125, instrument_id, day) + deviation_125 + 62.5 * pow(mean_125 - back(mean_125, 125, instrument_id, day), 2) AS deviation_250,
    back(ewma_125, 125, instrument_id, day) * pow(0.94, 125) + ewma_125 AS ewma_250,
    greatest(
      back(fall_125, 125, instrument_id, day),
      fall_125,
      1 - back(low_125, 125, instrument_id, day) / back(price, 250, instrument_id, day),
      1 - low_125 / greatest(back(high_125, 125, instrument_id, day), back(price, 250, instrument_id, day))) AS fall_251,
    list(l) OVER last_20 AS logs_20,
    quantile_disc(r, tail_probabilities()) OVER last_250 AS tail,
    min(price) OVER last_21 AS lowest_21,
    min(price) OVER last_251 AS lowest_251,
    max(known_at) OVER last_21 AS known_at_21,
    max(known_at) OVER last_251 AS known_at_251,
    count(*) OVER days_14 - 1 AS steps_14d,
    count(*) OVER days_60 - 1 AS steps_60d,
    count(*) OVER days_400 - 1 AS steps_400d,
    max(known_at) OVER days_60 AS known_at_60d,
    max(known_at) OVER days_400 AS known_at_400d
  FROM blocks_125
  WINDOW
    last_20 AS (PARTITION BY instrument_id ORDER BY day ROWS 19 PRECEDING),
    last_21 AS (PARTITION BY instrument_id ORDER BY day ROWS 20 PRECEDING),
    last_250 AS (PARTITION BY instrument_id ORDER BY day ROWS 249 PRECEDING),
    last_251 AS (PARTITION BY instrument_id ORDER BY day ROWS 250 PRECEDING),
    days_14 AS (PARTITION BY instrument_id ORDER BY day RANGE 14 PRECEDING),
    days_60 AS (PARTITION BY instrument_id ORDER BY day RANGE 60 PRECEDING),
    days_400 AS (PARTITION BY instrument_id ORDER BY day RANGE 400 PRECEDING)
),
figures AS (
  SELECT
    *,
    periods_per_year(instrument_id) AS periods,
    CASE WHEN steps_14d < 1 THEN 'insufficient_history' WHEN least(close, previous) <= 0 THEN 'non_positive_price' END AS reason_1,
    CASE WHEN steps_60d < 20 THEN 'insufficient_history' WHEN lowest_21 <= 0 THEN 'non_positive_price' END AS reason_20,
    CASE WHEN steps_400d < 250 THEN 'insufficient_history' WHEN lowest_251 <= 0 THEN 'non_positive_price' END AS reason_250,
    sqrt(deviation_250 / 249) AS sigma_250
  FROM windows
),
metrics AS (
  SELECT
    instrument_id, date, known_at, known_at_60d, known_at_400d,
    unnest([
      {'metric': 'return_1d', 'n': 1, 'available': least(steps_14d, 1), 'reason': reason_1,
       'known_at': greatest(known_at, previous_known_at), 'value': r,
       'method': 'simple return of two consecutive closes at most 14 days apart'},
      {'metric': 'volatility_20d', 'n': 20, 'available': least(steps_60d, 20), 'reason': reason_20,
       'known_at': known_at_21, 'value': list_aggregate(logs_20, 'stddev_samp') * sqrt(periods),
       'method': 'sample standard deviation of log returns, annualised by sqrt(' || periods || ')'},
      {'metric': 'ewma_volatility', 'n': 250, 'available': least(steps_400d, 250), 'reason': reason_250,
       'known_at': known_at_251, 'value': sqrt(ewma_250 * (1 - 0.94) / (1 - pow(0.94, 250)) * periods),
       'method': 'RiskMetrics EWMA of squared log returns, lambda 0.94, zero mean, weights normalised, annualised by sqrt(' || periods || ')'},
      {'metric': 'var_95_loss', 'n': 250, 'available': least(steps_400d, 250), 'reason': reason_250,
       'known_at': known_at_251, 'value': historical_var_95(tail),
       'method': 'historical simulation, one day, 5 % quantile of simple returns (type 7)'},
      {'metric': 'var_99_loss', 'n': 250, 'available': least(steps_400d, 250), 'reason': reason_250,
       'known_at': known_at_251, 'value': historical_var_99(tail),
       'method': 'historical simulation, one day, 1 % quantile of simple returns (type 7)'},
      {'metric': 'normal_var_95_loss', 'n': 250, 'available': least(steps_400d, 250), 'reason': reason_250,
       'known_at': known_at_251, 'value': normal_var(mean_250, sigma_250, 1.6448536269514722),
       'method': 'normal law, one day, sample mean and standard deviation of simple returns, 95 %'},
      {'metric': 'normal_var_99_loss', 'n': 250, 'available': least(steps_400d, 250), 'reason': reason_250,
       'known_at': known_at_251, 'value': normal_var(mean_250, sigma_250, 2.3263478740408408),
       'method': 'normal law, one day, sample mean and standard deviation of simple returns, 99 %'},
      {'metric': 'es_975_loss', 'n': 250, 'available': least(steps_400d, 250), 'reason': reason_250,
       'known_at': known_at_251, 'value': expected_shortfall_975(tail),
       'method': 'mean of the worst 2.5 % of simple returns, one day, fractional tail (Rockafellar-Uryasev)'},
      {'metric': 'max_drawdown_loss', 'n': 250, 'available': least(steps_400d, 250), 'reason': reason_250,
       'known_at': known_at_251, 'value': fall_251,
       'method': 'deepest fall from an earlier peak over 251 closes'},
      {'metric': 'sharpe', 'n': 250, 'available': least(steps_400d, 250),
       'reason': coalesce(reason_250, CASE WHEN sigma_250 < 1e-12 THEN 'zero_volatility' END),
       'known_at': known_at_251, 'value': sharpe_ratio(mean_250, nullif(sigma_250, 0), periods),
       'method': 'arithmetic mean over sample standard deviation of simple returns, risk-free rate 0, annualised by sqrt(' || periods || ')'}
    ]) AS m
  FROM figures
)
SELECT
  instrument_id,
  date,
  m.metric AS metric,
  m.n::BIGINT AS window_observations,
  CASE WHEN m.reason IS NULL THEN m.value END AS value,
  m.reason AS reason,
  m.method AS method,
  m.available::BIGINT AS observations,
  m.available / m.n::DOUBLE AS coverage,
  -- A history that is too short says how long it is: known when all closes of its span are.
  CASE
    WHEN m.reason IS DISTINCT FROM 'insufficient_history' THEN m.known_at
    WHEN m.n = 1 THEN known_at
    WHEN m.n = 20 THEN known_at_60d
    ELSE known_at_400d
  END AS _known_at
FROM metrics
