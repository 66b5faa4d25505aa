-- gold.prices_normalized in Trino's SQL, made from models/gold/prices_normalized.sql by scripts/generate-trino.mjs.
SELECT
  CAST(instrument_id AS varchar) AS instrument_id,
  CAST(date AS date) AS date,
  CAST(currency AS varchar) AS currency,
  CAST(convention AS varchar) AS convention,
  CAST(close AS decimal(38, 18)) AS close,
  CAST(close_currency AS varchar) AS close_currency,
  CAST(value AS double) AS value,
  CAST(reason AS varchar) AS reason,
  CAST(rate AS double) AS rate,
  CAST(source AS varchar) AS source,
  CAST(rate_date AS date) AS rate_date,
  CAST(age_days AS bigint) AS age_days,
  CAST(path AS varchar) AS path,
  CAST(fixing_no AS varchar) AS fixing_no,
  CAST(_known_at AS timestamp(6) with time zone) AS _known_at
FROM (
  WITH conventions AS (
    SELECT
      convention,
      source,
      CAST(days_before AS integer) AS days_before
    FROM reference.fx_conventions
    WHERE "normalize"
  ),
  targets AS (
    SELECT
      unnested.target
    FROM UNNEST(ARRAY['USD', 'EUR', 'PLN']) AS unnested (target)
  ),
  units AS (
    SELECT
      code,
      parts,
      coalesce(part_of, code) AS money
    FROM reference.currencies
  ),
  closes AS (
    SELECT
      returns_daily.instrument_id,
      returns_daily.date,
      returns_daily.close,
      returns_daily.currency,
      coalesce(units.money, returns_daily.currency) AS money,
      coalesce(units.parts, 1) AS parts,
      returns_daily._known_at AS known_at
    FROM gold.returns_daily
    LEFT JOIN units ON units.code = returns_daily.currency
  ),
  wanted AS (
    SELECT
      closes.instrument_id,
      closes.date,
      closes.close,
      closes.currency,
      closes.money,
      closes.parts,
      closes.known_at,
      targets.target,
      conventions.convention,
      conventions.source,
      date_add('day', -conventions.days_before, closes.date) AS rate_day
    FROM closes
    CROSS JOIN targets
    CROSS JOIN conventions
  ),
  rated AS (
    SELECT
      wanted.instrument_id,
      wanted.date,
      wanted.close,
      wanted.currency,
      wanted.money,
      wanted.parts,
      wanted.known_at,
      wanted.target,
      wanted.convention,
      wanted.source,
      wanted.rate_day,
      fx.rate AS fx_rate,
      fx.path AS fx_path,
      fx.rate_date AS fx_date,
      fx.fixing_no AS fx_fixing_no,
      fx._known_at AS fx_known_at
    FROM wanted
    LEFT JOIN gold.fx_daily AS fx ON (fx.source = wanted.source AND fx.base_currency = wanted.money AND fx.quote_currency = wanted.target AND fx.date = wanted.rate_day)
  )
  SELECT
    instrument_id,
    date,
    target AS currency,
    convention,
    close,
    currency AS close_currency,
    CASE WHEN money = target THEN CAST(close AS double) / CAST(coalesce(parts, 1) AS double) ELSE CAST(close AS double) / CAST(coalesce(parts, 1) AS double) * fx_rate END AS value,
    CASE WHEN currency IS NULL THEN 'no_currency' WHEN money <> target AND fx_rate IS NULL THEN 'no_rate' END AS reason,
    CASE WHEN money = target THEN CAST(1.0 AS double) ELSE fx_rate END AS rate,
    CASE WHEN money <> target AND fx_rate IS NOT NULL THEN source END AS source,
    CASE WHEN money <> target THEN fx_date END AS rate_date,
    CASE WHEN money <> target THEN date_diff('day', fx_date, date) END AS age_days,
    concat_ws(', ', CASE WHEN parts > 1 THEN CAST(parts AS varchar) || ' ' || currency || ' are one ' || money END, CASE WHEN money = target THEN 'same money' ELSE fx_path END) AS path,
    CASE WHEN money <> target THEN fx_fixing_no END AS fixing_no,
    CASE WHEN money = target THEN known_at ELSE array_max(filter(ARRAY[known_at, fx_known_at], x -> x IS NOT NULL)) END AS _known_at
  FROM rated
)
