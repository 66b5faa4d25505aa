-- gold.calendar_bars in Trino's SQL, made from models/gold/calendar_bars.sql by scripts/generate-trino.mjs.
SELECT
  CAST(instrument_id AS varchar) AS instrument_id,
  CAST(bar_calendar AS varchar) AS bar_calendar,
  CAST(bar_interval AS varchar) AS bar_interval,
  CAST(date AS date) AS date,
  CAST(bar_start AS timestamp(6) with time zone) AS bar_start,
  CAST(bar_end AS timestamp(6) with time zone) AS bar_end,
  CAST(open AS decimal(38, 18)) AS open,
  CAST(high AS decimal(38, 18)) AS high,
  CAST(low AS decimal(38, 18)) AS low,
  CAST(close AS decimal(38, 18)) AS close,
  CAST(vwap AS decimal(38, 18)) AS vwap,
  CAST(volume AS decimal(38, 18)) AS volume,
  CAST(trades AS bigint) AS trades,
  CAST(currency AS varchar) AS currency,
  CAST(first_date AS date) AS first_date,
  CAST(last_date AS date) AS last_date,
  CAST(days AS bigint) AS days,
  CAST(expected_days AS bigint) AS expected_days,
  CAST(_known_at AS timestamp(6) with time zone) AS _known_at
FROM (
  WITH begun_later AS (
    SELECT
      instrument_id,
      CAST(event_time AT TIME ZONE 'UTC' AS date) AS date,
      max(CAST(round(to_unixtime(event_time) * 1e6) AS bigint)) AS moment
    FROM silver.bars
    WHERE bar_interval = '1d'
    GROUP BY instrument_id, CAST(event_time AT TIME ZONE 'UTC' AS date)
    HAVING count(*) > 1
  ),
  published_days AS (
    SELECT
      bar.instrument_id,
      CAST(bar.event_time AT TIME ZONE 'UTC' AS date) AS date,
      bar.open,
      bar.high,
      bar.low,
      bar.close,
      bar.volume,
      CASE WHEN bar.volume = 0 THEN 0 ELSE bar.quote_volume END AS notional,
      bar.trades,
      bar.currency,
      bar._known_at AS known_at
    FROM silver.bars AS bar
    LEFT JOIN begun_later ON (begun_later.instrument_id = bar.instrument_id AND begun_later.date = CAST(bar.event_time AT TIME ZONE 'UTC' AS date))
    WHERE bar.bar_interval = '1d' AND coalesce(begun_later.moment = CAST(round(to_unixtime(bar.event_time) * 1e6) AS bigint), true)
  ),
  intraday AS (
    SELECT
      instrument_id,
      CASE WHEN bar_interval = '5m' THEN 5 ELSE 60 END AS minutes,
      (CAST(round(to_unixtime(bar_start) * 1e6) AS bigint) - (CAST(round(to_unixtime(bar_start) * 1e6) AS bigint) % 60000000 + 60000000) % 60000000) / 60000000 AS start,
      false AS is_published,
      open,
      high,
      low,
      close,
      volume,
      CASE WHEN volume = 0 THEN 0 ELSE TRY_CAST(CAST(vwap AS double) * CAST(volume AS double) AS decimal(38, 18)) END AS notional,
      trades,
      currency,
      _known_at AS known_at
    FROM gold.price_bars
    WHERE bar_interval IN ('5m', '1h')
    UNION ALL
    SELECT
      instrument_id,
      CASE WHEN bar_interval = '5m' THEN 5 ELSE 60 END,
      (CAST(round(to_unixtime(event_time) * 1e6) AS bigint) - (CAST(round(to_unixtime(event_time) * 1e6) AS bigint) % 60000000 + 60000000) % 60000000) / 60000000,
      true,
      open,
      high,
      low,
      close,
      volume,
      CASE WHEN volume = 0 THEN 0 ELSE quote_volume END,
      trades,
      currency,
      _known_at
    FROM silver.bars
    WHERE bar_interval IN ('5m', '1h')
  ),
  traded AS (
    SELECT
      instrument_id,
      max(calendar) AS calendar
    FROM reference.instruments
    GROUP BY instrument_id
    HAVING max(calendar) IS NOT NULL
  ),
  span AS (
    SELECT
      date_add('day', -31, min(date)) AS first_date,
      date_add('day', 31, max(date)) AS last_date
    FROM (
      SELECT
        CAST(event_time AT TIME ZONE 'UTC' AS date) AS date
      FROM silver.bars
      WHERE bar_interval = '1d'
      UNION ALL
      SELECT
        date
      FROM gold.bars_daily
      WHERE bar_known_at IS NOT NULL
    ) AS part_1
  ),
  sessions AS (
    SELECT
      calendar_sessions.mic,
      calendar_sessions.session_date,
      (CAST(round(to_unixtime(calendar_sessions.open) * 1e6) AS bigint) - (CAST(round(to_unixtime(calendar_sessions.open) * 1e6) AS bigint) % 60000000 + 60000000) % 60000000) / 60000000 AS open,
      (CAST(round(to_unixtime(calendar_sessions.close) * 1e6) AS bigint) - (CAST(round(to_unixtime(calendar_sessions.close) * 1e6) AS bigint) % 60000000 + 60000000) % 60000000) / 60000000 AS close
    FROM silver.calendar_sessions
    CROSS JOIN span
    WHERE calendar_sessions.mic IN (
      SELECT
        calendar
      FROM traded
    ) AND calendar_sessions.session_date BETWEEN span.first_date AND span.last_date
  ),
  session_hours AS (
    SELECT
      sessions.mic,
      sessions.session_date,
      sessions.open,
      sessions.close,
      unnested.hour
    FROM sessions
    CROSS JOIN UNNEST(sequence((sessions.open - (sessions.open % 60 + 60) % 60) / 60, (sessions.close - 1 - ((sessions.close - 1) % 60 + 60) % 60) / 60)) AS unnested (hour)
  ),
  placed AS (
    SELECT
      intraday.instrument_id,
      intraday.minutes,
      intraday.start,
      intraday.is_published,
      intraday.open,
      intraday.high,
      intraday.low,
      intraday.close,
      intraday.volume,
      intraday.notional,
      intraday.trades,
      intraday.currency,
      intraday.known_at,
      traded.calendar,
      session.session_date,
      session.hour,
      CASE WHEN intraday.minutes = 60 AND intraday.start >= session.open AND intraday.start + 60 <= session.close THEN 1 WHEN intraday.minutes = 5 AND (session.hour * 60 < session.open OR session.hour * 60 + 60 > session.close) AND intraday.start >= session.open AND intraday.start + 5 <= session.close THEN 2 WHEN intraday.minutes = 60 AND intraday.is_published AND intraday.start >= session.open AND intraday.start < session.close THEN 3 WHEN intraday.minutes = 60 AND intraday.is_published AND intraday.start < session.open THEN 4 END AS choice
    FROM intraday
    JOIN traded ON intraday.instrument_id = traded.instrument_id
    JOIN session_hours AS session ON (session.mic = traded.calendar AND session.hour = (intraday.start - (intraday.start % 60 + 60) % 60) / 60)
  ),
  chosen AS (
    SELECT
      instrument_id,
      minutes,
      start,
      is_published,
      open,
      high,
      low,
      close,
      volume,
      notional,
      trades,
      currency,
      known_at,
      calendar,
      session_date,
      hour,
      choice
    FROM (
      SELECT
        instrument_id,
        minutes,
        start,
        is_published,
        open,
        high,
        low,
        close,
        volume,
        notional,
        trades,
        currency,
        known_at,
        calendar,
        session_date,
        hour,
        choice,
        choice = min(choice) OVER (PARTITION BY instrument_id, session_date, hour) AS _qualified
      FROM placed
      WHERE choice IS NOT NULL
    )
    WHERE _qualified
  ),
  formed_days AS (
    SELECT
      chosen.instrument_id,
      chosen.calendar AS bar_calendar,
      chosen.session_date AS date,
      min_by(chosen.open, chosen.start) FILTER (WHERE chosen.open IS NOT NULL AND chosen.start IS NOT NULL) AS open,
      max(chosen.high) AS high,
      min(chosen.low) AS low,
      max_by(chosen.close, chosen.start) FILTER (WHERE chosen.close IS NOT NULL AND chosen.start IS NOT NULL) AS close,
      CASE WHEN count(chosen.volume) = count(*) THEN sum(chosen.volume) END AS volume,
      CASE WHEN count(chosen.notional) = count(*) THEN sum(chosen.notional) END AS notional,
      CAST(CASE WHEN count(chosen.trades) = count(*) THEN sum(chosen.trades) END AS bigint) AS trades,
      CASE WHEN count(chosen.currency) = count(*) AND min(chosen.currency) = max(chosen.currency) THEN min(chosen.currency) END AS currency,
      max(chosen.known_at) AS known_at
    FROM chosen
    LEFT JOIN (
      SELECT
        instrument_id,
        CAST(event_time AT TIME ZONE 'UTC' AS date) AS date
      FROM silver.bars
      WHERE bar_interval = '1d'
    ) AS published ON (published.instrument_id = chosen.instrument_id AND published.date = chosen.session_date)
    WHERE published.instrument_id IS NULL
    GROUP BY chosen.instrument_id, chosen.calendar, chosen.session_date
    HAVING max(chosen.choice) < 4
  ),
  days AS (
    SELECT
      instrument_id,
      'UTC' AS bar_calendar,
      date,
      open,
      high,
      low,
      close,
      volume,
      notional,
      trades,
      currency,
      known_at
    FROM published_days
    UNION ALL
    SELECT
      instrument_id,
      'UTC',
      date,
      open,
      high,
      low,
      close,
      volume,
      CASE WHEN volume = 0 THEN 0 ELSE TRY_CAST(CAST(vwap AS double) * CAST(volume AS double) AS decimal(38, 18)) END,
      trades,
      currency,
      bar_known_at
    FROM gold.bars_daily
    WHERE bar_known_at IS NOT NULL
    UNION ALL
    SELECT
      published_days.instrument_id,
      traded.calendar,
      published_days.date,
      published_days.open,
      published_days.high,
      published_days.low,
      published_days.close,
      published_days.volume,
      published_days.notional,
      published_days.trades,
      published_days.currency,
      published_days.known_at
    FROM published_days
    JOIN traded ON published_days.instrument_id = traded.instrument_id
    JOIN sessions ON (sessions.mic = traded.calendar AND sessions.session_date = published_days.date)
    UNION ALL
    SELECT
      instrument_id,
      bar_calendar,
      date,
      open,
      high,
      low,
      close,
      volume,
      notional,
      trades,
      currency,
      known_at
    FROM formed_days
  ),
  periods AS (
    SELECT
      instrument_id,
      bar_calendar,
      date,
      open,
      high,
      low,
      close,
      volume,
      notional,
      trades,
      currency,
      known_at,
      period.bar_interval,
      period.first_day AS period
    FROM (
      SELECT
        days.instrument_id,
        days.bar_calendar,
        days.date,
        days.open,
        days.high,
        days.low,
        days.close,
        days.volume,
        days.notional,
        days.trades,
        days.currency,
        days.known_at,
        unnested.period
      FROM days
      CROSS JOIN UNNEST(transform(ARRAY[CAST(ROW('1w', CAST(CAST(date_trunc('week', days.date) AS timestamp(6)) AS date)) AS row(bar_interval varchar, first_day date)), CAST(ROW('1mo', CAST(CAST(date_trunc('month', days.date) AS timestamp(6)) AS date)) AS row(bar_interval varchar, first_day date))], s -> ROW(s))) AS unnested (period)
    ) AS part_1
  ),
  composed AS (
    SELECT
      bar_interval,
      bar_calendar,
      instrument_id,
      period,
      min_by(open, date) FILTER (WHERE open IS NOT NULL AND date IS NOT NULL) AS open,
      max(high) AS high,
      min(low) AS low,
      max_by(close, date) FILTER (WHERE close IS NOT NULL AND date IS NOT NULL) AS close,
      CASE WHEN count(volume) = count(*) THEN sum(volume) END AS volume,
      CASE WHEN count(notional) = count(*) THEN sum(notional) END AS notional,
      CAST(CASE WHEN count(trades) = count(*) THEN sum(trades) END AS bigint) AS trades,
      CASE WHEN count(currency) = count(*) AND min(currency) = max(currency) THEN min(currency) END AS currency,
      count(*) AS days,
      min(date) AS first_date,
      max(date) AS last_date,
      max(known_at) AS known_at
    FROM periods
    GROUP BY bar_interval, bar_calendar, instrument_id, period
    UNION ALL
    SELECT
      '1d',
      bar_calendar,
      instrument_id,
      date,
      open,
      high,
      low,
      close,
      volume,
      notional,
      trades,
      currency,
      1,
      date,
      date,
      known_at
    FROM formed_days
  ),
  session_periods AS (
    SELECT
      mic,
      '1d' AS bar_interval,
      session_date AS period,
      open,
      close,
      1 AS sessions
    FROM sessions
    UNION ALL
    SELECT
      mic,
      '1w',
      CAST(CAST(date_trunc('week', session_date) AS timestamp(6)) AS date),
      min(open),
      max(close),
      count(*)
    FROM sessions
    GROUP BY mic, CAST(date_trunc('week', session_date) AS timestamp(6))
    UNION ALL
    SELECT
      mic,
      '1mo',
      CAST(CAST(date_trunc('month', session_date) AS timestamp(6)) AS date),
      min(open),
      max(close),
      count(*)
    FROM sessions
    GROUP BY mic, CAST(date_trunc('month', session_date) AS timestamp(6))
  )
  SELECT
    bar.instrument_id,
    bar.bar_calendar,
    bar.bar_interval,
    bar.period AS date,
    CAST(from_unixtime_nanos(coalesce(session.open, date_diff('day', DATE '1970-01-01', bar.period) * 1440) * 60000000 * 1000) AS timestamp(6) with time zone) AS bar_start,
    CAST(from_unixtime_nanos(coalesce(session.close, date_diff('day', DATE '1970-01-01', CASE WHEN bar.bar_interval = '1w' THEN date_add('day', 7, bar.period) ELSE date_add('day', 1, last_day_of_month(bar.period)) END) * 1440) * 60000000 * 1000) AS timestamp(6) with time zone) AS bar_end,
    bar.open,
    bar.high,
    bar.low,
    bar.close,
    CASE WHEN bar.volume <= 0 THEN NULL WHEN bar.low = bar.high THEN bar.low WHEN bar.average BETWEEN CAST(bar.low AS double) - 1e-6 * abs(CAST(bar.low AS double)) AND CAST(bar.high AS double) + 1e-6 * abs(CAST(bar.high AS double)) THEN array_min(filter(ARRAY[bar.high, array_max(filter(ARRAY[bar.low, TRY_CAST(bar.average AS decimal(38, 18))], x -> x IS NOT NULL))], x -> x IS NOT NULL)) END AS vwap,
    bar.volume,
    bar.trades,
    bar.currency,
    bar.first_date,
    bar.last_date,
    bar.days,
    coalesce(session.sessions, CASE WHEN bar.bar_interval = '1w' THEN 7 ELSE day(last_day_of_month(bar.period)) END) AS expected_days,
    bar.known_at AS _known_at
  FROM (
    SELECT
      bar_interval,
      bar_calendar,
      instrument_id,
      period,
      open,
      high,
      low,
      close,
      volume,
      notional,
      trades,
      currency,
      days,
      first_date,
      last_date,
      known_at,
      CASE WHEN low < high THEN CAST(notional AS double) / nullif(CAST(volume AS double), 0) END AS average
    FROM composed
  ) AS bar
  LEFT JOIN session_periods AS session ON (session.mic = bar.bar_calendar AND session.bar_interval = bar.bar_interval AND session.period = bar.period)
)
