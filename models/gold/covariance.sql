/*---
table: covariance
contract: covariance
grain: one row per basket, date, pair of instruments and metric
partition: date
lookback: P400D
needs: [reference.baskets]
description: >
  How the instruments of a basket (reference.baskets) move together: sample covariance and correlation of their last 250 common steps, and
  the covariance matrix shrunk as Ledoit and Wolf (2004) do. A step goes from one day on which all of them have a close to the next,
  within 400 days, in simple returns of comparable prices, each in its own currency. For the last such day of each month, which is the
  newest one in the month that is running; the last day on which any has a close, with the reason, where a month has none. Each pair once,
  the smaller id first, instruments with themselves too.
---*/
WITH closes AS (
  SELECT
    basket, instrument_id, step.date, simple_return, step._known_at AS known_at,
    coalesce(step.reason, CASE WHEN crossed LIKE '%redenomination%' THEN 'redenomination' END) AS reason,
    count(*) OVER (PARTITION BY basket, step.date) = members AS is_common
  FROM (SELECT basket, instrument_id, count(*) OVER (PARTITION BY basket) AS members FROM reference.baskets)
  JOIN gold.returns_daily AS step USING (instrument_id)
),
days AS (
  SELECT basket, date, bool_and(is_common) AS is_common FROM closes GROUP BY basket, date
),
-- The day of each month: a common one before one that is not.
dates AS (
  SELECT basket, date, is_common FROM days
  QUALIFY row_number() OVER (PARTITION BY basket, date_trunc('month', date) ORDER BY is_common DESC, date DESC) = 1
),
common AS (
  SELECT
    basket, date, row_number() OVER by_date AS n, lag(date, 250) OVER by_date AS first_date
  FROM days
  WHERE is_common
  WINDOW by_date AS (PARTITION BY basket ORDER BY date)
),
-- What is closed between two common days belongs to the step that ends on the later one.
assigned AS (
  SELECT
    * EXCLUDE (date), date AS own_date,
    min(CASE WHEN is_common THEN date END) OVER (
      PARTITION BY basket, instrument_id ORDER BY date ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS date
  FROM closes
),
steps AS (
  SELECT
    basket, instrument_id, n,
    list_aggregate(list(1 + simple_return ORDER BY own_date), 'product') - 1 AS r,
    max(reason) AS reason, max(known_at) AS known_at
  FROM assigned JOIN common USING (basket, date)
  GROUP BY basket, instrument_id, n
),
-- All closes of the last 400 days decide whether there are 250 steps.
spans AS (
  SELECT
    basket, dates.date, max(known_at) AS known_at_400d,
    count(DISTINCT closes.date) FILTER (WHERE closes.is_common) AS commons
  FROM dates JOIN closes USING (basket)
  WHERE closes.date BETWEEN dates.date - 400 AND dates.date
  GROUP BY basket, dates.date
),
wanted AS (
  SELECT
    basket, date, known_at_400d, commons, n,
    CASE
      WHEN NOT dates.is_common THEN 'no_close'
      WHEN coalesce(n < 251 OR first_date < date - 400, true) THEN 'insufficient_history'
    END AS reason
  FROM dates JOIN spans USING (basket, date) LEFT JOIN common USING (basket, date)
),
windows AS (
  SELECT
    wanted.basket, wanted.date, instrument_id,
    ordered_list(steps.n, r) AS returns, max(steps.reason) AS reason, max(steps.known_at) AS known_at
  FROM wanted
  JOIN steps ON steps.basket = wanted.basket AND steps.n BETWEEN wanted.n - 249 AND wanted.n
  WHERE wanted.reason IS NULL
  GROUP BY wanted.basket, wanted.date, instrument_id
),
judged AS (
  SELECT
    basket, date,
    coalesce(any_value(wanted.reason), max(windows.reason)) AS reason,
    least(greatest(any_value(commons) - 1, 0), 250)::BIGINT AS observations,
    coalesce(max(windows.known_at), any_value(known_at_400d)) AS known_at
  FROM wanted LEFT JOIN windows USING (basket, date)
  GROUP BY basket, date
),
centres AS (
  SELECT basket, date, instrument_id, centred(returns) AS xs
  FROM windows JOIN judged USING (basket, date)
  WHERE judged.reason IS NULL
),
pairs AS (
  SELECT
    a.basket, a.date, a.instrument_id, b.instrument_id AS other_id,
    centred_covariance(a.xs, b.xs) AS covariance, centred_covariance(a.xs, a.xs) AS variance, centred_covariance(b.xs, b.xs) AS other_variance
  FROM centres AS a
  JOIN centres AS b ON b.basket = a.basket AND b.date = a.date AND b.instrument_id >= a.instrument_id
),
squares_of_days AS (
  SELECT basket, date, day, ordered_sum(instrument_id, x * x) AS square
  FROM (SELECT basket, date, instrument_id, unnest(xs) AS x, unnest(range(250)) AS day FROM centres)
  GROUP BY basket, date, day
),
fourths AS (
  SELECT basket, date, sum(square * square ORDER BY day) AS fourths FROM squares_of_days GROUP BY basket, date
),
matrices AS (
  SELECT
    basket, date, count(*) FILTER (WHERE instrument_id = other_id) AS p,
    sum(variance ORDER BY instrument_id) FILTER (WHERE instrument_id = other_id) AS trace,
    sum(covariance * covariance * CASE WHEN instrument_id = other_id THEN 1 ELSE 2 END ORDER BY instrument_id, other_id) AS squares
  FROM pairs
  GROUP BY basket, date
),
shares AS (
  SELECT basket, date, trace / p AS mean_variance, ledoit_wolf_share(squares, trace, fourths, p) AS share
  FROM matrices JOIN fourths USING (basket, date)
),
members AS (
  SELECT own.basket, date, own.instrument_id, other.instrument_id AS other_id
  FROM judged
  JOIN reference.baskets AS own USING (basket)
  JOIN reference.baskets AS other ON other.basket = own.basket AND other.instrument_id >= own.instrument_id
),
figures AS (
  SELECT
    member.*, judged.observations, judged.known_at,
    unnest([
      {'metric': 'covariance', 'value': covariance * 250 / 249, 'reason': judged.reason,
       'method': 'sample covariance (n - 1) of simple returns between common closes'},
      {'metric': 'correlation', 'value': greatest(-1, least(1, covariance / sqrt(nullif(variance * other_variance, 0)))),
       'reason': coalesce(judged.reason, CASE WHEN is_still(sqrt(greatest(least(variance, other_variance), 0))) THEN 'zero_volatility' END),
       'method': 'Pearson correlation of simple returns between common closes'},
      {'metric': 'shrunk_covariance', 'value': shrunk_by(share, covariance, mean_variance, member.instrument_id = other_id), 'reason': judged.reason,
       'method': 'Ledoit-Wolf 2004: population covariance (1 / n) of the basket, shrunk towards the mean variance times the identity by shrinkage'}
    ]) AS m
  FROM members AS member
  JOIN judged USING (basket, date)
  LEFT JOIN pairs USING (basket, date, instrument_id, other_id)
  LEFT JOIN shares USING (basket, date)
  UNION ALL
  SELECT
    basket, date, '*', '*', judged.observations, judged.known_at,
    {'metric': 'shrinkage', 'value': share, 'reason': judged.reason,
     'method': 'Ledoit-Wolf 2004: share of the mean variance times the identity in shrunk_covariance'}
  FROM judged LEFT JOIN shares USING (basket, date)
)
SELECT
  basket, date, instrument_id, other_id, m.metric AS metric, 250::BIGINT AS window_observations,
  CASE WHEN m.reason IS NULL AND isfinite(m.value) THEN m.value END AS value,
  CASE WHEN m.reason IS NULL AND NOT coalesce(isfinite(m.value), false) THEN 'out_of_range' ELSE m.reason END AS reason,
  m.method AS method, observations, known_at AS _known_at
FROM figures
