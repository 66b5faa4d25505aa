/*---
table: returns_daily
contract: returns_daily
grain: one row per instrument and date
partition: date
lookback: P14D
series: instrument_id
description: >
  Every day with a close: the bar that a provider published, else the one that price_bars formed, and the return since the close
  before, at most 14 days back. Prices are raw. Returns never cross a split, a distribution, a redenomination, another unit or missing
  sessions without saying so in `crossed`: for splits, units and redenominations the earlier close is made comparable, and total_return
  counts distributions too. Corporate actions count as they are known; those that are known later change the row and its _known_at.
---*/
WITH daily AS (
  SELECT
    instrument_id, event_time::DATE AS date, 'published' AS basis, event_time AS moment,
    open, high, low, close, volume, quote_volume AS turnover, currency, _known_at
  FROM silver.bars WHERE bar_interval = '1d'
  UNION ALL
  SELECT
    instrument_id, date, 'formed', at_minute(day_minutes(date)),
    open, high, low, close, volume, traded_value(vwap, volume), currency, bar_known_at
  FROM gold.bars_daily WHERE bar_known_at IS NOT NULL
),
-- Of several bars that begin on one day, the published one that begins last.
days AS (
  SELECT
    instrument_id, date, date - DATE '1970-01-01' AS day,
    max_by(
      {'basis': basis, 'open': open, 'high': high, 'low': low, 'close': close, 'volume': volume, 'turnover': turnover,
       'currency': currency, 'known_at': _known_at},
      epoch_us(moment) + CASE WHEN basis = 'published' THEN 4000000000000000000 ELSE 0 END) AS bar
  FROM daily
  GROUP BY instrument_id, date
),
steps AS (
  SELECT
    instrument_id, date, day, bar,
    CASE WHEN day - back(day, 1, instrument_id, day) <= 14 THEN back(day, 1, instrument_id, day) END AS previous_day,
    CASE WHEN day - back(day, 1, instrument_id, day) <= 14 THEN back(bar, 1, instrument_id, day) END AS previous
  FROM days
),
units AS (
  SELECT code, parts, coalesce(part_of, code) AS money FROM reference.currencies
),
-- Distributions of one day are one: they come out of the same price. A cancelled action counts for nothing but for when that was known.
changes AS (
  SELECT
    instrument_id, ex_date - DATE '1970-01-01' AS ex_day, currency,
    CASE WHEN action_type IN ('cash_dividend', 'special_dividend', 'spin_off') THEN 'cash_dividend' ELSE action_type END AS kind,
    CASE WHEN action_type NOT IN ('cash_dividend', 'special_dividend', 'spin_off') THEN action_id END AS action_id,
    status IS NOT DISTINCT FROM 'cancelled' AS is_cancelled,
    sum_known(amount) AS amount, max(ratio) AS ratio, max(_known_at) AS known_at
  FROM silver.corporate_actions
  WHERE action_type NOT IN ('symbol_change', 'delisting')
  GROUP BY ALL
),
-- An action belongs to the first close on or after its ex date.
attached AS (
  SELECT
    step.instrument_id, step.date, change.kind, change.ex_day, change.action_id, change.is_cancelled, change.known_at,
    split_factor(change.kind, change.ratio) AS split,
    total_return_factor(
      change.kind, change.ratio,
      in_unit(change.amount, change.currency, previous.currency, own.parts, target.parts, own.money = target.money),
      previous.close) AS total
  FROM (SELECT *, unnest(range(14)) AS later FROM changes) AS change
  JOIN steps AS step ON step.instrument_id = change.instrument_id AND step.day = change.ex_day + change.later AND change.ex_day > step.previous_day
  LEFT JOIN units AS own ON own.code = change.currency
  LEFT JOIN units AS target ON target.code = step.previous.currency
),
actions AS (
  SELECT
    instrument_id, date, max(known_at) AS known_at,
    bool_or(split <> 1) FILTER (WHERE NOT is_cancelled) AS is_split,
    bool_or(kind IN ('cash_dividend', 'rights')) FILTER (WHERE NOT is_cancelled) AS is_distribution,
    bool_or(split IS NULL) FILTER (WHERE NOT is_cancelled) AS lacks_split,
    bool_or(total IS NULL) FILTER (WHERE NOT is_cancelled) AS lacks_total,
    list_aggregate(list(split ORDER BY ex_day, kind, action_id) FILTER (WHERE NOT is_cancelled), 'product') AS split,
    list_aggregate(list(total ORDER BY ex_day, kind, action_id) FILTER (WHERE NOT is_cancelled), 'product') AS total
  FROM attached
  GROUP BY instrument_id, date
),
-- Instruments that some row is of, each with its calendar once.
traded AS (
  SELECT instrument_id, max(calendar) AS calendar FROM reference.instruments GROUP BY instrument_id
),
sessions AS (
  SELECT instrument_id, session_date, session_number
  FROM traded JOIN silver.calendar_sessions ON mic = calendar
),
compared AS (
  SELECT
    step.instrument_id, step.date, step.day, step.bar, step.previous_day, step.previous,
    action.split, action.total, action.lacks_split, action.lacks_total, action.known_at AS action_known_at,
    coalesce(action.is_split, false) AS is_split,
    coalesce(action.is_distribution, false) AS is_distribution,
    step.bar.currency IS DISTINCT FROM step.previous.currency AS is_other_unit,
    money.factor IS NOT NULL AS is_redenominated,
    unit_factor(step.bar.currency, step.previous.currency, own.parts, earlier.parts, own.money = earlier.money, money.factor) AS unit,
    session.session_number - previous_session.session_number AS sessions
  FROM steps AS step
  LEFT JOIN actions AS action ON action.instrument_id = step.instrument_id AND action.date = step.date
  LEFT JOIN units AS own ON own.code = step.bar.currency
  LEFT JOIN units AS earlier ON earlier.code = step.previous.currency
  LEFT JOIN reference.redenominations AS money
    ON money.from_currency = step.previous.currency AND money.to_currency = step.bar.currency
  LEFT JOIN sessions AS session ON session.instrument_id = step.instrument_id AND session.session_date = step.date
  LEFT JOIN sessions AS previous_session
    ON previous_session.instrument_id = step.instrument_id
    AND previous_session.session_date = DATE '1970-01-01' + step.previous_day::INTEGER
),
judged AS (
  SELECT
    *,
    coalesce(split, 1.0::DOUBLE) AS split_factor,
    coalesce(total, 1.0::DOUBLE) AS total_return_factor,
    is_gap(day - previous_day, sessions, periods_per_year(instrument_id)) AS has_gap,
    CASE
      WHEN previous_day IS NULL THEN 'no_previous_close'
      WHEN NOT (bar.close > 0 AND previous.close > 0) THEN 'non_positive_price'
      WHEN unit IS NULL THEN 'other_currency'
      WHEN lacks_split THEN 'unknown_split'
    END AS reason
  FROM compared
)
SELECT
  instrument_id, date, bar.basis AS basis, bar.open AS open, bar.high AS high, bar.low AS low, bar.close AS close, bar.volume AS volume,
  bar.turnover AS turnover, bar.currency AS currency,
  DATE '1970-01-01' + previous_day::INTEGER AS previous_date,
  previous.close AS previous_close,
  previous.currency AS previous_currency,
  day - previous_day AS days,
  sessions::BIGINT AS sessions,
  nullif(concat_ws(',',
    CASE WHEN is_split THEN 'split' END,
    CASE WHEN is_distribution THEN 'distribution' END,
    CASE WHEN previous_day IS NOT NULL AND is_other_unit THEN
      CASE WHEN is_redenominated THEN 'redenomination' WHEN unit IS NOT NULL THEN 'unit' ELSE 'currency' END END,
    CASE WHEN has_gap THEN 'gap' END), '') AS crossed,
  CASE WHEN reason IS NULL THEN split_factor * unit END AS comparable_factor,
  CASE WHEN reason IS NULL THEN scaled_return(bar.close, previous.close, split_factor * unit) END AS simple_return,
  CASE WHEN reason IS NULL THEN scaled_log_return(bar.close, previous.close, split_factor * unit) END AS log_return,
  CASE WHEN reason IS NULL AND lacks_total IS NOT TRUE
    THEN scaled_return(bar.close, previous.close, total_return_factor * unit) END AS total_return,
  reason,
  coalesce(reason, CASE WHEN lacks_total THEN 'unknown_distribution' END) AS total_return_reason,
  greatest(bar.known_at, previous.known_at, action_known_at) AS _known_at
FROM judged
