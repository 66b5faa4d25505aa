/*---
table: cross_instrument
contract: cross_instrument
grain: one row per crypto asset, currency and day with a fixing
partition: date
lookback: P120D
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
    instrument_id || ' ' || base_currency AS series, instrument_id, base_currency, price.date AS date,
    price.date - DATE '1970-01-01' AS day, usd, pln, rate, greatest(price.known_at, fixing.known_at) AS known_at
  FROM prices AS price
  JOIN fixings AS fixing ON fixing.date = price.date
  WHERE usd > 0 AND pln > 0
),
steps AS (
  SELECT
    series, instrument_id, base_currency, date, day, known_at,
    ln(rate / back(rate, 1, series, day)) AS x,
    ln(usd / back(usd, 1, series, day)) AS u,
    ln(pln / back(pln, 1, series, day)) AS p
  FROM paired
),
blocks_5 AS (
  SELECT
    *,
    sum_5(x, 1, series, day) AS x_5, sum_5(u, 1, series, day) AS u_5, sum_5(p, 1, series, day) AS p_5,
    sum_5(x * x, 1, series, day) AS xx_5, sum_5(u * u, 1, series, day) AS uu_5, sum_5(p * p, 1, series, day) AS pp_5,
    sum_5(x * u, 1, series, day) AS xu_5, sum_5(x * p, 1, series, day) AS xp_5
  FROM steps
),
blocks_25 AS (
  SELECT
    *,
    sum_5(x_5, 5, series, day) AS x_25, sum_5(u_5, 5, series, day) AS u_25, sum_5(p_5, 5, series, day) AS p_25,
    sum_5(xx_5, 5, series, day) AS xx_25, sum_5(uu_5, 5, series, day) AS uu_25, sum_5(pp_5, 5, series, day) AS pp_25,
    sum_5(xu_5, 5, series, day) AS xu_25, sum_5(xp_5, 5, series, day) AS xp_25
  FROM blocks_5
),
windows AS (
  SELECT
    *,
    x_25 + back(x_25, 25, series, day) AS x_50, u_25 + back(u_25, 25, series, day) AS u_50, p_25 + back(p_25, 25, series, day) AS p_50,
    xx_25 + back(xx_25, 25, series, day) AS xx_50, uu_25 + back(uu_25, 25, series, day) AS uu_50, pp_25 + back(pp_25, 25, series, day) AS pp_50,
    xu_25 + back(xu_25, 25, series, day) AS xu_50, xp_25 + back(xp_25, 25, series, day) AS xp_50,
    count(*) OVER days_120 AS rows_120d,
    max(known_at) OVER days_120 AS known_at_120d
  FROM blocks_25
  WINDOW days_120 AS (PARTITION BY series ORDER BY day RANGE 120 PRECEDING)
),
rates AS (
  SELECT
    currency, date, value, reason, period, max_age_days, _known_at AS known_at
  FROM reference.rate_series JOIN gold.macro_daily ON instrument_id = series_id
),
volatilities AS (
  SELECT instrument_id, date, value, _known_at AS known_at FROM gold.volatility WHERE estimator = 'close_to_close'
),
judged AS (
  SELECT
    own.*, vol.value AS volatility, feature.volatility_regime AS volatility_regime,
    to_double(foreign_rate.value) AS currency_rate, to_double(zloty_rate.value) AS pln_rate,
    rate_reason(
      series.series_id, CASE WHEN own.date - foreign_rate.date <= 100 THEN foreign_rate.date END, foreign_rate.reason, foreign_rate.period,
      foreign_rate.max_age_days, own.date) AS no_currency_rate,
    rate_reason(
      zloty.series_id, CASE WHEN own.date - zloty_rate.date <= 100 THEN zloty_rate.date END, zloty_rate.reason, zloty_rate.period,
      zloty_rate.max_age_days, own.date) AS no_pln_rate,
    greatest(
      own.known_at_120d, vol.known_at, feature._known_at, CASE WHEN own.date - foreign_rate.date <= 100 THEN foreign_rate.known_at END,
      CASE WHEN own.date - zloty_rate.date <= 100 THEN zloty_rate.known_at END) AS all_known_at,
    CASE
      WHEN rows_120d < 51 THEN 'insufficient_history'
      WHEN correlation(xu_50, x_50, u_50, xx_50, uu_50, 50) IS NULL OR correlation(xp_50, x_50, p_50, xx_50, pp_50, 50) IS NULL THEN 'zero_volatility'
    END AS reason
  FROM windows AS own
  LEFT JOIN volatilities AS vol ON vol.instrument_id = own.instrument_id AND vol.date = own.date
  LEFT JOIN gold.features_daily AS feature ON feature.instrument_id = own.instrument_id AND feature.date = own.date
  LEFT JOIN reference.rate_series AS series ON series.currency = own.base_currency
  LEFT JOIN reference.rate_series AS zloty ON zloty.currency = 'PLN'
  ASOF LEFT JOIN rates AS foreign_rate ON foreign_rate.currency = own.base_currency AND foreign_rate.date <= own.date
  ASOF LEFT JOIN rates AS zloty_rate ON zloty_rate.currency = zloty.currency AND zloty_rate.date <= own.date
)
SELECT
  instrument_id, base_currency AS currency, date,
  CASE WHEN rows_120d > 1 THEN x END AS return_currency,
  CASE WHEN rows_120d > 1 THEN u END AS return_usd,
  CASE WHEN rows_120d > 1 THEN p END AS return_pln,
  CASE WHEN reason IS NULL THEN correlation(xu_50, x_50, u_50, xx_50, uu_50, 50) END AS correlation_usd,
  CASE WHEN reason IS NULL THEN correlation(xp_50, x_50, p_50, xx_50, pp_50, 50) END AS correlation_pln,
  CASE WHEN reason IS NULL THEN slope(xu_50, x_50, u_50, xx_50, 50) END AS beta_usd,
  CASE WHEN reason IS NULL THEN slope(xp_50, x_50, p_50, xx_50, 50) END AS beta_pln,
  reason, least(greatest(rows_120d - 1, 0), 50)::BIGINT AS observations,
  volatility, volatility_regime,
  CASE WHEN no_currency_rate IS NULL THEN currency_rate END AS currency_rate,
  CASE WHEN no_pln_rate IS NULL THEN pln_rate END AS pln_rate,
  CASE WHEN coalesce(no_currency_rate, no_pln_rate) IS NULL THEN currency_rate - pln_rate END AS rate_gap,
  coalesce(no_currency_rate, no_pln_rate) AS rate_reason,
  all_known_at AS _known_at
FROM judged
