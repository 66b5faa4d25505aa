/*---
description: The deepest fall of a window and when it was, joined from blocks of rows like the figures of risk.sql and with the same arithmetic.
---*/

-- What a row contributes: the factor that makes prices before it comparable with its own, the highest and lowest of its close and the one
-- before, each with its day, and the fall between the two. Structs are compared field by field: of equal highs the newest counts, of equal lows
-- the oldest, of equal falls that with the oldest trough, then that with the newest peak.
CREATE OR REPLACE MACRO fall_of(price, start, factor, day, previous_day) AS {
  'factor': factor,
  'high': greatest({'price': price, 'day': day}, {'price': start, 'day': previous_day}),
  'low': least({'price': price, 'day': day}, {'price': start, 'day': previous_day}),
  'fall': {'loss': greatest(1 - price / start, 0), 'before': 0 - day, 'peak_day': previous_day}};

-- A price in the unit of a later row.
CREATE OR REPLACE MACRO moved(extreme, factor) AS {'price': (extreme).price * factor, 'day': (extreme).day};

CREATE OR REPLACE MACRO fall_between(low, high) AS
  {'loss': greatest(1 - (low).price / (high).price, 0), 'before': 0 - (low).day, 'peak_day': (high).day};

-- Five neighbouring blocks as one, e the oldest; see `join_blocks`, whose fall this is.
CREATE OR REPLACE MACRO join_falls(e, d, c, b, a) AS {
  'factor': (e).factor * (d).factor * (c).factor * (b).factor * (a).factor,
  'high': greatest(
    moved((e).high, (d).factor * (c).factor * (b).factor * (a).factor), moved((d).high, (c).factor * (b).factor * (a).factor),
    moved((c).high, (b).factor * (a).factor), moved((b).high, (a).factor), (a).high),
  'low': least(
    moved((e).low, (d).factor * (c).factor * (b).factor * (a).factor), moved((d).low, (c).factor * (b).factor * (a).factor),
    moved((c).low, (b).factor * (a).factor), moved((b).low, (a).factor), (a).low),
  'fall': greatest(
    (e).fall, (d).fall, (c).fall, (b).fall, (a).fall,
    fall_between((d).low, moved((e).high, (d).factor)),
    fall_between((c).low, greatest(moved((e).high, (d).factor * (c).factor), moved((d).high, (c).factor))),
    fall_between((b).low, greatest(
      moved((e).high, (d).factor * (c).factor * (b).factor), moved((d).high, (c).factor * (b).factor), moved((c).high, (b).factor))),
    fall_between((a).low, greatest(
      moved((e).high, (d).factor * (c).factor * (b).factor * (a).factor), moved((d).high, (c).factor * (b).factor * (a).factor),
      moved((c).high, (b).factor * (a).factor), moved((b).high, (a).factor))))};

-- Two blocks of 125 rows: their deepest fall, and their highest price in the unit of the last row.
CREATE OR REPLACE MACRO dated_fall_250(b, a) AS greatest((b).fall, (a).fall, fall_between((a).low, moved((b).high, (a).factor)));
CREATE OR REPLACE MACRO high_250(b, a) AS greatest(moved((b).high, (a).factor), (a).high);

-- Whether a price is back at an earlier one in its unit. Where prices were made comparable, rounding must not hide it.
CREATE OR REPLACE MACRO is_back(price, peak_price, factor) AS
  price >= peak_price * factor * CASE WHEN factor = 1 THEN 1 ELSE 1 - 1e-12 END;
