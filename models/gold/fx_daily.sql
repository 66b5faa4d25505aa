/*---
table: fx_daily
contract: fx_daily
grain: one row per source, pair and calendar day
partition: date
lookback: P8D
until: lookback
description: >
  The rate of every day, weekends and holidays too: the last one that its source fixed, with its age, for at most 4 days (a weekly table:
  8). Published pairs keep their direction. Beside them every currency has a rate in USD, EUR and PLN: the inverse, or a cross of two
  rates that the same source fixed for the same day, through the currency that most of its pairs of that day share. Mid rates only.
---*/
WITH fixed AS (
  SELECT
    source, base_currency, quote_currency, event_time::DATE AS rate_date,
    max_by({'mid': mid, 'fixing': fixing, 'fixing_no': fixing_no, 'known_at': _known_at}, fixing) AS rate
  FROM silver.fx_rates
  WHERE mid > 0
  GROUP BY source, base_currency, quote_currency, event_time::DATE
),
-- The currency that most pairs of a source have on a day; of several the first by name.
sides AS (
  SELECT source, rate_date, base_currency AS currency FROM fixed
  UNION ALL
  SELECT source, rate_date, quote_currency FROM fixed
),
counted AS (
  SELECT source, rate_date, currency, count(*) AS pairs FROM sides GROUP BY source, rate_date, currency
),
hubs AS (
  SELECT source, rate_date, currency AS hub
  FROM counted
  QUALIFY row_number() OVER (PARTITION BY source, rate_date ORDER BY pairs DESC, currency) = 1
),
legs AS (
  SELECT source, rate_date, hub, base_currency AS currency, false AS is_inverse, rate
  FROM fixed JOIN hubs USING (source, rate_date) WHERE quote_currency = hub
  UNION ALL
  SELECT source, rate_date, hub, quote_currency, true, rate
  FROM fixed JOIN hubs USING (source, rate_date) WHERE base_currency = hub
),
-- Pairs that are published both ways keep the direct one.
of_hub AS (
  SELECT * FROM legs
  QUALIFY row_number() OVER (PARTITION BY source, rate_date, currency ORDER BY is_inverse) = 1
),
targets AS (
  SELECT unnest(['USD', 'EUR', 'PLN']) AS target
),
derived AS (
  -- Into the hub, where the other way was published.
  SELECT
    source, currency AS base_currency, hub AS quote_currency, rate_date, in_pivot(rate.mid, true) AS rate,
    'inverse of ' || hub || '/' || currency AS path, rate.mid AS base_leg, NULL::DECIMAL(38, 18) AS quote_leg,
    rate.fixing AS fixing, rate.fixing_no AS fixing_no, rate.known_at AS known_at
  FROM of_hub JOIN targets ON target = hub
  WHERE is_inverse
  UNION ALL
  -- Out of the hub.
  SELECT
    source, hub, currency, rate_date, 1 / in_pivot(rate.mid, false),
    'inverse of ' || currency || '/' || hub, rate.mid, NULL,
    rate.fixing, rate.fixing_no, rate.known_at
  FROM of_hub JOIN targets ON target = currency
  WHERE NOT is_inverse
  UNION ALL
  SELECT
    base.source, base.currency, quote.currency, base.rate_date,
    in_pivot(base.rate.mid, base.is_inverse) / in_pivot(quote.rate.mid, quote.is_inverse),
    'cross through ' || base.hub, base.rate.mid, quote.rate.mid,
    base.rate.fixing,
    CASE WHEN base.rate.fixing_no = quote.rate.fixing_no THEN base.rate.fixing_no ELSE nullif(concat_ws(' and ', base.rate.fixing_no, quote.rate.fixing_no), '') END,
    greatest(base.rate.known_at, quote.rate.known_at)
  FROM of_hub AS base
  JOIN of_hub AS quote ON quote.source = base.source AND quote.rate_date = base.rate_date AND quote.currency <> base.currency
  JOIN targets ON target = quote.currency
),
stated AS (
  SELECT
    source, base_currency, quote_currency, rate_date, to_double(rate.mid) AS rate, 'published' AS path, rate.mid AS base_leg,
    NULL::DECIMAL(38, 18) AS quote_leg, rate.fixing AS fixing, rate.fixing_no AS fixing_no, rate.known_at AS known_at, 0 AS rank
  FROM fixed
  UNION ALL
  SELECT *, 1 FROM derived
),
-- A published rate stands before one that is derived for the same pair.
rates AS (
  SELECT * FROM stated
  QUALIFY row_number() OVER (PARTITION BY source, base_currency, quote_currency, rate_date ORDER BY rank) = 1
),
spans AS (
  SELECT
    *,
    least(
      rate_days(fixing) + 1,
      coalesce(lead(rate_date) OVER (PARTITION BY source, base_currency, quote_currency ORDER BY rate_date) - rate_date, 1000)) AS span
  FROM rates
),
filled AS (
  SELECT *, unnest(range(span)) AS age FROM spans
)
SELECT
  source, base_currency, quote_currency, rate_date + age::INTEGER AS date, rate, path, rate_date, age AS age_days,
  fixing, fixing_no, base_leg, quote_leg, known_at AS _known_at
FROM filled
