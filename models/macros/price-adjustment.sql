/*---
description: Factors that make raw prices of different days comparable. Never stored: each new action changes all that went before.
---*/

-- What a price before the ex date is multiplied by so that share counts are those after it. 1 for actions that change no count, NULL
-- for a ratio that is missing or not positive and for a type that is not one of the contract's.
CREATE OR REPLACE MACRO split_factor(action_type, ratio) AS
  CASE
    WHEN action_type IN ('split', 'reverse_split', 'stock_dividend') THEN CASE WHEN ratio > 0 THEN 1 / to_double(ratio) END
    WHEN action_type IN ('cash_dividend', 'special_dividend', 'spin_off', 'rights', 'symbol_change', 'delisting') THEN 1.0::DOUBLE
  END;

-- What a price before the ex date is multiplied by so that holding through it has the return that a holder had. `close` is the last raw
-- close before the ex date, in the currency of the amount. Dividends and spin-offs: 1 - D/C. Rights: the theoretical price without
-- them, (C + n S) / (1 + n), over C. NULL where the close is missing or does not cover the amount, and where the amount or ratio is
-- missing or makes no sense: never a negative factor, never one that was guessed.
CREATE OR REPLACE MACRO total_return_factor(action_type, ratio, amount, close) AS
  CASE
    WHEN action_type IN ('cash_dividend', 'special_dividend', 'spin_off')
    THEN CASE WHEN amount >= 0 AND close > amount THEN 1 - to_double(amount) / to_double(close) END
    WHEN action_type = 'rights'
    THEN CASE
      WHEN amount >= 0 AND ratio > 0 AND close > amount THEN (1 + to_double(ratio) * to_double(amount) / to_double(close)) / (1 + to_double(ratio))
      WHEN ratio > 0 AND close > 0 AND close <= amount THEN 1.0::DOUBLE
    END
    ELSE split_factor(action_type, ratio)
  END;

-- The product of the factors between two days: what a raw price of `day` is multiplied by to be comparable with one of `as_of`, as
-- known at a time. `actions` is a list of {ex_date, factor, known_at} in order of ex_date; 1 without any, NULL when one of them has
-- no factor, no ex date or no time at which it was known, and when it is not said between which days or as known when.
CREATE OR REPLACE MACRO adjustment_factor(actions, day, as_of, known) AS
  CASE
    WHEN day IS NULL OR as_of IS NULL OR known IS NULL THEN NULL
    WHEN len(list_filter(actions, lambda a: (a.ex_date > day AND a.ex_date <= as_of AND a.known_at <= known AND a.factor IS NULL)
      OR a.ex_date IS NULL OR a.known_at IS NULL)) > 0 THEN NULL
    ELSE coalesce(
      list_aggregate(
        list_transform(
          list_filter(actions, lambda a: a.ex_date > day AND a.ex_date <= as_of AND a.known_at <= known),
          lambda a: a.factor),
        'product'),
      1.0::DOUBLE)
  END;
