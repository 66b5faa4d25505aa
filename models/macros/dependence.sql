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
