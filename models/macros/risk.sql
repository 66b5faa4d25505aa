/*---
description: Risk figures from returns, each formula written once. Losses are positive shares of the price, returns signed.
---*/

-- A block is what n neighbouring rows contribute: mean and squared deviations of their returns, sums of cubes and fourth powers, of losses
-- and their squares, of price impacts and of products with the return before; the factor that makes prices before the block comparable
-- with its last one, and in units of that last one the highest and lowest price, the close before the block included, and the deepest
-- fall from an earlier peak.
CREATE OR REPLACE MACRO block_of(r, previous_r, impact, price, start, factor) AS {
  'mean': r, 'deviation': 0.0::DOUBLE, 'cube': r * r * r, 'fourth': r * r * r * r,
  'loss': greatest(0 - r, 0), 'square_loss': pow(greatest(0 - r, 0), 2), 'impact': impact, 'product': r * previous_r,
  'factor': factor, 'high': greatest(price, start), 'low': least(price, start), 'fall': greatest(1 - price / start, 0)};

-- Five neighbouring blocks of n rows as one, e the oldest. Additions have one order wherever the block stands in a slice.
CREATE OR REPLACE MACRO join_blocks(e, d, c, b, a, n) AS {
  'mean': ((e).mean + (d).mean + (c).mean + (b).mean + (a).mean) / 5,
  'deviation': (e).deviation + (d).deviation + (c).deviation + (b).deviation + (a).deviation
    + 5 * n * list_aggregate([(e).mean, (d).mean, (c).mean, (b).mean, (a).mean], 'var_pop'),
  'cube': (e).cube + (d).cube + (c).cube + (b).cube + (a).cube,
  'fourth': (e).fourth + (d).fourth + (c).fourth + (b).fourth + (a).fourth,
  'loss': (e).loss + (d).loss + (c).loss + (b).loss + (a).loss,
  'square_loss': (e).square_loss + (d).square_loss + (c).square_loss + (b).square_loss + (a).square_loss,
  'impact': (e).impact + (d).impact + (c).impact + (b).impact + (a).impact,
  'product': (e).product + (d).product + (c).product + (b).product + (a).product,
  'factor': (e).factor * (d).factor * (c).factor * (b).factor * (a).factor,
  'high': greatest(
    (e).high * ((d).factor * (c).factor * (b).factor * (a).factor), (d).high * ((c).factor * (b).factor * (a).factor),
    (c).high * ((b).factor * (a).factor), (b).high * (a).factor, (a).high),
  'low': least(
    (e).low * ((d).factor * (c).factor * (b).factor * (a).factor), (d).low * ((c).factor * (b).factor * (a).factor),
    (c).low * ((b).factor * (a).factor), (b).low * (a).factor, (a).low),
  'fall': greatest(
    (e).fall, (d).fall, (c).fall, (b).fall, (a).fall,
    1 - (d).low / ((e).high * (d).factor),
    1 - (c).low / greatest((e).high * ((d).factor * (c).factor), (d).high * (c).factor),
    1 - (b).low / greatest((e).high * ((d).factor * (c).factor * (b).factor), (d).high * ((c).factor * (b).factor), (c).high * (b).factor),
    1 - (a).low / greatest(
      (e).high * ((d).factor * (c).factor * (b).factor * (a).factor), (d).high * ((c).factor * (b).factor * (a).factor),
      (c).high * ((b).factor * (a).factor), (b).high * (a).factor))};

-- Two blocks of 125 rows: the squared deviations of all 250 returns, and the deepest fall over their 251 prices.
CREATE OR REPLACE MACRO deviation_250(b, a) AS (b).deviation + (a).deviation + 62.5 * pow((a).mean - (b).mean, 2);
CREATE OR REPLACE MACRO fall_250(b, a) AS greatest((b).fall, (a).fall, 1 - (a).low / ((b).high * (a).factor));

-- The 14 lowest of exactly 250 values, ascending: what VaR and ES at 95, 97.5 and 99 % need. Each probability lies between two ranks, so
-- that no rounding can pick a neighbour. And those that VaR alone needs: ranks 3, 4, 7, 8, 13 and 14.
CREATE OR REPLACE MACRO tail_probabilities() AS
  [0.5 / 250, 1.5 / 250, 2.5 / 250, 3.5 / 250, 4.5 / 250, 5.5 / 250, 6.5 / 250, 7.5 / 250, 8.5 / 250, 9.5 / 250, 10.5 / 250, 11.5 / 250, 12.5 / 250, 13.5 / 250];
CREATE OR REPLACE MACRO quantile_probabilities() AS [2.5 / 250, 3.5 / 250, 6.5 / 250, 7.5 / 250, 12.5 / 250, 13.5 / 250];

-- Type 7 quantiles of 250 values: 249 x 5 % = 12.45, 249 x 2.5 % = 6.225 and 249 x 1 % = 2.49 ranks above the lowest.
CREATE OR REPLACE MACRO quantile_05(rank_13, rank_14) AS between_ranks(rank_13, rank_14, 0.45);
CREATE OR REPLACE MACRO quantile_025(rank_7, rank_8) AS between_ranks(rank_7, rank_8, 0.225);
CREATE OR REPLACE MACRO quantile_01(rank_3, rank_4) AS between_ranks(rank_3, rank_4, 0.49);

-- Rockafellar and Uryasev 2000: the mean of the worst 12.5, 6.25 and 2.5 of 250 returns, the last one by its fraction. A mean lies between the
-- worst and the best of them: rounding may put it a last digit outside, and then below the VaR.
CREATE OR REPLACE MACRO tail_mean(total, n, worst, best) AS 0 - least(best, greatest(worst, total / n));
CREATE OR REPLACE MACRO expected_shortfall_95(tail) AS tail_mean(list_sum(tail[1:12]) + 0.5 * tail[13], 12.5, tail[1], tail[13]);
CREATE OR REPLACE MACRO expected_shortfall_975(tail) AS
  tail_mean(tail[1] + tail[2] + tail[3] + tail[4] + tail[5] + tail[6] + 0.25 * tail[7], 6.25, tail[1], tail[7]);
CREATE OR REPLACE MACRO expected_shortfall_99(tail) AS tail_mean(tail[1] + tail[2] + 0.5 * tail[3], 2.5, tail[1], tail[3]);

-- Standard normal quantiles of a confidence in thousandths, and the mean of the tail beyond them: phi(z) / (1 - confidence).
CREATE OR REPLACE MACRO normal_quantile(confidence) AS
  CASE confidence WHEN 950 THEN 1.6448536269514722 WHEN 975 THEN 1.959963984540054 WHEN 990 THEN 2.3263478740408408 END::DOUBLE;
CREATE OR REPLACE MACRO normal_tail(confidence) AS
  CASE confidence WHEN 950 THEN 2.0627128075074275 WHEN 975 THEN 2.337802792201415 WHEN 990 THEN 2.665214220345808 END::DOUBLE;

-- Loss that a normal law exceeds with the probability left, and the mean loss beyond it.
CREATE OR REPLACE MACRO normal_var(mean, deviation, confidence) AS normal_quantile(confidence) * deviation - mean;
CREATE OR REPLACE MACRO normal_shortfall(mean, deviation, confidence) AS normal_tail(confidence) * deviation - mean;

-- Third and fourth central moments from means of powers; sound while the mean is not large against the deviation.
CREATE OR REPLACE MACRO third_moment(mean, variance, cubes) AS cubes - 3 * mean * variance - pow(mean, 3);
CREATE OR REPLACE MACRO fourth_moment(mean, variance, cubes, fourths) AS
  fourths - 4 * mean * cubes + 6 * pow(mean, 2) * (variance + pow(mean, 2)) - 3 * pow(mean, 4);

-- Cornish and Fisher 1938 as Favre and Galeano 2002 use it: the normal quantile bent by skewness g1 and excess kurtosis g2. z is that of
-- the loss, so the signs of the skewness are those of the left tail.
CREATE OR REPLACE MACRO cornish_fisher_quantile(z, skewness, kurtosis) AS
  z - (z * z - 1) * skewness / 6 + (pow(z, 3) - 3 * z) * kurtosis / 24 - (2 * pow(z, 3) - 5 * z) * skewness * skewness / 36;
CREATE OR REPLACE MACRO cornish_fisher_var(mean, deviation, skewness, kurtosis, confidence) AS
  cornish_fisher_quantile(normal_quantile(confidence), skewness, kurtosis) * deviation - mean;

-- Loss of today's volatility times a quantile of standardised log returns (Hull and White 1998, Barone-Adesi et al. 1999).
CREATE OR REPLACE MACRO filtered_var(deviation, quantile) AS 1 - exp(deviation * quantile);

-- Whether returns stand still, by their deviation as a share of the price: what is less is rounding. And whether their mean is so large against
-- it that central moments of sums of powers lose their digits: such returns have no third and fourth moment that could be believed.
CREATE OR REPLACE MACRO is_still(deviation) AS deviation < 1e-12;
CREATE OR REPLACE MACRO hides_shape(mean, deviation) AS deviation < abs(mean) / 100;

-- Sharpe 1994 and Sortino and Price 1994, risk-free rate and target 0. The downside deviation counts all rows, gains as 0.
CREATE OR REPLACE MACRO sharpe_ratio(mean, deviation, periods) AS mean / deviation * sqrt(periods);
CREATE OR REPLACE MACRO sortino_ratio(mean, mean_square_loss, periods) AS mean / sqrt(greatest(mean_square_loss, 0)) * sqrt(periods);

-- Growth a year over the deepest fall (Young 1991); growth is the last price over the first.
CREATE OR REPLACE MACRO calmar_ratio(growth, n, periods, fall) AS (pow(growth, periods / n::DOUBLE) - 1) / fall;

-- Gains over losses against a return of 0 (Keating and Shadwick 2002); sums of both.
CREATE OR REPLACE MACRO omega_ratio(total, losses) AS greatest(total + losses, 0) / losses;

-- Roll 1984 on returns, so that the spread is a share of the price: twice the root of the negative covariance of neighbouring returns.
CREATE OR REPLACE MACRO roll_spread(covariance) AS 2 * sqrt(greatest(0 - covariance, 0));

-- What n neighbouring pairs of an instrument's and its benchmark's returns contribute, and five such blocks as one: means and squared
-- deviations of both and of their difference.
CREATE OR REPLACE MACRO pair_of(r, benchmark) AS {
  'mean': r, 'benchmark_mean': benchmark, 'excess_mean': r - benchmark,
  'deviation': 0.0::DOUBLE, 'benchmark_deviation': 0.0::DOUBLE, 'excess_deviation': 0.0::DOUBLE};
CREATE OR REPLACE MACRO join_pairs(e, d, c, b, a, n) AS {
  'mean': ((e).mean + (d).mean + (c).mean + (b).mean + (a).mean) / 5,
  'benchmark_mean': ((e).benchmark_mean + (d).benchmark_mean + (c).benchmark_mean + (b).benchmark_mean + (a).benchmark_mean) / 5,
  'excess_mean': ((e).excess_mean + (d).excess_mean + (c).excess_mean + (b).excess_mean + (a).excess_mean) / 5,
  'deviation': (e).deviation + (d).deviation + (c).deviation + (b).deviation + (a).deviation
    + 5 * n * list_aggregate([(e).mean, (d).mean, (c).mean, (b).mean, (a).mean], 'var_pop'),
  'benchmark_deviation':
    (e).benchmark_deviation + (d).benchmark_deviation + (c).benchmark_deviation + (b).benchmark_deviation + (a).benchmark_deviation
    + 5 * n * list_aggregate([(e).benchmark_mean, (d).benchmark_mean, (c).benchmark_mean, (b).benchmark_mean, (a).benchmark_mean], 'var_pop'),
  'excess_deviation': (e).excess_deviation + (d).excess_deviation + (c).excess_deviation + (b).excess_deviation + (a).excess_deviation
    + 5 * n * list_aggregate([(e).excess_mean, (d).excess_mean, (c).excess_mean, (b).excess_mean, (a).excess_mean], 'var_pop')};

-- Covariance of two series from their variances and that of their difference.
CREATE OR REPLACE MACRO covariance_of(variance, other_variance, difference_variance) AS (variance + other_variance - difference_variance) / 2;
