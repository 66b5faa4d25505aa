-- gold.portfolio_risk in Trino's SQL, made from models/gold/portfolio_risk.sql by scripts/generate-trino.mjs.
SELECT
  CAST(portfolio AS varchar) AS portfolio,
  CAST(date AS date) AS date,
  CAST(currency AS varchar) AS currency,
  CAST(instrument_id AS varchar) AS instrument_id,
  CAST(metric AS varchar) AS metric,
  CAST(value AS double) AS value,
  CAST(reason AS varchar) AS reason,
  CAST(method AS varchar) AS method,
  CAST(holdings_date AS date) AS holdings_date,
  CAST(quantity AS double) AS quantity,
  CAST(convention AS varchar) AS convention,
  CAST(_known_at AS timestamp(6) with time zone) AS _known_at
FROM (
  WITH chosen AS (
    SELECT
      min_by(convention, CASE WHEN convention = 'reporting' THEN '' ELSE convention END) FILTER (WHERE convention IS NOT NULL AND CASE WHEN convention = 'reporting' THEN '' ELSE convention END IS NOT NULL) AS convention
    FROM reference.fx_conventions
    WHERE "normalize"
  ),
  prices AS (
    SELECT
      prices_normalized.instrument_id,
      prices_normalized.date,
      prices_normalized.currency,
      prices_normalized.value,
      prices_normalized.rate,
      prices_normalized.reason,
      prices_normalized.convention,
      prices_normalized._known_at AS known_at
    FROM gold.prices_normalized
    JOIN chosen ON prices_normalized.convention = chosen.convention
  ),
  snapshots AS (
    SELECT
      portfolio,
      as_of,
      known_at,
      array_min(filter(ARRAY[coalesce(lead(as_of) OVER (PARTITION BY portfolio ORDER BY as_of), date_add('day', 366, as_of)), date_add('day', 366, as_of)], x -> x IS NOT NULL)) AS until
    FROM (
      SELECT
        portfolio,
        as_of,
        max(_known_at) AS known_at
      FROM silver.holdings
      GROUP BY portfolio, as_of
    ) AS part_1
  ),
  listed AS (
    SELECT
      holdings.portfolio,
      holdings.as_of,
      snapshots.until,
      holdings.instrument_id,
      CAST(holdings.quantity AS double) AS quantity,
      snapshots.known_at,
      count(CASE WHEN holdings.quantity <> 0 THEN 1 END) OVER (PARTITION BY holdings.portfolio, holdings.as_of) AS positions
    FROM silver.holdings
    JOIN snapshots ON holdings.portfolio = snapshots.portfolio AND holdings.as_of = snapshots.as_of
  ),
  positions AS (
    SELECT
      portfolio,
      as_of,
      until,
      instrument_id,
      quantity,
      known_at,
      positions
    FROM listed
    WHERE quantity <> 0 OR positions = 0
  ),
  closes AS (
    SELECT
      position.portfolio,
      position.as_of,
      position.positions,
      position.instrument_id,
      position.quantity,
      position.known_at AS holding_known_at,
      step.date,
      step.simple_return,
      step._known_at AS known_at,
      coalesce(step.reason, CASE WHEN step.crossed LIKE '%redenomination%' THEN 'redenomination' END) AS reason,
      count(*) OVER (PARTITION BY position.portfolio, position.as_of, step.date) = position.positions AS is_common
    FROM positions AS position
    JOIN gold.returns_daily AS step ON position.instrument_id = step.instrument_id
    WHERE step.date >= date_add('day', -400, position.as_of) AND step.date < position.until
  ),
  common AS (
    SELECT
      portfolio,
      as_of,
      date,
      row_number() OVER (PARTITION BY portfolio, as_of ORDER BY date) AS n,
      lag(date, 250) OVER (PARTITION BY portfolio, as_of ORDER BY date) AS first_date
    FROM (
      SELECT DISTINCT
        portfolio,
        as_of,
        date
      FROM closes
      WHERE is_common
    ) AS part_1
  ),
  assigned AS (
    SELECT
      portfolio,
      as_of,
      positions,
      instrument_id,
      quantity,
      holding_known_at,
      simple_return,
      known_at,
      reason,
      is_common,
      date AS own_date,
      min(CASE WHEN is_common THEN date END) OVER (PARTITION BY portfolio, as_of, instrument_id ORDER BY date ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS date
    FROM closes
  ),
  growths AS (
    SELECT
      portfolio,
      as_of,
      instrument_id,
      date,
      element_at(transform(ARRAY[filter(array_agg(1 + simple_return ORDER BY own_date), x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s * CAST(x AS double), CAST(x AS double)), s -> s)), 1) AS growth,
      max(reason) AS reason,
      max(known_at) AS known_at
    FROM assigned
    WHERE date IS NOT NULL
    GROUP BY portfolio, as_of, instrument_id, date
  ),
  rated AS (
    SELECT
      growths.portfolio,
      growths.as_of,
      growths.instrument_id,
      common.n,
      prices.currency,
      growths.growth,
      prices.rate,
      growths.reason AS growth_reason,
      prices.reason AS rate_reason,
      growths.known_at AS growth_known_at,
      prices.known_at AS rate_known_at
    FROM growths
    JOIN common ON growths.portfolio = common.portfolio AND growths.as_of = common.as_of AND growths.date = common.date
    JOIN prices ON growths.instrument_id = prices.instrument_id AND growths.date = prices.date
  ),
  steps AS (
    SELECT
      portfolio,
      as_of,
      instrument_id,
      n,
      currency,
      r,
      reason,
      known_at
    FROM (
      SELECT
        portfolio,
        as_of,
        instrument_id,
        n,
        currency,
        growth * (rate / lag(rate) OVER (PARTITION BY portfolio, as_of, instrument_id, currency ORDER BY n)) - 1 AS r,
        coalesce(growth_reason, rate_reason, lag(rate_reason) OVER (PARTITION BY portfolio, as_of, instrument_id, currency ORDER BY n)) AS reason,
        array_max(filter(ARRAY[growth_known_at, rate_known_at, lag(rate_known_at) OVER (PARTITION BY portfolio, as_of, instrument_id, currency ORDER BY n)], x -> x IS NOT NULL)) AS known_at,
        lag(n) OVER (PARTITION BY portfolio, as_of, instrument_id, currency ORDER BY n) = n - 1 AS _qualified
      FROM rated
    )
    WHERE _qualified
  ),
  step_windows AS (
    SELECT
      portfolio,
      as_of,
      instrument_id,
      n,
      currency,
      r,
      reason,
      known_at,
      max(reason) OVER (PARTITION BY portfolio, as_of, instrument_id, currency ORDER BY n ROWS BETWEEN 249 PRECEDING AND CURRENT ROW) AS reason_250,
      max(known_at) OVER (PARTITION BY portfolio, as_of, instrument_id, currency ORDER BY n ROWS BETWEEN 249 PRECEDING AND CURRENT ROW) AS known_at_250
    FROM steps
  ),
  held AS (
    SELECT
      closes.portfolio,
      closes.as_of,
      closes.positions,
      closes.instrument_id,
      closes.quantity,
      closes.date,
      prices.currency,
      prices.convention,
      CASE WHEN closes.positions = 0 THEN CAST(0.0 AS double) ELSE closes.quantity * prices.value END AS exposure,
      CASE WHEN closes.positions > 0 THEN prices.reason END AS value_reason,
      array_max(filter(ARRAY[closes.holding_known_at, closes.known_at, prices.known_at], x -> x IS NOT NULL)) AS known_at
    FROM closes
    JOIN prices ON closes.instrument_id = prices.instrument_id AND closes.date = prices.date
    WHERE closes.date >= closes.as_of
  ),
  windows AS (
    SELECT
      held.portfolio,
      held.as_of,
      held.positions,
      held.instrument_id,
      held.quantity,
      held.date,
      held.currency,
      held.convention,
      held.exposure,
      held.value_reason,
      held.known_at,
      common.n,
      array_max(filter(ARRAY[held.known_at, step_windows.known_at_250], x -> x IS NOT NULL)) AS known_at_250,
      CASE WHEN held.positions = 0 THEN 'nothing_held' WHEN common.n IS NULL THEN 'no_close' WHEN held.value_reason IS NOT NULL THEN held.value_reason WHEN coalesce(common.n < 251 OR common.first_date < date_add('day', -400, held.date), true) THEN 'insufficient_history' ELSE step_windows.reason_250 END AS reason
    FROM held
    LEFT JOIN common ON held.portfolio = common.portfolio AND held.as_of = common.as_of AND held.date = common.date
    LEFT JOIN step_windows ON held.portfolio = step_windows.portfolio AND held.as_of = step_windows.as_of AND held.instrument_id = step_windows.instrument_id AND held.currency = step_windows.currency AND common.n = step_windows.n
  ),
  judged AS (
    SELECT
      portfolio,
      as_of,
      positions,
      instrument_id,
      quantity,
      date,
      currency,
      convention,
      exposure,
      value_reason,
      known_at,
      n,
      known_at_250,
      reason,
      max(reason) OVER (PARTITION BY portfolio, date, currency) AS whole_reason
    FROM windows
  ),
  step_lists AS (
    SELECT
      portfolio,
      as_of,
      currency,
      n,
      array_agg(coalesce(r, 0) ORDER BY instrument_id) AS returns
    FROM steps
    GROUP BY portfolio, as_of, currency, n
    HAVING count(*) = count(r)
  ),
  exposure_lists AS (
    SELECT
      portfolio,
      as_of,
      date,
      currency,
      arbitrary(n) AS n,
      array_agg(exposure ORDER BY instrument_id) AS exposures
    FROM judged
    WHERE whole_reason IS NULL
    GROUP BY portfolio, as_of, date, currency
  ),
  results AS (
    SELECT
      day.portfolio,
      day.as_of,
      day.date,
      day.currency,
      day.n,
      array_agg(reduce(zip_with(day.exposures, step.returns, (x, y) -> x * y), 0e0, (s, x) -> s + x, s -> s) ORDER BY step.n) AS results
    FROM exposure_lists AS day
    JOIN step_lists AS step ON day.portfolio = step.portfolio AND day.as_of = step.as_of AND day.currency = step.currency
    WHERE step.n BETWEEN day.n - 249 AND day.n AND cardinality(day.exposures) = cardinality(step.returns)
    GROUP BY day.portfolio, day.as_of, day.date, day.currency, day.n
  ),
  series AS (
    SELECT
      portfolio,
      as_of,
      instrument_id,
      currency,
      array_agg(coalesce(r, 0) ORDER BY n) AS returns
    FROM steps
    GROUP BY portfolio, as_of, instrument_id, currency
  ),
  moments AS (
    SELECT
      portfolio,
      date,
      currency,
      instrument_id,
      element_at(transform(ARRAY[filter(own, x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s) / cardinality(l)), 1) AS mean,
      (reduce(zip_with(own, results, (x, y) -> x * y), 0e0, (s, x) -> s + x, s -> s) - 250 * element_at(transform(ARRAY[filter(own, x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s) / cardinality(l)), 1) * element_at(transform(ARRAY[filter(results, x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s) / cardinality(l)), 1)) / 249e0 AS covariance,
      (reduce(zip_with(own, own, (x, y) -> x * y), 0e0, (s, x) -> s + x, s -> s) - 250 * element_at(transform(ARRAY[filter(own, x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s) / cardinality(l)), 1) * element_at(transform(ARRAY[filter(own, x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s) / cardinality(l)), 1)) / 249e0 AS variance
    FROM (
      SELECT
        results.portfolio,
        results.date,
        results.currency,
        series.instrument_id,
        slice(series.returns, greatest(CASE WHEN results.n - 250 < 0 THEN cardinality(series.returns) + (results.n - 250) + 1 ELSE results.n - 250 END, 1), greatest(CASE WHEN results.n - 1 < 0 THEN cardinality(series.returns) + (results.n - 1) + 1 ELSE results.n - 1 END - greatest(CASE WHEN results.n - 250 < 0 THEN cardinality(series.returns) + (results.n - 250) + 1 ELSE results.n - 250 END, 1) + 1, 0)) AS own,
        results.results
      FROM results
      JOIN series ON results.portfolio = series.portfolio AND results.as_of = series.as_of AND results.currency = series.currency
    ) AS part_1
  ),
  parts AS (
    SELECT
      judged.portfolio,
      judged.as_of,
      judged.positions,
      judged.instrument_id,
      judged.quantity,
      judged.date,
      judged.currency,
      judged.convention,
      judged.exposure,
      judged.value_reason,
      judged.known_at,
      judged.n,
      judged.known_at_250,
      judged.reason,
      judged.whole_reason,
      moments.mean,
      moments.covariance,
      moments.variance
    FROM judged
    LEFT JOIN moments ON judged.portfolio = moments.portfolio AND judged.date = moments.date AND judged.currency = moments.currency AND judged.instrument_id = moments.instrument_id
  ),
  tails AS (
    SELECT
      portfolio,
      date,
      currency,
      slice(array_sort(results), 1, 14) AS tail
    FROM results
  ),
  wholes AS (
    SELECT
      portfolio,
      as_of,
      date,
      currency,
      convention,
      CASE WHEN count(*) < max(positions) THEN 'no_close' ELSE max(value_reason) END AS value_reason,
      CASE WHEN count(*) < max(positions) THEN 'no_close' ELSE max(whole_reason) END AS reason,
      element_at(transform(ARRAY[filter(array_agg(exposure ORDER BY instrument_id), x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s)), 1) AS exposure,
      element_at(transform(ARRAY[filter(array_agg(abs(exposure) ORDER BY instrument_id), x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s)), 1) AS gross,
      element_at(transform(ARRAY[filter(array_agg(exposure * mean ORDER BY instrument_id), x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s)), 1) AS mean,
      sqrt(array_max(filter(ARRAY[element_at(transform(ARRAY[filter(array_agg(exposure * covariance ORDER BY instrument_id), x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s)), 1), 0], x -> x IS NOT NULL))) AS deviation,
      sqrt(array_max(filter(ARRAY[(1 - CAST(0.2 AS double)) * element_at(transform(ARRAY[filter(array_agg(exposure * covariance ORDER BY instrument_id), x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s)), 1) + CAST(0.2 AS double) * element_at(transform(ARRAY[filter(array_agg(exposure * exposure * variance ORDER BY instrument_id), x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s)), 1), 0], x -> x IS NOT NULL))) AS shrunk_deviation,
      max(known_at) AS known_at,
      max(known_at_250) AS known_at_250
    FROM parts
    GROUP BY portfolio, as_of, date, currency, convention
  ),
  whole_figures AS (
    SELECT
      wholes.portfolio,
      wholes.as_of,
      wholes.date,
      wholes.currency,
      wholes.convention,
      wholes.value_reason,
      wholes.reason,
      wholes.exposure,
      wholes.gross,
      wholes.mean,
      wholes.deviation,
      wholes.shrunk_deviation,
      wholes.known_at,
      wholes.known_at_250,
      tails.tail,
      unnested.m
    FROM wholes
    LEFT JOIN tails ON wholes.portfolio = tails.portfolio AND wholes.date = tails.date AND wholes.currency = tails.currency
    CROSS JOIN UNNEST(transform(ARRAY[CAST(ROW('market_value', wholes.exposure, wholes.value_reason, 'sum of what is held') AS row(metric varchar, value double, reason varchar, method varchar)), CAST(ROW('normal_var_95_loss', CAST(CASE WHEN 950 = 950 THEN 1.6448536269514722 WHEN 950 = 975 THEN 1.959963984540054 WHEN 950 = 990 THEN 2.3263478740408408 END AS double) * wholes.deviation - wholes.mean, wholes.reason, 'normal law, one day, sample means and covariances of 250 returns, 95 %') AS row(metric varchar, value double, reason varchar, method varchar)), CAST(ROW('normal_var_99_loss', CAST(CASE WHEN 990 = 950 THEN 1.6448536269514722 WHEN 990 = 975 THEN 1.959963984540054 WHEN 990 = 990 THEN 2.3263478740408408 END AS double) * wholes.deviation - wholes.mean, wholes.reason, 'normal law, one day, sample means and covariances of 250 returns, 99 %') AS row(metric varchar, value double, reason varchar, method varchar)), CAST(ROW('shrunk_normal_var_99_loss', CAST(CASE WHEN 990 = 950 THEN 1.6448536269514722 WHEN 990 = 975 THEN 1.959963984540054 WHEN 990 = 990 THEN 2.3263478740408408 END AS double) * wholes.shrunk_deviation - wholes.mean, wholes.reason, 'normal law, one day, 99 %, covariances of 250 returns shrunk by ' || '0.2' || ' towards 0, variances kept') AS row(metric varchar, value double, reason varchar, method varchar)), CAST(ROW('var_99_loss', 0 - (element_at(tails.tail, 3) + 0.49 * (element_at(tails.tail, 4) - element_at(tails.tail, 3))), wholes.reason, 'historical simulation, one day, 1 % quantile (type 7) of what today''s holdings would have made over 250 returns') AS row(metric varchar, value double, reason varchar, method varchar)), CAST(ROW('es_975_loss', 0 - array_min(filter(ARRAY[element_at(tails.tail, 7), array_max(filter(ARRAY[element_at(tails.tail, 1), (element_at(tails.tail, 1) + element_at(tails.tail, 2) + element_at(tails.tail, 3) + element_at(tails.tail, 4) + element_at(tails.tail, 5) + element_at(tails.tail, 6) + 0.25 * element_at(tails.tail, 7)) / 6.25e0], x -> x IS NOT NULL))], x -> x IS NOT NULL)), wholes.reason, 'mean of the worst 2.5 % of what today''s holdings would have made over 250 returns, one day, fractional tail (Rockafellar-Uryasev)') AS row(metric varchar, value double, reason varchar, method varchar))], s -> ROW(s))) AS unnested (m)
  ),
  part_figures AS (
    SELECT
      parts.portfolio,
      parts.as_of,
      parts.positions,
      parts.instrument_id,
      parts.quantity,
      parts.date,
      parts.currency,
      parts.convention,
      parts.exposure,
      parts.value_reason,
      parts.known_at,
      parts.n,
      parts.known_at_250,
      parts.whole_reason,
      parts.mean,
      parts.covariance,
      parts.variance,
      unnested.m
    FROM parts
    JOIN (
      SELECT
        portfolio,
        date,
        currency,
        exposure AS total,
        gross,
        reason,
        deviation,
        shrunk_deviation
      FROM wholes
    ) AS wholes ON parts.portfolio = wholes.portfolio AND parts.date = wholes.date AND parts.currency = wholes.currency
    CROSS JOIN UNNEST(transform(ARRAY[CAST(ROW('market_value', parts.exposure, parts.value_reason, 'quantity times the close of prices_normalized') AS row(metric varchar, value double, reason varchar, method varchar)), CAST(ROW('marginal_var_99', CAST(CASE WHEN 990 = 950 THEN 1.6448536269514722 WHEN 990 = 975 THEN 1.959963984540054 WHEN 990 = 990 THEN 2.3263478740408408 END AS double) * parts.covariance / nullif(wholes.deviation, 0) - parts.mean, coalesce(wholes.reason, CASE WHEN coalesce(wholes.deviation / nullif(wholes.gross, 0) < 1e-12, true) THEN 'zero_volatility' END), 'derivative of normal_var_99_loss by what is held of the instrument') AS row(metric varchar, value double, reason varchar, method varchar)), CAST(ROW('component_var_99_loss', parts.exposure * (CAST(CASE WHEN 990 = 950 THEN 1.6448536269514722 WHEN 990 = 975 THEN 1.959963984540054 WHEN 990 = 990 THEN 2.3263478740408408 END AS double) * parts.covariance / nullif(wholes.deviation, 0) - parts.mean), coalesce(wholes.reason, CASE WHEN coalesce(wholes.deviation / nullif(wholes.gross, 0) < 1e-12, true) THEN 'zero_volatility' END), 'what is held times marginal_var_99; all parts add up to normal_var_99_loss') AS row(metric varchar, value double, reason varchar, method varchar)), CAST(ROW('shrunk_component_var_99_loss', parts.exposure * (CAST(CASE WHEN 990 = 950 THEN 1.6448536269514722 WHEN 990 = 975 THEN 1.959963984540054 WHEN 990 = 990 THEN 2.3263478740408408 END AS double) * ((1 - CAST(0.2 AS double)) * parts.covariance + CAST(0.2 AS double) * (parts.exposure * parts.variance)) / nullif(wholes.shrunk_deviation, 0) - parts.mean), coalesce(wholes.reason, CASE WHEN coalesce(wholes.shrunk_deviation / nullif(wholes.gross, 0) < 1e-12, true) THEN 'zero_volatility' END), 'the same of shrunk_normal_var_99_loss, covariances shrunk by ' || '0.2') AS row(metric varchar, value double, reason varchar, method varchar))], s -> ROW(s))) AS unnested (m)
  ),
  rows AS (
    SELECT
      portfolio,
      date,
      currency,
      '*' AS instrument_id,
      m,
      as_of,
      CAST(NULL AS double) AS quantity,
      convention,
      known_at,
      known_at_250
    FROM whole_figures
    UNION ALL
    SELECT
      portfolio,
      date,
      currency,
      instrument_id,
      m,
      as_of,
      quantity,
      convention,
      known_at,
      known_at_250
    FROM part_figures
  )
  SELECT
    portfolio,
    date,
    currency,
    instrument_id,
    m.metric,
    CASE WHEN m.reason IS NULL AND is_finite(m.value) THEN m.value END AS value,
    CASE WHEN m.reason IS NULL AND NOT coalesce(is_finite(m.value), false) THEN 'out_of_range' ELSE m.reason END AS reason,
    m.method,
    as_of AS holdings_date,
    quantity,
    convention,
    CASE WHEN m.metric = 'market_value' OR m.reason IN ('insufficient_history', 'no_close', 'nothing_held') THEN known_at ELSE known_at_250 END AS _known_at
  FROM rows
)
