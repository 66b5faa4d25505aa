-- gold.returns_daily in Trino's SQL, made from models/gold/returns_daily.sql by scripts/generate-trino.mjs.
SELECT
  CAST(instrument_id AS varchar) AS instrument_id,
  CAST(date AS date) AS date,
  CAST(basis AS varchar) AS basis,
  CAST(open AS decimal(38, 18)) AS open,
  CAST(high AS decimal(38, 18)) AS high,
  CAST(low AS decimal(38, 18)) AS low,
  CAST(close AS decimal(38, 18)) AS close,
  CAST(volume AS decimal(38, 18)) AS volume,
  CAST(turnover AS decimal(38, 18)) AS turnover,
  CAST(currency AS varchar) AS currency,
  CAST(previous_date AS date) AS previous_date,
  CAST(previous_close AS decimal(38, 18)) AS previous_close,
  CAST(previous_currency AS varchar) AS previous_currency,
  CAST(days AS bigint) AS days,
  CAST(sessions AS bigint) AS sessions,
  CAST(crossed AS varchar) AS crossed,
  CAST(comparable_factor AS double) AS comparable_factor,
  CAST(simple_return AS double) AS simple_return,
  CAST(log_return AS double) AS log_return,
  CAST(total_return AS double) AS total_return,
  CAST(reason AS varchar) AS reason,
  CAST(total_return_reason AS varchar) AS total_return_reason,
  CAST(_known_at AS timestamp(6) with time zone) AS _known_at
FROM (
  WITH daily AS (
    SELECT
      instrument_id,
      CAST(event_time AT TIME ZONE 'UTC' AS date) AS date,
      'published' AS basis,
      event_time AS moment,
      open,
      high,
      low,
      close,
      volume,
      quote_volume AS turnover,
      currency,
      _known_at
    FROM silver.bars
    WHERE bar_interval = '1d'
    UNION ALL
    SELECT
      instrument_id,
      date,
      'formed',
      CAST(from_unixtime_nanos(date_diff('day', DATE '1970-01-01', date) * 1440 * 60000000 * 1000) AS timestamp(6) with time zone),
      open,
      high,
      low,
      close,
      volume,
      TRY_CAST(CAST(vwap AS double) * CAST(volume AS double) AS decimal(38, 18)),
      currency,
      bar_known_at
    FROM gold.bars_daily
    WHERE bar_known_at IS NOT NULL
  ),
  days AS (
    SELECT
      instrument_id,
      date,
      date_diff('day', DATE '1970-01-01', date) AS day,
      max_by(CAST(ROW(basis, open, high, low, close, volume, turnover, currency, _known_at) AS row(basis varchar, open decimal(38, 18), high decimal(38, 18), low decimal(38, 18), close decimal(38, 18), volume decimal(38, 18), turnover decimal(38, 18), currency varchar, known_at timestamp(6) with time zone)), CAST(round(to_unixtime(moment) * 1e6) AS bigint) + CASE WHEN basis = 'published' THEN 4000000000000000000 ELSE 0 END) FILTER (WHERE CAST(round(to_unixtime(moment) * 1e6) AS bigint) + CASE WHEN basis = 'published' THEN 4000000000000000000 ELSE 0 END IS NOT NULL) AS bar
    FROM daily
    GROUP BY instrument_id, date
  ),
  steps AS (
    SELECT
      instrument_id,
      date,
      day,
      bar,
      CASE WHEN day - lag(day, 1) OVER (PARTITION BY instrument_id ORDER BY day) <= 14 THEN lag(day, 1) OVER (PARTITION BY instrument_id ORDER BY day) END AS previous_day,
      CASE WHEN day - lag(day, 1) OVER (PARTITION BY instrument_id ORDER BY day) <= 14 THEN lag(bar, 1) OVER (PARTITION BY instrument_id ORDER BY day) END AS previous
    FROM days
  ),
  units AS (
    SELECT
      code,
      parts,
      coalesce(part_of, code) AS money
    FROM reference.currencies
  ),
  changes AS (
    SELECT
      instrument_id,
      date_diff('day', DATE '1970-01-01', ex_date) AS ex_day,
      currency,
      CASE WHEN action_type IN ('cash_dividend', 'special_dividend', 'spin_off') THEN 'cash_dividend' ELSE action_type END AS kind,
      CASE WHEN action_type NOT IN ('cash_dividend', 'special_dividend', 'spin_off') THEN action_id END AS action_id,
      status IS NOT DISTINCT FROM 'cancelled' AS is_cancelled,
      CASE WHEN count(amount) = count(*) THEN sum(amount) END AS amount,
      max(ratio) AS ratio,
      max(_known_at) AS known_at
    FROM silver.corporate_actions
    WHERE action_type NOT IN ('symbol_change', 'delisting')
    GROUP BY instrument_id, date_diff('day', DATE '1970-01-01', ex_date), currency, CASE WHEN action_type IN ('cash_dividend', 'special_dividend', 'spin_off') THEN 'cash_dividend' ELSE action_type END, CASE WHEN action_type NOT IN ('cash_dividend', 'special_dividend', 'spin_off') THEN action_id END, status IS NOT DISTINCT FROM 'cancelled'
  ),
  attached AS (
    SELECT
      step.instrument_id,
      step.date,
      change.kind,
      change.ex_day,
      change.action_id,
      change.is_cancelled,
      change.known_at,
      CASE WHEN change.kind IN ('split', 'reverse_split', 'stock_dividend') THEN CASE WHEN change.ratio > 0 THEN 1e0 / CAST(change.ratio AS double) END WHEN change.kind IN ('cash_dividend', 'special_dividend', 'spin_off', 'rights', 'symbol_change', 'delisting') THEN CAST(1.0 AS double) END AS split,
      CASE WHEN change.kind IN ('cash_dividend', 'special_dividend', 'spin_off') THEN CASE WHEN CASE WHEN change.currency IS NOT DISTINCT FROM step.previous.currency THEN change.amount WHEN own.money = target.money THEN TRY_CAST(CAST(change.amount AS double) * target.parts / CAST(own.parts AS double) AS decimal(38, 18)) END >= 0 AND step.previous.close > CASE WHEN change.currency IS NOT DISTINCT FROM step.previous.currency THEN change.amount WHEN own.money = target.money THEN TRY_CAST(CAST(change.amount AS double) * target.parts / CAST(own.parts AS double) AS decimal(38, 18)) END THEN 1 - CAST(CASE WHEN change.currency IS NOT DISTINCT FROM step.previous.currency THEN change.amount WHEN own.money = target.money THEN TRY_CAST(CAST(change.amount AS double) * target.parts / CAST(own.parts AS double) AS decimal(38, 18)) END AS double) / CAST(step.previous.close AS double) END WHEN change.kind = 'rights' THEN CASE WHEN CASE WHEN change.currency IS NOT DISTINCT FROM step.previous.currency THEN change.amount WHEN own.money = target.money THEN TRY_CAST(CAST(change.amount AS double) * target.parts / CAST(own.parts AS double) AS decimal(38, 18)) END >= 0 AND change.ratio > 0 AND step.previous.close > CASE WHEN change.currency IS NOT DISTINCT FROM step.previous.currency THEN change.amount WHEN own.money = target.money THEN TRY_CAST(CAST(change.amount AS double) * target.parts / CAST(own.parts AS double) AS decimal(38, 18)) END THEN (1 + CAST(change.ratio AS double) * CAST(CASE WHEN change.currency IS NOT DISTINCT FROM step.previous.currency THEN change.amount WHEN own.money = target.money THEN TRY_CAST(CAST(change.amount AS double) * target.parts / CAST(own.parts AS double) AS decimal(38, 18)) END AS double) / CAST(step.previous.close AS double)) / (1 + CAST(change.ratio AS double)) WHEN change.ratio > 0 AND step.previous.close > 0 AND step.previous.close <= CASE WHEN change.currency IS NOT DISTINCT FROM step.previous.currency THEN change.amount WHEN own.money = target.money THEN TRY_CAST(CAST(change.amount AS double) * target.parts / CAST(own.parts AS double) AS decimal(38, 18)) END THEN CAST(1.0 AS double) END ELSE CASE WHEN change.kind IN ('split', 'reverse_split', 'stock_dividend') THEN CASE WHEN change.ratio > 0 THEN 1e0 / CAST(change.ratio AS double) END WHEN change.kind IN ('cash_dividend', 'special_dividend', 'spin_off', 'rights', 'symbol_change', 'delisting') THEN CAST(1.0 AS double) END END AS total
    FROM (
      SELECT
        changes.instrument_id,
        changes.ex_day,
        changes.currency,
        changes.kind,
        changes.action_id,
        changes.is_cancelled,
        changes.amount,
        changes.ratio,
        changes.known_at,
        unnested.later
      FROM changes
      CROSS JOIN UNNEST(slice(sequence(0, 14), 1, 14)) AS unnested (later)
    ) AS change
    JOIN steps AS step ON (step.instrument_id = change.instrument_id AND step.day = change.ex_day + change.later AND change.ex_day > step.previous_day)
    LEFT JOIN units AS own ON own.code = change.currency
    LEFT JOIN units AS target ON target.code = step.previous.currency
  ),
  actions AS (
    SELECT
      instrument_id,
      date,
      max(known_at) AS known_at,
      bool_or(split <> 1) FILTER (WHERE NOT is_cancelled) AS is_split,
      bool_or(kind IN ('cash_dividend', 'rights')) FILTER (WHERE NOT is_cancelled) AS is_distribution,
      bool_or(split IS NULL) FILTER (WHERE NOT is_cancelled) AS lacks_split,
      bool_or(total IS NULL) FILTER (WHERE NOT is_cancelled) AS lacks_total,
      element_at(transform(ARRAY[filter(array_agg(split ORDER BY ex_day, kind, action_id) FILTER (WHERE NOT is_cancelled), x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s * CAST(x AS double), CAST(x AS double)), s -> s)), 1) AS split,
      element_at(transform(ARRAY[filter(array_agg(total ORDER BY ex_day, kind, action_id) FILTER (WHERE NOT is_cancelled), x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s * CAST(x AS double), CAST(x AS double)), s -> s)), 1) AS total
    FROM attached
    GROUP BY instrument_id, date
  ),
  traded AS (
    SELECT
      instrument_id,
      max(calendar) AS calendar
    FROM reference.instruments
    GROUP BY instrument_id
  ),
  sessions AS (
    SELECT
      traded.instrument_id,
      calendar_sessions.session_date,
      calendar_sessions.session_number
    FROM traded
    JOIN silver.calendar_sessions ON calendar_sessions.mic = traded.calendar
  ),
  compared AS (
    SELECT
      step.instrument_id,
      step.date,
      step.day,
      step.bar,
      step.previous_day,
      step.previous,
      action.split,
      action.total,
      action.lacks_split,
      action.lacks_total,
      action.known_at AS action_known_at,
      coalesce(action.is_split, false) AS is_split,
      coalesce(action.is_distribution, false) AS is_distribution,
      step.bar.currency IS DISTINCT FROM step.previous.currency AS is_other_unit,
      money.factor IS NOT NULL AS is_redenominated,
      CASE WHEN step.bar.currency IS NOT DISTINCT FROM step.previous.currency THEN CAST(1.0 AS double) WHEN own.money = earlier.money THEN CAST(own.parts AS double) / CAST(earlier.parts AS double) WHEN money.factor > 0 THEN 1e0 / CAST(money.factor AS double) END AS unit,
      session.session_number - previous_session.session_number AS sessions
    FROM steps AS step
    LEFT JOIN actions AS action ON (action.instrument_id = step.instrument_id AND action.date = step.date)
    LEFT JOIN units AS own ON own.code = step.bar.currency
    LEFT JOIN units AS earlier ON earlier.code = step.previous.currency
    LEFT JOIN reference.redenominations AS money ON (money.from_currency = step.previous.currency AND money.to_currency = step.bar.currency)
    LEFT JOIN sessions AS session ON (session.instrument_id = step.instrument_id AND session.session_date = step.date)
    LEFT JOIN sessions AS previous_session ON (previous_session.instrument_id = step.instrument_id AND previous_session.session_date = date_add('day', CAST(step.previous_day AS integer), DATE '1970-01-01'))
  ),
  judged AS (
    SELECT
      instrument_id,
      date,
      day,
      bar,
      previous_day,
      previous,
      split,
      total,
      lacks_split,
      lacks_total,
      action_known_at,
      is_split,
      is_distribution,
      is_other_unit,
      is_redenominated,
      unit,
      sessions,
      coalesce(split, CAST(1.0 AS double)) AS split_factor,
      coalesce(total, CAST(1.0 AS double)) AS total_return_factor,
      CASE WHEN sessions IS NOT NULL THEN sessions > 1 WHEN CASE WHEN instrument_id LIKE 'crypto:%' THEN 365 ELSE 252 END = 365 THEN day - previous_day > 1 ELSE day - previous_day > 4 END AS has_gap,
      CASE WHEN previous_day IS NULL THEN 'no_previous_close' WHEN NOT (bar.close > 0 AND previous.close > 0) THEN 'non_positive_price' WHEN unit IS NULL THEN 'other_currency' WHEN lacks_split THEN 'unknown_split' END AS reason
    FROM compared
  )
  SELECT
    instrument_id,
    date,
    bar.basis,
    bar.open,
    bar.high,
    bar.low,
    bar.close,
    bar.volume,
    bar.turnover,
    bar.currency,
    date_add('day', CAST(previous_day AS integer), DATE '1970-01-01') AS previous_date,
    previous.close AS previous_close,
    previous.currency AS previous_currency,
    day - previous_day AS days,
    CAST(sessions AS bigint) AS sessions,
    nullif(concat_ws(',', CASE WHEN is_split THEN 'split' END, CASE WHEN is_distribution THEN 'distribution' END, CASE WHEN previous_day IS NOT NULL AND is_other_unit THEN CASE WHEN is_redenominated THEN 'redenomination' WHEN unit IS NOT NULL THEN 'unit' ELSE 'currency' END END, CASE WHEN has_gap THEN 'gap' END), '') AS crossed,
    CASE WHEN reason IS NULL THEN split_factor * unit END AS comparable_factor,
    CASE WHEN reason IS NULL THEN CASE WHEN split_factor * unit = 1 THEN CASE WHEN bar.close > 0 AND previous.close > 0 THEN CAST(CAST(bar.close - previous.close AS decimal(38, 18)) AS double) / CAST(previous.close AS double) END WHEN split_factor * unit > 0 AND bar.close > 0 AND previous.close > 0 THEN CAST(bar.close AS double) / (CAST(previous.close AS double) * (split_factor * unit)) - 1 END END AS simple_return,
    CASE WHEN reason IS NULL THEN CASE WHEN split_factor * unit > 0 AND bar.close > 0 AND previous.close > 0 THEN ln(CAST(bar.close AS double) / (CAST(previous.close AS double) * (split_factor * unit))) END END AS log_return,
    CASE WHEN reason IS NULL AND CAST(lacks_total AS boolean) IS DISTINCT FROM true THEN CASE WHEN total_return_factor * unit = 1 THEN CASE WHEN bar.close > 0 AND previous.close > 0 THEN CAST(CAST(bar.close - previous.close AS decimal(38, 18)) AS double) / CAST(previous.close AS double) END WHEN total_return_factor * unit > 0 AND bar.close > 0 AND previous.close > 0 THEN CAST(bar.close AS double) / (CAST(previous.close AS double) * (total_return_factor * unit)) - 1 END END AS total_return,
    reason,
    coalesce(reason, CASE WHEN lacks_total THEN 'unknown_distribution' END) AS total_return_reason,
    array_max(filter(ARRAY[bar.known_at, previous.known_at, action_known_at], x -> x IS NOT NULL)) AS _known_at
  FROM judged
)
