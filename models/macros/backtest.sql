/*---
description: Tests of a VaR against the losses that came after it.
---*/

-- The complementary error function for z >= 0: t exp(-z^2 + p(t)) with t = 1 / (1 + z / 2). p is the Chebyshev interpolation of degree 11 of
-- ln(erfcx(z) / t); the relative error is below 2e-8 from 0 to 26, where the function leaves the doubles.
CREATE OR REPLACE MACRO erfc_of_t(z, t) AS
  t * exp(0 - z * z - 1.26551212e0 + t * (0.999999927e0 + t * (0.375020199e0 + t * (0.0825924333e0 + t * (-0.0747341946e0 + t * (-0.233707889e0
    + t * (0.335540225e0 + t * (-1.22542517e0 + t * (2.39873373e0 + t * (-2.2051075e0 + t * (0.991357597e0 - t * 0.178757244e0)))))))))));
CREATE OR REPLACE MACRO erfc(z) AS erfc_of_t(z, 1 / (1 + z / 2));

-- Chance of a larger value under chi-squared laws with one and with two degrees of freedom.
CREATE OR REPLACE MACRO chi2_1_survival(x) AS least(erfc(sqrt(greatest(x, 0) / 2)), 1);
CREATE OR REPLACE MACRO chi2_2_survival(x) AS exp(0 - greatest(x, 0) / 2);

-- n ln p, and 0 for no observations whatever their chance.
CREATE OR REPLACE MACRO log_chance(n, p) AS CASE WHEN n = 0 THEN 0.0::DOUBLE ELSE n * ln(p) END;

-- Kupiec 1995, proportion of failures: x exceptions of n where a share p was promised.
CREATE OR REPLACE MACRO kupiec_lr(n, x, p) AS
  greatest(0, -2 * (log_chance(n - x, 1 - p) + log_chance(x, p) - log_chance(n - x, 1 - x / n) - log_chance(x, x / n)));

-- Christoffersen 1998, independence: n01 is how many days without an exception were followed by one with, and so on. An empty cell counts 0.
CREATE OR REPLACE MACRO christoffersen_lr(n00, n01, n10, n11) AS
  greatest(0, -2 * (
    log_chance(n00 + n10, (n00 + n10) / (n00 + n01 + n10 + n11)) + log_chance(n01 + n11, (n01 + n11) / (n00 + n01 + n10 + n11))
    - log_chance(n00, n00 / (n00 + n01)) - log_chance(n01, n01 / (n00 + n01))
    - log_chance(n10, n10 / (n10 + n11)) - log_chance(n11, n11 / (n10 + n11))));

-- Counts at 95, 97.5 and 99 % as the digits of one number: sums of up to 999 such numbers are three sums.
CREATE OR REPLACE MACRO three_counts(at_95, at_975, at_99) AS
  CASE WHEN at_95 THEN 1 ELSE 0 END::BIGINT + CASE WHEN at_975 THEN 1000 ELSE 0 END + CASE WHEN at_99 THEN 1000000 ELSE 0 END;
CREATE OR REPLACE MACRO count_of(counts, confidence) AS
  CASE confidence WHEN 950 THEN counts % 1000 WHEN 975 THEN (counts // 1000) % 1000 WHEN 990 THEN counts // 1000000 END::BIGINT;

-- Basel's traffic light for 250 days: yellow from the number of exceptions that a right VaR stays at or below with a chance of 95 %, red from 99.99 %.
CREATE OR REPLACE MACRO traffic_light(exceptions, confidence) AS
  CASE
    WHEN exceptions >= CASE confidence WHEN 950 THEN 27 WHEN 975 THEN 17 WHEN 990 THEN 10 END THEN 'red'
    WHEN exceptions >= CASE confidence WHEN 950 THEN 18 WHEN 975 THEN 11 WHEN 990 THEN 5 END THEN 'yellow'
    ELSE 'green'
  END;

-- What capital is multiplied by (Basel Committee 1996), by exceptions of 250 at 99 %.
CREATE OR REPLACE MACRO basel_multiplier(exceptions) AS
  CASE exceptions WHEN 5 THEN 3.4 WHEN 6 THEN 3.5 WHEN 7 THEN 3.65 WHEN 8 THEN 3.75 WHEN 9 THEN 3.85
    ELSE CASE WHEN exceptions < 5 THEN 3.0 ELSE 4.0 END END::DOUBLE;
