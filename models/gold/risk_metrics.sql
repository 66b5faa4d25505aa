/*---
table: risk_metrics
contract: risk_metrics
grain: one row per instrument, date and metric
partition: date
lookback: P400D
series: instrument_id
description: >
  Risk of every instrument on every day with a close, in long form: value or reason, method, observations and coverage. Returns are
  those of returns_daily, of comparable prices and without distributions; volatilities are those of volatility. Days are UTC. A metric uses
  exactly its last n observations; all of them must lie within a bounded span of days (14, 60 or 400), else insufficient_history. A
  return that is missing in the window gives its own reason. An instrument that reference.benchmarks names is also measured against its
  benchmark, by pairs of returns from and to the same days.
---*/
WITH estimates AS (
  SELECT instrument_id, date, value / sqrt(periods_per_year(instrument_id)) AS deviation, _known_at AS known_at
  FROM gold.volatility WHERE estimator = 'ewma' AND value IS NOT NULL
),
days AS (
  SELECT
    instrument_id, date, date - DATE '1970-01-01' AS day, reason AS step_reason, returns_daily._known_at AS known_at,
    simple_return AS r, log_return AS l, comparable_factor AS factor,
    to_double(close) AS price, to_double(previous_close) AS previous_price,
    to_double(previous_close) * comparable_factor AS start,
    abs(simple_return) / nullif(coalesce(to_double(turnover), to_double(close) * to_double(volume)), 0) AS impact,
    deviation, estimates.known_at AS deviation_known_at
  FROM gold.returns_daily LEFT JOIN estimates USING (instrument_id, date)
),
steps AS (
  SELECT
    *,
    l / nullif(back(deviation, 1, instrument_id, day), 0) AS standardised,
    is_still(back(deviation, 1, instrument_id, day)) AS was_still,
    greatest(known_at, back(deviation_known_at, 1, instrument_id, day)) AS standardised_known_at,
    block_of(r, back(r, 1, instrument_id, day), coalesce(impact, 0), price, start, factor) AS block_1
  FROM days
),
-- 250 returns are two blocks of 125, of 5 x 5 x 5.
blocks_5 AS (
  SELECT
    * EXCLUDE (block_1, e, d, c, b),
    join_blocks(e, d, c, b, block_1, 1) AS block_5
  FROM (
    SELECT
      *,
      back(block_1, 4, instrument_id, day) AS e, back(block_1, 3, instrument_id, day) AS d,
      back(block_1, 2, instrument_id, day) AS c, back(block_1, 1, instrument_id, day) AS b
    FROM steps)
),
blocks_25 AS (
  SELECT
    * EXCLUDE (block_5, e, d, c, b),
    join_blocks(e, d, c, b, block_5, 5) AS block_25
  FROM (
    SELECT
      *,
      back(block_5, 20, instrument_id, day) AS e, back(block_5, 15, instrument_id, day) AS d,
      back(block_5, 10, instrument_id, day) AS c, back(block_5, 5, instrument_id, day) AS b
    FROM blocks_5)
),
blocks_125 AS (
  SELECT
    * EXCLUDE (block_25, e, d, c, b),
    join_blocks(e, d, c, b, block_25, 25) AS newer
  FROM (
    SELECT
      *,
      back(block_25, 100, instrument_id, day) AS e, back(block_25, 75, instrument_id, day) AS d,
      back(block_25, 50, instrument_id, day) AS c, back(block_25, 25, instrument_id, day) AS b
    FROM blocks_25)
),
windows AS (
  SELECT
    *,
    back(newer, 125, instrument_id, day) AS older,
    back(previous_price, 249, instrument_id, day) AS first_price,
    (back((newer).mean, 1, instrument_id, day)) AS previous_mean_125,
    quantile_disc(r, tail_probabilities()) OVER last_250 AS tail,
    quantile_disc(standardised, quantile_probabilities()) OVER last_250 AS standardised_tail,
    max(step_reason) OVER last_126 AS step_reason_126,
    max(step_reason) OVER last_250 AS step_reason_250,
    bool_or(was_still) OVER last_250 AS was_still_250,
    count(impact) OVER last_250 AS impacts_250,
    count(standardised) OVER last_250 AS standardised_250,
    count(standardised) OVER days_386 AS standardised_386d,
    max(known_at) OVER last_126 AS known_at_126,
    max(known_at) OVER last_250 AS known_at_250,
    max(standardised_known_at) OVER last_250 AS standardised_known_at_250,
    max(standardised_known_at) OVER days_386 AS standardised_known_at_386d,
    max(known_at) OVER days_400 AS known_at_400d,
    count(*) OVER days_400 - 1 AS steps_400d
  FROM blocks_125
  WINDOW
    last_126 AS (PARTITION BY instrument_id ORDER BY day ROWS 125 PRECEDING),
    last_250 AS (PARTITION BY instrument_id ORDER BY day ROWS 249 PRECEDING),
    -- A standardised return reaches back one close, at most 14 days.
    days_386 AS (PARTITION BY instrument_id ORDER BY day RANGE 386 PRECEDING),
    days_400 AS (PARTITION BY instrument_id ORDER BY day RANGE 400 PRECEDING)
),
moments AS (
  SELECT
    * EXCLUDE (older, newer, first_price),
    periods_per_year(instrument_id) AS periods,
    ((older).mean + (newer).mean) / 2 AS mean,
    deviation_250(older, newer) / 250 AS variance,
    sqrt(greatest(deviation_250(older, newer), 0) / 249) AS sigma,
    ((older).cube + (newer).cube) / 250 AS cubes,
    ((older).fourth + (newer).fourth) / 250 AS fourths,
    (older).loss + (newer).loss AS losses,
    ((older).square_loss + (newer).square_loss) / 250 AS square_loss,
    (older).impact + (newer).impact AS impacts,
    (newer).product / 125 - (newer).mean * previous_mean_125 AS covariance_126,
    fall_250(older, newer) AS fall,
    price / (first_price * ((older).factor * (newer).factor)) AS growth,
    CASE WHEN steps_400d < 126 THEN 'insufficient_history' ELSE step_reason_126 END AS reason_126,
    CASE WHEN steps_400d < 250 THEN 'insufficient_history' ELSE step_reason_250 END AS reason_250
  FROM windows
),
shapes AS (
  SELECT
    *,
    CASE WHEN is_still(sigma) THEN 'zero_volatility' END AS still,
    CASE WHEN is_still(sigma) THEN 'zero_volatility' WHEN hides_shape(mean, sigma) THEN 'mean_dominates' END AS shapeless,
    third_moment(mean, variance, cubes) / pow(nullif(variance, 0), 1.5) AS skewness,
    fourth_moment(mean, variance, cubes, fourths) / pow(nullif(variance, 0), 2) - 3 AS kurtosis
  FROM moments
),
figures AS (
  SELECT
    *,
    cornish_fisher_var(mean, sigma, skewness, kurtosis, 950) AS bent_95,
    cornish_fisher_var(mean, sigma, skewness, kurtosis, 975) AS bent_975,
    cornish_fisher_var(mean, sigma, skewness, kurtosis, 990) AS bent_99
  FROM shapes
),
reasons AS (
  SELECT
    *,
    coalesce(reason_250, shapeless, CASE WHEN NOT (bent_99 >= bent_975 AND bent_975 >= bent_95) THEN 'not_monotone' END) AS no_bent,
    coalesce(
      reason_250,
      CASE WHEN was_still_250 OR is_still(deviation) THEN 'zero_volatility'
        WHEN standardised_250 < 250 OR deviation IS NULL THEN 'insufficient_history' END) AS no_filtered
  FROM figures
),
metrics AS (
  SELECT
    instrument_id, date, step_reason, known_at, deviation_known_at, known_at_126, known_at_250, known_at_400d,
    standardised_known_at_250, standardised_known_at_386d, steps_400d,
    reason_250, impacts_250, standardised_250, standardised_386d,
    unnest([
      {'metric': 'return_1d', 'value': r, 'reason': CASE step_reason WHEN 'no_previous_close' THEN 'insufficient_history' ELSE step_reason END,
       'method': 'simple return of two consecutive closes at most 14 days apart'},
      {'metric': 'var_95_loss', 'value': 0 - quantile_05(tail[13], tail[14]), 'reason': reason_250,
       'method': 'historical simulation, one day, 5 % quantile of simple returns (type 7)'},
      {'metric': 'var_975_loss', 'value': 0 - quantile_025(tail[7], tail[8]), 'reason': reason_250,
       'method': 'historical simulation, one day, 2.5 % quantile of simple returns (type 7)'},
      {'metric': 'var_99_loss', 'value': 0 - quantile_01(tail[3], tail[4]), 'reason': reason_250,
       'method': 'historical simulation, one day, 1 % quantile of simple returns (type 7)'},
      {'metric': 'normal_var_95_loss', 'value': normal_var(mean, sigma, 950), 'reason': reason_250,
       'method': 'normal law, one day, sample mean and standard deviation of simple returns, 95 %'},
      {'metric': 'normal_var_975_loss', 'value': normal_var(mean, sigma, 975), 'reason': reason_250,
       'method': 'normal law, one day, sample mean and standard deviation of simple returns, 97.5 %'},
      {'metric': 'normal_var_99_loss', 'value': normal_var(mean, sigma, 990), 'reason': reason_250,
       'method': 'normal law, one day, sample mean and standard deviation of simple returns, 99 %'},
      {'metric': 'cornish_fisher_var_95_loss', 'value': bent_95, 'reason': no_bent,
       'method': 'Cornish-Fisher, one day: normal law bent by skewness g1 and excess kurtosis g2 of simple returns, 95 %'},
      {'metric': 'cornish_fisher_var_975_loss', 'value': bent_975, 'reason': no_bent,
       'method': 'Cornish-Fisher, one day: normal law bent by skewness g1 and excess kurtosis g2 of simple returns, 97.5 %'},
      {'metric': 'cornish_fisher_var_99_loss', 'value': bent_99, 'reason': no_bent,
       'method': 'Cornish-Fisher, one day: normal law bent by skewness g1 and excess kurtosis g2 of simple returns, 99 %'},
      {'metric': 'filtered_var_95_loss', 'value': filtered_var(deviation, quantile_05(standardised_tail[5], standardised_tail[6])), 'reason': no_filtered,
       'method': 'filtered historical simulation, one day: 5 % quantile (type 7) of log returns over the EWMA volatility of the day before, times that of today'},
      {'metric': 'filtered_var_975_loss', 'value': filtered_var(deviation, quantile_025(standardised_tail[3], standardised_tail[4])), 'reason': no_filtered,
       'method': 'filtered historical simulation, one day: 2.5 % quantile (type 7) of log returns over the EWMA volatility of the day before, times that of today'},
      {'metric': 'filtered_var_99_loss', 'value': filtered_var(deviation, quantile_01(standardised_tail[1], standardised_tail[2])), 'reason': no_filtered,
       'method': 'filtered historical simulation, one day: 1 % quantile (type 7) of log returns over the EWMA volatility of the day before, times that of today'},
      {'metric': 'es_95_loss', 'value': expected_shortfall_95(tail), 'reason': reason_250,
       'method': 'mean of the worst 5 % of simple returns, one day, fractional tail (Rockafellar-Uryasev)'},
      {'metric': 'es_975_loss', 'value': expected_shortfall_975(tail), 'reason': reason_250,
       'method': 'mean of the worst 2.5 % of simple returns, one day, fractional tail (Rockafellar-Uryasev)'},
      {'metric': 'es_99_loss', 'value': expected_shortfall_99(tail), 'reason': reason_250,
       'method': 'mean of the worst 1 % of simple returns, one day, fractional tail (Rockafellar-Uryasev)'},
      {'metric': 'normal_es_95_loss', 'value': normal_shortfall(mean, sigma, 950), 'reason': reason_250,
       'method': 'normal law, one day, sample mean and standard deviation of simple returns, mean beyond 95 %'},
      {'metric': 'normal_es_975_loss', 'value': normal_shortfall(mean, sigma, 975), 'reason': reason_250,
       'method': 'normal law, one day, sample mean and standard deviation of simple returns, mean beyond 97.5 %'},
      {'metric': 'normal_es_99_loss', 'value': normal_shortfall(mean, sigma, 990), 'reason': reason_250,
       'method': 'normal law, one day, sample mean and standard deviation of simple returns, mean beyond 99 %'},
      {'metric': 'normal_var_99_10d_loss', 'value': normal_var(mean, sigma, 990) * sqrt(10), 'reason': reason_250,
       'method': 'normal_var_99_loss times sqrt(10): ten days, if returns are independent and alike'},
      {'metric': 'es_975_10d_loss', 'value': expected_shortfall_975(tail) * sqrt(10), 'reason': reason_250,
       'method': 'es_975_loss times sqrt(10): ten days, if returns are independent and alike'},
      {'metric': 'max_drawdown_loss', 'value': fall, 'reason': reason_250,
       'method': 'deepest fall from an earlier peak over 251 comparable closes'},
      {'metric': 'sharpe', 'value': sharpe_ratio(mean, sigma, periods), 'reason': coalesce(reason_250, still),
       'method': 'arithmetic mean over sample standard deviation of simple returns, risk-free rate 0, annualised by sqrt(' || periods || ')'},
      {'metric': 'sortino', 'value': sortino_ratio(mean, square_loss, periods), 'reason': coalesce(reason_250, CASE WHEN NOT square_loss > 0 THEN 'no_loss' END),
       'method': 'arithmetic mean over the root of the mean squared loss of all simple returns, target 0, annualised by sqrt(' || periods || ')'},
      {'metric': 'calmar', 'value': calmar_ratio(growth, 250, periods, fall), 'reason': coalesce(reason_250, CASE WHEN NOT fall > 0 THEN 'no_loss' END),
       'method': 'compound growth over 250 returns at ' || periods || ' a year, over max_drawdown_loss'},
      {'metric': 'omega', 'value': omega_ratio(mean * 250, losses), 'reason': coalesce(reason_250, CASE WHEN NOT losses > 0 THEN 'no_loss' END),
       'method': 'sum of gains over sum of losses, simple returns, threshold 0'},
      {'metric': 'skewness', 'value': skewness, 'reason': coalesce(reason_250, shapeless),
       'method': 'g1 = m3 / m2^1.5 of simple returns, population moments'},
      {'metric': 'excess_kurtosis', 'value': kurtosis, 'reason': coalesce(reason_250, shapeless),
       'method': 'g2 = m4 / m2^2 - 3 of simple returns, population moments'},
      {'metric': 'amihud', 'value': impacts / nullif(impacts_250, 0) * 1e6, 'reason': coalesce(reason_250, CASE WHEN impacts_250 = 0 THEN 'no_turnover' END),
       'method': 'Amihud 2002: mean of |simple return| over turnover (else close times volume) in the currency of the prices, times a million; days without turnover left out'},
      {'metric': 'roll_spread', 'value': roll_spread(covariance_126), 'reason': coalesce(reason_126, CASE WHEN NOT covariance_126 < 0 THEN 'no_bounce' END),
       'method': 'Roll 1984 on simple returns, share of the price: 2 sqrt(-cov) of 125 neighbouring pairs'}
    ]) AS m
  FROM reasons
),
stated AS (
  SELECT
    instrument_id, date, known_at, m,
    CASE WHEN m.reason IS NULL AND NOT coalesce(isfinite(m.value), false) THEN 'out_of_range' ELSE m.reason END AS reason,
    CASE m.metric WHEN 'return_1d' THEN 1 WHEN 'roll_spread' THEN 126 ELSE 250 END AS n,
    CASE
      WHEN m.metric = 'return_1d' THEN CASE WHEN step_reason = 'no_previous_close' THEN 0 ELSE 1 END
      WHEN m.metric = 'roll_spread' THEN least(steps_400d, 126)
      WHEN m.metric = 'amihud' AND reason_250 IS NULL THEN impacts_250
      WHEN m.metric LIKE 'filtered%' THEN CASE WHEN steps_400d < 250 THEN least(standardised_386d, 250) ELSE standardised_250 END
      ELSE least(steps_400d, 250)
    END AS available,
    CASE
      WHEN m.metric = 'return_1d' THEN known_at
      WHEN m.metric = 'roll_spread' THEN known_at_126
      WHEN m.metric LIKE 'filtered%' THEN greatest(standardised_known_at_250, deviation_known_at)
      ELSE known_at_250
    END AS window_known_at,
    CASE
      WHEN m.metric = 'return_1d' THEN known_at
      WHEN m.metric LIKE 'filtered%' THEN greatest(known_at_400d, standardised_known_at_386d, deviation_known_at)
      ELSE known_at_400d
    END AS span_known_at
  FROM metrics
),
-- Returns of one day from one day: pairs across other holidays would compare different moves.
-- Days on which one of the two came to have another close before are no pairs any more: what is counted is known when they are, too.
pairs AS (
  SELECT * EXCLUDE (is_pair)
  FROM (
    SELECT
      own.instrument_id, benchmark_id, own.date, own.date - DATE '1970-01-01' AS day,
      pair_of(own.simple_return, other.simple_return) AS pair_1,
      other.previous_date = own.previous_date AND own.simple_return IS NOT NULL AND other.simple_return IS NOT NULL AS is_pair,
      max(greatest(own._known_at, other._known_at)) OVER (
        PARTITION BY own.instrument_id ORDER BY own.date - DATE '1970-01-01' RANGE 400 PRECEDING) AS known_at_400d
    FROM reference.benchmarks
    JOIN gold.returns_daily AS own USING (instrument_id)
    LEFT JOIN gold.returns_daily AS other ON other.instrument_id = benchmark_id AND other.date = own.date)
  WHERE is_pair
),
pairs_5 AS (
  SELECT
    * EXCLUDE (pair_1),
    join_pairs(back(pair_1, 4, instrument_id, day), back(pair_1, 3, instrument_id, day), back(pair_1, 2, instrument_id, day), back(pair_1, 1, instrument_id, day), pair_1, 1) AS pair_5
  FROM pairs
),
pairs_25 AS (
  SELECT
    * EXCLUDE (pair_5),
    join_pairs(back(pair_5, 20, instrument_id, day), back(pair_5, 15, instrument_id, day), back(pair_5, 10, instrument_id, day), back(pair_5, 5, instrument_id, day), pair_5, 5) AS pair_25
  FROM pairs_5
),
pairs_125 AS (
  SELECT
    * EXCLUDE (pair_25),
    join_pairs(back(pair_25, 100, instrument_id, day), back(pair_25, 75, instrument_id, day), back(pair_25, 50, instrument_id, day), back(pair_25, 25, instrument_id, day), pair_25, 25) AS newer
  FROM pairs_25
),
pair_windows AS (
  SELECT
    *,
    back(newer, 125, instrument_id, day) AS older,
    count(*) OVER (PARTITION BY instrument_id ORDER BY day RANGE 400 PRECEDING) AS pairs_400d
  FROM pairs_125
),
pair_moments AS (
  SELECT
    instrument_id, benchmark_id, date, known_at_400d, pairs_400d, periods_per_year(instrument_id) AS periods,
    CASE WHEN pairs_400d < 250 THEN 'insufficient_history' END AS reason,
    ((older).mean + (newer).mean) / 2 AS mean,
    ((older).benchmark_mean + (newer).benchmark_mean) / 2 AS benchmark_mean,
    ((older).excess_mean + (newer).excess_mean) / 2 AS excess_mean,
    ((older).deviation + (newer).deviation + 62.5 * pow((newer).mean - (older).mean, 2)) / 249 AS variance,
    ((older).benchmark_deviation + (newer).benchmark_deviation + 62.5 * pow((newer).benchmark_mean - (older).benchmark_mean, 2)) / 249 AS benchmark_variance,
    ((older).excess_deviation + (newer).excess_deviation + 62.5 * pow((newer).excess_mean - (older).excess_mean, 2)) / 249 AS excess_variance
  FROM pair_windows
),
pair_figures AS (
  SELECT
    *,
    covariance_of(variance, benchmark_variance, excess_variance) AS covariance,
    covariance_of(variance, benchmark_variance, excess_variance) / nullif(benchmark_variance, 0) AS beta,
    coalesce(reason, CASE WHEN is_still(sqrt(greatest(benchmark_variance, 0))) THEN 'zero_volatility' END) AS no_beta,
    coalesce(reason, CASE WHEN is_still(sqrt(greatest(least(variance, benchmark_variance), 0))) THEN 'zero_volatility' END) AS no_correlation,
    coalesce(reason, CASE WHEN is_still(sqrt(greatest(excess_variance, 0))) THEN 'zero_volatility' END) AS no_information
  FROM pair_moments
),
relations AS (
  SELECT
    instrument_id, date, known_at_400d, pairs_400d,
    unnest([
      {'metric': 'beta', 'value': beta, 'reason': no_beta,
       'method': 'covariance over variance of the benchmark, simple returns, risk-free rate 0, against ' || benchmark_id},
      {'metric': 'alpha', 'value': (mean - beta * benchmark_mean) * periods, 'reason': no_beta,
       'method': 'Jensen: mean - beta x mean of the benchmark, simple returns, risk-free rate 0, times ' || periods || ', against ' || benchmark_id},
      {'metric': 'tracking_error', 'value': sqrt(greatest(excess_variance, 0) * periods), 'reason': reason,
       'method': 'sample standard deviation of simple returns less those of the benchmark, annualised by sqrt(' || periods || '), against ' || benchmark_id},
      {'metric': 'information_ratio', 'value': excess_mean / sqrt(nullif(greatest(excess_variance, 0), 0)) * sqrt(periods), 'reason': no_information,
       'method': 'mean over sample standard deviation of simple returns less those of the benchmark, annualised by sqrt(' || periods || '), against ' || benchmark_id},
      {'metric': 'correlation', 'value': greatest(-1, least(1, covariance / sqrt(nullif(greatest(variance * benchmark_variance, 0), 0)))), 'reason': no_correlation,
       'method': 'Pearson correlation of simple returns, against ' || benchmark_id}
    ]) AS m
  FROM pair_figures
)
SELECT
  instrument_id, date, m.metric AS metric, n::BIGINT AS window_observations,
  CASE WHEN reason IS NULL THEN m.value END AS value,
  reason, m.method AS method, available::BIGINT AS observations, available / n::DOUBLE AS coverage,
  -- A history that is too short says how long it is: known when all closes of its span are.
  CASE WHEN reason = 'insufficient_history' THEN span_known_at ELSE window_known_at END AS _known_at
FROM stated
UNION ALL
SELECT
  instrument_id, date, m.metric, 250::BIGINT,
  CASE WHEN m.reason IS NULL AND isfinite(m.value) THEN m.value END,
  CASE WHEN m.reason IS NULL AND NOT coalesce(isfinite(m.value), false) THEN 'out_of_range' ELSE m.reason END,
  m.method, least(pairs_400d, 250)::BIGINT, least(pairs_400d, 250) / 250::DOUBLE,
  known_at_400d
FROM relations
UNION ALL
SELECT
  instrument_id, date, CASE estimator WHEN 'ewma' THEN 'ewma_volatility' ELSE 'volatility_20d' END,
  window_observations, value, reason, method, observations, coverage, _known_at
FROM gold.volatility
WHERE estimator IN ('close_to_close', 'ewma')
