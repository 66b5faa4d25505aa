-- gold.cross_instrument in Trino's SQL, made from models/gold/cross_instrument.sql by scripts/generate-trino.mjs.
SELECT
  CAST(instrument_id AS varchar) AS instrument_id,
  CAST(currency AS varchar) AS currency,
  CAST(date AS date) AS date,
  CAST(return_currency AS double) AS return_currency,
  CAST(return_usd AS double) AS return_usd,
  CAST(return_pln AS double) AS return_pln,
  CAST(correlation_usd AS double) AS correlation_usd,
  CAST(correlation_pln AS double) AS correlation_pln,
  CAST(beta_usd AS double) AS beta_usd,
  CAST(beta_pln AS double) AS beta_pln,
  CAST(reason AS varchar) AS reason,
  CAST(observations AS bigint) AS observations,
  CAST(volatility AS double) AS volatility,
  CAST(volatility_reason AS varchar) AS volatility_reason,
  CAST(volatility_regime AS varchar) AS volatility_regime,
  CAST(regime_reason AS varchar) AS regime_reason,
  CAST(currency_rate AS double) AS currency_rate,
  CAST(pln_rate AS double) AS pln_rate,
  CAST(rate_gap AS double) AS rate_gap,
  CAST(rate_reason AS varchar) AS rate_reason,
  CAST(_known_at AS timestamp(6) with time zone) AS _known_at
FROM (
  WITH fixings AS (
    SELECT
      base_currency,
      date,
      rate,
      _known_at AS known_at
    FROM gold.fx_daily
    WHERE source = 'nbp' AND quote_currency = 'PLN' AND age_days = 0 AND base_currency IN ('USD', 'EUR')
  ),
  prices AS (
    SELECT
      instrument_id,
      date,
      max(value) FILTER (WHERE currency = 'USD') AS usd,
      max(value) FILTER (WHERE currency = 'PLN') AS pln,
      max(_known_at) AS known_at
    FROM gold.prices_normalized
    WHERE convention = 'reporting' AND currency IN ('USD', 'PLN') AND instrument_id LIKE 'crypto:%'
    GROUP BY instrument_id, date
  ),
  paired AS (
    SELECT
      price.instrument_id,
      fixing.base_currency,
      price.date,
      date_diff('day', DATE '1970-01-01', price.date) AS day,
      price.usd,
      price.pln,
      fixing.rate,
      array_max(filter(ARRAY[price.known_at, fixing.known_at], x -> x IS NOT NULL)) AS known_at
    FROM prices AS price
    JOIN fixings AS fixing ON fixing.date = price.date
    WHERE price.usd > 0 AND price.pln > 0
  ),
  steps AS (
    SELECT
      instrument_id,
      base_currency,
      date,
      day,
      known_at,
      ln(rate / lag(rate) OVER (PARTITION BY instrument_id, base_currency ORDER BY day)) AS x,
      ln(usd / lag(usd) OVER (PARTITION BY instrument_id, base_currency ORDER BY day)) AS u,
      ln(pln / lag(pln) OVER (PARTITION BY instrument_id, base_currency ORDER BY day)) AS p
    FROM paired
  ),
  blocks_5 AS (
    SELECT
      instrument_id,
      base_currency,
      date,
      day,
      known_at,
      x,
      u,
      p,
      sums_1,
      CAST(ROW(lag(sums_1, 4) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).x + lag(sums_1, 3) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).x + lag(sums_1, 2) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).x + lag(sums_1) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).x + sums_1.x, lag(sums_1, 4) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).u + lag(sums_1, 3) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).u + lag(sums_1, 2) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).u + lag(sums_1) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).u + sums_1.u, lag(sums_1, 4) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).p + lag(sums_1, 3) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).p + lag(sums_1, 2) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).p + lag(sums_1) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).p + sums_1.p, lag(sums_1, 4) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xx + lag(sums_1, 3) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xx + lag(sums_1, 2) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xx + lag(sums_1) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xx + sums_1.xx, lag(sums_1, 4) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).uu + lag(sums_1, 3) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).uu + lag(sums_1, 2) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).uu + lag(sums_1) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).uu + sums_1.uu, lag(sums_1, 4) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).pp + lag(sums_1, 3) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).pp + lag(sums_1, 2) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).pp + lag(sums_1) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).pp + sums_1.pp, lag(sums_1, 4) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xu + lag(sums_1, 3) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xu + lag(sums_1, 2) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xu + lag(sums_1) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xu + sums_1.xu, lag(sums_1, 4) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xp + lag(sums_1, 3) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xp + lag(sums_1, 2) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xp + lag(sums_1) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xp + sums_1.xp) AS row(x double, u double, p double, xx double, uu double, pp double, xu double, xp double)) AS sums_5
    FROM (
      SELECT
        instrument_id,
        base_currency,
        date,
        day,
        known_at,
        x,
        u,
        p,
        CAST(ROW(x, u, p, x * x, u * u, p * p, x * u, x * p) AS row(x double, u double, p double, xx double, uu double, pp double, xu double, xp double)) AS sums_1
      FROM steps
    ) AS part_1
  ),
  blocks_25 AS (
    SELECT
      instrument_id,
      base_currency,
      date,
      day,
      known_at,
      x,
      u,
      p,
      CAST(ROW(lag(sums_5, 20) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).x + lag(sums_5, 15) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).x + lag(sums_5, 10) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).x + lag(sums_5, 5) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).x + sums_5.x, lag(sums_5, 20) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).u + lag(sums_5, 15) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).u + lag(sums_5, 10) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).u + lag(sums_5, 5) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).u + sums_5.u, lag(sums_5, 20) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).p + lag(sums_5, 15) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).p + lag(sums_5, 10) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).p + lag(sums_5, 5) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).p + sums_5.p, lag(sums_5, 20) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xx + lag(sums_5, 15) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xx + lag(sums_5, 10) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xx + lag(sums_5, 5) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xx + sums_5.xx, lag(sums_5, 20) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).uu + lag(sums_5, 15) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).uu + lag(sums_5, 10) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).uu + lag(sums_5, 5) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).uu + sums_5.uu, lag(sums_5, 20) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).pp + lag(sums_5, 15) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).pp + lag(sums_5, 10) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).pp + lag(sums_5, 5) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).pp + sums_5.pp, lag(sums_5, 20) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xu + lag(sums_5, 15) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xu + lag(sums_5, 10) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xu + lag(sums_5, 5) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xu + sums_5.xu, lag(sums_5, 20) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xp + lag(sums_5, 15) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xp + lag(sums_5, 10) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xp + lag(sums_5, 5) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xp + sums_5.xp) AS row(x double, u double, p double, xx double, uu double, pp double, xu double, xp double)) AS sums_25
    FROM blocks_5
  ),
  windows AS (
    SELECT
      instrument_id,
      base_currency,
      date,
      day,
      known_at,
      x,
      u,
      p,
      CAST(ROW(lag(sums_25, 25) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).x + sums_25.x, lag(sums_25, 25) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).u + sums_25.u, lag(sums_25, 25) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).p + sums_25.p, lag(sums_25, 25) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xx + sums_25.xx, lag(sums_25, 25) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).uu + sums_25.uu, lag(sums_25, 25) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).pp + sums_25.pp, lag(sums_25, 25) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xu + sums_25.xu, lag(sums_25, 25) OVER (PARTITION BY instrument_id, base_currency ORDER BY day).xp + sums_25.xp) AS row(x double, u double, p double, xx double, uu double, pp double, xu double, xp double)) AS sums_50,
      count(*) OVER (PARTITION BY instrument_id, base_currency ORDER BY day RANGE BETWEEN 120 PRECEDING AND CURRENT ROW) AS rows_120d,
      max(known_at) OVER (PARTITION BY instrument_id, base_currency ORDER BY day RANGE BETWEEN 120 PRECEDING AND CURRENT ROW) AS known_at_120d
    FROM blocks_25
  ),
  figures AS (
    SELECT
      instrument_id,
      base_currency,
      date,
      day,
      known_at,
      x,
      u,
      p,
      rows_120d,
      known_at_120d,
      CASE WHEN sums_50.xx - sums_50.x * sums_50.x / 50e0 > 1e-20 * 50 AND sums_50.uu - sums_50.u * sums_50.u / 50e0 > 1e-20 * 50 THEN array_max(filter(ARRAY[-CAST(1.0 AS double), array_min(filter(ARRAY[CAST(1.0 AS double), (sums_50.xu - sums_50.x * sums_50.u / 50e0) / sqrt((sums_50.xx - sums_50.x * sums_50.x / 50e0) * (sums_50.uu - sums_50.u * sums_50.u / 50e0))], x -> x IS NOT NULL))], x -> x IS NOT NULL)) END AS correlation_usd,
      CASE WHEN sums_50.xx - sums_50.x * sums_50.x / 50e0 > 1e-20 * 50 AND sums_50.pp - sums_50.p * sums_50.p / 50e0 > 1e-20 * 50 THEN array_max(filter(ARRAY[-CAST(1.0 AS double), array_min(filter(ARRAY[CAST(1.0 AS double), (sums_50.xp - sums_50.x * sums_50.p / 50e0) / sqrt((sums_50.xx - sums_50.x * sums_50.x / 50e0) * (sums_50.pp - sums_50.p * sums_50.p / 50e0))], x -> x IS NOT NULL))], x -> x IS NOT NULL)) END AS correlation_pln,
      CASE WHEN sums_50.xx - sums_50.x * sums_50.x / 50e0 > 1e-20 * 50 THEN (sums_50.xu - sums_50.x * sums_50.u / 50e0) / (sums_50.xx - sums_50.x * sums_50.x / 50e0) END AS beta_usd,
      CASE WHEN sums_50.xx - sums_50.x * sums_50.x / 50e0 > 1e-20 * 50 THEN (sums_50.xp - sums_50.x * sums_50.p / 50e0) / (sums_50.xx - sums_50.x * sums_50.x / 50e0) END AS beta_pln
    FROM windows
  ),
  macro AS (
    SELECT
      rate_series.currency,
      macro_daily.date,
      CAST(macro_daily.value AS double) AS value,
      macro_daily.reason,
      macro_daily.period,
      macro_daily.max_age_days,
      macro_daily._known_at AS known_at
    FROM reference.rate_series
    JOIN gold.macro_daily ON macro_daily.instrument_id = rate_series.series_id
  ),
  rates AS (
    SELECT
      own.base_currency,
      own.date,
      foreign_rate.value AS currency_rate,
      zloty_rate.value AS pln_rate,
      CASE WHEN series.series_id IS NULL THEN 'no_series' WHEN CASE WHEN date_diff('day', foreign_rate.date, own.date) <= 100 THEN foreign_rate.date END IS NULL THEN 'not_known' WHEN foreign_rate.reason IS NOT NULL THEN foreign_rate.reason WHEN date_diff('day', foreign_rate.period, own.date) > foreign_rate.max_age_days THEN 'stale' END AS no_currency_rate,
      CASE WHEN zloty.series_id IS NULL THEN 'no_series' WHEN CASE WHEN date_diff('day', zloty_rate.date, own.date) <= 100 THEN zloty_rate.date END IS NULL THEN 'not_known' WHEN zloty_rate.reason IS NOT NULL THEN zloty_rate.reason WHEN date_diff('day', zloty_rate.period, own.date) > zloty_rate.max_age_days THEN 'stale' END AS no_pln_rate,
      array_max(filter(ARRAY[CASE WHEN date_diff('day', foreign_rate.date, own.date) <= 100 THEN foreign_rate.known_at END, CASE WHEN date_diff('day', zloty_rate.date, own.date) <= 100 THEN zloty_rate.known_at END], x -> x IS NOT NULL)) AS rates_known_at
    FROM fixings AS own
    LEFT JOIN reference.rate_series AS series ON series.currency = own.base_currency
    LEFT JOIN reference.rate_series AS zloty ON zloty.currency = 'PLN'
    LEFT JOIN (
      SELECT *, lead(date) OVER (PARTITION BY currency ORDER BY date) AS _next
      FROM macro AS foreign_rate
      WHERE date IS NOT NULL
    ) AS foreign_rate ON foreign_rate.currency = own.base_currency AND foreign_rate.date <= own.date AND (foreign_rate._next > own.date OR foreign_rate._next IS NULL)
    LEFT JOIN (
      SELECT *, lead(date) OVER (PARTITION BY currency ORDER BY date) AS _next
      FROM macro AS zloty_rate
      WHERE date IS NOT NULL
    ) AS zloty_rate ON zloty_rate.currency = zloty.currency AND zloty_rate.date <= own.date AND (zloty_rate._next > own.date OR zloty_rate._next IS NULL)
  ),
  volatilities AS (
    SELECT
      instrument_id,
      date,
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
      own.instrument_id,
      own.base_currency,
      own.date,
      own.day,
      own.known_at,
      own.x,
      own.u,
      own.p,
      own.rows_120d,
      own.known_at_120d,
      own.correlation_usd,
      own.correlation_pln,
      own.beta_usd,
      own.beta_pln,
      vol.value AS volatility,
      feature.volatility_regime,
      CASE WHEN vol.value IS NULL THEN coalesce(vol.reason, 'no_close') END AS no_volatility,
      CASE WHEN feature.volatility_regime IS NULL THEN coalesce(vol.reason_250, 'zero_volatility') END AS no_regime,
      rates.currency_rate,
      rates.pln_rate,
      rates.no_currency_rate,
      rates.no_pln_rate,
      array_max(filter(ARRAY[own.known_at_120d, vol.known_at, feature._known_at, rates.rates_known_at], x -> x IS NOT NULL)) AS all_known_at,
      CASE WHEN own.rows_120d < 51 THEN 'insufficient_history' WHEN own.correlation_usd IS NULL OR own.correlation_pln IS NULL THEN 'zero_volatility' END AS reason
    FROM figures AS own
    LEFT JOIN rates ON (rates.base_currency = own.base_currency AND rates.date = own.date)
    LEFT JOIN volatilities AS vol ON (vol.instrument_id = own.instrument_id AND vol.date = own.date)
    LEFT JOIN gold.features_daily AS feature ON (feature.instrument_id = own.instrument_id AND feature.date = own.date)
  )
  SELECT
    instrument_id,
    base_currency AS currency,
    date,
    CASE WHEN rows_120d > 1 THEN x END AS return_currency,
    CASE WHEN rows_120d > 1 THEN u END AS return_usd,
    CASE WHEN rows_120d > 1 THEN p END AS return_pln,
    CASE WHEN reason IS NULL THEN correlation_usd END AS correlation_usd,
    CASE WHEN reason IS NULL THEN correlation_pln END AS correlation_pln,
    CASE WHEN reason IS NULL THEN beta_usd END AS beta_usd,
    CASE WHEN reason IS NULL THEN beta_pln END AS beta_pln,
    reason,
    array_min(filter(ARRAY[array_max(filter(ARRAY[rows_120d - 1, 0], x -> x IS NOT NULL)), 50], x -> x IS NOT NULL)) AS observations,
    volatility,
    no_volatility AS volatility_reason,
    volatility_regime,
    no_regime AS regime_reason,
    CASE WHEN no_currency_rate IS NULL THEN currency_rate END AS currency_rate,
    CASE WHEN no_pln_rate IS NULL THEN pln_rate END AS pln_rate,
    CASE WHEN coalesce(no_currency_rate, no_pln_rate) IS NULL THEN currency_rate - pln_rate END AS rate_gap,
    coalesce(no_currency_rate, no_pln_rate) AS rate_reason,
    all_known_at AS _known_at
  FROM judged
)
