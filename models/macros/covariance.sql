/*---
description: Covariances of baskets. Lists hold 250 returns of one instrument less their mean, oldest first.
---*/

-- The list less its mean, and the population covariance of two such lists.
CREATE OR REPLACE MACRO centred(xs) AS list_transform(xs, x -> x - list_aggregate(xs, 'avg'));
CREATE OR REPLACE MACRO centred_covariance(xs, ys) AS list_inner_product(xs, ys) / 250;

-- Share by which Ledoit and Wolf 2004 (JMVA) shrink a population covariance matrix S of p instruments towards m I: `squares` is the sum of the
-- squared entries of S, `trace` that of its diagonal, m the mean of that, `fourths` the sum over days of the squared sum of squares of the day.
-- distance is |S - m I|^2 and error the part of it that is noise. One instrument is its own target: nothing is shrunk.
CREATE OR REPLACE MACRO ledoit_wolf_share(squares, trace, fourths, p) AS
  CASE
    WHEN squares - trace * trace / p > 1e-14 * squares
    THEN greatest(0.0::DOUBLE, least(1.0::DOUBLE, (fourths / 250 - squares) / 250 / (squares - trace * trace / p)))
    ELSE 0.0::DOUBLE
  END;

-- An entry of the matrix that is shrunk by a share: of the diagonal where both instruments are the same.
CREATE OR REPLACE MACRO shrunk_by(share, covariance, mean_variance, is_diagonal) AS
  (1 - share) * covariance + CASE WHEN is_diagonal THEN share * mean_variance ELSE 0 END;
