-- gold.drawdowns in Trino's SQL, made from models/gold/drawdowns.sql by scripts/generate-trino.mjs.
SELECT
  CAST(instrument_id AS varchar) AS instrument_id,
  CAST(date AS date) AS date,
  CAST(window_observations AS bigint) AS window_observations,
  CAST(max_drawdown_loss AS double) AS max_drawdown_loss,
  CAST(state AS varchar) AS state,
  CAST(peak_date AS date) AS peak_date,
  CAST(trough_date AS date) AS trough_date,
  CAST(recovery_date AS date) AS recovery_date,
  CAST(fall_days AS bigint) AS fall_days,
  CAST(drawdown_days AS bigint) AS drawdown_days,
  CAST(current_drawdown_loss AS double) AS current_drawdown_loss,
  CAST(high_date AS date) AS high_date,
  CAST(current_drawdown_days AS bigint) AS current_drawdown_days,
  CAST(reason AS varchar) AS reason,
  CAST(method AS varchar) AS method,
  CAST(observations AS bigint) AS observations,
  CAST(coverage AS double) AS coverage,
  CAST(_known_at AS timestamp(6) with time zone) AS _known_at
FROM (
  WITH days AS (
    SELECT
      instrument_id,
      date,
      date_diff('day', DATE '1970-01-01', date) AS day,
      date_diff('day', DATE '1970-01-01', previous_date) AS previous_day,
      reason AS step_reason,
      _known_at AS known_at,
      simple_return AS r,
      comparable_factor AS factor,
      CAST(close AS double) AS price,
      CAST(previous_close AS double) * comparable_factor AS start
    FROM gold.returns_daily
  ),
  steps AS (
    SELECT
      instrument_id,
      date,
      day,
      previous_day,
      step_reason,
      known_at,
      r,
      factor,
      price,
      start,
      CAST(ROW(factor, array_max(filter(ARRAY[price, start], x -> x IS NOT NULL)), CASE WHEN start > price THEN previous_day ELSE day END, array_min(filter(ARRAY[price, start], x -> x IS NOT NULL)), CASE WHEN price < start THEN day ELSE previous_day END, array_max(filter(ARRAY[1 - price / start, 0], x -> x IS NOT NULL)), previous_day, day) AS row(factor double, high double, high_day bigint, low double, low_day bigint, fall double, peak_day bigint, trough_day bigint)) AS block_1
    FROM days
  ),
  blocks_5 AS (
    SELECT
      instrument_id,
      date,
      day,
      previous_day,
      step_reason,
      known_at,
      r,
      factor,
      price,
      start,
      CAST(ROW(e.factor * d.factor * c.factor * b.factor * block_1.factor, array_max(filter(ARRAY[high.a, block_1.high], x -> x IS NOT NULL)), CASE WHEN block_1.high >= high.a THEN block_1.high_day ELSE CASE WHEN b.high * block_1.factor = high.a THEN b.high_day WHEN c.high * (b.factor * block_1.factor) = high.a THEN c.high_day WHEN d.high * (c.factor * b.factor * block_1.factor) = high.a THEN d.high_day ELSE e.high_day END END, array_min(filter(ARRAY[e.low * (d.factor * c.factor * b.factor * block_1.factor), d.low * (c.factor * b.factor * block_1.factor), c.low * (b.factor * block_1.factor), b.low * block_1.factor, block_1.low], x -> x IS NOT NULL)), CASE WHEN e.low * (d.factor * c.factor * b.factor * block_1.factor) <= array_min(filter(ARRAY[d.low * (c.factor * b.factor * block_1.factor), c.low * (b.factor * block_1.factor), b.low * block_1.factor, block_1.low], x -> x IS NOT NULL)) THEN e.low_day WHEN d.low * (c.factor * b.factor * block_1.factor) <= array_min(filter(ARRAY[c.low * (b.factor * block_1.factor), b.low * block_1.factor, block_1.low], x -> x IS NOT NULL)) THEN d.low_day WHEN c.low * (b.factor * block_1.factor) <= array_min(filter(ARRAY[b.low * block_1.factor, block_1.low], x -> x IS NOT NULL)) THEN c.low_day WHEN b.low * block_1.factor <= block_1.low THEN b.low_day ELSE block_1.low_day END, CASE WHEN place = 1 THEN e.fall WHEN place = 2 THEN d.fall WHEN place = 4 THEN c.fall WHEN place = 6 THEN b.fall WHEN place = 8 THEN block_1.fall WHEN place = 3 THEN 1 - d.low / high.d WHEN place = 5 THEN 1 - c.low / high.c WHEN place = 7 THEN 1 - b.low / high.b WHEN place = 9 THEN 1 - block_1.low / high.a END, CASE WHEN place = 1 THEN e.peak_day WHEN place = 2 THEN d.peak_day WHEN place = 4 THEN c.peak_day WHEN place = 6 THEN b.peak_day WHEN place = 8 THEN block_1.peak_day WHEN place = 3 THEN e.high_day WHEN place = 5 THEN CASE WHEN d.high * c.factor = high.c THEN d.high_day ELSE e.high_day END WHEN place = 7 THEN CASE WHEN c.high * b.factor = high.b THEN c.high_day WHEN d.high * (c.factor * b.factor) = high.b THEN d.high_day ELSE e.high_day END WHEN place = 9 THEN CASE WHEN b.high * block_1.factor = high.a THEN b.high_day WHEN c.high * (b.factor * block_1.factor) = high.a THEN c.high_day WHEN d.high * (c.factor * b.factor * block_1.factor) = high.a THEN d.high_day ELSE e.high_day END END, CASE WHEN place = 1 THEN e.trough_day WHEN place = 2 THEN d.trough_day WHEN place = 4 THEN c.trough_day WHEN place = 6 THEN b.trough_day WHEN place = 8 THEN block_1.trough_day WHEN place = 3 THEN d.low_day WHEN place = 5 THEN c.low_day WHEN place = 7 THEN b.low_day WHEN place = 9 THEN block_1.low_day END) AS row(factor double, high double, high_day bigint, low double, low_day bigint, fall double, peak_day bigint, trough_day bigint)) AS block_5
    FROM (
      SELECT
        instrument_id,
        date,
        day,
        previous_day,
        step_reason,
        known_at,
        r,
        factor,
        price,
        start,
        block_1,
        e,
        d,
        c,
        b,
        high,
        CASE WHEN e.fall = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_1.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_1.low / high.a], x -> x IS NOT NULL)) THEN 1 WHEN d.fall = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_1.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_1.low / high.a], x -> x IS NOT NULL)) AND (d.trough_day <= d.low_day OR 1 - d.low / high.d < array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_1.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_1.low / high.a], x -> x IS NOT NULL))) THEN 2 WHEN 1 - d.low / high.d = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_1.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_1.low / high.a], x -> x IS NOT NULL)) THEN 3 WHEN c.fall = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_1.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_1.low / high.a], x -> x IS NOT NULL)) AND (c.trough_day <= c.low_day OR 1 - c.low / high.c < array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_1.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_1.low / high.a], x -> x IS NOT NULL))) THEN 4 WHEN 1 - c.low / high.c = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_1.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_1.low / high.a], x -> x IS NOT NULL)) THEN 5 WHEN b.fall = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_1.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_1.low / high.a], x -> x IS NOT NULL)) AND (b.trough_day <= b.low_day OR 1 - b.low / high.b < array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_1.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_1.low / high.a], x -> x IS NOT NULL))) THEN 6 WHEN 1 - b.low / high.b = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_1.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_1.low / high.a], x -> x IS NOT NULL)) THEN 7 WHEN block_1.fall = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_1.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_1.low / high.a], x -> x IS NOT NULL)) AND (block_1.trough_day <= block_1.low_day OR 1 - block_1.low / high.a < array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_1.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_1.low / high.a], x -> x IS NOT NULL))) THEN 8 WHEN 1 - block_1.low / high.a = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_1.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_1.low / high.a], x -> x IS NOT NULL)) THEN 9 END AS place
      FROM (
        SELECT
          instrument_id,
          date,
          day,
          previous_day,
          step_reason,
          known_at,
          r,
          factor,
          price,
          start,
          block_1,
          e,
          d,
          c,
          b,
          CAST(ROW(e.high * d.factor, array_max(filter(ARRAY[e.high * (d.factor * c.factor), d.high * c.factor], x -> x IS NOT NULL)), array_max(filter(ARRAY[e.high * (d.factor * c.factor * b.factor), d.high * (c.factor * b.factor), c.high * b.factor], x -> x IS NOT NULL)), array_max(filter(ARRAY[e.high * (d.factor * c.factor * b.factor * block_1.factor), d.high * (c.factor * b.factor * block_1.factor), c.high * (b.factor * block_1.factor), b.high * block_1.factor], x -> x IS NOT NULL))) AS row(d double, c double, b double, a double)) AS high
        FROM (
          SELECT
            instrument_id,
            date,
            day,
            previous_day,
            step_reason,
            known_at,
            r,
            factor,
            price,
            start,
            block_1,
            lag(block_1, 4) OVER (PARTITION BY instrument_id ORDER BY day) AS e,
            lag(block_1, 3) OVER (PARTITION BY instrument_id ORDER BY day) AS d,
            lag(block_1, 2) OVER (PARTITION BY instrument_id ORDER BY day) AS c,
            lag(block_1, 1) OVER (PARTITION BY instrument_id ORDER BY day) AS b
          FROM steps
        ) AS part_1
      ) AS part_1
    ) AS part_1
  ),
  blocks_25 AS (
    SELECT
      instrument_id,
      date,
      day,
      previous_day,
      step_reason,
      known_at,
      r,
      factor,
      price,
      start,
      CAST(ROW(e.factor * d.factor * c.factor * b.factor * block_5.factor, array_max(filter(ARRAY[high.a, block_5.high], x -> x IS NOT NULL)), CASE WHEN block_5.high >= high.a THEN block_5.high_day ELSE CASE WHEN b.high * block_5.factor = high.a THEN b.high_day WHEN c.high * (b.factor * block_5.factor) = high.a THEN c.high_day WHEN d.high * (c.factor * b.factor * block_5.factor) = high.a THEN d.high_day ELSE e.high_day END END, array_min(filter(ARRAY[e.low * (d.factor * c.factor * b.factor * block_5.factor), d.low * (c.factor * b.factor * block_5.factor), c.low * (b.factor * block_5.factor), b.low * block_5.factor, block_5.low], x -> x IS NOT NULL)), CASE WHEN e.low * (d.factor * c.factor * b.factor * block_5.factor) <= array_min(filter(ARRAY[d.low * (c.factor * b.factor * block_5.factor), c.low * (b.factor * block_5.factor), b.low * block_5.factor, block_5.low], x -> x IS NOT NULL)) THEN e.low_day WHEN d.low * (c.factor * b.factor * block_5.factor) <= array_min(filter(ARRAY[c.low * (b.factor * block_5.factor), b.low * block_5.factor, block_5.low], x -> x IS NOT NULL)) THEN d.low_day WHEN c.low * (b.factor * block_5.factor) <= array_min(filter(ARRAY[b.low * block_5.factor, block_5.low], x -> x IS NOT NULL)) THEN c.low_day WHEN b.low * block_5.factor <= block_5.low THEN b.low_day ELSE block_5.low_day END, CASE WHEN place = 1 THEN e.fall WHEN place = 2 THEN d.fall WHEN place = 4 THEN c.fall WHEN place = 6 THEN b.fall WHEN place = 8 THEN block_5.fall WHEN place = 3 THEN 1 - d.low / high.d WHEN place = 5 THEN 1 - c.low / high.c WHEN place = 7 THEN 1 - b.low / high.b WHEN place = 9 THEN 1 - block_5.low / high.a END, CASE WHEN place = 1 THEN e.peak_day WHEN place = 2 THEN d.peak_day WHEN place = 4 THEN c.peak_day WHEN place = 6 THEN b.peak_day WHEN place = 8 THEN block_5.peak_day WHEN place = 3 THEN e.high_day WHEN place = 5 THEN CASE WHEN d.high * c.factor = high.c THEN d.high_day ELSE e.high_day END WHEN place = 7 THEN CASE WHEN c.high * b.factor = high.b THEN c.high_day WHEN d.high * (c.factor * b.factor) = high.b THEN d.high_day ELSE e.high_day END WHEN place = 9 THEN CASE WHEN b.high * block_5.factor = high.a THEN b.high_day WHEN c.high * (b.factor * block_5.factor) = high.a THEN c.high_day WHEN d.high * (c.factor * b.factor * block_5.factor) = high.a THEN d.high_day ELSE e.high_day END END, CASE WHEN place = 1 THEN e.trough_day WHEN place = 2 THEN d.trough_day WHEN place = 4 THEN c.trough_day WHEN place = 6 THEN b.trough_day WHEN place = 8 THEN block_5.trough_day WHEN place = 3 THEN d.low_day WHEN place = 5 THEN c.low_day WHEN place = 7 THEN b.low_day WHEN place = 9 THEN block_5.low_day END) AS row(factor double, high double, high_day bigint, low double, low_day bigint, fall double, peak_day bigint, trough_day bigint)) AS block_25
    FROM (
      SELECT
        instrument_id,
        date,
        day,
        previous_day,
        step_reason,
        known_at,
        r,
        factor,
        price,
        start,
        block_5,
        e,
        d,
        c,
        b,
        high,
        CASE WHEN e.fall = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_5.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_5.low / high.a], x -> x IS NOT NULL)) THEN 1 WHEN d.fall = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_5.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_5.low / high.a], x -> x IS NOT NULL)) AND (d.trough_day <= d.low_day OR 1 - d.low / high.d < array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_5.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_5.low / high.a], x -> x IS NOT NULL))) THEN 2 WHEN 1 - d.low / high.d = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_5.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_5.low / high.a], x -> x IS NOT NULL)) THEN 3 WHEN c.fall = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_5.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_5.low / high.a], x -> x IS NOT NULL)) AND (c.trough_day <= c.low_day OR 1 - c.low / high.c < array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_5.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_5.low / high.a], x -> x IS NOT NULL))) THEN 4 WHEN 1 - c.low / high.c = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_5.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_5.low / high.a], x -> x IS NOT NULL)) THEN 5 WHEN b.fall = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_5.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_5.low / high.a], x -> x IS NOT NULL)) AND (b.trough_day <= b.low_day OR 1 - b.low / high.b < array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_5.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_5.low / high.a], x -> x IS NOT NULL))) THEN 6 WHEN 1 - b.low / high.b = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_5.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_5.low / high.a], x -> x IS NOT NULL)) THEN 7 WHEN block_5.fall = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_5.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_5.low / high.a], x -> x IS NOT NULL)) AND (block_5.trough_day <= block_5.low_day OR 1 - block_5.low / high.a < array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_5.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_5.low / high.a], x -> x IS NOT NULL))) THEN 8 WHEN 1 - block_5.low / high.a = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_5.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_5.low / high.a], x -> x IS NOT NULL)) THEN 9 END AS place
      FROM (
        SELECT
          instrument_id,
          date,
          day,
          previous_day,
          step_reason,
          known_at,
          r,
          factor,
          price,
          start,
          block_5,
          e,
          d,
          c,
          b,
          CAST(ROW(e.high * d.factor, array_max(filter(ARRAY[e.high * (d.factor * c.factor), d.high * c.factor], x -> x IS NOT NULL)), array_max(filter(ARRAY[e.high * (d.factor * c.factor * b.factor), d.high * (c.factor * b.factor), c.high * b.factor], x -> x IS NOT NULL)), array_max(filter(ARRAY[e.high * (d.factor * c.factor * b.factor * block_5.factor), d.high * (c.factor * b.factor * block_5.factor), c.high * (b.factor * block_5.factor), b.high * block_5.factor], x -> x IS NOT NULL))) AS row(d double, c double, b double, a double)) AS high
        FROM (
          SELECT
            instrument_id,
            date,
            day,
            previous_day,
            step_reason,
            known_at,
            r,
            factor,
            price,
            start,
            block_5,
            lag(block_5, 20) OVER (PARTITION BY instrument_id ORDER BY day) AS e,
            lag(block_5, 15) OVER (PARTITION BY instrument_id ORDER BY day) AS d,
            lag(block_5, 10) OVER (PARTITION BY instrument_id ORDER BY day) AS c,
            lag(block_5, 5) OVER (PARTITION BY instrument_id ORDER BY day) AS b
          FROM blocks_5
        ) AS part_1
      ) AS part_1
    ) AS part_1
  ),
  blocks_125 AS (
    SELECT
      instrument_id,
      date,
      day,
      previous_day,
      step_reason,
      known_at,
      r,
      factor,
      price,
      start,
      CAST(ROW(e.factor * d.factor * c.factor * b.factor * block_25.factor, array_max(filter(ARRAY[high.a, block_25.high], x -> x IS NOT NULL)), CASE WHEN block_25.high >= high.a THEN block_25.high_day ELSE CASE WHEN b.high * block_25.factor = high.a THEN b.high_day WHEN c.high * (b.factor * block_25.factor) = high.a THEN c.high_day WHEN d.high * (c.factor * b.factor * block_25.factor) = high.a THEN d.high_day ELSE e.high_day END END, array_min(filter(ARRAY[e.low * (d.factor * c.factor * b.factor * block_25.factor), d.low * (c.factor * b.factor * block_25.factor), c.low * (b.factor * block_25.factor), b.low * block_25.factor, block_25.low], x -> x IS NOT NULL)), CASE WHEN e.low * (d.factor * c.factor * b.factor * block_25.factor) <= array_min(filter(ARRAY[d.low * (c.factor * b.factor * block_25.factor), c.low * (b.factor * block_25.factor), b.low * block_25.factor, block_25.low], x -> x IS NOT NULL)) THEN e.low_day WHEN d.low * (c.factor * b.factor * block_25.factor) <= array_min(filter(ARRAY[c.low * (b.factor * block_25.factor), b.low * block_25.factor, block_25.low], x -> x IS NOT NULL)) THEN d.low_day WHEN c.low * (b.factor * block_25.factor) <= array_min(filter(ARRAY[b.low * block_25.factor, block_25.low], x -> x IS NOT NULL)) THEN c.low_day WHEN b.low * block_25.factor <= block_25.low THEN b.low_day ELSE block_25.low_day END, CASE WHEN place = 1 THEN e.fall WHEN place = 2 THEN d.fall WHEN place = 4 THEN c.fall WHEN place = 6 THEN b.fall WHEN place = 8 THEN block_25.fall WHEN place = 3 THEN 1 - d.low / high.d WHEN place = 5 THEN 1 - c.low / high.c WHEN place = 7 THEN 1 - b.low / high.b WHEN place = 9 THEN 1 - block_25.low / high.a END, CASE WHEN place = 1 THEN e.peak_day WHEN place = 2 THEN d.peak_day WHEN place = 4 THEN c.peak_day WHEN place = 6 THEN b.peak_day WHEN place = 8 THEN block_25.peak_day WHEN place = 3 THEN e.high_day WHEN place = 5 THEN CASE WHEN d.high * c.factor = high.c THEN d.high_day ELSE e.high_day END WHEN place = 7 THEN CASE WHEN c.high * b.factor = high.b THEN c.high_day WHEN d.high * (c.factor * b.factor) = high.b THEN d.high_day ELSE e.high_day END WHEN place = 9 THEN CASE WHEN b.high * block_25.factor = high.a THEN b.high_day WHEN c.high * (b.factor * block_25.factor) = high.a THEN c.high_day WHEN d.high * (c.factor * b.factor * block_25.factor) = high.a THEN d.high_day ELSE e.high_day END END, CASE WHEN place = 1 THEN e.trough_day WHEN place = 2 THEN d.trough_day WHEN place = 4 THEN c.trough_day WHEN place = 6 THEN b.trough_day WHEN place = 8 THEN block_25.trough_day WHEN place = 3 THEN d.low_day WHEN place = 5 THEN c.low_day WHEN place = 7 THEN b.low_day WHEN place = 9 THEN block_25.low_day END) AS row(factor double, high double, high_day bigint, low double, low_day bigint, fall double, peak_day bigint, trough_day bigint)) AS newer,
      block_25.high_day AS high_25_day,
      lag(day, 25) OVER (PARTITION BY instrument_id ORDER BY day) AS day_25
    FROM (
      SELECT
        instrument_id,
        date,
        day,
        previous_day,
        step_reason,
        known_at,
        r,
        factor,
        price,
        start,
        block_25,
        e,
        d,
        c,
        b,
        high,
        CASE WHEN e.fall = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_25.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_25.low / high.a], x -> x IS NOT NULL)) THEN 1 WHEN d.fall = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_25.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_25.low / high.a], x -> x IS NOT NULL)) AND (d.trough_day <= d.low_day OR 1 - d.low / high.d < array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_25.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_25.low / high.a], x -> x IS NOT NULL))) THEN 2 WHEN 1 - d.low / high.d = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_25.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_25.low / high.a], x -> x IS NOT NULL)) THEN 3 WHEN c.fall = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_25.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_25.low / high.a], x -> x IS NOT NULL)) AND (c.trough_day <= c.low_day OR 1 - c.low / high.c < array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_25.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_25.low / high.a], x -> x IS NOT NULL))) THEN 4 WHEN 1 - c.low / high.c = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_25.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_25.low / high.a], x -> x IS NOT NULL)) THEN 5 WHEN b.fall = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_25.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_25.low / high.a], x -> x IS NOT NULL)) AND (b.trough_day <= b.low_day OR 1 - b.low / high.b < array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_25.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_25.low / high.a], x -> x IS NOT NULL))) THEN 6 WHEN 1 - b.low / high.b = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_25.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_25.low / high.a], x -> x IS NOT NULL)) THEN 7 WHEN block_25.fall = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_25.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_25.low / high.a], x -> x IS NOT NULL)) AND (block_25.trough_day <= block_25.low_day OR 1 - block_25.low / high.a < array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_25.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_25.low / high.a], x -> x IS NOT NULL))) THEN 8 WHEN 1 - block_25.low / high.a = array_max(filter(ARRAY[e.fall, d.fall, c.fall, b.fall, block_25.fall, 1 - d.low / high.d, 1 - c.low / high.c, 1 - b.low / high.b, 1 - block_25.low / high.a], x -> x IS NOT NULL)) THEN 9 END AS place
      FROM (
        SELECT
          instrument_id,
          date,
          day,
          previous_day,
          step_reason,
          known_at,
          r,
          factor,
          price,
          start,
          block_25,
          e,
          d,
          c,
          b,
          CAST(ROW(e.high * d.factor, array_max(filter(ARRAY[e.high * (d.factor * c.factor), d.high * c.factor], x -> x IS NOT NULL)), array_max(filter(ARRAY[e.high * (d.factor * c.factor * b.factor), d.high * (c.factor * b.factor), c.high * b.factor], x -> x IS NOT NULL)), array_max(filter(ARRAY[e.high * (d.factor * c.factor * b.factor * block_25.factor), d.high * (c.factor * b.factor * block_25.factor), c.high * (b.factor * block_25.factor), b.high * block_25.factor], x -> x IS NOT NULL))) AS row(d double, c double, b double, a double)) AS high
        FROM (
          SELECT
            instrument_id,
            date,
            day,
            previous_day,
            step_reason,
            known_at,
            r,
            factor,
            price,
            start,
            block_25,
            lag(block_25, 100) OVER (PARTITION BY instrument_id ORDER BY day) AS e,
            lag(block_25, 75) OVER (PARTITION BY instrument_id ORDER BY day) AS d,
            lag(block_25, 50) OVER (PARTITION BY instrument_id ORDER BY day) AS c,
            lag(block_25, 25) OVER (PARTITION BY instrument_id ORDER BY day) AS b
          FROM blocks_25
        ) AS part_1
      ) AS part_1
    ) AS part_1
  ),
  windows AS (
    SELECT
      instrument_id,
      date,
      day,
      previous_day,
      step_reason,
      known_at,
      r,
      factor,
      price,
      start,
      newer,
      high_25_day,
      day_25,
      lag(newer, 125) OVER (PARTITION BY instrument_id ORDER BY day) AS older,
      max(step_reason) OVER (PARTITION BY instrument_id ORDER BY day ROWS BETWEEN 249 PRECEDING AND CURRENT ROW) AS step_reason_250,
      max(known_at) OVER (PARTITION BY instrument_id ORDER BY day ROWS BETWEEN 249 PRECEDING AND CURRENT ROW) AS known_at_250,
      max(known_at) OVER (PARTITION BY instrument_id ORDER BY day RANGE BETWEEN 400 PRECEDING AND CURRENT ROW) AS known_at_400d,
      count(*) OVER (PARTITION BY instrument_id ORDER BY day RANGE BETWEEN 400 PRECEDING AND CURRENT ROW) - 1 AS steps_400d
    FROM blocks_125
  ),
  falls AS (
    SELECT
      instrument_id,
      date,
      day,
      price,
      r,
      factor,
      high_25_day,
      day_25,
      steps_400d,
      known_at_250,
      known_at_400d,
      reason,
      CASE WHEN reason IS NULL THEN loss END AS loss,
      CASE WHEN reason IS NULL AND loss > 1e-12 THEN peak_day END AS peak_day,
      CASE WHEN reason IS NULL AND loss > 1e-12 THEN trough_day END AS trough_day,
      high,
      CASE WHEN reason IS NULL THEN high_day END AS high_day
    FROM (
      SELECT
        instrument_id,
        date,
        day,
        price,
        r,
        factor,
        high_25_day,
        day_25,
        steps_400d,
        known_at_250,
        known_at_400d,
        CASE WHEN steps_400d < 250 THEN 'insufficient_history' ELSE step_reason_250 END AS reason,
        array_max(filter(ARRAY[older.fall, newer.fall, 1 - newer.low / (older.high * newer.factor)], x -> x IS NOT NULL)) AS loss,
        CASE WHEN CASE WHEN older.fall >= array_max(filter(ARRAY[older.fall, newer.fall, 1 - newer.low / (older.high * newer.factor)], x -> x IS NOT NULL)) THEN 1 WHEN newer.fall >= array_max(filter(ARRAY[older.fall, newer.fall, 1 - newer.low / (older.high * newer.factor)], x -> x IS NOT NULL)) AND (newer.trough_day <= newer.low_day OR 1 - newer.low / (older.high * newer.factor) < newer.fall) THEN 2 ELSE 3 END = 1 THEN older.peak_day WHEN CASE WHEN older.fall >= array_max(filter(ARRAY[older.fall, newer.fall, 1 - newer.low / (older.high * newer.factor)], x -> x IS NOT NULL)) THEN 1 WHEN newer.fall >= array_max(filter(ARRAY[older.fall, newer.fall, 1 - newer.low / (older.high * newer.factor)], x -> x IS NOT NULL)) AND (newer.trough_day <= newer.low_day OR 1 - newer.low / (older.high * newer.factor) < newer.fall) THEN 2 ELSE 3 END = 2 THEN newer.peak_day ELSE older.high_day END AS peak_day,
        CASE WHEN CASE WHEN older.fall >= array_max(filter(ARRAY[older.fall, newer.fall, 1 - newer.low / (older.high * newer.factor)], x -> x IS NOT NULL)) THEN 1 WHEN newer.fall >= array_max(filter(ARRAY[older.fall, newer.fall, 1 - newer.low / (older.high * newer.factor)], x -> x IS NOT NULL)) AND (newer.trough_day <= newer.low_day OR 1 - newer.low / (older.high * newer.factor) < newer.fall) THEN 2 ELSE 3 END = 1 THEN older.trough_day WHEN CASE WHEN older.fall >= array_max(filter(ARRAY[older.fall, newer.fall, 1 - newer.low / (older.high * newer.factor)], x -> x IS NOT NULL)) THEN 1 WHEN newer.fall >= array_max(filter(ARRAY[older.fall, newer.fall, 1 - newer.low / (older.high * newer.factor)], x -> x IS NOT NULL)) AND (newer.trough_day <= newer.low_day OR 1 - newer.low / (older.high * newer.factor) < newer.fall) THEN 2 ELSE 3 END = 2 THEN newer.trough_day ELSE newer.low_day END AS trough_day,
        array_max(filter(ARRAY[older.high * newer.factor, newer.high], x -> x IS NOT NULL)) AS high,
        CASE WHEN newer.high >= older.high * newer.factor THEN newer.high_day ELSE older.high_day END AS high_day
      FROM windows
    ) AS part_1
  ),
  peaks AS (
    SELECT
      part_1.instrument_id,
      part_1.peak_day,
      (part_1.peak_day - (part_1.peak_day % 400 + 400) % 400) / 400 + eras.later AS era
    FROM (
      SELECT DISTINCT
        instrument_id,
        peak_day
      FROM falls
      WHERE peak_day IS NOT NULL
    ) AS part_1
    CROSS JOIN (
      SELECT
        0 AS later
      UNION ALL
      SELECT
        1
    ) AS eras
  ),
  rises AS (
    SELECT
      peak.instrument_id,
      peak.peak_day,
      later.day,
      later.price,
      element_at(transform(ARRAY[filter(array_agg(later.factor) OVER (PARTITION BY peak.instrument_id, peak.peak_day ORDER BY later.day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW), x -> x IS NOT NULL)], l -> reduce(l, CAST(NULL AS double), (s, x) -> coalesce(s * CAST(x AS double), CAST(x AS double)), s -> s)), 1) AS factor
    FROM peaks AS peak
    JOIN (
      SELECT
        instrument_id,
        date,
        day,
        price,
        r,
        factor,
        high_25_day,
        day_25,
        steps_400d,
        known_at_250,
        known_at_400d,
        reason,
        loss,
        peak_day,
        trough_day,
        high,
        high_day,
        (day - (day % 400 + 400) % 400) / 400 AS era
      FROM falls
    ) AS later ON (later.instrument_id = peak.instrument_id AND later.era = peak.era AND later.day > peak.peak_day AND later.day <= peak.peak_day + 400 AND (later.factor <> 1 OR later.r > 0 AND (later.high_25_day = later.day OR coalesce(later.day_25 <= peak.peak_day, true))))
  ),
  recoveries AS (
    SELECT
      rises.instrument_id,
      rises.peak_day,
      min(rises.day) AS recovery_day
    FROM rises
    JOIN falls AS top ON (top.instrument_id = rises.instrument_id AND top.day = rises.peak_day)
    WHERE rises.price >= top.price * rises.factor * CASE WHEN rises.factor = 1 THEN 1 ELSE 1 - 1e-12 END
    GROUP BY rises.instrument_id, rises.peak_day
  ),
  dated AS (
    SELECT
      falls.instrument_id,
      falls.date,
      falls.day,
      falls.price,
      falls.r,
      falls.factor,
      falls.high_25_day,
      falls.day_25,
      falls.steps_400d,
      falls.known_at_250,
      falls.known_at_400d,
      falls.reason,
      falls.loss,
      falls.peak_day,
      falls.trough_day,
      falls.high,
      falls.high_day,
      CASE WHEN recoveries.recovery_day > falls.trough_day AND recoveries.recovery_day <= falls.day THEN recoveries.recovery_day END AS recovery_day,
      CASE WHEN falls.reason IS NULL THEN array_max(filter(ARRAY[1 - falls.price / falls.high, 0], x -> x IS NOT NULL)) END AS current_loss
    FROM falls
    LEFT JOIN recoveries ON falls.instrument_id = recoveries.instrument_id AND falls.peak_day = recoveries.peak_day
  )
  SELECT
    instrument_id,
    date,
    CAST(250 AS bigint) AS window_observations,
    loss AS max_drawdown_loss,
    CASE WHEN reason IS NULL THEN CASE WHEN peak_day IS NULL THEN 'no_fall' WHEN recovery_day IS NULL THEN 'not_recovered' ELSE 'recovered' END END AS state,
    date_add('day', CAST(peak_day AS integer), DATE '1970-01-01') AS peak_date,
    date_add('day', CAST(trough_day AS integer), DATE '1970-01-01') AS trough_date,
    date_add('day', CAST(recovery_day AS integer), DATE '1970-01-01') AS recovery_date,
    trough_day - peak_day AS fall_days,
    coalesce(recovery_day, day) - peak_day AS drawdown_days,
    current_loss AS current_drawdown_loss,
    date_add('day', CAST(high_day AS integer), DATE '1970-01-01') AS high_date,
    day - high_day AS current_drawdown_days,
    reason,
    'deepest fall from an earlier peak over 251 comparable closes' AS method,
    array_min(filter(ARRAY[steps_400d, 250], x -> x IS NOT NULL)) AS observations,
    CAST(array_min(filter(ARRAY[steps_400d, 250], x -> x IS NOT NULL)) AS double) / CAST(250 AS double) AS coverage,
    CASE WHEN reason IS DISTINCT FROM 'insufficient_history' THEN known_at_250 ELSE known_at_400d END AS _known_at
  FROM dated
)
