/*---
description: Features of one series of returns; each looks back at a fixed number of rows and at nothing after the row.
---*/

-- The seven newest values added up.
CREATE OR REPLACE MACRO sum_7(x, series, day) AS
  back(x, 6, series, day) + back(x, 5, series, day) + back(x, 4, series, day) + back(x, 3, series, day) + back(x, 2, series, day) + back(x, 1, series, day) + x;

-- Relative strength index of n steps (Wilder 1978, with plain means as Cutler has it, so that it depends on n steps alone), 0..100:
-- 100 minus 100 over one more than the gains per loss. NULL when nothing moved. The share first: 100 g / g can round to more than 100.
CREATE OR REPLACE MACRO strength_index(gains, losses) AS CASE WHEN gains + losses > 0 THEN 100 * (gains / (gains + losses)) END;

-- The highest price of five blocks of n rows over the last price of the newest, from the blocks' own peaks and their log returns.
CREATE OR REPLACE MACRO peak_5(peak, log_sum, n, series, day) AS
  greatest(
    peak,
    back(peak, n, series, day) * exp(0 - log_sum),
    back(peak, 2 * n, series, day) * exp(0 - (log_sum + back(log_sum, n, series, day))),
    back(peak, 3 * n, series, day) * exp(0 - (log_sum + back(log_sum, n, series, day) + back(log_sum, 2 * n, series, day))),
    back(peak, 4 * n, series, day) * exp(0 - (log_sum + back(log_sum, n, series, day) + back(log_sum, 2 * n, series, day) + back(log_sum, 3 * n, series, day))));

-- How deep a fall is: near its high within 10 %, in a correction within 20 %, else in a bear market.
CREATE OR REPLACE MACRO drawdown_state(drawdown) AS
  CASE WHEN drawdown < 0.1 THEN 'near_high' WHEN drawdown < 0.2 THEN 'correction' WHEN drawdown IS NOT NULL THEN 'bear' END;

-- Standard deviation of a month against that of a year: calm below two thirds of it, stressed above half as much again.
CREATE OR REPLACE MACRO volatility_regime(short, long) AS
  CASE WHEN NOT is_still(long) THEN CASE WHEN short < long * 2 / 3 THEN 'calm' WHEN short > long * 3 / 2 THEN 'stressed' ELSE 'normal' END END;

-- Why a figure over n steps is missing: too few rows, or the reason of a return in them. NULL where it is there. And a reason by the name of
-- what is missing, as an entry of a JSON object.
CREATE OR REPLACE MACRO window_reason(figure, rows, n, step_reason) AS
  CASE WHEN figure IS NULL THEN CASE WHEN rows > n THEN step_reason ELSE 'insufficient_history' END END;
CREATE OR REPLACE MACRO named_reason(name, reason) AS '"' || name || '":"' || reason || '"';
