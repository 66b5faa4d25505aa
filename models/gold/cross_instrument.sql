/*---
table: cross_instrument
contract: cross_instrument
grain: one row per crypto asset, currency and day with a fixing
partition: date
lookback: P120D
series: instrument_id
needs: [gold.fx_daily]
description: >
  Crypto assets against the zloty: how an asset in USD and in PLN moves with NBP's fixing of a currency, over the last 50 steps from one day
  with a fixing to the next, all within 120 days. Both sides are taken on the same days, so weekends are inside of steps. In PLN the return
  holds that of the dollar, which is why its correlation with it is higher. Closes are of UTC days, fixings of about noon in Warsaw. Beside
  them stand the short rates of the currency and the zloty, as macro_daily had them at the end of the day, and what the one pays more than
  the other: newest rows of the last 100 days.
---*/
WITH fixings AS (
  SELECT base_currency, date, rate, _known_at AS known_at
  FROM gold.fx_daily
  WHERE source = 'nbp' AND quote_currency = 'PLN' AND age_days = 0 AND base_currency IN ('USD', 'EUR')
),
prices AS (
  SELECT
    instrument_id, date,
    max(value) FILTER (WHERE currency = 'USD') AS usd,
    max(value) FILTER (WHERE currency = 'PLN') AS pln,
    max(_known_at) AS known_at
  FROM gold.prices_normalized
  WHERE convention = 'reporting' AND currency IN ('USD', 'PLN') AND instrument_id LIKE 'crypto:%'
  GROUP BY instrument_id, date
),
paired AS (
  SELECT
    instrument_id, base_currency, price.date AS date,
    price.date - DATE '1970-01-01' AS day, usd, pln, rate, greatest(price.known_at, fixing.known_at) AS known_at
  FROM prices AS price
  JOIN fixings AS fixing ON fixing.date = price.date
  WHERE usd > 0 AND pln > 0
),
steps AS (
  SELECT
    instrument_id, base_currency, date, day, known_at,
    ln(rate / lag(rate) OVER days) AS x,
    ln(usd / lag(usd) OVER days) AS u,
    ln(pln / lag(pln) OVER days) AS p
  FROM paired
  WINDOW days AS (PARTITION BY instrument_id, base_currency ORDER BY day)
),
blocks_5 AS (
  SELECT
    *,
    join_sums(lag(sums_1, 4) OVER days, lag(sums_1, 3) OVER days, lag(sums_1, 2) OVER days, lag(sums_1) OVER days, sums_1) AS sums_5
  FROM (SELECT *, sums_of(x, u, p) AS sums_1 FROM steps)
  WINDOW days AS (PARTITION BY instrument_id, base_currency ORDER BY day)
),
blocks_25 AS (
  SELECT
    * EXCLUDE (sums_1, sums_5),
    join_sums(lag(sums_5, 20) OVER days, lag(sums_5, 15) OVER days, lag(sums_5, 10) OVER days, lag(sums_5, 5) OVER days, sums_5) AS sums_25
  FROM blocks_5
  WINDOW days AS (PARTITION BY instrument_id, base_currency ORDER BY day)
),
windows AS (
  SELECT
    * EXCLUDE (sums_25),
    add_sums(lag(sums_25, 25) OVER days, sums_25) AS sums_50,
    count(*) OVER days_120 AS rows_120d,
    max(known_at) OVER days_120 AS known_at_120d
  FROM blocks_25
  WINDOW
    days AS (PARTITION BY instrument_id, base_currency ORDER BY day),
    days_120 AS (PARTITION BY instrument_id, base_currency ORDER BY day RANGE 120 PRECEDING)
),
figures AS (
  SELECT
    * EXCLUDE (sums_50),
    correlation((sums_50).xu, (sums_50).x, (sums_50).u, (sums_50).xx, (sums_50).uu, 50) AS correlation_usd,
    correlation((sums_50).xp, (sums_50).x, (sums_50).p, (sums_50).xx, (sums_50).pp, 50) AS correlation_pln,
    slope((sums_50).xu, (sums_50).x, (sums_50).u, (sums_50).xx, 50) AS beta_usd,
    slope((sums_50).xp, (sums_50).x, (sums_50).p, (sums_50).xx, 50) AS beta_pln
  FROM windows
),
macro AS (
  SELECT currency, date, to_double(value) AS value, reason, period, max_age_days, _known_at AS known_at
  FROM reference.rate_series JOIN gold.macro_daily ON instrument_id = series_id
),
-- Once for each fixing: instruments are many.
rates AS (
  SELECT
    base_currency, own.date AS date, foreign_rate.value AS currency_rate, zloty_rate.value AS pln_rate,
    rate_reason(
      series.series_id, CASE WHEN own.date - foreign_rate.date <= 100 THEN foreign_rate.date END, foreign_rate.reason, foreign_rate.period,
      foreign_rate.max_age_days, own.date) AS no_currency_rate,
    rate_reason(
      zloty.series_id, CASE WHEN own.date - zloty_rate.date <= 100 THEN zloty_rate.date END, zloty_rate.reason, zloty_rate.period,
      zloty_rate.max_age_days, own.date) AS no_pln_rate,
    greatest(
      CASE WHEN own.date - foreign_rate.date <= 100 THEN foreign_rate.known_at END,
      CASE WHEN own.date - zloty_rate.date <= 100 THEN zloty_rate.known_at END) AS rates_known_at
  FROM fixings AS own
  LEFT JOIN reference.rate_series AS series ON series.currency = own.base_currency
  LEFT JOIN reference.rate_series AS zloty ON zloty.currency = 'PLN'
  ASOF LEFT JOIN macro AS foreign_rate ON foreign_rate.currency = own.base_currency AND foreign_rate.date <= own.date
  ASOF LEFT JOIN macro AS zloty_rate ON zloty_rate.currency = zloty.currency AND zloty_rate.date <= own.date
),
-- The regime compares 20 returns with 250, as many as the EWMA needs.
volatilities AS (
  SELECT
    instrument_id, date,
    max(value) FILTER (WHERE estimator = 'close_to_close') AS value,
    max(reason) FILTER (WHERE estimator = 'close_to_close') AS reason,
    max(reason) FILTER (WHERE estimator = 'ewma') AS reason_250,
    max(_known_at) AS known_at
  FROM gold.volatility
  WHERE estimator IN ('close_to_close', 'ewma') AND instrument_id LIKE 'crypto:%'
  GROUP BY instrument_id, date
),
judged AS (
  SELECT
    own.*, vol.value AS volatility, feature.volatility_regime AS volatility_regime,
    CASE WHEN vol.value IS NULL THEN coalesce(vol.reason, 'no_close') END AS no_volatility,
    CASE WHEN feature.volatility_regime IS NULL THEN coalesce(vol.reason_250, 'zero_volatility') END AS no_regime,
    currency_rate, pln_rate, no_currency_rate, no_pln_rate,
    greatest(own.known_at_120d, vol.known_at, feature._known_at, rates_known_at) AS all_known_at,
    CASE
      WHEN rows_120d < 51 THEN 'insufficient_history'
      WHEN correlation_usd IS NULL OR correlation_pln IS NULL THEN 'zero_volatility'
    END AS reason
  FROM figures AS own
  LEFT JOIN rates ON rates.base_currency = own.base_currency AND rates.date = own.date
  LEFT JOIN volatilities AS vol ON vol.instrument_id = own.instrument_id AND vol.date = own.date
  LEFT JOIN gold.features_daily AS feature ON feature.instrument_id = own.instrument_id AND feature.date = own.date
)
SELECT
  instrument_id, base_currency AS currency, date,
  CASE WHEN rows_120d > 1 THEN x END AS return_currency,
  CASE WHEN rows_120d > 1 THEN u END AS return_usd,
  CASE WHEN rows_120d > 1 THEN p END AS return_pln,
  CASE WHEN reason IS NULL THEN correlation_usd END AS correlation_usd,
  CASE WHEN reason IS NULL THEN correlation_pln END AS correlation_pln,
  CASE WHEN reason IS NULL THEN beta_usd END AS beta_usd,
  CASE WHEN reason IS NULL THEN beta_pln END AS beta_pln,
  reason, least(greatest(rows_120d - 1, 0), 50)::BIGINT AS observations,
  volatility, no_volatility AS volatility_reason, volatility_regime, no_regime AS regime_reason,
  CASE WHEN no_currency_rate IS NULL THEN currency_rate END AS currency_rate,
  CASE WHEN no_pln_rate IS NULL THEN pln_rate END AS pln_rate,
  CASE WHEN coalesce(no_currency_rate, no_pln_rate) IS NULL THEN currency_rate - pln_rate END AS rate_gap,
  coalesce(no_currency_rate, no_pln_rate) AS rate_reason,
  all_known_at AS _known_at
FROM judged
