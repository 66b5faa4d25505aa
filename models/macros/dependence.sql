/*---
description: How two series of returns move together, from sums over n pairs. NULL where one of them does not move.
---*/

-- Sum of the products of the deviations from the means.
CREATE OR REPLACE MACRO codeviation(sum_xy, sum_x, sum_y, n) AS sum_xy - sum_x * sum_y / n;

-- Pearson's correlation, kept within its bounds.
CREATE OR REPLACE MACRO correlation(sum_xy, sum_x, sum_y, sum_xx, sum_yy, n) AS
  CASE
    WHEN codeviation(sum_xx, sum_x, sum_x, n) > 1e-20 * n AND codeviation(sum_yy, sum_y, sum_y, n) > 1e-20 * n
    THEN greatest(-1.0::DOUBLE, least(1.0::DOUBLE, codeviation(sum_xy, sum_x, sum_y, n)
      / sqrt(codeviation(sum_xx, sum_x, sum_x, n) * codeviation(sum_yy, sum_y, sum_y, n))))
  END;

-- Slope of y on x: covariance over the variance of x.
CREATE OR REPLACE MACRO slope(sum_xy, sum_x, sum_y, sum_xx, n) AS
  CASE WHEN codeviation(sum_xx, sum_x, sum_x, n) > 1e-20 * n THEN codeviation(sum_xy, sum_x, sum_y, n) / codeviation(sum_xx, sum_x, sum_x, n) END;

-- What n neighbouring steps contribute: sums of a currency's steps x, of an asset's in dollars u and in zlotys p, and of their products.
CREATE OR REPLACE MACRO sums_of(x, u, p) AS {'x': x, 'u': u, 'p': p, 'xx': x * x, 'uu': u * u, 'pp': p * p, 'xu': x * u, 'xp': x * p};
CREATE OR REPLACE MACRO add_sums(b, a) AS {
  'x': (b).x + (a).x, 'u': (b).u + (a).u, 'p': (b).p + (a).p, 'xx': (b).xx + (a).xx, 'uu': (b).uu + (a).uu, 'pp': (b).pp + (a).pp,
  'xu': (b).xu + (a).xu, 'xp': (b).xp + (a).xp};

-- Five neighbouring blocks as one, e the oldest: additions have one order wherever a block stands in a slice.
CREATE OR REPLACE MACRO join_sums(e, d, c, b, a) AS {
  'x': (e).x + (d).x + (c).x + (b).x + (a).x,
  'u': (e).u + (d).u + (c).u + (b).u + (a).u,
  'p': (e).p + (d).p + (c).p + (b).p + (a).p,
  'xx': (e).xx + (d).xx + (c).xx + (b).xx + (a).xx,
  'uu': (e).uu + (d).uu + (c).uu + (b).uu + (a).uu,
  'pp': (e).pp + (d).pp + (c).pp + (b).pp + (a).pp,
  'xu': (e).xu + (d).xu + (c).xu + (b).xu + (a).xu,
  'xp': (e).xp + (d).xp + (c).xp + (b).xp + (a).xp};
