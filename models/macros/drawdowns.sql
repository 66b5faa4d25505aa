/*---
description: The deepest fall of a window and when it was, joined from blocks of rows like the figures of risk.sql and with the same arithmetic.
---*/

-- What a row contributes: the factor that makes prices before it comparable with its own, the highest and lowest of its close and the one
-- before, each with its day, and the fall between the two. Of equal highs the newest counts, of equal lows the oldest.
CREATE OR REPLACE MACRO fall_of(price, start, factor, day, previous_day) AS {
  'factor': factor,
  'high': greatest(price, start), 'high_day': CASE WHEN start > price THEN previous_day ELSE day END,
  'low': least(price, start), 'low_day': CASE WHEN price < start THEN day ELSE previous_day END,
  'fall': greatest(1 - price / start, 0), 'peak_day': previous_day, 'trough_day': day};

-- Of five neighbouring blocks, e the oldest, the highest price before each of the newer ones in its unit.
CREATE OR REPLACE MACRO highs_before(e, d, c, b, a) AS {
  'd': (e).high * (d).factor,
  'c': greatest((e).high * ((d).factor * (c).factor), (d).high * (c).factor),
  'b': greatest((e).high * ((d).factor * (c).factor * (b).factor), (d).high * ((c).factor * (b).factor), (c).high * (b).factor),
  'a': greatest(
    (e).high * ((d).factor * (c).factor * (b).factor * (a).factor), (d).high * ((c).factor * (b).factor * (a).factor),
    (c).high * ((b).factor * (a).factor), (b).high * (a).factor)};

-- The day of a highest price before a block, the newest of equal ones.
CREATE OR REPLACE MACRO high_day_before_c(high, e, d, c) AS CASE WHEN (d).high * (c).factor = high THEN (d).high_day ELSE (e).high_day END;
CREATE OR REPLACE MACRO high_day_before_b(high, e, d, c, b) AS
  CASE WHEN (c).high * (b).factor = high THEN (c).high_day WHEN (d).high * ((c).factor * (b).factor) = high THEN (d).high_day ELSE (e).high_day END;
CREATE OR REPLACE MACRO high_day_before_a(high, e, d, c, b, a) AS
  CASE
    WHEN (b).high * (a).factor = high THEN (b).high_day
    WHEN (c).high * ((b).factor * (a).factor) = high THEN (c).high_day
    WHEN (d).high * ((c).factor * (b).factor * (a).factor) = high THEN (d).high_day
    ELSE (e).high_day
  END;

-- Which of the falls within and between five blocks is the deepest, the one with the oldest trough among equal ones: 1 within e, 2 within d, 3
-- from before d to d, and so on to 9.
CREATE OR REPLACE MACRO deepest_of(e, d, c, b, a, high) AS
  deepest_place(
    (e).fall, (d).fall, (c).fall, (b).fall, (a).fall,
    1 - (d).low / (high).d, 1 - (c).low / (high).c, 1 - (b).low / (high).b, 1 - (a).low / (high).a,
    greatest(
      (e).fall, (d).fall, (c).fall, (b).fall, (a).fall,
      1 - (d).low / (high).d, 1 - (c).low / (high).c, 1 - (b).low / (high).b, 1 - (a).low / (high).a),
    (d).trough_day <= (d).low_day, (c).trough_day <= (c).low_day, (b).trough_day <= (b).low_day, (a).trough_day <= (a).low_day);
CREATE OR REPLACE MACRO deepest_place(e, d, c, b, a, to_d, to_c, to_b, to_a, deepest, d_first, c_first, b_first, a_first) AS
  CASE
    WHEN e = deepest THEN 1
    WHEN d = deepest AND (d_first OR to_d < deepest) THEN 2
    WHEN to_d = deepest THEN 3
    WHEN c = deepest AND (c_first OR to_c < deepest) THEN 4
    WHEN to_c = deepest THEN 5
    WHEN b = deepest AND (b_first OR to_b < deepest) THEN 6
    WHEN to_b = deepest THEN 7
    WHEN a = deepest AND (a_first OR to_a < deepest) THEN 8
    WHEN to_a = deepest THEN 9
  END;

-- The five blocks as one; its fall is that of `join_blocks`.
CREATE OR REPLACE MACRO join_falls(e, d, c, b, a, high, place) AS {
  'factor': (e).factor * (d).factor * (c).factor * (b).factor * (a).factor,
  'high': greatest((high).a, (a).high),
  'high_day': CASE WHEN (a).high >= (high).a THEN (a).high_day ELSE high_day_before_a((high).a, e, d, c, b, a) END,
  'low': least(
    (e).low * ((d).factor * (c).factor * (b).factor * (a).factor), (d).low * ((c).factor * (b).factor * (a).factor),
    (c).low * ((b).factor * (a).factor), (b).low * (a).factor, (a).low),
  'low_day': low_day_of(
    (e).low * ((d).factor * (c).factor * (b).factor * (a).factor), (d).low * ((c).factor * (b).factor * (a).factor),
    (c).low * ((b).factor * (a).factor), (b).low * (a).factor, (a).low, e, d, c, b, a),
  'fall': CASE place
    WHEN 1 THEN (e).fall WHEN 2 THEN (d).fall WHEN 4 THEN (c).fall WHEN 6 THEN (b).fall WHEN 8 THEN (a).fall
    WHEN 3 THEN 1 - (d).low / (high).d WHEN 5 THEN 1 - (c).low / (high).c WHEN 7 THEN 1 - (b).low / (high).b WHEN 9 THEN 1 - (a).low / (high).a
  END,
  'peak_day': CASE place
    WHEN 1 THEN (e).peak_day WHEN 2 THEN (d).peak_day WHEN 4 THEN (c).peak_day WHEN 6 THEN (b).peak_day WHEN 8 THEN (a).peak_day
    WHEN 3 THEN (e).high_day WHEN 5 THEN high_day_before_c((high).c, e, d, c)
    WHEN 7 THEN high_day_before_b((high).b, e, d, c, b) WHEN 9 THEN high_day_before_a((high).a, e, d, c, b, a)
  END,
  'trough_day': CASE place
    WHEN 1 THEN (e).trough_day WHEN 2 THEN (d).trough_day WHEN 4 THEN (c).trough_day WHEN 6 THEN (b).trough_day WHEN 8 THEN (a).trough_day
    WHEN 3 THEN (d).low_day WHEN 5 THEN (c).low_day WHEN 7 THEN (b).low_day WHEN 9 THEN (a).low_day
  END};
CREATE OR REPLACE MACRO low_day_of(low_e, low_d, low_c, low_b, low_a, e, d, c, b, a) AS
  CASE
    WHEN low_e <= least(low_d, low_c, low_b, low_a) THEN (e).low_day
    WHEN low_d <= least(low_c, low_b, low_a) THEN (d).low_day
    WHEN low_c <= least(low_b, low_a) THEN (c).low_day
    WHEN low_b <= low_a THEN (b).low_day
    ELSE (a).low_day
  END;

-- Two blocks of 125 rows, b the older: which fall is the deepest, 1 within b, 2 within a, 3 from b to a.
CREATE OR REPLACE MACRO deepest_of_two(b, a) AS
  CASE
    WHEN (b).fall >= fall_250(b, a) THEN 1
    WHEN (a).fall >= fall_250(b, a) AND ((a).trough_day <= (a).low_day OR 1 - (a).low / ((b).high * (a).factor) < (a).fall) THEN 2
    ELSE 3
  END;

-- Whether a price is back at an earlier one in its unit. Where prices were made comparable, rounding must not hide it.
CREATE OR REPLACE MACRO is_back(price, peak_price, factor) AS
  price >= peak_price * factor * CASE WHEN factor = 1 THEN 1 ELSE 1 - 1e-12 END;
