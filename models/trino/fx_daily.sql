-- gold.fx_daily in Trino's SQL, made from models/gold/fx_daily.sql by scripts/generate-trino.mjs.
SELECT
  CAST(source AS varchar) AS source,
  CAST(base_currency AS varchar) AS base_currency,
  CAST(quote_currency AS varchar) AS quote_currency,
  CAST(date AS date) AS date,
  CAST(rate AS double) AS rate,
  CAST(path AS varchar) AS path,
  CAST(rate_date AS date) AS rate_date,
  CAST(age_days AS bigint) AS age_days,
  CAST(fixing AS varchar) AS fixing,
  CAST(fixing_no AS varchar) AS fixing_no,
  CAST(base_leg AS decimal(38, 18)) AS base_leg,
  CAST(quote_leg AS decimal(38, 18)) AS quote_leg,
  CAST(_known_at AS timestamp(6) with time zone) AS _known_at
FROM (
  WITH fixed AS (
    SELECT
      source,
      base_currency,
      quote_currency,
      CAST(event_time AT TIME ZONE 'UTC' AS date) AS rate_date,
      max_by(CAST(ROW(mid, fixing, fixing_no, _known_at) AS row(mid decimal(38, 18), fixing varchar, fixing_no varchar, known_at timestamp(6) with time zone)), fixing) FILTER (WHERE fixing IS NOT NULL) AS rate
    FROM silver.fx_rates
    WHERE mid > 0
    GROUP BY source, base_currency, quote_currency, CAST(event_time AT TIME ZONE 'UTC' AS date)
  ),
  sides AS (
    SELECT
      source,
      rate_date,
      base_currency AS currency
    FROM fixed
    UNION ALL
    SELECT
      source,
      rate_date,
      quote_currency
    FROM fixed
  ),
  counted AS (
    SELECT
      source,
      rate_date,
      currency,
      count(*) AS pairs
    FROM sides
    GROUP BY source, rate_date, currency
  ),
  hubs AS (
    SELECT
      source,
      rate_date,
      hub
    FROM (
      SELECT
        source,
        rate_date,
        currency AS hub,
        row_number() OVER (PARTITION BY source, rate_date ORDER BY pairs DESC, currency) = 1 AS _qualified
      FROM counted
    )
    WHERE _qualified
  ),
  legs AS (
    SELECT
      fixed.source,
      fixed.rate_date,
      hubs.hub,
      fixed.base_currency AS currency,
      false AS is_inverse,
      fixed.rate
    FROM fixed
    JOIN hubs ON fixed.source = hubs.source AND fixed.rate_date = hubs.rate_date
    WHERE fixed.quote_currency = hubs.hub
    UNION ALL
    SELECT
      fixed.source,
      fixed.rate_date,
      hubs.hub,
      fixed.quote_currency,
      true,
      fixed.rate
    FROM fixed
    JOIN hubs ON fixed.source = hubs.source AND fixed.rate_date = hubs.rate_date
    WHERE fixed.base_currency = hubs.hub
  ),
  of_hub AS (
    SELECT
      source,
      rate_date,
      hub,
      currency,
      is_inverse,
      rate
    FROM (
      SELECT
        source,
        rate_date,
        hub,
        currency,
        is_inverse,
        rate,
        row_number() OVER (PARTITION BY source, rate_date, currency ORDER BY is_inverse) = 1 AS _qualified
      FROM legs
    )
    WHERE _qualified
  ),
  targets AS (
    SELECT
      unnested.target
    FROM UNNEST(ARRAY['USD', 'EUR', 'PLN']) AS unnested (target)
  ),
  derived AS (
    SELECT
      of_hub.source,
      of_hub.currency AS base_currency,
      of_hub.hub AS quote_currency,
      of_hub.rate_date,
      CASE WHEN true THEN 1e0 / CAST(of_hub.rate.mid AS double) ELSE CAST(of_hub.rate.mid AS double) END AS rate,
      'inverse of ' || of_hub.hub || '/' || of_hub.currency AS path,
      of_hub.rate.mid AS base_leg,
      CAST(NULL AS decimal(38, 18)) AS quote_leg,
      of_hub.rate.fixing AS fixing,
      of_hub.rate.fixing_no AS fixing_no,
      of_hub.rate.known_at AS known_at
    FROM of_hub
    JOIN targets ON targets.target = of_hub.hub
    WHERE of_hub.is_inverse
    UNION ALL
    SELECT
      of_hub.source,
      of_hub.hub,
      of_hub.currency,
      of_hub.rate_date,
      1e0 / CASE WHEN false THEN 1e0 / CAST(of_hub.rate.mid AS double) ELSE CAST(of_hub.rate.mid AS double) END,
      'inverse of ' || of_hub.currency || '/' || of_hub.hub,
      of_hub.rate.mid,
      NULL,
      of_hub.rate.fixing,
      of_hub.rate.fixing_no,
      of_hub.rate.known_at
    FROM of_hub
    JOIN targets ON targets.target = of_hub.currency
    WHERE NOT of_hub.is_inverse
    UNION ALL
    SELECT
      base.source,
      base.currency,
      quote.currency,
      base.rate_date,
      CASE WHEN base.is_inverse THEN 1e0 / CAST(base.rate.mid AS double) ELSE CAST(base.rate.mid AS double) END / CASE WHEN quote.is_inverse THEN 1e0 / CAST(quote.rate.mid AS double) ELSE CAST(quote.rate.mid AS double) END,
      'cross through ' || base.hub,
      base.rate.mid,
      quote.rate.mid,
      base.rate.fixing,
      CASE WHEN base.rate.fixing_no = quote.rate.fixing_no THEN base.rate.fixing_no ELSE nullif(concat_ws(' and ', base.rate.fixing_no, quote.rate.fixing_no), '') END,
      array_max(filter(ARRAY[base.rate.known_at, quote.rate.known_at], x -> x IS NOT NULL))
    FROM of_hub AS base
    JOIN of_hub AS quote ON (quote.source = base.source AND quote.rate_date = base.rate_date AND quote.currency <> base.currency)
    JOIN targets ON targets.target = quote.currency
  ),
  stated AS (
    SELECT
      source,
      base_currency,
      quote_currency,
      rate_date,
      CAST(rate.mid AS double) AS rate,
      'published' AS path,
      rate.mid AS base_leg,
      CAST(NULL AS decimal(38, 18)) AS quote_leg,
      rate.fixing,
      rate.fixing_no,
      rate.known_at,
      0 AS rank
    FROM fixed
    UNION ALL
    SELECT
      source,
      base_currency,
      quote_currency,
      rate_date,
      rate,
      path,
      base_leg,
      quote_leg,
      fixing,
      fixing_no,
      known_at,
      1
    FROM derived
  ),
  rates AS (
    SELECT
      source,
      base_currency,
      quote_currency,
      rate_date,
      rate,
      path,
      base_leg,
      quote_leg,
      fixing,
      fixing_no,
      known_at,
      rank
    FROM (
      SELECT
        source,
        base_currency,
        quote_currency,
        rate_date,
        rate,
        path,
        base_leg,
        quote_leg,
        fixing,
        fixing_no,
        known_at,
        rank,
        row_number() OVER (PARTITION BY source, base_currency, quote_currency, rate_date ORDER BY rank) = 1 AS _qualified
      FROM stated
    )
    WHERE _qualified
  ),
  spans AS (
    SELECT
      source,
      base_currency,
      quote_currency,
      rate_date,
      rate,
      path,
      base_leg,
      quote_leg,
      fixing,
      fixing_no,
      known_at,
      rank,
      array_min(filter(ARRAY[CASE WHEN fixing = 'nbp:B' THEN 8 ELSE 4 END + 1, coalesce(date_diff('day', rate_date, lead(rate_date) OVER (PARTITION BY source, base_currency, quote_currency ORDER BY rate_date)), 1000)], x -> x IS NOT NULL)) AS span
    FROM rates
  ),
  filled AS (
    SELECT
      spans.source,
      spans.base_currency,
      spans.quote_currency,
      spans.rate_date,
      spans.rate,
      spans.path,
      spans.base_leg,
      spans.quote_leg,
      spans.fixing,
      spans.fixing_no,
      spans.known_at,
      spans.rank,
      spans.span,
      unnested.age
    FROM spans
    CROSS JOIN UNNEST(slice(sequence(0, spans.span), 1, spans.span)) AS unnested (age)
  )
  SELECT
    source,
    base_currency,
    quote_currency,
    date_add('day', CAST(age AS integer), rate_date) AS date,
    rate,
    path,
    rate_date,
    age AS age_days,
    fixing,
    fixing_no,
    base_leg,
    quote_leg,
    known_at AS _known_at
  FROM filled
)
