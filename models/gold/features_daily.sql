/*---
table: features_daily
contract: features_daily
grain: one row per instrument and date
partition: date
lookback: P400D
series: instrument_id
description: >
  What a model of returns takes in, as it was known at the close of each day: earlier returns, momentum, z-score, relative strength,
  distance from the high of a year, regimes, the short rate of its currency, and the calendar. Nothing looks past its row. A feature is
  empty until the rows that it looks back at are there and have returns; all of them must lie within 60 (up to 20 rows) or 400 days. The
  rate is that of macro_daily, as known at the end of the day: the newest row of the last 370 days; its change is against what was known 20
  days before, in points. `reasons` names each feature that is empty, and why; it is empty where none is.
---*/
WITH returns AS (
  SELECT
    instrument_id, date, date - DATE '1970-01-01' AS day, close, currency, days, simple_return AS r, log_return AS l,
    CASE WHEN simple_return > 0 THEN simple_return WHEN simple_return IS NOT NULL THEN 0.0::DOUBLE END AS gain,
    CASE WHEN simple_return < 0 THEN 0 - simple_return WHEN simple_return IS NOT NULL THEN 0.0::DOUBLE END AS loss,
    CASE WHEN close > 0 THEN 1.0::DOUBLE END AS peak,
    reason AS step_reason,
    _known_at AS known_at
  FROM gold.returns_daily
),
blocks_5 AS (
  SELECT
    *,
    sum_5(l, 1, instrument_id, day) AS l_5,
    sum_5(r, 1, instrument_id, day) / 5 AS mean_5,
    deviation_of_5(r, instrument_id, day) AS deviation_5,
    sum_7(gain, instrument_id, day) AS gain_7,
    sum_7(loss, instrument_id, day) AS loss_7,
    peak_5(peak, l, 1, instrument_id, day) AS peak_5
  FROM returns
),
blocks_25 AS (
  SELECT
    *,
    sum_5(l_5, 5, instrument_id, day) AS l_25,
    sum_5(mean_5, 5, instrument_id, day) / 5 AS mean_25,
    deviation_5(deviation_5, mean_5, 5, instrument_id, day) AS deviation_25,
    peak_5(peak_5, l_5, 5, instrument_id, day) AS peak_25
  FROM blocks_5
),
blocks_125 AS (
  SELECT
    *,
    sum_5(l_25, 25, instrument_id, day) AS l_125,
    sum_5(mean_25, 25, instrument_id, day) / 5 AS mean_125,
    deviation_5(deviation_25, mean_25, 25, instrument_id, day) AS deviation_125,
    peak_5(peak_25, l_25, 25, instrument_id, day) AS peak_125
  FROM blocks_25
),
windows AS (
  SELECT
    *,
    sum_4(l_5, 5, instrument_id, day) AS l_20,
    (sum_4(mean_5, 5, instrument_id, day)) / 4 AS mean_20,
    sqrt(deviation_4(deviation_5, mean_5, 5, instrument_id, day) / 19) AS sd_20,
    sqrt((back(deviation_125, 125, instrument_id, day) + deviation_125 + 62.5 * pow(mean_125 - back(mean_125, 125, instrument_id, day), 2)) / 249) AS sd_250,
    gain_7 + back(gain_7, 7, instrument_id, day) AS gain_14,
    loss_7 + back(loss_7, 7, instrument_id, day) AS loss_14,
    l_125 + back(l_125, 125, instrument_id, day) AS l_250,
    greatest(peak_125, back(peak_125, 125, instrument_id, day) * exp(0 - l_125)) AS peak_250,
    back(r, 1, instrument_id, day) AS r_1,
    back(r, 2, instrument_id, day) AS r_2,
    back(r, 5, instrument_id, day) AS r_5,
    back(step_reason, 1, instrument_id, day) AS step_reason_1,
    back(step_reason, 2, instrument_id, day) AS step_reason_2,
    back(step_reason, 5, instrument_id, day) AS step_reason_5,
    -- The newest return that is missing lies in every window that lacks one.
    last_value(step_reason IGNORE NULLS) OVER last_250 AS newest_reason,
    count(*) OVER days_60 AS rows_60d,
    count(*) OVER days_400 AS rows_400d,
    max(known_at) OVER days_400 AS known_at_400d
  FROM blocks_125
  WINDOW
    last_250 AS (PARTITION BY instrument_id ORDER BY day ROWS 249 PRECEDING),
    days_60 AS (PARTITION BY instrument_id ORDER BY day RANGE 60 PRECEDING),
    days_400 AS (PARTITION BY instrument_id ORDER BY day RANGE 400 PRECEDING)
),
-- `greatest` passes over what is unknown: where a return is missing, so is the height of the peak.
falls AS (
  SELECT *, CASE WHEN rows_400d > 250 AND l_250 IS NOT NULL THEN greatest(0.0::DOUBLE, 1 - 1 / peak_250) END AS drawdown FROM windows
),
-- Quoted in pence or in pounds, the rate is that of the pound.
rate_series AS (
  SELECT code, max(series_id) AS series_id
  FROM reference.currencies
  JOIN reference.rate_series AS own ON own.currency = coalesce(part_of, code)
  GROUP BY code
),
-- Once for each day and currency: instruments are many.
rates AS (
  SELECT
    day.currency, day.date,
    rate_reason(
      series_id, CASE WHEN day.date - own.date <= 370 THEN own.date END, own.reason, own.period, own.max_age_days, day.date) AS rate_reason,
    rate_reason(
      series_id, CASE WHEN day.date - earlier.date <= 390 THEN earlier.date END, earlier.reason, earlier.period,
      earlier.max_age_days, day.date - 20) AS earlier_reason,
    to_double(own.value) AS rate, to_double(earlier.value) AS earlier_rate, day.date - own.period AS rate_age_days,
    greatest(
      CASE WHEN day.date - own.date <= 370 THEN own._known_at END,
      CASE WHEN day.date - earlier.date <= 390 THEN earlier._known_at END) AS rate_known_at
  FROM (SELECT DISTINCT currency, date FROM gold.returns_daily) AS day
  JOIN rate_series ON code = day.currency
  ASOF LEFT JOIN gold.macro_daily AS own ON own.instrument_id = series_id AND own.date <= day.date
  ASOF LEFT JOIN gold.macro_daily AS earlier ON earlier.instrument_id = series_id AND earlier.date <= day.date - 20
),
rated AS (
  SELECT
    falls.*, rate, earlier_rate, earlier_reason, rate_age_days, rate_known_at,
    CASE WHEN rates.date IS NULL THEN 'no_series' ELSE rate_reason END AS no_rate
  FROM falls LEFT JOIN rates ON rates.currency = falls.currency AND rates.date = falls.date
),
features AS (
  SELECT
    *,
    CASE WHEN rows_60d > 1 THEN r_1 END AS return_lag_1,
    CASE WHEN rows_60d > 2 THEN r_2 END AS return_lag_2,
    CASE WHEN rows_60d > 5 THEN r_5 END AS return_lag_5,
    CASE WHEN rows_60d > 5 THEN exp(l_5) - 1 END AS momentum_5,
    CASE WHEN rows_60d > 20 THEN exp(l_20) - 1 END AS momentum_20,
    CASE WHEN rows_400d > 125 THEN exp(l_125) - 1 END AS momentum_125,
    CASE WHEN rows_400d > 250 THEN exp(l_250) - 1 END AS momentum_250,
    CASE WHEN rows_60d > 20 AND NOT is_still(sd_20) THEN (r - mean_20) / sd_20 END AS zscore_20,
    CASE WHEN rows_60d > 14 THEN strength_index(gain_14, loss_14) END AS rsi_14,
    CASE WHEN rows_400d > 250 THEN volatility_regime(sd_20, sd_250) END AS volatility_regime
  FROM rated
),
-- What is against the windows of so many rows.
explained AS (
  SELECT
    *,
    window_reason(momentum_5, rows_60d, 5, newest_reason) AS no_5,
    window_reason(gain_14 + loss_14, rows_60d, 14, newest_reason) AS no_14,
    window_reason(momentum_20, rows_60d, 20, newest_reason) AS no_20,
    window_reason(momentum_125, rows_400d, 125, newest_reason) AS no_125,
    window_reason(momentum_250, rows_400d, 250, newest_reason) AS no_250
  FROM features
)
SELECT
  instrument_id, date, close,
  r AS return_1, return_lag_1, return_lag_2, return_lag_5, momentum_5, momentum_20, momentum_125, momentum_250, zscore_20, rsi_14,
  drawdown AS drawdown_250,
  drawdown_state(drawdown) AS drawdown_state,
  volatility_regime,
  CASE WHEN no_rate IS NULL THEN rate END AS rate,
  CASE WHEN no_rate IS NULL AND earlier_reason IS NULL THEN rate - earlier_rate END AS rate_change_20d,
  CASE WHEN no_rate IS NULL THEN rate_age_days END AS rate_age_days,
  no_rate AS rate_reason,
  isodow(date) AS day_of_week,
  month(date) AS month_of_year,
  (date = last_day(date)) AS is_month_end,
  days AS days_since_close,
  '{' || nullif(concat_ws(',',
    named_reason('return_1', CASE WHEN r IS NULL THEN step_reason END),
    named_reason('return_lag_1', window_reason(return_lag_1, rows_60d, 1, step_reason_1)),
    named_reason('return_lag_2', window_reason(return_lag_2, rows_60d, 2, step_reason_2)),
    named_reason('return_lag_5', window_reason(return_lag_5, rows_60d, 5, step_reason_5)),
    named_reason('momentum_5', no_5),
    named_reason('momentum_20', no_20),
    named_reason('momentum_125', no_125),
    named_reason('momentum_250', no_250),
    named_reason('zscore_20', CASE WHEN zscore_20 IS NULL THEN coalesce(no_20, 'zero_volatility') END),
    named_reason('rsi_14', CASE WHEN rsi_14 IS NULL THEN coalesce(no_14, 'zero_volatility') END),
    named_reason('drawdown_250', no_250),
    named_reason('drawdown_state', no_250),
    named_reason('volatility_regime', CASE WHEN volatility_regime IS NULL THEN coalesce(no_250, 'zero_volatility') END),
    named_reason('rate', no_rate),
    named_reason('rate_change_20d', coalesce(no_rate, earlier_reason)),
    named_reason('rate_age_days', no_rate),
    named_reason('days_since_close', CASE WHEN days IS NULL THEN step_reason END)), '') || '}' AS reasons,
  greatest(known_at_400d, rate_known_at) AS _known_at
FROM explained
