/*---
description: The formulas of the gold models, each written once. Losses are positive, returns signed, ratios 0..1.
---*/

-- A decimal as a double, within two units in the last place. The plain cast divides 128-bit numbers and costs ten times as much.
CREATE OR REPLACE MACRO to_double(amount) AS list_aggregate([amount], 'avg');

-- The multiple of n at or below a whole number; the plain integer division rounds -1 up to 0.
CREATE OR REPLACE MACRO floor_to(number, n) AS number - ((number % n) + n) % n;

-- Minutes since the epoch, rounded down, and back. date_trunc on TIMESTAMPTZ goes through the time zone library and is slow.
CREATE OR REPLACE MACRO minute_of(moment) AS floor_to(epoch_us(moment), 60000000) // 60000000;
CREATE OR REPLACE MACRO at_minute(minute_index) AS make_timestamptz(minute_index * 60000000);

-- Minutes since the epoch at the start of a day.
CREATE OR REPLACE MACRO day_minutes(date) AS (date - DATE '1970-01-01') * 1440;

-- The index of the window that holds n finer ones.
CREATE OR REPLACE MACRO coarser(window_index, n) AS floor_to(window_index, n) // n;

-- The sum, or NULL when a part of it is unknown.
CREATE OR REPLACE MACRO sum_known(amount) AS CASE WHEN count(amount) = count(*) THEN sum(amount) END;

-- Traded value of one trade. It passes through a double (15 digits) and is summed as a decimal, because such a sum has no order;
-- NULL when it does not fit.
CREATE OR REPLACE MACRO traded_value(price, size) AS TRY_CAST(to_double(price) * to_double(size) AS DECIMAL(38, 18));

-- The same of a bar from its average price; nothing where nothing was traded.
CREATE OR REPLACE MACRO notional_of(average_price, volume) AS CASE WHEN volume = 0 THEN 0 ELSE traded_value(average_price, volume) END;

-- What all rows agree on: NULL when they do not, or one of them does not say.
CREATE OR REPLACE MACRO sole(word) AS CASE WHEN count(word) = count(*) AND min(word) = max(word) THEN min(word) END;

-- Volume-weighted average price of a bar, from turnover over volume as a double. NULL without volume. An average that misses the
-- bar's range by more than rounding has another unit (inverse contracts state their turnover in the base currency): NULL, never
-- a wrong price. A bar of one price needs no average.
CREATE OR REPLACE MACRO vwap(average, volume, low, high) AS
  CASE
    WHEN NOT volume > 0 THEN NULL
    WHEN low = high THEN low
    WHEN average BETWEEN to_double(low) - 1e-6 * abs(to_double(low)) AND to_double(high) + 1e-6 * abs(to_double(high))
    THEN least(high, greatest(low, TRY_CAST(average AS DECIMAL(38, 18))))
  END;

-- Periods a year: 365 for markets that never close, 252 sessions for the others.
CREATE OR REPLACE MACRO periods_per_year(instrument_id) AS CASE WHEN instrument_id LIKE 'crypto:%' THEN 365 ELSE 252 END;

-- r = P_t / P_(t-1) - 1, from the exact difference; NULL unless both prices are positive.
CREATE OR REPLACE MACRO simple_return(price, previous) AS
  CASE WHEN price > 0 AND previous > 0 THEN to_double(price - previous) / to_double(previous) END;

-- l = ln(P_t / P_(t-1)); NULL unless both prices are positive.
CREATE OR REPLACE MACRO log_return(price, previous) AS
  CASE WHEN price > 0 AND previous > 0 THEN ln(to_double(price) / to_double(previous)) END;

-- All x of a group in the order of k, no two alike, and their sum in that order. DuckDB gives each group of an aggregate with ORDER BY about
-- 100 kB as soon as it has 17 rows; a list that is sorted afterwards takes what it holds.
CREATE OR REPLACE MACRO ordered_list(k, x) AS list_transform(list_sort(list({'k': k, 'x': x})), item -> item.x);
CREATE OR REPLACE MACRO ordered_sum(k, x) AS list_aggregate(ordered_list(k, x), 'sum');

-- The value n rows ago in the series.
CREATE OR REPLACE MACRO back(x, n, series, day) AS lag(x, n) OVER (PARTITION BY series ORDER BY day);

-- Figures of long windows are joined from blocks at fixed distances from the row (1, 5, 25, 125, 250 rows), so that the order of
-- additions is the same wherever the row stands in its slice. In a window sum it changes with the row's offset.
-- Each macro joins the five newest blocks of n rows.
CREATE OR REPLACE MACRO last_5(x, n, series, day) AS [back(x, 4 * n, series, day), back(x, 3 * n, series, day), back(x, 2 * n, series, day), back(x, n, series, day), x];
CREATE OR REPLACE MACRO sum_5(x, n, series, day) AS back(x, 4 * n, series, day) + back(x, 3 * n, series, day) + back(x, 2 * n, series, day) + back(x, n, series, day) + x;

-- Sum of squared deviations from the common mean: within the blocks and between their means. Never a difference of large sums.
CREATE OR REPLACE MACRO deviation_5(deviation, mean, n, series, day) AS
  sum_5(deviation, n, series, day) + 5 * n * list_aggregate(last_5(mean, n, series, day), 'var_pop');

-- Sum weighted by decay^age; 0.94 is that of RiskMetrics 1996, daily.
CREATE OR REPLACE MACRO decayed_by_5(x, decay, n, series, day) AS
  back(x, 4 * n, series, day) * pow(decay, 4 * n) + back(x, 3 * n, series, day) * pow(decay, 3 * n) + back(x, 2 * n, series, day) * pow(decay, 2 * n)
    + back(x, n, series, day) * pow(decay, n) + x;
CREATE OR REPLACE MACRO decayed_5(x, n, series, day) AS decayed_by_5(x, 0.94, n, series, day);

-- Type 7 quantile between two neighbouring order statistics.
CREATE OR REPLACE MACRO between_ranks(lower_rank, upper_rank, fraction) AS lower_rank + fraction * (upper_rank - lower_rank);
