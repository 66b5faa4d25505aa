// Writes the daily bars that the benchmarks read: node bench/generate-bars.mjs [rows]
import { existsSync, renameSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { benchPath, INSTRUMENTS } from './workplace.mjs'

/** Part of the cached file's name: a change of the content changes it. */
const EDITION = 1
const FIRST_DAY = '2019-01-01'

/**
 * The path of a CSV file of `rows` daily bars of 200 instruments; written on the first call and kept. The same arguments give the same
 * bytes. Prices move by 2 % a day with an occasional 12 %, one close in 20,000 is ten times too high, one day in 5,000 has thirty
 * times the usual volume.
 */
export async function generateBars({ rows, seed = 1 }) {
  const path = benchPath(`bars-${EDITION}-${rows}-${seed}.csv`)
  if (existsSync(path)) return path
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '1GB' })
  const connection = await instance.connect()
  await connection.run(`COPY (${barsSql({ rows, seed })}) TO '${path}.partial' (FORMAT csv, HEADER)`)
  connection.closeSync()
  instance.closeSync()
  renameSync(`${path}.partial`, path)
  return path
}

function barsSql({ rows, seed }) {
  const random = purpose => `(hash(day, instrument, ${seed}, '${purpose}') % 1000000) / 1000000.0`
  const moves = `SELECT day, instrument, ${random('spike')} AS spike, ${random('volume')} AS busy, ${random('open')} AS gap,
      CASE WHEN ${random('shock')} < 0.003 THEN 0.24 ELSE 0.04 END * (${random('move')} - 0.5) AS move
    FROM (SELECT n // ${INSTRUMENTS} AS day, n % ${INSTRUMENTS} AS instrument FROM range(${rows}) AS bars(n))`
  const path = `SELECT *, 20 * (1 + instrument) * exp(sum(move) OVER (PARTITION BY instrument ORDER BY day)) AS level FROM (${moves})`
  const prices = `SELECT *, CASE WHEN spike < 0.00005 THEN 10 ELSE 1 END * level AS price, 1e6 * (0.5 + busy) * CASE WHEN busy < 0.0002 THEN 60 ELSE 1 END AS units
    FROM (${path})`
  return `SELECT 'crypto:bench:c' || lpad(instrument::VARCHAR, 3, '0') AS instrument_id, '1d' AS bar_interval,
      DATE '${FIRST_DAY}' + day::INTEGER AS event_time, printf('%.4f', price * (1 + 0.01 * (gap - 0.5))) AS open,
      printf('%.4f', price * 1.02) AS high, printf('%.4f', price * 0.98) AS low, printf('%.4f', price) AS close,
      printf('%.2f', units) AS volume, printf('%.2f', units * price) AS quote_volume, (units / 100)::BIGINT AS trades, 'USD' AS currency
    FROM (${prices}) ORDER BY day, instrument`
}

if (resolve(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) {
  const path = await generateBars({ rows: Number(process.argv[2] ?? 300_000) })
  console.log(`${path} (${Math.round(statSync(path).size / 1e6)} MB)`)
}
