/*---
table: prices_normalized
contract: prices_normalized
grain: one row per instrument, date, currency and convention
partition: date
lookback: P10D
series: instrument_id
description: >
  The close of every day in USD, EUR and PLN, with the rate that made it: source, day, age and way. Which source and which day is a
  convention of reference.fx_conventions that says normalize. Pence are hundredths of their pound; a stablecoin is not its currency and
  has no rate unless a source fixes one. Returns in another currency come from converted levels, never from adding returns.
---*/
WITH conventions AS (
  SELECT convention, source, days_before::INTEGER AS days_before FROM reference.fx_conventions WHERE normalize
),
targets AS (
  SELECT unnest(['USD', 'EUR', 'PLN']) AS target
),
units AS (
  SELECT code, parts, coalesce(part_of, code) AS money FROM reference.currencies
),
closes AS (
  SELECT
    instrument_id, date, close, currency, coalesce(money, currency) AS money, coalesce(parts, 1) AS parts, _known_at AS known_at
  FROM gold.returns_daily
  LEFT JOIN units ON code = currency
),
wanted AS (
  SELECT
    instrument_id, date, close, currency, money, parts, known_at, target, convention, source, date - days_before AS rate_day
  FROM closes CROSS JOIN targets CROSS JOIN conventions
),
rated AS (
  SELECT
    wanted.*, fx.rate AS fx_rate, fx.path AS fx_path, fx.rate_date AS fx_date, fx.fixing_no AS fx_fixing_no, fx._known_at AS fx_known_at
  FROM wanted
  LEFT JOIN gold.fx_daily AS fx
    ON fx.source = wanted.source AND fx.base_currency = wanted.money AND fx.quote_currency = wanted.target AND fx.date = wanted.rate_day
)
SELECT
  instrument_id, date, target AS currency, convention, close, currency AS close_currency,
  CASE WHEN money = target THEN in_money(close, parts) ELSE in_money(close, parts) * fx_rate END AS value,
  CASE WHEN currency IS NULL THEN 'no_currency' WHEN money <> target AND fx_rate IS NULL THEN 'no_rate' END AS reason,
  CASE WHEN money = target THEN 1.0::DOUBLE ELSE fx_rate END AS rate,
  CASE WHEN money <> target AND fx_rate IS NOT NULL THEN source END AS source,
  CASE WHEN money <> target THEN fx_date END AS rate_date,
  CASE WHEN money <> target THEN date - fx_date END AS age_days,
  concat_ws(', ', CASE WHEN parts > 1 THEN parts || ' ' || currency || ' are one ' || money END, CASE WHEN money = target THEN 'same money' ELSE fx_path END) AS path,
  CASE WHEN money <> target THEN fx_fixing_no END AS fixing_no,
  CASE WHEN money = target THEN known_at ELSE greatest(known_at, fx_known_at) END AS _known_at
FROM rated
