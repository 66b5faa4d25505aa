-- gold.var_backtest in Trino's SQL, made from models/gold/var_backtest.sql by scripts/generate-trino.mjs.
SELECT
  CAST(instrument_id AS varchar) AS instrument_id,
  CAST(date AS date) AS date,
  CAST(method AS varchar) AS method,
  CAST(confidence AS decimal(4, 3)) AS confidence,
  CAST(window_observations AS bigint) AS window_observations,
  CAST(loss AS double) AS loss,
  CAST(var_loss AS double) AS var_loss,
  CAST(is_exception AS boolean) AS is_exception,
  CAST(exceptions AS bigint) AS exceptions,
  CAST(expected_exceptions AS double) AS expected_exceptions,
  CAST(kupiec_lr AS double) AS kupiec_lr,
  CAST(kupiec_p AS double) AS kupiec_p,
  CAST(christoffersen_lr AS double) AS christoffersen_lr,
  CAST(christoffersen_p AS double) AS christoffersen_p,
  CAST(conditional_coverage_lr AS double) AS conditional_coverage_lr,
  CAST(conditional_coverage_p AS double) AS conditional_coverage_p,
  CAST(traffic_light AS varchar) AS traffic_light,
  CAST(basel_multiplier AS double) AS basel_multiplier,
  CAST(reason AS varchar) AS reason,
  CAST(observations AS bigint) AS observations,
  CAST(_known_at AS timestamp(6) with time zone) AS _known_at
FROM (
  WITH methods AS (
    SELECT
      unnested.metric,
      unnested.method,
      unnested.confidence
    FROM UNNEST(ARRAY[CAST(ROW('var_95_loss', 'historical', 950) AS row(metric varchar, method varchar, confidence integer)), CAST(ROW('var_975_loss', 'historical', 975) AS row(metric varchar, method varchar, confidence integer)), CAST(ROW('var_99_loss', 'historical', 990) AS row(metric varchar, method varchar, confidence integer)), CAST(ROW('normal_var_95_loss', 'normal', 950) AS row(metric varchar, method varchar, confidence integer)), CAST(ROW('normal_var_975_loss', 'normal', 975) AS row(metric varchar, method varchar, confidence integer)), CAST(ROW('normal_var_99_loss', 'normal', 990) AS row(metric varchar, method varchar, confidence integer)), CAST(ROW('cornish_fisher_var_95_loss', 'cornish_fisher', 950) AS row(metric varchar, method varchar, confidence integer)), CAST(ROW('cornish_fisher_var_975_loss', 'cornish_fisher', 975) AS row(metric varchar, method varchar, confidence integer)), CAST(ROW('cornish_fisher_var_99_loss', 'cornish_fisher', 990) AS row(metric varchar, method varchar, confidence integer)), CAST(ROW('filtered_var_95_loss', 'filtered_historical', 950) AS row(metric varchar, method varchar, confidence integer)), CAST(ROW('filtered_var_975_loss', 'filtered_historical', 975) AS row(metric varchar, method varchar, confidence integer)), CAST(ROW('filtered_var_99_loss', 'filtered_historical', 990) AS row(metric varchar, method varchar, confidence integer))]) AS unnested (metric, method, confidence)
  ),
  forecasts AS (
    SELECT
      risk_metrics.instrument_id,
      risk_metrics.date,
      methods.method,
      max(risk_metrics.value) FILTER (WHERE methods.confidence = 950) AS var_95,
      max(risk_metrics.value) FILTER (WHERE methods.confidence = 975) AS var_975,
      max(risk_metrics.value) FILTER (WHERE methods.confidence = 990) AS var_99,
      max(risk_metrics._known_at) AS known_at
    FROM gold.risk_metrics
    JOIN methods ON risk_metrics.metric = methods.metric
    GROUP BY risk_metrics.instrument_id, risk_metrics.date, methods.method
  ),
  days AS (
    SELECT
      forecasts.instrument_id,
      forecasts.method,
      forecasts.date,
      date_diff('day', DATE '1970-01-01', forecasts.date) AS day,
      0 - returns.simple_return AS loss,
      lag(forecasts.var_95) OVER (PARTITION BY forecasts.instrument_id, forecasts.method ORDER BY forecasts.date) AS var_95,
      lag(forecasts.var_975) OVER (PARTITION BY forecasts.instrument_id, forecasts.method ORDER BY forecasts.date) AS var_975,
      lag(forecasts.var_99) OVER (PARTITION BY forecasts.instrument_id, forecasts.method ORDER BY forecasts.date) AS var_99,
      array_max(filter(ARRAY[returns._known_at, lag(forecasts.known_at) OVER (PARTITION BY forecasts.instrument_id, forecasts.method ORDER BY forecasts.date)], x -> x IS NOT NULL)) AS known_at
    FROM forecasts
    JOIN gold.returns_daily AS returns ON forecasts.instrument_id = returns.instrument_id AND forecasts.date = returns.date
  ),
  judgements AS (
    SELECT
      instrument_id,
      method,
      date,
      day,
      loss,
      var_95,
      var_975,
      var_99,
      known_at,
      CAST(CASE WHEN loss > var_95 THEN 1 ELSE 0 END AS bigint) + CASE WHEN loss > var_975 THEN 1000 ELSE 0 END + CASE WHEN loss > var_99 THEN 1000000 ELSE 0 END AS exception,
      CAST(CASE WHEN loss + var_95 IS NOT NULL THEN 1 ELSE 0 END AS bigint) + CASE WHEN loss + var_975 IS NOT NULL THEN 1000 ELSE 0 END + CASE WHEN loss + var_99 IS NOT NULL THEN 1000000 ELSE 0 END AS judged
    FROM days
  ),
  pairs AS (
    SELECT
      instrument_id,
      method,
      date,
      day,
      loss,
      var_95,
      var_975,
      var_99,
      known_at,
      exception,
      judged,
      lag(exception, 249, 0) OVER (PARTITION BY instrument_id, method ORDER BY day) AS first,
      CAST(CASE WHEN CASE WHEN 950 = 950 THEN exception % 1000 WHEN 950 = 975 THEN exception / 1000 % 1000 WHEN 950 = 990 THEN exception / 1000000 END + CASE WHEN 950 = 950 THEN lag(exception, 1, 0) OVER (PARTITION BY instrument_id, method ORDER BY day) % 1000 WHEN 950 = 975 THEN lag(exception, 1, 0) OVER (PARTITION BY instrument_id, method ORDER BY day) / 1000 % 1000 WHEN 950 = 990 THEN lag(exception, 1, 0) OVER (PARTITION BY instrument_id, method ORDER BY day) / 1000000 END = 2 THEN 1 ELSE 0 END AS bigint) + CASE WHEN CASE WHEN 975 = 950 THEN exception % 1000 WHEN 975 = 975 THEN exception / 1000 % 1000 WHEN 975 = 990 THEN exception / 1000000 END + CASE WHEN 975 = 950 THEN lag(exception, 1, 0) OVER (PARTITION BY instrument_id, method ORDER BY day) % 1000 WHEN 975 = 975 THEN lag(exception, 1, 0) OVER (PARTITION BY instrument_id, method ORDER BY day) / 1000 % 1000 WHEN 975 = 990 THEN lag(exception, 1, 0) OVER (PARTITION BY instrument_id, method ORDER BY day) / 1000000 END = 2 THEN 1000 ELSE 0 END + CASE WHEN CASE WHEN 990 = 950 THEN exception % 1000 WHEN 990 = 975 THEN exception / 1000 % 1000 WHEN 990 = 990 THEN exception / 1000000 END + CASE WHEN 990 = 950 THEN lag(exception, 1, 0) OVER (PARTITION BY instrument_id, method ORDER BY day) % 1000 WHEN 990 = 975 THEN lag(exception, 1, 0) OVER (PARTITION BY instrument_id, method ORDER BY day) / 1000 % 1000 WHEN 990 = 990 THEN lag(exception, 1, 0) OVER (PARTITION BY instrument_id, method ORDER BY day) / 1000000 END = 2 THEN 1000000 ELSE 0 END AS repeated
    FROM judgements
  ),
  counts AS (
    SELECT
      instrument_id,
      method,
      date,
      day,
      loss,
      var_95,
      var_975,
      var_99,
      known_at,
      exception,
      judged,
      first,
      repeated,
      sum(judged) OVER (PARTITION BY instrument_id, method ORDER BY day ROWS BETWEEN 249 PRECEDING AND CURRENT ROW) AS judged_250,
      sum(judged) OVER (PARTITION BY instrument_id, method ORDER BY day RANGE BETWEEN 386 PRECEDING AND CURRENT ROW) AS judged_386d,
      count(*) OVER (PARTITION BY instrument_id, method ORDER BY day RANGE BETWEEN 400 PRECEDING AND CURRENT ROW) - 1 AS steps_400d,
      sum(exception) OVER (PARTITION BY instrument_id, method ORDER BY day ROWS BETWEEN 249 PRECEDING AND CURRENT ROW) AS exceptions,
      sum(repeated) OVER (PARTITION BY instrument_id, method ORDER BY day ROWS BETWEEN 248 PRECEDING AND CURRENT ROW) AS repetitions,
      max(known_at) OVER (PARTITION BY instrument_id, method ORDER BY day ROWS BETWEEN 249 PRECEDING AND CURRENT ROW) AS known_at_250
    FROM pairs
  ),
  levels AS (
    SELECT
      instrument_id,
      method,
      date,
      day,
      loss,
      var_95,
      var_975,
      var_99,
      known_at,
      judged,
      repeated,
      steps_400d,
      known_at_250,
      confidence,
      CAST(CASE WHEN confidence = 950 THEN judged_250 % 1000 WHEN confidence = 975 THEN judged_250 / 1000 % 1000 WHEN confidence = 990 THEN judged_250 / 1000000 END AS bigint) AS judged_250,
      CAST(CASE WHEN confidence = 950 THEN judged_386d % 1000 WHEN confidence = 975 THEN judged_386d / 1000 % 1000 WHEN confidence = 990 THEN judged_386d / 1000000 END AS bigint) AS judged_386d,
      CAST(CASE WHEN confidence = 950 THEN exceptions % 1000 WHEN confidence = 975 THEN exceptions / 1000 % 1000 WHEN confidence = 990 THEN exceptions / 1000000 END AS bigint) AS exceptions,
      CAST(CASE WHEN confidence = 950 THEN repetitions % 1000 WHEN confidence = 975 THEN repetitions / 1000 % 1000 WHEN confidence = 990 THEN repetitions / 1000000 END AS bigint) AS n11,
      CASE WHEN confidence = 950 THEN exception % 1000 WHEN confidence = 975 THEN exception / 1000 % 1000 WHEN confidence = 990 THEN exception / 1000000 END AS last,
      CASE WHEN confidence = 950 THEN first % 1000 WHEN confidence = 975 THEN first / 1000 % 1000 WHEN confidence = 990 THEN first / 1000000 END AS first,
      CASE WHEN loss IS NOT NULL THEN CASE WHEN confidence = 950 THEN var_95 WHEN confidence = 975 THEN var_975 ELSE var_99 END END AS var_loss
    FROM (
      SELECT
        counts.instrument_id,
        counts.method,
        counts.date,
        counts.day,
        counts.loss,
        counts.var_95,
        counts.var_975,
        counts.var_99,
        counts.known_at,
        counts.exception,
        counts.judged,
        counts.first,
        counts.repeated,
        counts.judged_250,
        counts.judged_386d,
        counts.steps_400d,
        counts.exceptions,
        counts.repetitions,
        counts.known_at_250,
        unnested.confidence
      FROM counts
      CROSS JOIN UNNEST(ARRAY[950, 975, 990]) AS unnested (confidence)
    ) AS part_1
  ),
  tables AS (
    SELECT
      instrument_id,
      method,
      date,
      day,
      loss,
      var_95,
      var_975,
      var_99,
      known_at,
      judged,
      repeated,
      steps_400d,
      known_at_250,
      confidence,
      judged_250,
      judged_386d,
      exceptions,
      n11,
      last,
      first,
      var_loss,
      loss > var_loss AS is_exception,
      steps_400d >= 250 AND judged_250 = 250 AS is_whole,
      CASE WHEN steps_400d < 250 THEN array_min(filter(ARRAY[judged_386d, 250], x -> x IS NOT NULL)) ELSE judged_250 END AS observations,
      exceptions - first - n11 AS n01,
      exceptions - last - n11 AS n10
    FROM levels
  ),
  tests AS (
    SELECT
      instrument_id,
      method,
      date,
      day,
      loss,
      var_95,
      var_975,
      var_99,
      known_at,
      judged,
      repeated,
      steps_400d,
      known_at_250,
      confidence,
      judged_250,
      judged_386d,
      exceptions,
      n11,
      last,
      first,
      var_loss,
      is_exception,
      is_whole,
      observations,
      n01,
      n10,
      CASE WHEN is_whole THEN array_max(filter(ARRAY[0, -2 * (CASE WHEN 250 - exceptions = 0 THEN CAST(0.0 AS double) ELSE (250 - exceptions) * ln(1 - (1 - CAST(confidence AS double) / 1000e0)) END + CASE WHEN exceptions = 0 THEN CAST(0.0 AS double) ELSE exceptions * ln(1 - CAST(confidence AS double) / 1000e0) END - CASE WHEN 250 - exceptions = 0 THEN CAST(0.0 AS double) ELSE (250 - exceptions) * ln(1 - CAST(exceptions AS double) / 250e0) END - CASE WHEN exceptions = 0 THEN CAST(0.0 AS double) ELSE exceptions * ln(CAST(exceptions AS double) / 250e0) END)], x -> x IS NOT NULL)) END AS kupiec,
      CASE WHEN is_whole THEN array_max(filter(ARRAY[0, -2 * (CASE WHEN 249 - n01 - n10 - n11 + n10 = 0 THEN CAST(0.0 AS double) ELSE (249 - n01 - n10 - n11 + n10) * ln(CAST(249 - n01 - n10 - n11 + n10 AS double) / CAST(249 - n01 - n10 - n11 + n01 + n10 + n11 AS double)) END + CASE WHEN n01 + n11 = 0 THEN CAST(0.0 AS double) ELSE (n01 + n11) * ln(CAST(n01 + n11 AS double) / CAST(249 - n01 - n10 - n11 + n01 + n10 + n11 AS double)) END - CASE WHEN 249 - n01 - n10 - n11 = 0 THEN CAST(0.0 AS double) ELSE (249 - n01 - n10 - n11) * ln(CAST(249 - n01 - n10 - n11 AS double) / CAST(249 - n01 - n10 - n11 + n01 AS double)) END - CASE WHEN n01 = 0 THEN CAST(0.0 AS double) ELSE n01 * ln(CAST(n01 AS double) / CAST(249 - n01 - n10 - n11 + n01 AS double)) END - CASE WHEN n10 = 0 THEN CAST(0.0 AS double) ELSE n10 * ln(CAST(n10 AS double) / CAST(n10 + n11 AS double)) END - CASE WHEN n11 = 0 THEN CAST(0.0 AS double) ELSE n11 * ln(CAST(n11 AS double) / CAST(n10 + n11 AS double)) END)], x -> x IS NOT NULL)) END AS christoffersen
    FROM tables
  )
  SELECT
    instrument_id,
    date,
    method,
    CAST(CAST(confidence AS double) / 1000e0 AS decimal(4, 3)) AS confidence,
    CAST(250 AS bigint) AS window_observations,
    loss,
    var_loss,
    is_exception,
    CASE WHEN is_whole THEN exceptions END AS exceptions,
    250 * (1 - CAST(confidence AS double) / CAST(1000 AS double)) AS expected_exceptions,
    kupiec AS kupiec_lr,
    CASE WHEN is_whole THEN array_min(filter(ARRAY[1e0 / (1 + sqrt(array_max(filter(ARRAY[kupiec, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * exp(0 - sqrt(array_max(filter(ARRAY[kupiec, 0], x -> x IS NOT NULL)) / 2e0) * sqrt(array_max(filter(ARRAY[kupiec, 0], x -> x IS NOT NULL)) / 2e0) - 1.26551212e0 + 1e0 / (1 + sqrt(array_max(filter(ARRAY[kupiec, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * (9.99999927e-1 + 1e0 / (1 + sqrt(array_max(filter(ARRAY[kupiec, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * (3.75020199e-1 + 1e0 / (1 + sqrt(array_max(filter(ARRAY[kupiec, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * (8.25924333e-2 + 1e0 / (1 + sqrt(array_max(filter(ARRAY[kupiec, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * (-7.47341946e-2 + 1e0 / (1 + sqrt(array_max(filter(ARRAY[kupiec, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * (-2.33707889e-1 + 1e0 / (1 + sqrt(array_max(filter(ARRAY[kupiec, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * (3.35540225e-1 + 1e0 / (1 + sqrt(array_max(filter(ARRAY[kupiec, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * (-1.22542517e0 + 1e0 / (1 + sqrt(array_max(filter(ARRAY[kupiec, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * (2.39873373e0 + 1e0 / (1 + sqrt(array_max(filter(ARRAY[kupiec, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * (-2.2051075e0 + 1e0 / (1 + sqrt(array_max(filter(ARRAY[kupiec, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * (9.91357597e-1 - 1e0 / (1 + sqrt(array_max(filter(ARRAY[kupiec, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * 1.78757244e-1))))))))))), 1], x -> x IS NOT NULL)) END AS kupiec_p,
    christoffersen AS christoffersen_lr,
    CASE WHEN is_whole THEN array_min(filter(ARRAY[1e0 / (1 + sqrt(array_max(filter(ARRAY[christoffersen, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * exp(0 - sqrt(array_max(filter(ARRAY[christoffersen, 0], x -> x IS NOT NULL)) / 2e0) * sqrt(array_max(filter(ARRAY[christoffersen, 0], x -> x IS NOT NULL)) / 2e0) - 1.26551212e0 + 1e0 / (1 + sqrt(array_max(filter(ARRAY[christoffersen, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * (9.99999927e-1 + 1e0 / (1 + sqrt(array_max(filter(ARRAY[christoffersen, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * (3.75020199e-1 + 1e0 / (1 + sqrt(array_max(filter(ARRAY[christoffersen, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * (8.25924333e-2 + 1e0 / (1 + sqrt(array_max(filter(ARRAY[christoffersen, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * (-7.47341946e-2 + 1e0 / (1 + sqrt(array_max(filter(ARRAY[christoffersen, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * (-2.33707889e-1 + 1e0 / (1 + sqrt(array_max(filter(ARRAY[christoffersen, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * (3.35540225e-1 + 1e0 / (1 + sqrt(array_max(filter(ARRAY[christoffersen, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * (-1.22542517e0 + 1e0 / (1 + sqrt(array_max(filter(ARRAY[christoffersen, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * (2.39873373e0 + 1e0 / (1 + sqrt(array_max(filter(ARRAY[christoffersen, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * (-2.2051075e0 + 1e0 / (1 + sqrt(array_max(filter(ARRAY[christoffersen, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * (9.91357597e-1 - 1e0 / (1 + sqrt(array_max(filter(ARRAY[christoffersen, 0], x -> x IS NOT NULL)) / 2e0) / 2e0) * 1.78757244e-1))))))))))), 1], x -> x IS NOT NULL)) END AS christoffersen_p,
    kupiec + christoffersen AS conditional_coverage_lr,
    CASE WHEN is_whole THEN exp(0 - array_max(filter(ARRAY[kupiec + christoffersen, 0], x -> x IS NOT NULL)) / 2e0) END AS conditional_coverage_p,
    CASE WHEN is_whole THEN CASE WHEN exceptions >= CASE WHEN confidence = 950 THEN 27 WHEN confidence = 975 THEN 17 WHEN confidence = 990 THEN 10 END THEN 'red' WHEN exceptions >= CASE WHEN confidence = 950 THEN 18 WHEN confidence = 975 THEN 11 WHEN confidence = 990 THEN 5 END THEN 'yellow' ELSE 'green' END END AS traffic_light,
    CASE WHEN is_whole AND confidence = 990 THEN CAST(CASE WHEN exceptions = 5 THEN 3.4 WHEN exceptions = 6 THEN 3.5 WHEN exceptions = 7 THEN 3.65 WHEN exceptions = 8 THEN 3.75 WHEN exceptions = 9 THEN 3.85 ELSE CASE WHEN exceptions < 5 THEN 3.0 ELSE 4.0 END END AS double) END AS basel_multiplier,
    CASE WHEN NOT is_whole THEN 'insufficient_history' END AS reason,
    observations,
    CASE WHEN is_whole THEN known_at_250 ELSE known_at END AS _known_at
  FROM tests
)
