/*---
description: What makes two closes of one instrument comparable, and what a step between them crossed.
---*/

-- A past close in the unit of a new one: 1 for one currency, the parts of a unit such as pence, the factor of a redenomination; NULL for
-- two currencies that nothing but a market compares. `divided` is the redenomination's factor, NULL where there was none.
CREATE OR REPLACE MACRO unit_factor(currency, previous_currency, parts, previous_parts, same_money, divided) AS
  CASE
    WHEN currency IS NOT DISTINCT FROM previous_currency THEN 1.0::DOUBLE
    WHEN same_money THEN parts / previous_parts::DOUBLE
    WHEN divided > 0 THEN 1 / to_double(divided)
  END;

-- An amount in another unit of the same money, exactly: pence of pounds, or pounds of pence. NULL for other money.
CREATE OR REPLACE MACRO in_unit(amount, currency, target, parts, target_parts, same_money) AS
  CASE
    WHEN currency IS NOT DISTINCT FROM target THEN amount
    WHEN same_money THEN TRY_CAST(to_double(amount) * target_parts / parts AS DECIMAL(38, 18))
  END;

-- Whether closes are missing between two days: sessions of the calendar where there is one; else every day counts for a market that
-- never closes, and for the others more than a long weekend.
CREATE OR REPLACE MACRO is_gap(days, sessions, periods) AS
  CASE WHEN sessions IS NOT NULL THEN sessions > 1 WHEN periods = 365 THEN days > 1 ELSE days > 4 END;

-- Simple return over a step whose earlier price is multiplied by a factor first; exact where the factor is 1.
CREATE OR REPLACE MACRO scaled_return(price, previous, factor) AS
  CASE
    WHEN factor = 1 THEN simple_return(price, previous)
    WHEN factor > 0 AND price > 0 AND previous > 0 THEN to_double(price) / (to_double(previous) * factor) - 1
  END;
CREATE OR REPLACE MACRO scaled_log_return(price, previous, factor) AS
  CASE WHEN factor > 0 AND price > 0 AND previous > 0 THEN ln(to_double(price) / (to_double(previous) * factor)) END;
