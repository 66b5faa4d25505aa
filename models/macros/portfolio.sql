/*---
description: Risk of holdings: how the moves of instruments add up. Lists hold 250 steps, oldest first.
---*/

-- Sample covariance of two lists of 250 numbers, of one with itself the variance. Means of returns are small against their deviations,
-- so the difference keeps its digits.
CREATE OR REPLACE MACRO list_covariance(xs, ys) AS
  (list_inner_product(xs, ys) - 250 * list_aggregate(xs, 'avg') * list_aggregate(ys, 'avg')) / 249;

-- What one unit of money more in an instrument adds to a normal VaR: -mean + z cov(instrument, portfolio) / deviation of the portfolio.
-- Times what is held it is the component; components add up to the VaR (Euler).
CREATE OR REPLACE MACRO marginal_var(mean, covariance, deviation, confidence) AS
  normal_quantile(confidence) * covariance / nullif(deviation, 0) - mean;

-- Share by which covariances are shrunk towards 0 while variances stay: (1 - delta) S + delta diag(S).
CREATE OR REPLACE MACRO shrinkage() AS 0.2::DOUBLE;
CREATE OR REPLACE MACRO shrunk(sample, diagonal) AS (1 - shrinkage()) * sample + shrinkage() * diagonal;
