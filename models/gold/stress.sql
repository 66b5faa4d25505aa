/*---
table: stress
contract: stress
grain: one row per portfolio, date, currency, scenario and instrument
partition: date
lookback: P36500D
needs: [gold.portfolio_risk]
description: >
  What holdings would gain or lose in the scenarios of reference.scenarios: in a window of the past, the return of each instrument from
  the close before its first day there to its last close there, in the currency of the row; in a shock, the return that the longest
  matching pattern gives. A window reaches back as far as there are prices.
---*/
WITH held AS (
  SELECT portfolio, date, currency, convention, instrument_id, value AS market_value, reason, _known_at AS known_at
  FROM gold.portfolio_risk
  WHERE metric = 'market_value'
),
instruments AS (
  SELECT DISTINCT instrument_id, currency, convention FROM held WHERE instrument_id <> '*'
),
past AS (
  SELECT
    scenario, instrument_id,
    list_aggregate(ordered_list(date, 1 + simple_return), 'product') AS growth,
    max(coalesce(reason, CASE WHEN crossed LIKE '%redenomination%' THEN 'redenomination' END)) AS reason,
    min_by(previous_date, date) AS first_date, max(date) AS last_date, max(_known_at) AS known_at
  FROM reference.scenarios
  JOIN gold.returns_daily ON date BETWEEN from_date AND to_date
  WHERE kind = 'window' AND instrument_id IN (SELECT instrument_id FROM instruments)
  GROUP BY scenario, instrument_id
),
window_returns AS (
  SELECT
    past.scenario, past.instrument_id, instruments.currency,
    growth * (later.rate / earlier.rate) - 1 AS r,
    CASE WHEN past.reason = 'no_previous_close' THEN 'no_history' ELSE coalesce(past.reason, later.reason, earlier.reason) END AS reason,
    greatest(past.known_at, later._known_at, earlier._known_at) AS known_at
  FROM past
  JOIN instruments USING (instrument_id)
  LEFT JOIN gold.prices_normalized AS later
    ON later.instrument_id = past.instrument_id AND later.date = last_date AND later.currency = instruments.currency AND later.convention = instruments.convention
  LEFT JOIN gold.prices_normalized AS earlier
    ON earlier.instrument_id = past.instrument_id AND earlier.date = first_date AND earlier.currency = instruments.currency AND earlier.convention = instruments.convention
),
shocks AS (
  SELECT scenario, instrument_id, to_double(max_by(shock, length(instrument_pattern) * 1000 + place)) AS r
  FROM (
    SELECT scenario, instrument_pattern, shock, row_number() OVER (PARTITION BY scenario ORDER BY instrument_pattern) AS place
    FROM reference.scenarios WHERE kind = 'shock')
  JOIN (SELECT DISTINCT instrument_id FROM instruments) ON instrument_id GLOB instrument_pattern
  GROUP BY scenario, instrument_id
),
scenarios AS (
  SELECT DISTINCT scenario, kind, from_date, to_date FROM reference.scenarios
),
parts AS (
  SELECT
    portfolio, date, held.currency, scenario, instrument_id, kind, market_value,
    CASE kind WHEN 'window' THEN window_returns.r ELSE shocks.r END AS r,
    coalesce(
      held.reason, window_returns.reason,
      CASE WHEN kind = 'window' AND window_returns.r IS NULL THEN 'no_history' WHEN kind = 'shock' AND shocks.r IS NULL THEN 'no_shock' END) AS reason,
    CASE kind
      WHEN 'window' THEN 'return from ' || from_date || ' to ' || to_date || ' of what is held today'
      ELSE 'shock of reference.scenarios to what is held today' END AS method,
    greatest(held.known_at, window_returns.known_at) AS known_at
  FROM held
  CROSS JOIN scenarios
  LEFT JOIN window_returns USING (scenario, instrument_id, currency)
  LEFT JOIN shocks USING (scenario, instrument_id)
  WHERE instrument_id <> '*'
),
wholes AS (
  SELECT
    parts.portfolio, parts.date, parts.currency, scenario, kind, parts.method,
    any_value(held.market_value) AS market_value,
    ordered_sum(parts.instrument_id, parts.market_value * r) AS profit_loss,
    ordered_sum(parts.instrument_id, abs(parts.market_value)) AS gross,
    CASE
      WHEN ordered_sum(parts.instrument_id, abs(parts.market_value)) = 0 THEN 'nothing_held'
      ELSE coalesce(any_value(held.reason), max(parts.reason))
    END AS reason,
    greatest(max(parts.known_at), any_value(held.known_at)) AS known_at
  FROM parts
  JOIN held ON held.portfolio = parts.portfolio AND held.date = parts.date AND held.currency = parts.currency AND held.instrument_id = '*'
  GROUP BY parts.portfolio, parts.date, parts.currency, scenario, kind, parts.method
)
SELECT
  portfolio, date, currency, scenario, instrument_id, kind, market_value,
  CASE WHEN reason IS NULL THEN r END AS scenario_return,
  CASE WHEN reason IS NULL THEN market_value * r END AS profit_loss,
  reason, method, known_at AS _known_at
FROM parts
UNION ALL
SELECT
  portfolio, date, currency, scenario, '*', kind, market_value,
  CASE WHEN reason IS NULL THEN profit_loss / gross END,
  CASE WHEN reason IS NULL THEN profit_loss END,
  reason, method, known_at
FROM wholes
