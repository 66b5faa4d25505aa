/*---
description: Estimators of the variance of one day, from its bar and the close before, and how days are joined to windows.
---*/

-- Whether a bar can have been traded: prices positive, the extremes outermost.
CREATE OR REPLACE MACRO is_sound_bar(open, high, low, close) AS
  coalesce(low > 0 AND low <= least(open, close) AND high >= greatest(open, close), false);

-- Parkinson 1980: (ln H/L)^2 / (4 ln 2).
CREATE OR REPLACE MACRO parkinson(high, low) AS pow(ln(high / low), 2) / (4 * ln(2));

-- Garman and Klass 1980, the practical form: (ln H/L)^2 / 2 - (2 ln 2 - 1) (ln C/O)^2.
CREATE OR REPLACE MACRO garman_klass(open, high, low, close) AS
  0.5 * pow(ln(high / low), 2) - (2 * ln(2) - 1) * pow(ln(close / open), 2);

-- Rogers and Satchell 1991, free of drift: ln(H/C) ln(H/O) + ln(L/C) ln(L/O).
CREATE OR REPLACE MACRO rogers_satchell(open, high, low, close) AS
  ln(high / close) * ln(high / open) + ln(low / close) * ln(low / open);

-- Yang and Zhang 2000 over n days: the sample variances of the returns overnight and from open to close, and the mean of
-- Rogers and Satchell, weighted so that the variance of the estimate is least.
CREATE OR REPLACE MACRO yang_zhang(overnight, open_to_close, rogers_satchell, n) AS
  overnight + 0.34 / (1.34 + (n + 1) / (n - 1)) * open_to_close + (1 - 0.34 / (1.34 + (n + 1) / (n - 1))) * rogers_satchell;

-- The four newest blocks of n rows together: their sum, and the squared deviations from the mean of all.
CREATE OR REPLACE MACRO sum_4(x, n, series, day) AS back(x, 3 * n, series, day) + back(x, 2 * n, series, day) + back(x, n, series, day) + x;
CREATE OR REPLACE MACRO deviation_4(deviation, mean, n, series, day) AS
  sum_4(deviation, n, series, day) + 4 * n * list_aggregate(
    [back(mean, 3 * n, series, day), back(mean, 2 * n, series, day), back(mean, n, series, day), mean], 'var_pop');

-- Squared deviations of the five newest values from their mean.
CREATE OR REPLACE MACRO deviation_of_5(x, series, day) AS deviation_5(0.0::DOUBLE, x, 1, series, day);

-- GARCH(1,1) of Bollerslev 1986: the variance of the next day from the squared returns of the last n days, and the n days' start at the
-- long-run variance: s2(t+1) = omega + alpha r(t)^2 + beta s2(t), written out. `decayed` is the sum of r^2 weighted by beta^age.
CREATE OR REPLACE MACRO garch_variance(decayed, omega, alpha, beta, n) AS
  omega * (1 - pow(beta, n)) / (1 - beta) + alpha * decayed + pow(beta, n) * (omega / (1 - (alpha + beta)));
