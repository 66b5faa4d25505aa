/*---
table: portfolio_risk
contract: portfolio_risk
grain: one row per portfolio, date, currency, instrument and metric
partition: date
lookback: P400D
needs: [silver.holdings]
description: >
  What holdings are worth on every day on which something that they hold has a close, and what they may lose in a day. The holdings are
  those of the newest day until then, at most 366 days old. Risk takes today's holdings over the last 250 steps between days on which
  all of them have a close, within 400 days; a step is the growth of comparable prices times that of the rate. A holding without a
  close, a rate or enough history gives its reason to the whole. A portfolio that lists quantities of 0 alone is worth 0 on the days on
  which something that it lists has a close, and has no risk: nothing_held.
---*/
WITH chosen AS (
  SELECT min_by(convention, CASE WHEN convention = 'reporting' THEN '' ELSE convention END) AS convention
  FROM reference.fx_conventions WHERE normalize
),
prices AS (
  SELECT instrument_id, date, currency, value, rate, reason, convention, _known_at AS known_at
  FROM gold.prices_normalized JOIN chosen USING (convention)
),
snapshots AS (
  SELECT
    portfolio, as_of, known_at,
    least(coalesce(lead(as_of) OVER (PARTITION BY portfolio ORDER BY as_of), as_of + 366), as_of + 366) AS until
  -- What else is held, or no more, decides on which days all of it has a close.
  FROM (SELECT portfolio, as_of, max(_known_at) AS known_at FROM silver.holdings GROUP BY portfolio, as_of)
),
listed AS (
  SELECT
    portfolio, as_of, until, instrument_id, to_double(quantity) AS quantity, known_at,
    count(CASE WHEN quantity <> 0 THEN 1 END) OVER (PARTITION BY portfolio, as_of) AS positions
  FROM silver.holdings JOIN snapshots USING (portfolio, as_of)
),
-- What is listed and not held counts where nothing is.
positions AS (
  SELECT * FROM listed WHERE quantity <> 0 OR positions = 0
),
closes AS (
  SELECT
    portfolio, as_of, positions, instrument_id, quantity, position.known_at AS holding_known_at,
    step.date, simple_return, step._known_at AS known_at,
    coalesce(step.reason, CASE WHEN crossed LIKE '%redenomination%' THEN 'redenomination' END) AS reason,
    count(*) OVER (PARTITION BY portfolio, as_of, step.date) = positions AS is_common
  FROM positions AS position
  JOIN gold.returns_daily AS step USING (instrument_id)
  WHERE step.date >= as_of - 400 AND step.date < until
),
-- Days on which everything has a close, and the steps between them.
common AS (
  SELECT
    portfolio, as_of, date,
    row_number() OVER days AS n,
    lag(date, 250) OVER days AS first_date
  FROM (SELECT DISTINCT portfolio, as_of, date FROM closes WHERE is_common)
  WINDOW days AS (PARTITION BY portfolio, as_of ORDER BY date)
),
assigned AS (
  SELECT
    * EXCLUDE (date), date AS own_date,
    min(CASE WHEN is_common THEN date END) OVER (
      PARTITION BY portfolio, as_of, instrument_id ORDER BY date ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS date
  FROM closes
),
growths AS (
  SELECT
    portfolio, as_of, instrument_id, date,
    list_aggregate(list(1 + simple_return ORDER BY own_date), 'product') AS growth,
    max(reason) AS reason, max(known_at) AS known_at
  FROM assigned
  WHERE date IS NOT NULL
  GROUP BY portfolio, as_of, instrument_id, date
),
-- By a window and not by a join with itself: an engine that misjudges it pairs all days of an instrument.
rated AS (
  SELECT
    portfolio, as_of, instrument_id, n, currency, growth, rate, growths.reason AS growth_reason, prices.reason AS rate_reason,
    growths.known_at AS growth_known_at, prices.known_at AS rate_known_at
  FROM growths
  JOIN common USING (portfolio, as_of, date)
  JOIN prices USING (instrument_id, date)
),
steps AS (
  SELECT
    portfolio, as_of, instrument_id, n, currency,
    growth * (rate / lag(rate) OVER days) - 1 AS r,
    coalesce(growth_reason, rate_reason, lag(rate_reason) OVER days) AS reason,
    greatest(growth_known_at, rate_known_at, lag(rate_known_at) OVER days) AS known_at
  FROM rated
  WINDOW days AS (PARTITION BY portfolio, as_of, instrument_id, currency ORDER BY n)
  QUALIFY lag(n) OVER days = n - 1
),
-- What a window of 250 steps that ends with this one has against it. The first step ends on the second day.
step_windows AS (
  SELECT
    *, max(reason) OVER last_250 AS reason_250, max(known_at) OVER last_250 AS known_at_250
  FROM steps
  WINDOW last_250 AS (PARTITION BY portfolio, as_of, instrument_id, currency ORDER BY n ROWS 249 PRECEDING)
),
held AS (
  SELECT
    portfolio, as_of, positions, instrument_id, quantity, date, currency, convention,
    CASE WHEN positions = 0 THEN 0.0::DOUBLE ELSE quantity * value END AS exposure,
    CASE WHEN positions > 0 THEN prices.reason END AS value_reason, greatest(holding_known_at, closes.known_at, prices.known_at) AS known_at
  FROM closes JOIN prices USING (instrument_id, date)
  WHERE date >= as_of
),
windows AS (
  SELECT
    held.*, n,
    greatest(held.known_at, step_windows.known_at_250) AS known_at_250,
    CASE
      WHEN positions = 0 THEN 'nothing_held'
      WHEN n IS NULL THEN 'no_close'
      WHEN value_reason IS NOT NULL THEN value_reason
      WHEN coalesce(n < 251 OR first_date < date - 400, true) THEN 'insufficient_history'
      ELSE reason_250
    END AS reason
  FROM held
  LEFT JOIN common USING (portfolio, as_of, date)
  LEFT JOIN step_windows USING (portfolio, as_of, instrument_id, currency, n)
),
judged AS (
  SELECT *, max(reason) OVER (PARTITION BY portfolio, date, currency) AS whole_reason FROM windows
),
-- What today's holdings would have made in each of the 250 steps: both lists have one order of instruments, and only what has no hole
-- can be multiplied. The engine looks for NULL in all of a list, also outside of what is cut from it: a hole is 0 in a list that no window uses.
step_lists AS (
  SELECT portfolio, as_of, currency, n, ordered_list(instrument_id, coalesce(r, 0)) AS returns
  FROM steps
  GROUP BY portfolio, as_of, currency, n
  HAVING count(*) = count(r)
),
exposure_lists AS (
  SELECT portfolio, as_of, date, currency, any_value(n) AS n, ordered_list(instrument_id, exposure) AS exposures
  FROM judged
  WHERE whole_reason IS NULL
  GROUP BY portfolio, as_of, date, currency
),
-- Steps are found by comparison: unnested, each of them would carry the list of exposures.
results AS (
  SELECT portfolio, as_of, date, currency, day.n AS n, ordered_list(step.n, list_inner_product(exposures, returns)) AS results
  FROM exposure_lists AS day
  JOIN step_lists AS step USING (portfolio, as_of, currency)
  WHERE step.n BETWEEN day.n - 249 AND day.n AND len(exposures) = len(returns)
  GROUP BY portfolio, as_of, date, currency, day.n
),
-- Each holding's steps as one list, of which every day takes a part.
series AS (
  SELECT portfolio, as_of, instrument_id, currency, ordered_list(n, coalesce(r, 0)) AS returns
  FROM steps
  GROUP BY portfolio, as_of, instrument_id, currency
),
moments AS (
  SELECT
    portfolio, date, currency, instrument_id,
    list_aggregate(own, 'avg') AS mean, list_covariance(own, results) AS covariance, list_covariance(own, own) AS variance
  FROM (
    SELECT portfolio, date, currency, instrument_id, returns[n - 250:n - 1] AS own, results
    FROM results JOIN series USING (portfolio, as_of, currency))
),
parts AS (
  SELECT judged.*, mean, covariance, variance
  FROM judged LEFT JOIN moments USING (portfolio, date, currency, instrument_id)
),
tails AS (
  SELECT portfolio, date, currency, list_sort(results)[1:14] AS tail FROM results
),
wholes AS (
  SELECT
    portfolio, as_of, date, currency, convention,
    CASE WHEN count(*) < max(positions) THEN 'no_close' ELSE max(value_reason) END AS value_reason,
    CASE WHEN count(*) < max(positions) THEN 'no_close' ELSE max(whole_reason) END AS reason,
    ordered_sum(instrument_id, exposure) AS exposure,
    ordered_sum(instrument_id, abs(exposure)) AS gross,
    ordered_sum(instrument_id, exposure * mean) AS mean,
    sqrt(greatest(ordered_sum(instrument_id, exposure * covariance), 0)) AS deviation,
    sqrt(greatest(shrunk(ordered_sum(instrument_id, exposure * covariance), ordered_sum(instrument_id, exposure * exposure * variance)), 0)) AS shrunk_deviation,
    max(known_at) AS known_at, max(known_at_250) AS known_at_250
  FROM parts
  GROUP BY portfolio, as_of, date, currency, convention
),
whole_figures AS (
  SELECT
    *,
    unnest([
      {'metric': 'market_value', 'value': exposure, 'reason': value_reason, 'method': 'sum of what is held'},
      {'metric': 'normal_var_95_loss', 'value': normal_var(mean, deviation, 950), 'reason': reason,
       'method': 'normal law, one day, sample means and covariances of 250 returns, 95 %'},
      {'metric': 'normal_var_99_loss', 'value': normal_var(mean, deviation, 990), 'reason': reason,
       'method': 'normal law, one day, sample means and covariances of 250 returns, 99 %'},
      {'metric': 'shrunk_normal_var_99_loss', 'value': normal_var(mean, shrunk_deviation, 990), 'reason': reason,
       'method': 'normal law, one day, 99 %, covariances of 250 returns shrunk by ' || shrinkage() || ' towards 0, variances kept'},
      {'metric': 'var_99_loss', 'value': 0 - quantile_01(tail[3], tail[4]), 'reason': reason,
       'method': 'historical simulation, one day, 1 % quantile (type 7) of what today''s holdings would have made over 250 returns'},
      {'metric': 'es_975_loss', 'value': expected_shortfall_975(tail), 'reason': reason,
       'method': 'mean of the worst 2.5 % of what today''s holdings would have made over 250 returns, one day, fractional tail (Rockafellar-Uryasev)'}
    ]) AS m
  FROM wholes LEFT JOIN tails USING (portfolio, date, currency)
),
part_figures AS (
  SELECT
    parts.* EXCLUDE (reason),
    unnest([
      {'metric': 'market_value', 'value': exposure, 'reason': value_reason, 'method': 'quantity times the close of prices_normalized'},
      {'metric': 'marginal_var_99', 'value': marginal_var(parts.mean, covariance, deviation, 990),
       'reason': coalesce(wholes.reason, CASE WHEN coalesce(is_still(deviation / nullif(gross, 0)), true) THEN 'zero_volatility' END),
       'method': 'derivative of normal_var_99_loss by what is held of the instrument'},
      {'metric': 'component_var_99_loss', 'value': exposure * marginal_var(parts.mean, covariance, deviation, 990),
       'reason': coalesce(wholes.reason, CASE WHEN coalesce(is_still(deviation / nullif(gross, 0)), true) THEN 'zero_volatility' END),
       'method': 'what is held times marginal_var_99; all parts add up to normal_var_99_loss'},
      {'metric': 'shrunk_component_var_99_loss',
       'value': exposure * marginal_var(parts.mean, shrunk(covariance, exposure * variance), shrunk_deviation, 990),
       'reason': coalesce(wholes.reason, CASE WHEN coalesce(is_still(shrunk_deviation / nullif(gross, 0)), true) THEN 'zero_volatility' END),
       'method': 'the same of shrunk_normal_var_99_loss, covariances shrunk by ' || shrinkage()}
    ]) AS m
  FROM parts
  JOIN (SELECT portfolio, date, currency, exposure AS total, gross, reason, deviation, shrunk_deviation FROM wholes) AS wholes USING (portfolio, date, currency)
),
rows AS (
  SELECT portfolio, date, currency, '*' AS instrument_id, m, as_of, NULL::DOUBLE AS quantity, convention, known_at, known_at_250 FROM whole_figures
  UNION ALL
  SELECT portfolio, date, currency, instrument_id, m, as_of, quantity, convention, known_at, known_at_250 FROM part_figures
)
SELECT
  portfolio, date, currency, instrument_id, m.metric AS metric,
  CASE WHEN m.reason IS NULL AND isfinite(m.value) THEN m.value END AS value,
  CASE WHEN m.reason IS NULL AND NOT coalesce(isfinite(m.value), false) THEN 'out_of_range' ELSE m.reason END AS reason,
  m.method AS method, as_of AS holdings_date, quantity, convention,
  CASE WHEN m.metric = 'market_value' OR m.reason IN ('insufficient_history', 'no_close', 'nothing_held') THEN known_at ELSE known_at_250 END AS _known_at
FROM rows
