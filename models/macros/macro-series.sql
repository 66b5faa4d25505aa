/*---
description: Figures of macro series that are carried from day to day, and how long they may be.
---*/

-- How often a series has a figure, from the days between the periods of the newest two.
CREATE OR REPLACE MACRO observation_frequency(step) AS
  CASE WHEN step <= 6 THEN 'daily' WHEN step <= 20 THEN 'weekly' WHEN step <= 35 THEN 'monthly' WHEN step <= 100 THEN 'quarterly' WHEN step <= 400 THEN 'annual' END;

-- Days from the first one of its period that a figure may be carried: its period, the wait until the next one is published, and a delay. The
-- next quarter's figures are out 210 days after a quarter began, or 257. A series with one figure so far counts as daily.
CREATE OR REPLACE MACRO observation_days(step) AS
  CASE WHEN step <= 6 THEN 10 WHEN step <= 20 THEN 35 WHEN step <= 35 THEN 130 WHEN step <= 100 THEN 300 WHEN step <= 400 THEN 800 ELSE 10 END;

-- Why the newest row of macro_daily (of the day `known_date`) gives no figure of a series on a day, or NULL.
CREATE OR REPLACE MACRO rate_reason(series, known_date, reason, period, max_age_days, date) AS
  CASE
    WHEN series IS NULL THEN 'no_series'
    WHEN known_date IS NULL THEN 'not_known'
    WHEN reason IS NOT NULL THEN reason
    WHEN date - period > max_age_days THEN 'stale'
  END;
