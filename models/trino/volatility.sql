-- gold.volatility in Trino's SQL, made from models/gold/volatility.sql by scripts/generate-trino.mjs.
SELECT
  CAST(instrument_id AS varchar) AS instrument_id,
  CAST(date AS date) AS date,
  CAST(estimator AS varchar) AS estimator,
  CAST(window_observations AS bigint) AS window_observations,
  CAST(value AS double) AS value,
  CAST(reason AS varchar) AS reason,
  CAST(method AS varchar) AS method,
  CAST(observations AS bigint) AS observations,
  CAST(coverage AS double) AS coverage,
  CAST(_known_at AS timestamp(6) with time zone) AS _known_at
FROM (
  WITH bars AS (
    SELECT
      instrument_id,
      date,
      date_diff('day', DATE '1970-01-01', date) AS day,
      log_return AS l,
      reason AS step_reason,
      _known_at AS known_at,
      coalesce(low > 0 AND low <= array_min(filter(ARRAY[open, close], x -> x IS NOT NULL)) AND high >= array_max(filter(ARRAY[open, close], x -> x IS NOT NULL)), false) AS is_sound,
      CAST(open AS double) AS open,
      CAST(high AS double) AS high,
      CAST(low AS double) AS low,
      CAST(close AS double) AS close,
      CAST(previous_close AS double) * comparable_factor AS previous
    FROM gold.returns_daily
  ),
  parts AS (
    SELECT
      instrument_id,
      date,
      day,
      l,
      step_reason,
      known_at,
      is_sound,
      CASE WHEN is_sound THEN pow(ln(high / low), 2) / (4 * ln(2)) END AS p,
      CASE WHEN is_sound THEN 0.5 * pow(ln(high / low), 2) - (2 * ln(2) - 1) * pow(ln(close / open), 2) END AS g,
      CASE WHEN is_sound THEN ln(high / close) * ln(high / open) + ln(low / close) * ln(low / open) END AS s,
      CASE WHEN is_sound THEN ln(close / open) END AS c,
      CASE WHEN is_sound AND previous > 0 THEN ln(open / previous) END AS o
    FROM bars
  ),
  blocks_5 AS (
    SELECT
      instrument_id,
      date,
      day,
      l,
      step_reason,
      known_at,
      is_sound,
      p,
      g,
      s,
      c,
      o,
      (lag(l, 4 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(l, 3 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(l, 2 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(l, 1) OVER (PARTITION BY instrument_id ORDER BY day) + l) / 5e0 AS l_mean,
      lag(CAST(0.0 AS double), 4 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(CAST(0.0 AS double), 3 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(CAST(0.0 AS double), 2 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(CAST(0.0 AS double), 1) OVER (PARTITION BY instrument_id ORDER BY day) + CAST(0.0 AS double) + 5 * 1 * element_at(transform(ARRAY[filter(ARRAY[lag(l, 4 * 1) OVER (PARTITION BY instrument_id ORDER BY day), lag(l, 3 * 1) OVER (PARTITION BY instrument_id ORDER BY day), lag(l, 2 * 1) OVER (PARTITION BY instrument_id ORDER BY day), lag(l, 1) OVER (PARTITION BY instrument_id ORDER BY day), l], x -> x IS NOT NULL)], l -> element_at(transform(ARRAY[reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s) / cardinality(l)], m -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + pow(CAST(x AS double) - m, 2), pow(CAST(x AS double) - m, 2)), s -> s) / cardinality(l)), 1)), 1) AS l_deviation,
      lag(p, 4 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(p, 3 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(p, 2 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(p, 1) OVER (PARTITION BY instrument_id ORDER BY day) + p AS p_5,
      lag(g, 4 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(g, 3 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(g, 2 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(g, 1) OVER (PARTITION BY instrument_id ORDER BY day) + g AS g_5,
      lag(s, 4 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(s, 3 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(s, 2 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(s, 1) OVER (PARTITION BY instrument_id ORDER BY day) + s AS s_5,
      (lag(c, 4 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(c, 3 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(c, 2 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(c, 1) OVER (PARTITION BY instrument_id ORDER BY day) + c) / 5e0 AS c_mean,
      lag(CAST(0.0 AS double), 4 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(CAST(0.0 AS double), 3 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(CAST(0.0 AS double), 2 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(CAST(0.0 AS double), 1) OVER (PARTITION BY instrument_id ORDER BY day) + CAST(0.0 AS double) + 5 * 1 * element_at(transform(ARRAY[filter(ARRAY[lag(c, 4 * 1) OVER (PARTITION BY instrument_id ORDER BY day), lag(c, 3 * 1) OVER (PARTITION BY instrument_id ORDER BY day), lag(c, 2 * 1) OVER (PARTITION BY instrument_id ORDER BY day), lag(c, 1) OVER (PARTITION BY instrument_id ORDER BY day), c], x -> x IS NOT NULL)], l -> element_at(transform(ARRAY[reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s) / cardinality(l)], m -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + pow(CAST(x AS double) - m, 2), pow(CAST(x AS double) - m, 2)), s -> s) / cardinality(l)), 1)), 1) AS c_deviation,
      (lag(o, 4 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(o, 3 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(o, 2 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(o, 1) OVER (PARTITION BY instrument_id ORDER BY day) + o) / 5e0 AS o_mean,
      lag(CAST(0.0 AS double), 4 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(CAST(0.0 AS double), 3 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(CAST(0.0 AS double), 2 * 1) OVER (PARTITION BY instrument_id ORDER BY day) + lag(CAST(0.0 AS double), 1) OVER (PARTITION BY instrument_id ORDER BY day) + CAST(0.0 AS double) + 5 * 1 * element_at(transform(ARRAY[filter(ARRAY[lag(o, 4 * 1) OVER (PARTITION BY instrument_id ORDER BY day), lag(o, 3 * 1) OVER (PARTITION BY instrument_id ORDER BY day), lag(o, 2 * 1) OVER (PARTITION BY instrument_id ORDER BY day), lag(o, 1) OVER (PARTITION BY instrument_id ORDER BY day), o], x -> x IS NOT NULL)], l -> element_at(transform(ARRAY[reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s) / cardinality(l)], m -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + pow(CAST(x AS double) - m, 2), pow(CAST(x AS double) - m, 2)), s -> s) / cardinality(l)), 1)), 1) AS o_deviation,
      lag(l * l, 4 * 1) OVER (PARTITION BY instrument_id ORDER BY day) * pow(0.94, 4 * 1) + lag(l * l, 3 * 1) OVER (PARTITION BY instrument_id ORDER BY day) * pow(0.94, 3 * 1) + lag(l * l, 2 * 1) OVER (PARTITION BY instrument_id ORDER BY day) * pow(0.94, 2 * 1) + lag(l * l, 1) OVER (PARTITION BY instrument_id ORDER BY day) * pow(0.94, 1) + l * l AS ewma_5
    FROM parts
  ),
  blocks_25 AS (
    SELECT
      instrument_id,
      date,
      day,
      l,
      step_reason,
      known_at,
      is_sound,
      p,
      g,
      s,
      c,
      o,
      l_mean,
      l_deviation,
      p_5,
      g_5,
      s_5,
      c_mean,
      c_deviation,
      o_mean,
      o_deviation,
      ewma_5,
      lag(ewma_5, 4 * 5) OVER (PARTITION BY instrument_id ORDER BY day) * pow(0.94, 4 * 5) + lag(ewma_5, 3 * 5) OVER (PARTITION BY instrument_id ORDER BY day) * pow(0.94, 3 * 5) + lag(ewma_5, 2 * 5) OVER (PARTITION BY instrument_id ORDER BY day) * pow(0.94, 2 * 5) + lag(ewma_5, 5) OVER (PARTITION BY instrument_id ORDER BY day) * pow(0.94, 5) + ewma_5 AS ewma_25
    FROM blocks_5
  ),
  blocks_125 AS (
    SELECT
      instrument_id,
      date,
      day,
      l,
      step_reason,
      known_at,
      is_sound,
      p,
      g,
      s,
      c,
      o,
      l_mean,
      l_deviation,
      p_5,
      g_5,
      s_5,
      c_mean,
      c_deviation,
      o_mean,
      o_deviation,
      ewma_5,
      ewma_25,
      lag(ewma_25, 4 * 25) OVER (PARTITION BY instrument_id ORDER BY day) * pow(0.94, 4 * 25) + lag(ewma_25, 3 * 25) OVER (PARTITION BY instrument_id ORDER BY day) * pow(0.94, 3 * 25) + lag(ewma_25, 2 * 25) OVER (PARTITION BY instrument_id ORDER BY day) * pow(0.94, 2 * 25) + lag(ewma_25, 25) OVER (PARTITION BY instrument_id ORDER BY day) * pow(0.94, 25) + ewma_25 AS ewma_125
    FROM blocks_25
  ),
  windows AS (
    SELECT
      instrument_id,
      date,
      day,
      l,
      step_reason,
      known_at,
      is_sound,
      p,
      g,
      s,
      c,
      o,
      l_mean,
      l_deviation,
      p_5,
      g_5,
      s_5,
      c_mean,
      c_deviation,
      o_mean,
      o_deviation,
      ewma_5,
      ewma_25,
      ewma_125,
      (lag(l_deviation, 3 * 5) OVER (PARTITION BY instrument_id ORDER BY day) + lag(l_deviation, 2 * 5) OVER (PARTITION BY instrument_id ORDER BY day) + lag(l_deviation, 5) OVER (PARTITION BY instrument_id ORDER BY day) + l_deviation + 4 * 5 * element_at(transform(ARRAY[filter(ARRAY[lag(l_mean, 3 * 5) OVER (PARTITION BY instrument_id ORDER BY day), lag(l_mean, 2 * 5) OVER (PARTITION BY instrument_id ORDER BY day), lag(l_mean, 5) OVER (PARTITION BY instrument_id ORDER BY day), l_mean], x -> x IS NOT NULL)], l -> element_at(transform(ARRAY[reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s) / cardinality(l)], m -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + pow(CAST(x AS double) - m, 2), pow(CAST(x AS double) - m, 2)), s -> s) / cardinality(l)), 1)), 1)) / 19e0 AS l_20,
      (lag(p_5, 3 * 5) OVER (PARTITION BY instrument_id ORDER BY day) + lag(p_5, 2 * 5) OVER (PARTITION BY instrument_id ORDER BY day) + lag(p_5, 5) OVER (PARTITION BY instrument_id ORDER BY day) + p_5) / 20e0 AS p_20,
      (lag(g_5, 3 * 5) OVER (PARTITION BY instrument_id ORDER BY day) + lag(g_5, 2 * 5) OVER (PARTITION BY instrument_id ORDER BY day) + lag(g_5, 5) OVER (PARTITION BY instrument_id ORDER BY day) + g_5) / 20e0 AS g_20,
      (lag(s_5, 3 * 5) OVER (PARTITION BY instrument_id ORDER BY day) + lag(s_5, 2 * 5) OVER (PARTITION BY instrument_id ORDER BY day) + lag(s_5, 5) OVER (PARTITION BY instrument_id ORDER BY day) + s_5) / 20e0 AS s_20,
      (lag(c_deviation, 3 * 5) OVER (PARTITION BY instrument_id ORDER BY day) + lag(c_deviation, 2 * 5) OVER (PARTITION BY instrument_id ORDER BY day) + lag(c_deviation, 5) OVER (PARTITION BY instrument_id ORDER BY day) + c_deviation + 4 * 5 * element_at(transform(ARRAY[filter(ARRAY[lag(c_mean, 3 * 5) OVER (PARTITION BY instrument_id ORDER BY day), lag(c_mean, 2 * 5) OVER (PARTITION BY instrument_id ORDER BY day), lag(c_mean, 5) OVER (PARTITION BY instrument_id ORDER BY day), c_mean], x -> x IS NOT NULL)], l -> element_at(transform(ARRAY[reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s) / cardinality(l)], m -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + pow(CAST(x AS double) - m, 2), pow(CAST(x AS double) - m, 2)), s -> s) / cardinality(l)), 1)), 1)) / 19e0 AS c_20,
      (lag(o_deviation, 3 * 5) OVER (PARTITION BY instrument_id ORDER BY day) + lag(o_deviation, 2 * 5) OVER (PARTITION BY instrument_id ORDER BY day) + lag(o_deviation, 5) OVER (PARTITION BY instrument_id ORDER BY day) + o_deviation + 4 * 5 * element_at(transform(ARRAY[filter(ARRAY[lag(o_mean, 3 * 5) OVER (PARTITION BY instrument_id ORDER BY day), lag(o_mean, 2 * 5) OVER (PARTITION BY instrument_id ORDER BY day), lag(o_mean, 5) OVER (PARTITION BY instrument_id ORDER BY day), o_mean], x -> x IS NOT NULL)], l -> element_at(transform(ARRAY[reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s) / cardinality(l)], m -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + pow(CAST(x AS double) - m, 2), pow(CAST(x AS double) - m, 2)), s -> s) / cardinality(l)), 1)), 1)) / 19e0 AS o_20,
      (lag(ewma_125, 125) OVER (PARTITION BY instrument_id ORDER BY day) * pow(0.94, 125) + ewma_125) * (1 - 0.94) / (1 - pow(0.94, 250)) AS ewma_250,
      count(*) OVER (PARTITION BY instrument_id ORDER BY day RANGE BETWEEN 60 PRECEDING AND CURRENT ROW) AS bars_60d,
      count(*) OVER (PARTITION BY instrument_id ORDER BY day RANGE BETWEEN 400 PRECEDING AND CURRENT ROW) AS bars_400d,
      max(known_at) OVER (PARTITION BY instrument_id ORDER BY day RANGE BETWEEN 60 PRECEDING AND CURRENT ROW) AS known_at_60d,
      max(known_at) OVER (PARTITION BY instrument_id ORDER BY day RANGE BETWEEN 400 PRECEDING AND CURRENT ROW) AS known_at_400d,
      count(CASE WHEN NOT is_sound THEN 1 END) OVER (PARTITION BY instrument_id ORDER BY day ROWS BETWEEN 19 PRECEDING AND CURRENT ROW) AS unsound_20,
      max(step_reason) OVER (PARTITION BY instrument_id ORDER BY day ROWS BETWEEN 19 PRECEDING AND CURRENT ROW) AS step_reason_20,
      max(step_reason) OVER (PARTITION BY instrument_id ORDER BY day ROWS BETWEEN 249 PRECEDING AND CURRENT ROW) AS step_reason_250,
      max(known_at) OVER (PARTITION BY instrument_id ORDER BY day ROWS BETWEEN 19 PRECEDING AND CURRENT ROW) AS known_at_20,
      max(known_at) OVER (PARTITION BY instrument_id ORDER BY day ROWS BETWEEN 249 PRECEDING AND CURRENT ROW) AS known_at_250
    FROM blocks_125
  ),
  reasons AS (
    SELECT
      instrument_id,
      date,
      day,
      l,
      step_reason,
      known_at,
      is_sound,
      p,
      g,
      s,
      c,
      o,
      l_mean,
      l_deviation,
      p_5,
      g_5,
      s_5,
      c_mean,
      c_deviation,
      o_mean,
      o_deviation,
      ewma_5,
      ewma_25,
      ewma_125,
      l_20,
      p_20,
      g_20,
      s_20,
      c_20,
      o_20,
      ewma_250,
      bars_60d,
      bars_400d,
      known_at_60d,
      known_at_400d,
      unsound_20,
      step_reason_20,
      step_reason_250,
      known_at_20,
      known_at_250,
      CASE WHEN instrument_id LIKE 'crypto:%' THEN 365 ELSE 252 END AS periods,
      CASE WHEN bars_60d < 21 THEN 'insufficient_history' WHEN step_reason_20 IS NOT NULL THEN step_reason_20 END AS no_returns_20,
      CASE WHEN bars_400d < 251 THEN 'insufficient_history' WHEN step_reason_250 IS NOT NULL THEN step_reason_250 END AS no_returns_250,
      CASE WHEN bars_60d < 20 THEN 'insufficient_history' WHEN unsound_20 > 0 THEN 'unsound_bar' END AS no_bars_20
    FROM windows
  ),
  estimates AS (
    SELECT
      reasons.instrument_id,
      reasons.date,
      reasons.known_at_60d,
      reasons.known_at_400d,
      reasons.periods,
      unnested.e
    FROM reasons
    CROSS JOIN UNNEST(transform(ARRAY[CAST(ROW('close_to_close', 20, array_min(filter(ARRAY[array_max(filter(ARRAY[reasons.bars_60d - 1, 0], x -> x IS NOT NULL)), 20], x -> x IS NOT NULL)), reasons.no_returns_20, reasons.known_at_20, reasons.l_20, 'sample variance of log returns') AS row(estimator varchar, n integer, available bigint, reason varchar, known_at timestamp(6) with time zone, variance double, method varchar)), CAST(ROW('ewma', 250, array_min(filter(ARRAY[array_max(filter(ARRAY[reasons.bars_400d - 1, 0], x -> x IS NOT NULL)), 250], x -> x IS NOT NULL)), reasons.no_returns_250, reasons.known_at_250, reasons.ewma_250, 'RiskMetrics 1996: squared log returns, lambda 0.94, zero mean, weights normalised') AS row(estimator varchar, n integer, available bigint, reason varchar, known_at timestamp(6) with time zone, variance double, method varchar)), CAST(ROW('parkinson', 20, array_min(filter(ARRAY[reasons.bars_60d, 20], x -> x IS NOT NULL)), reasons.no_bars_20, reasons.known_at_20, reasons.p_20, 'Parkinson 1980: mean of (ln H/L)^2 / (4 ln 2)') AS row(estimator varchar, n integer, available bigint, reason varchar, known_at timestamp(6) with time zone, variance double, method varchar)), CAST(ROW('garman_klass', 20, array_min(filter(ARRAY[reasons.bars_60d, 20], x -> x IS NOT NULL)), reasons.no_bars_20, reasons.known_at_20, reasons.g_20, 'Garman and Klass 1980: mean of (ln H/L)^2 / 2 - (2 ln 2 - 1) (ln C/O)^2') AS row(estimator varchar, n integer, available bigint, reason varchar, known_at timestamp(6) with time zone, variance double, method varchar)), CAST(ROW('rogers_satchell', 20, array_min(filter(ARRAY[reasons.bars_60d, 20], x -> x IS NOT NULL)), reasons.no_bars_20, reasons.known_at_20, reasons.s_20, 'Rogers and Satchell 1991: mean of ln(H/C) ln(H/O) + ln(L/C) ln(L/O)') AS row(estimator varchar, n integer, available bigint, reason varchar, known_at timestamp(6) with time zone, variance double, method varchar)), CAST(ROW('yang_zhang', 20, array_min(filter(ARRAY[array_max(filter(ARRAY[reasons.bars_60d - 1, 0], x -> x IS NOT NULL)), 20], x -> x IS NOT NULL)), coalesce(reasons.no_returns_20, reasons.no_bars_20), reasons.known_at_20, reasons.o_20 + 0.34e0 / (1.34 + CAST(20 + 1 AS double) / CAST(20 - 1 AS double)) * reasons.c_20 + (1 - 0.34e0 / (1.34 + CAST(20 + 1 AS double) / CAST(20 - 1 AS double))) * reasons.s_20, 'Yang and Zhang 2000: overnight, open to close and Rogers-Satchell, k = 0.34 / (1.34 + 21/19)') AS row(estimator varchar, n integer, available bigint, reason varchar, known_at timestamp(6) with time zone, variance double, method varchar))], s -> ROW(s))) AS unnested (e)
  ),
  squares AS (
    SELECT
      returns_daily.instrument_id,
      returns_daily.date,
      date_diff('day', DATE '1970-01-01', returns_daily.date) AS day,
      garch_parameters.omega,
      garch_parameters.alpha,
      garch_parameters.beta,
      returns_daily.log_return * returns_daily.log_return AS square,
      returns_daily.reason AS step_reason,
      returns_daily._known_at AS known_at
    FROM gold.returns_daily
    JOIN reference.garch_parameters ON returns_daily.instrument_id = garch_parameters.instrument_id
  ),
  squares_5 AS (
    SELECT
      instrument_id,
      date,
      day,
      omega,
      alpha,
      beta,
      square,
      step_reason,
      known_at,
      lag(square, 4 * 1) OVER (PARTITION BY instrument_id ORDER BY day) * pow(beta, 4 * 1) + lag(square, 3 * 1) OVER (PARTITION BY instrument_id ORDER BY day) * pow(beta, 3 * 1) + lag(square, 2 * 1) OVER (PARTITION BY instrument_id ORDER BY day) * pow(beta, 2 * 1) + lag(square, 1) OVER (PARTITION BY instrument_id ORDER BY day) * pow(beta, 1) + square AS square_5
    FROM squares
  ),
  squares_25 AS (
    SELECT
      instrument_id,
      date,
      day,
      omega,
      alpha,
      beta,
      square,
      step_reason,
      known_at,
      square_5,
      lag(square_5, 4 * 5) OVER (PARTITION BY instrument_id ORDER BY day) * pow(beta, 4 * 5) + lag(square_5, 3 * 5) OVER (PARTITION BY instrument_id ORDER BY day) * pow(beta, 3 * 5) + lag(square_5, 2 * 5) OVER (PARTITION BY instrument_id ORDER BY day) * pow(beta, 2 * 5) + lag(square_5, 5) OVER (PARTITION BY instrument_id ORDER BY day) * pow(beta, 5) + square_5 AS square_25
    FROM squares_5
  ),
  squares_125 AS (
    SELECT
      instrument_id,
      date,
      day,
      omega,
      alpha,
      beta,
      square,
      step_reason,
      known_at,
      square_5,
      square_25,
      lag(square_25, 4 * 25) OVER (PARTITION BY instrument_id ORDER BY day) * pow(beta, 4 * 25) + lag(square_25, 3 * 25) OVER (PARTITION BY instrument_id ORDER BY day) * pow(beta, 3 * 25) + lag(square_25, 2 * 25) OVER (PARTITION BY instrument_id ORDER BY day) * pow(beta, 2 * 25) + lag(square_25, 25) OVER (PARTITION BY instrument_id ORDER BY day) * pow(beta, 25) + square_25 AS square_125
    FROM squares_25
  ),
  filtered AS (
    SELECT
      instrument_id,
      date,
      day,
      omega,
      alpha,
      beta,
      square,
      step_reason,
      known_at,
      square_5,
      square_25,
      square_125,
      omega * (1 - pow(beta, 250)) / (1 - beta) + alpha * (lag(square_125, 125) OVER (PARTITION BY instrument_id ORDER BY day) * pow(beta, 125) + square_125) + pow(beta, 250) * (omega / (1 - (alpha + beta))) AS variance,
      count(*) OVER (PARTITION BY instrument_id ORDER BY day RANGE BETWEEN 400 PRECEDING AND CURRENT ROW) AS bars_400d,
      max(step_reason) OVER (PARTITION BY instrument_id ORDER BY day ROWS BETWEEN 249 PRECEDING AND CURRENT ROW) AS step_reason_250,
      max(known_at) OVER (PARTITION BY instrument_id ORDER BY day ROWS BETWEEN 249 PRECEDING AND CURRENT ROW) AS known_at_250,
      max(known_at) OVER (PARTITION BY instrument_id ORDER BY day RANGE BETWEEN 400 PRECEDING AND CURRENT ROW) AS known_at_400d
    FROM squares_125
  ),
  garch AS (
    SELECT
      instrument_id,
      date,
      day,
      omega,
      alpha,
      beta,
      square,
      step_reason,
      known_at,
      square_5,
      square_25,
      square_125,
      variance,
      bars_400d,
      step_reason_250,
      known_at_250,
      known_at_400d,
      array_min(filter(ARRAY[bars_400d - 1, 250], x -> x IS NOT NULL)) AS available,
      CASE WHEN bars_400d < 251 THEN 'insufficient_history' WHEN step_reason_250 IS NOT NULL THEN step_reason_250 WHEN NOT coalesce(is_finite(variance), false) THEN 'out_of_range' END AS reason
    FROM filtered
  )
  SELECT
    instrument_id,
    date,
    e.estimator,
    CAST(e.n AS bigint) AS window_observations,
    CASE WHEN e.reason IS NULL THEN sqrt(array_max(filter(ARRAY[e.variance, 0], x -> x IS NOT NULL)) * periods) END AS value,
    e.reason,
    e.method || ', annualised by sqrt(' || CAST(periods AS varchar) || ')' AS method,
    e.available AS observations,
    CAST(e.available AS double) / CAST(e.n AS double) AS coverage,
    CASE WHEN e.reason IS DISTINCT FROM 'insufficient_history' THEN e.known_at WHEN e.n = 20 THEN known_at_60d ELSE known_at_400d END AS _known_at
  FROM estimates
  UNION ALL
  SELECT
    instrument_id,
    date,
    'garch',
    CAST(250 AS bigint),
    CASE WHEN reason IS NULL THEN sqrt(variance * CASE WHEN instrument_id LIKE 'crypto:%' THEN 365 ELSE 252 END) END,
    reason,
    'GARCH(1,1), Bollerslev 1986: forecast for the next close, squared log returns, zero mean, omega ' || element_at(transform(ARRAY[omega], d -> CASE WHEN d = 0e0 OR abs(d) >= 1e-4 AND abs(d) < 1e16 THEN regexp_replace(regexp_replace(CAST(CAST(d AS decimal(38, 20)) AS varchar), '0+$', ''), '\.$', '.0') ELSE regexp_replace(split_part(CAST(d AS varchar), 'E', 1), '\.0$', '') || CASE WHEN abs(d) < 1e0 THEN 'e-' ELSE 'e+' END || lpad(CAST(abs(CAST(split_part(CAST(d AS varchar), 'E', 2) AS integer)) AS varchar), 2, '0') END), 1) || ', alpha ' || element_at(transform(ARRAY[alpha], d -> CASE WHEN d = 0e0 OR abs(d) >= 1e-4 AND abs(d) < 1e16 THEN regexp_replace(regexp_replace(CAST(CAST(d AS decimal(38, 20)) AS varchar), '0+$', ''), '\.$', '.0') ELSE regexp_replace(split_part(CAST(d AS varchar), 'E', 1), '\.0$', '') || CASE WHEN abs(d) < 1e0 THEN 'e-' ELSE 'e+' END || lpad(CAST(abs(CAST(split_part(CAST(d AS varchar), 'E', 2) AS integer)) AS varchar), 2, '0') END), 1) || ', beta ' || element_at(transform(ARRAY[beta], d -> CASE WHEN d = 0e0 OR abs(d) >= 1e-4 AND abs(d) < 1e16 THEN regexp_replace(regexp_replace(CAST(CAST(d AS decimal(38, 20)) AS varchar), '0+$', ''), '\.$', '.0') ELSE regexp_replace(split_part(CAST(d AS varchar), 'E', 1), '\.0$', '') || CASE WHEN abs(d) < 1e0 THEN 'e-' ELSE 'e+' END || lpad(CAST(abs(CAST(split_part(CAST(d AS varchar), 'E', 2) AS integer)) AS varchar), 2, '0') END), 1) || ', from the long-run variance 250 returns ago, annualised by sqrt(' || CAST(CASE WHEN instrument_id LIKE 'crypto:%' THEN 365 ELSE 252 END AS varchar) || ')',
    available,
    CAST(available AS double) / CAST(250 AS double),
    CASE WHEN reason IS DISTINCT FROM 'insufficient_history' THEN known_at_250 ELSE known_at_400d END
  FROM garch
  UNION ALL
  SELECT
    instrument_id,
    date,
    'realised',
    CAST(1 AS bigint),
    CASE WHEN realised_moves >= 6 THEN sqrt(realised_variance * CASE WHEN instrument_id LIKE 'crypto:%' THEN 365 ELSE 252 END) END,
    CASE WHEN realised_moves < 6 THEN 'too_few_bars' END,
    'root of the sum of squared log returns of bars of ' || CAST(realised_minutes AS varchar) || ' minutes within the UTC day, annualised by sqrt(' || CAST(CASE WHEN instrument_id LIKE 'crypto:%' THEN 365 ELSE 252 END AS varchar) || ')',
    realised_moves,
    CAST(array_min(filter(ARRAY[CAST(realised_moves AS double) / (1440e0 / CAST(realised_minutes AS double) - 1), 1.0], x -> x IS NOT NULL)) AS double),
    realised_known_at
  FROM gold.bars_daily
  WHERE realised_known_at IS NOT NULL
)
