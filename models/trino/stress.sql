-- gold.stress in Trino's SQL, made from models/gold/stress.sql by scripts/generate-trino.mjs.
SELECT
  CAST(portfolio AS varchar) AS portfolio,
  CAST(date AS date) AS date,
  CAST(currency AS varchar) AS currency,
  CAST(scenario AS varchar) AS scenario,
  CAST(instrument_id AS varchar) AS instrument_id,
  CAST(kind AS varchar) AS kind,
  CAST(market_value AS double) AS market_value,
  CAST(scenario_return AS double) AS scenario_return,
  CAST(profit_loss AS double) AS profit_loss,
  CAST(reason AS varchar) AS reason,
  CAST(method AS varchar) AS method,
  CAST(_known_at AS timestamp(6) with time zone) AS _known_at
FROM (
  WITH held AS (
    SELECT
      portfolio,
      date,
      currency,
      convention,
      instrument_id,
      value AS market_value,
      reason,
      _known_at AS known_at
    FROM gold.portfolio_risk
    WHERE metric = 'market_value'
  ),
  instruments AS (
    SELECT DISTINCT
      instrument_id,
      currency,
      convention
    FROM held
    WHERE instrument_id <> '*'
  ),
  past AS (
    SELECT
      scenarios.scenario,
      returns_daily.instrument_id,
      element_at(transform(ARRAY[filter(array_agg(1 + returns_daily.simple_return ORDER BY returns_daily.date), x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s * CAST(x AS double), CAST(x AS double)), s -> s)), 1) AS growth,
      max(coalesce(returns_daily.reason, CASE WHEN returns_daily.crossed LIKE '%redenomination%' THEN 'redenomination' END)) AS reason,
      min_by(returns_daily.previous_date, returns_daily.date) FILTER (WHERE returns_daily.previous_date IS NOT NULL AND returns_daily.date IS NOT NULL) AS first_date,
      max(returns_daily.date) AS last_date,
      max(returns_daily._known_at) AS known_at
    FROM reference.scenarios
    JOIN gold.returns_daily ON returns_daily.date BETWEEN scenarios.from_date AND scenarios.to_date
    WHERE scenarios.kind = 'window' AND returns_daily.instrument_id IN (
      SELECT
        instrument_id
      FROM instruments
    )
    GROUP BY scenarios.scenario, returns_daily.instrument_id
  ),
  window_returns AS (
    SELECT
      past.scenario,
      past.instrument_id,
      instruments.currency,
      past.growth * (later.rate / earlier.rate) - 1 AS r,
      CASE WHEN past.reason = 'no_previous_close' THEN 'no_history' ELSE coalesce(past.reason, later.reason, earlier.reason) END AS reason,
      array_max(filter(ARRAY[past.known_at, later._known_at, earlier._known_at], x -> x IS NOT NULL)) AS known_at
    FROM past
    JOIN instruments ON past.instrument_id = instruments.instrument_id
    LEFT JOIN gold.prices_normalized AS later ON (later.instrument_id = past.instrument_id AND later.date = past.last_date AND later.currency = instruments.currency AND later.convention = instruments.convention)
    LEFT JOIN gold.prices_normalized AS earlier ON (earlier.instrument_id = past.instrument_id AND earlier.date = past.first_date AND earlier.currency = instruments.currency AND earlier.convention = instruments.convention)
  ),
  shocks AS (
    SELECT
      part_1.scenario,
      part_2.instrument_id,
      CAST(max_by(part_1.shock, length(part_1.instrument_pattern) * 1000 + part_1.place) FILTER (WHERE part_1.shock IS NOT NULL AND length(part_1.instrument_pattern) * 1000 + part_1.place IS NOT NULL) AS double) AS r
    FROM (
      SELECT
        scenario,
        instrument_pattern,
        shock,
        row_number() OVER (PARTITION BY scenario ORDER BY instrument_pattern) AS place
      FROM reference.scenarios
      WHERE kind = 'shock'
    ) AS part_1
    JOIN (
      SELECT DISTINCT
        instrument_id
      FROM instruments
    ) AS part_2 ON regexp_like(part_2.instrument_id, '^' || replace(replace(regexp_replace(part_1.instrument_pattern, '([.+^$(){}|\\])', '\\$1'), '*', '.*'), '?', '.') || '$')
    GROUP BY part_1.scenario, part_2.instrument_id
  ),
  scenarios AS (
    SELECT DISTINCT
      scenario,
      kind,
      from_date,
      to_date
    FROM reference.scenarios
  ),
  parts AS (
    SELECT
      held.portfolio,
      held.date,
      held.currency,
      scenarios.scenario,
      held.instrument_id,
      scenarios.kind,
      held.market_value,
      CASE WHEN scenarios.kind = 'window' THEN window_returns.r ELSE shocks.r END AS r,
      coalesce(held.reason, window_returns.reason, CASE WHEN scenarios.kind = 'window' AND window_returns.r IS NULL THEN 'no_history' WHEN scenarios.kind = 'shock' AND shocks.r IS NULL THEN 'no_shock' END) AS reason,
      CASE WHEN scenarios.kind = 'window' THEN 'return from ' || CAST(scenarios.from_date AS varchar) || ' to ' || CAST(scenarios.to_date AS varchar) || ' of what is held today' ELSE 'shock of reference.scenarios to what is held today' END AS method,
      array_max(filter(ARRAY[held.known_at, window_returns.known_at], x -> x IS NOT NULL)) AS known_at
    FROM held
    CROSS JOIN scenarios
    LEFT JOIN window_returns ON scenarios.scenario = window_returns.scenario AND held.instrument_id = window_returns.instrument_id AND held.currency = window_returns.currency
    LEFT JOIN shocks ON scenarios.scenario = shocks.scenario AND held.instrument_id = shocks.instrument_id
    WHERE held.instrument_id <> '*'
  ),
  wholes AS (
    SELECT
      parts.portfolio,
      parts.date,
      parts.currency,
      parts.scenario,
      parts.kind,
      parts.method,
      arbitrary(held.market_value) AS market_value,
      element_at(transform(ARRAY[filter(array_agg(parts.market_value * parts.r ORDER BY parts.instrument_id), x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s)), 1) AS profit_loss,
      element_at(transform(ARRAY[filter(array_agg(abs(parts.market_value) ORDER BY parts.instrument_id), x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s)), 1) AS gross,
      CASE WHEN element_at(transform(ARRAY[filter(array_agg(abs(parts.market_value) ORDER BY parts.instrument_id), x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s + CAST(x AS double), CAST(x AS double)), s -> s)), 1) = 0 THEN 'nothing_held' ELSE coalesce(arbitrary(held.reason), max(parts.reason)) END AS reason,
      array_max(filter(ARRAY[max(parts.known_at), arbitrary(held.known_at)], x -> x IS NOT NULL)) AS known_at
    FROM parts
    JOIN held ON (held.portfolio = parts.portfolio AND held.date = parts.date AND held.currency = parts.currency AND held.instrument_id = '*')
    GROUP BY parts.portfolio, parts.date, parts.currency, parts.scenario, parts.kind, parts.method
  )
  SELECT
    portfolio,
    date,
    currency,
    scenario,
    instrument_id,
    kind,
    market_value,
    CASE WHEN reason IS NULL THEN r END AS scenario_return,
    CASE WHEN reason IS NULL THEN market_value * r END AS profit_loss,
    reason,
    method,
    known_at AS _known_at
  FROM parts
  UNION ALL
  SELECT
    portfolio,
    date,
    currency,
    scenario,
    '*',
    kind,
    market_value,
    CASE WHEN reason IS NULL THEN profit_loss / gross END,
    CASE WHEN reason IS NULL THEN profit_loss END,
    reason,
    method,
    known_at
  FROM wholes
)
