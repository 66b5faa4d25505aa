/*---
table: volatility
contract: volatility
grain: one row per instrument, date, estimator and window
partition: date
lookback: P400D
series: instrument_id
description: >
  Volatility of every instrument on every day with a close, by several estimators, annualised. Returns are log returns of comparable
  prices, as returns_daily has them. Estimators from bars need open, high and low, and leave out nothing: a window with an unsound bar
  has a reason instead. Close to close and from bars over 20 days (all within 60), EWMA and GARCH over 250 (within 400), and from intraday
  bars the realised volatility of the day, of closes at most one bar apart. GARCH is there for instruments with parameters in
  reference.garch_parameters; like EWMA it is what the close of the day expects of the next one.
---*/
WITH bars AS (
  SELECT
    instrument_id, date, date - DATE '1970-01-01' AS day, log_return AS l, reason AS step_reason, _known_at AS known_at,
    is_sound_bar(open, high, low, close) AS is_sound,
    to_double(open) AS open, to_double(high) AS high, to_double(low) AS low, to_double(close) AS close,
    to_double(previous_close) * comparable_factor AS previous
  FROM gold.returns_daily
),
parts AS (
  SELECT
    instrument_id, date, day, l, step_reason, known_at, is_sound,
    CASE WHEN is_sound THEN parkinson(high, low) END AS p,
    CASE WHEN is_sound THEN garman_klass(open, high, low, close) END AS g,
    CASE WHEN is_sound THEN rogers_satchell(open, high, low, close) END AS s,
    CASE WHEN is_sound THEN ln(close / open) END AS c,
    CASE WHEN is_sound AND previous > 0 THEN ln(open / previous) END AS o
  FROM bars
),
blocks_5 AS (
  SELECT
    *,
    sum_5(l, 1, instrument_id, day) / 5 AS l_mean, deviation_of_5(l, instrument_id, day) AS l_deviation,
    sum_5(p, 1, instrument_id, day) AS p_5,
    sum_5(g, 1, instrument_id, day) AS g_5,
    sum_5(s, 1, instrument_id, day) AS s_5,
    sum_5(c, 1, instrument_id, day) / 5 AS c_mean, deviation_of_5(c, instrument_id, day) AS c_deviation,
    sum_5(o, 1, instrument_id, day) / 5 AS o_mean, deviation_of_5(o, instrument_id, day) AS o_deviation,
    decayed_5(l * l, 1, instrument_id, day) AS ewma_5
  FROM parts
),
blocks_25 AS (
  SELECT *, decayed_5(ewma_5, 5, instrument_id, day) AS ewma_25 FROM blocks_5
),
blocks_125 AS (
  SELECT *, decayed_5(ewma_25, 25, instrument_id, day) AS ewma_125 FROM blocks_25
),
windows AS (
  SELECT
    *,
    deviation_4(l_deviation, l_mean, 5, instrument_id, day) / 19 AS l_20,
    sum_4(p_5, 5, instrument_id, day) / 20 AS p_20,
    sum_4(g_5, 5, instrument_id, day) / 20 AS g_20,
    sum_4(s_5, 5, instrument_id, day) / 20 AS s_20,
    deviation_4(c_deviation, c_mean, 5, instrument_id, day) / 19 AS c_20,
    deviation_4(o_deviation, o_mean, 5, instrument_id, day) / 19 AS o_20,
    (back(ewma_125, 125, instrument_id, day) * pow(0.94, 125) + ewma_125) * (1 - 0.94) / (1 - pow(0.94, 250)) AS ewma_250,
    count(*) OVER days_60 AS bars_60d,
    count(*) OVER days_400 AS bars_400d,
    max(known_at) OVER days_60 AS known_at_60d,
    max(known_at) OVER days_400 AS known_at_400d,
    count(*) FILTER (WHERE NOT is_sound) OVER last_20 AS unsound_20,
    max(step_reason) OVER last_20 AS step_reason_20,
    max(step_reason) OVER last_250 AS step_reason_250,
    max(known_at) OVER last_20 AS known_at_20,
    max(known_at) OVER last_250 AS known_at_250
  FROM blocks_125
  WINDOW
    last_20 AS (PARTITION BY instrument_id ORDER BY day ROWS 19 PRECEDING),
    last_250 AS (PARTITION BY instrument_id ORDER BY day ROWS 249 PRECEDING),
    days_60 AS (PARTITION BY instrument_id ORDER BY day RANGE 60 PRECEDING),
    days_400 AS (PARTITION BY instrument_id ORDER BY day RANGE 400 PRECEDING)
),
-- The closes themselves need one bar more than there are returns.
reasons AS (
  SELECT
    *,
    periods_per_year(instrument_id) AS periods,
    CASE WHEN bars_60d < 21 THEN 'insufficient_history' WHEN step_reason_20 IS NOT NULL THEN step_reason_20 END AS no_returns_20,
    CASE WHEN bars_400d < 251 THEN 'insufficient_history' WHEN step_reason_250 IS NOT NULL THEN step_reason_250 END AS no_returns_250,
    CASE WHEN bars_60d < 20 THEN 'insufficient_history' WHEN unsound_20 > 0 THEN 'unsound_bar' END AS no_bars_20
  FROM windows
),
estimates AS (
  SELECT
    instrument_id, date, known_at_60d, known_at_400d, periods,
    unnest([
      {'estimator': 'close_to_close', 'n': 20, 'available': least(greatest(bars_60d - 1, 0), 20), 'reason': no_returns_20, 'known_at': known_at_20,
       'variance': l_20, 'method': 'sample variance of log returns'},
      {'estimator': 'ewma', 'n': 250, 'available': least(greatest(bars_400d - 1, 0), 250), 'reason': no_returns_250, 'known_at': known_at_250,
       'variance': ewma_250, 'method': 'RiskMetrics 1996: squared log returns, lambda 0.94, zero mean, weights normalised'},
      {'estimator': 'parkinson', 'n': 20, 'available': least(bars_60d, 20), 'reason': no_bars_20, 'known_at': known_at_20,
       'variance': p_20, 'method': 'Parkinson 1980: mean of (ln H/L)^2 / (4 ln 2)'},
      {'estimator': 'garman_klass', 'n': 20, 'available': least(bars_60d, 20), 'reason': no_bars_20, 'known_at': known_at_20,
       'variance': g_20, 'method': 'Garman and Klass 1980: mean of (ln H/L)^2 / 2 - (2 ln 2 - 1) (ln C/O)^2'},
      {'estimator': 'rogers_satchell', 'n': 20, 'available': least(bars_60d, 20), 'reason': no_bars_20, 'known_at': known_at_20,
       'variance': s_20, 'method': 'Rogers and Satchell 1991: mean of ln(H/C) ln(H/O) + ln(L/C) ln(L/O)'},
      {'estimator': 'yang_zhang', 'n': 20, 'available': least(greatest(bars_60d - 1, 0), 20), 'reason': coalesce(no_returns_20, no_bars_20), 'known_at': known_at_20,
       'variance': yang_zhang(o_20, c_20, s_20, 20), 'method': 'Yang and Zhang 2000: overnight, open to close and Rogers-Satchell, k = 0.34 / (1.34 + 21/19)'}
    ]) AS e
  FROM reasons
),
-- A filter of GARCH(1,1) forgets its start by beta^250: from the long-run variance on it is a function of the last 250 returns.
squares AS (
  SELECT
    instrument_id, date, date - DATE '1970-01-01' AS day, omega, alpha, beta,
    log_return * log_return AS square, reason AS step_reason, _known_at AS known_at
  FROM gold.returns_daily JOIN reference.garch_parameters USING (instrument_id)
),
squares_5 AS (
  SELECT *, decayed_by_5(square, beta, 1, instrument_id, day) AS square_5 FROM squares
),
squares_25 AS (
  SELECT *, decayed_by_5(square_5, beta, 5, instrument_id, day) AS square_25 FROM squares_5
),
squares_125 AS (
  SELECT *, decayed_by_5(square_25, beta, 25, instrument_id, day) AS square_125 FROM squares_25
),
filtered AS (
  SELECT
    *,
    garch_variance(back(square_125, 125, instrument_id, day) * pow(beta, 125) + square_125, omega, alpha, beta, 250) AS variance,
    count(*) OVER days_400 AS bars_400d,
    max(step_reason) OVER last_250 AS step_reason_250,
    max(known_at) OVER last_250 AS known_at_250,
    max(known_at) OVER days_400 AS known_at_400d
  FROM squares_125
  WINDOW
    last_250 AS (PARTITION BY instrument_id ORDER BY day ROWS 249 PRECEDING),
    days_400 AS (PARTITION BY instrument_id ORDER BY day RANGE 400 PRECEDING)
),
garch AS (
  SELECT
    *,
    least(bars_400d - 1, 250) AS available,
    CASE
      WHEN bars_400d < 251 THEN 'insufficient_history'
      WHEN step_reason_250 IS NOT NULL THEN step_reason_250
      WHEN NOT coalesce(isfinite(variance), false) THEN 'out_of_range'
    END AS reason
  FROM filtered
)
SELECT
  instrument_id, date, e.estimator AS estimator, e.n::BIGINT AS window_observations,
  CASE WHEN e.reason IS NULL THEN sqrt(greatest(e.variance, 0) * periods) END AS value,
  e.reason AS reason, e.method || ', annualised by sqrt(' || periods || ')' AS method,
  e.available::BIGINT AS observations,
  e.available / e.n::DOUBLE AS coverage,
  -- A history that is too short says how long it is: known when all bars of its span are.
  CASE
    WHEN e.reason IS DISTINCT FROM 'insufficient_history' THEN e.known_at
    WHEN e.n = 20 THEN known_at_60d
    ELSE known_at_400d
  END AS _known_at
FROM estimates
UNION ALL
SELECT
  instrument_id, date, 'garch', 250::BIGINT,
  CASE WHEN reason IS NULL THEN sqrt(variance * periods_per_year(instrument_id)) END,
  reason,
  'GARCH(1,1), Bollerslev 1986: forecast for the next close, squared log returns, zero mean, omega ' || omega || ', alpha ' || alpha || ', beta ' || beta
    || ', from the long-run variance 250 returns ago, annualised by sqrt(' || periods_per_year(instrument_id) || ')',
  available::BIGINT, available / 250::DOUBLE,
  CASE WHEN reason IS DISTINCT FROM 'insufficient_history' THEN known_at_250 ELSE known_at_400d END
FROM garch
UNION ALL
SELECT
  instrument_id, date, 'realised', 1::BIGINT,
  CASE WHEN realised_moves >= 6 THEN sqrt(realised_variance * periods_per_year(instrument_id)) END,
  CASE WHEN realised_moves < 6 THEN 'too_few_bars' END,
  'root of the sum of squared log returns of bars of ' || realised_minutes || ' minutes within the UTC day, annualised by sqrt(' || periods_per_year(instrument_id) || ')',
  realised_moves, least(realised_moves / (1440 / realised_minutes - 1), 1.0)::DOUBLE, realised_known_at
FROM gold.bars_daily WHERE realised_known_at IS NOT NULL
