-- gold.covariance in Trino's SQL, made from models/gold/covariance.sql by scripts/generate-trino.mjs.
SELECT
  CAST(basket AS varchar) AS basket,
  CAST(date AS date) AS date,
  CAST(instrument_id AS varchar) AS instrument_id,
  CAST(other_id AS varchar) AS other_id,
  CAST(metric AS varchar) AS metric,
  CAST(window_observations AS bigint) AS window_observations,
  CAST(value AS double) AS value,
  CAST(reason AS varchar) AS reason,
  CAST(method AS varchar) AS method,
  CAST(observations AS bigint) AS observations,
  CAST(_known_at AS timestamp(6) with time zone) AS _known_at
FROM (
  WITH closes AS (
    SELECT
      part_1.basket,
      part_1.instrument_id,
      step.date,
      step.simple_return,
      step._known_at AS known_at,
      coalesce(step.reason, CASE WHEN step.crossed LIKE '%redenomination%' THEN 'redenomination' END) AS reason,
      count(*) OVER (PARTITION BY part_1.basket, step.date) = part_1.members AS is_common
    FROM (
      SELECT
        basket,
        instrument_id,
        count(*) OVER (PARTITION BY basket) AS members
      FROM reference.baskets
    ) AS part_1
    JOIN gold.returns_daily AS step ON part_1.instrument_id = step.instrument_id
  ),
  days AS (
    SELECT
      basket,
      date,
      bool_and(is_common) AS is_common
    FROM closes
    GROUP BY basket, date
  ),
  dates AS (
    SELECT
      basket,
      date,
      is_common
    FROM (
      SELECT
        basket,
        date,
        is_common,
        row_number() OVER (PARTITION BY basket, CAST(date_trunc('month', date) AS timestamp(6)) ORDER BY is_common DESC, date DESC) = 1 AS _qualified
      FROM days
    )
    WHERE _qualified
  ),
  common AS (
    SELECT
      basket,
      date,
      row_number() OVER (PARTITION BY basket ORDER BY date) AS n,
      lag(date, 250) OVER (PARTITION BY basket ORDER BY date) AS first_date
    FROM days
    WHERE is_common
  ),
  assigned AS (
    SELECT
      basket,
      instrument_id,
      simple_return,
      known_at,
      reason,
      is_common,
      date AS own_date,
      min(CASE WHEN is_common THEN date END) OVER (PARTITION BY basket, instrument_id ORDER BY date ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS date
    FROM closes
  ),
  steps AS (
    SELECT
      assigned.basket,
      assigned.instrument_id,
      common.n,
      element_at(transform(ARRAY[filter(array_agg(1 + assigned.simple_return ORDER BY assigned.own_date), x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s * CAST(x AS double), CAST(x AS double)), s -> s)), 1) - 1 AS r,
      max(assigned.reason) AS reason,
      max(assigned.known_at) AS known_at
    FROM assigned
    JOIN common ON assigned.basket = common.basket AND assigned.date = common.date
    GROUP BY assigned.basket, assigned.instrument_id, common.n
  ),
  spans AS (
    SELECT
      dates.basket,
      dates.date,
      max(closes.known_at) AS known_at_400d,
      count(DISTINCT closes.date) FILTER (WHERE closes.is_common) AS commons
    FROM dates
    JOIN closes ON dates.basket = closes.basket
    WHERE closes.date BETWEEN date_add('day', -400, dates.date) AND dates.date
    GROUP BY dates.basket, dates.date
  ),
  wanted AS (
    SELECT
      dates.basket,
      dates.date,
      spans.known_at_400d,
      spans.commons,
      common.n,
      CASE WHEN NOT dates.is_common THEN 'no_close' WHEN coalesce(common.n < 251 OR common.first_date < date_add('day', -400, dates.date), true) THEN 'insufficient_history' END AS reason
    FROM dates
    JOIN spans ON dates.basket = spans.basket AND dates.date = spans.date
    LEFT JOIN common ON dates.basket = common.basket AND dates.date = common.date
  ),
  windows AS (
    SELECT
      wanted.basket,
      wanted.date,
      steps.instrument_id,
      array_agg(steps.r ORDER BY steps.n) AS returns,
      max(steps.reason) AS reason,
      max(steps.known_at) AS known_at
    FROM wanted
    JOIN steps ON (steps.basket = wanted.basket AND steps.n BETWEEN wanted.n - 249 AND wanted.n)
    WHERE wanted.reason IS NULL
    GROUP BY wanted.basket, wanted.date, steps.instrument_id
  ),
  judged AS (
    SELECT
      wanted.basket,
      wanted.date,
      coalesce(arbitrary(wanted.reason), max(windows.reason)) AS reason,
      array_min(filter(ARRAY[array_max(filter(ARRAY[arbitrary(wanted.commons) - 1, 0], x -> x IS NOT NULL)), 250], x -> x IS NOT NULL)) AS observations,
      coalesce(max(windows.known_at), arbitrary(wanted.known_at_400d)) AS known_at
    FROM wanted
    LEFT JOIN windows ON wanted.basket = windows.basket AND wanted.date = windows.date
    GROUP BY wanted.basket, wanted.date
  ),
  centres AS (
    SELECT
      windows.basket,
      windows.date,
      windows.instrument_id,
      transform(windows.returns, x -> x - element_at(transform(ARRAY[filter(windows.returns, x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s) / cardinality(l)), 1)) AS xs
    FROM windows
    JOIN judged ON windows.basket = judged.basket AND windows.date = judged.date
    WHERE judged.reason IS NULL
  ),
  pairs AS (
    SELECT
      a.basket,
      a.date,
      a.instrument_id,
      b.instrument_id AS other_id,
      reduce(zip_with(a.xs, b.xs, (x, y) -> x * y), 0e0, (s, x) -> s + x, s -> s) / 250e0 AS covariance,
      reduce(zip_with(a.xs, a.xs, (x, y) -> x * y), 0e0, (s, x) -> s + x, s -> s) / 250e0 AS variance,
      reduce(zip_with(b.xs, b.xs, (x, y) -> x * y), 0e0, (s, x) -> s + x, s -> s) / 250e0 AS other_variance
    FROM centres AS a
    JOIN centres AS b ON (b.basket = a.basket AND b.date = a.date AND b.instrument_id >= a.instrument_id)
  ),
  squares_of_days AS (
    SELECT
      basket,
      date,
      day,
      element_at(transform(ARRAY[filter(array_agg(x * x ORDER BY instrument_id), x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s)), 1) AS square
    FROM (
      SELECT
        centres.basket,
        centres.date,
        centres.instrument_id,
        unnested.x,
        unnested.day
      FROM centres
      CROSS JOIN UNNEST(centres.xs, slice(sequence(0, 250), 1, 250)) AS unnested (x, day)
    ) AS part_1
    GROUP BY basket, date, day
  ),
  fourths AS (
    SELECT
      basket,
      date,
      sum(square * square ORDER BY day) AS fourths
    FROM squares_of_days
    GROUP BY basket, date
  ),
  matrices AS (
    SELECT
      basket,
      date,
      count(*) FILTER (WHERE instrument_id = other_id) AS p,
      sum(variance ORDER BY instrument_id) FILTER (WHERE instrument_id = other_id) AS trace,
      sum(covariance * covariance * CASE WHEN instrument_id = other_id THEN 1 ELSE 2 END ORDER BY instrument_id, other_id) AS squares
    FROM pairs
    GROUP BY basket, date
  ),
  shares AS (
    SELECT
      matrices.basket,
      matrices.date,
      matrices.trace / CAST(matrices.p AS double) AS mean_variance,
      CASE WHEN matrices.squares - matrices.trace * matrices.trace / CAST(matrices.p AS double) > 1e-14 * matrices.squares THEN array_max(filter(ARRAY[CAST(0.0 AS double), array_min(filter(ARRAY[CAST(1.0 AS double), (fourths.fourths / 250e0 - matrices.squares) / 250e0 / (matrices.squares - matrices.trace * matrices.trace / CAST(matrices.p AS double))], x -> x IS NOT NULL))], x -> x IS NOT NULL)) ELSE CAST(0.0 AS double) END AS share
    FROM matrices
    JOIN fourths ON matrices.basket = fourths.basket AND matrices.date = fourths.date
  ),
  members AS (
    SELECT
      own.basket,
      judged.date,
      own.instrument_id,
      other.instrument_id AS other_id
    FROM judged
    JOIN reference.baskets AS own ON judged.basket = own.basket
    JOIN reference.baskets AS other ON (other.basket = own.basket AND other.instrument_id >= own.instrument_id)
  ),
  figures AS (
    SELECT
      member.basket,
      member.date,
      member.instrument_id,
      member.other_id,
      judged.observations,
      judged.known_at,
      unnested.m
    FROM members AS member
    JOIN judged ON member.basket = judged.basket AND member.date = judged.date
    LEFT JOIN pairs ON member.basket = pairs.basket AND member.date = pairs.date AND member.instrument_id = pairs.instrument_id AND member.other_id = pairs.other_id
    LEFT JOIN shares ON member.basket = shares.basket AND member.date = shares.date
    CROSS JOIN UNNEST(transform(ARRAY[CAST(ROW('covariance', pairs.covariance * 250 / 249e0, judged.reason, 'sample covariance (n - 1) of simple returns between common closes') AS row(metric varchar, value double, reason varchar, method varchar)), CAST(ROW('correlation', array_max(filter(ARRAY[-1, array_min(filter(ARRAY[1, pairs.covariance / sqrt(nullif(pairs.variance * pairs.other_variance, 0))], x -> x IS NOT NULL))], x -> x IS NOT NULL)), coalesce(judged.reason, CASE WHEN sqrt(array_max(filter(ARRAY[array_min(filter(ARRAY[pairs.variance, pairs.other_variance], x -> x IS NOT NULL)), 0], x -> x IS NOT NULL))) < 1e-12 THEN 'zero_volatility' END), 'Pearson correlation of simple returns between common closes') AS row(metric varchar, value double, reason varchar, method varchar)), CAST(ROW('shrunk_covariance', (1 - shares.share) * pairs.covariance + CASE WHEN member.instrument_id = member.other_id THEN shares.share * shares.mean_variance ELSE 0 END, judged.reason, 'Ledoit-Wolf 2004: population covariance (1 / n) of the basket, shrunk towards the mean variance times the identity by shrinkage') AS row(metric varchar, value double, reason varchar, method varchar))], s -> ROW(s))) AS unnested (m)
    UNION ALL
    SELECT
      judged.basket,
      judged.date,
      '*',
      '*',
      judged.observations,
      judged.known_at,
      CAST(ROW('shrinkage', shares.share, judged.reason, 'Ledoit-Wolf 2004: share of the mean variance times the identity in shrunk_covariance') AS row(metric varchar, value double, reason varchar, method varchar))
    FROM judged
    LEFT JOIN shares ON judged.basket = shares.basket AND judged.date = shares.date
  )
  SELECT
    basket,
    date,
    instrument_id,
    other_id,
    m.metric,
    CAST(250 AS bigint) AS window_observations,
    CASE WHEN m.reason IS NULL AND is_finite(m.value) THEN m.value END AS value,
    CASE WHEN m.reason IS NULL AND NOT coalesce(is_finite(m.value), false) THEN 'out_of_range' ELSE m.reason END AS reason,
    m.method,
    observations,
    known_at AS _known_at
  FROM figures
)
