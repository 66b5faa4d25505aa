// Writes the events that the benchmarks read: node bench/generate-events.mjs [rows]
import { existsSync, renameSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { benchPath, INSTRUMENTS } from './workplace.mjs'

/** 2025-01-01T00:00:00Z */
export const START_MS = 1_735_689_600_000
const DAYS = 30
const DAY_MS = 86_400_000
/** Events arrive up to this much later than they happened, so lines are only nearly in order of event time. */
const JITTER_MS = 5_000
/** Part of the cached file's name: a change of the content changes it. */
const EDITION = 1

/**
 * The path of an NDJSON file of `rows` trades of 200 instruments over `days` from `startMs`; written on the first call and kept.
 * The same arguments give the same bytes. Every fiftieth line repeats an earlier one, every thousandth is bad in one of five ways, and
 * every five-thousandth has a size of 25 digits, which a double cannot hold.
 */
export async function generateEvents({ rows, startMs = START_MS, days = DAYS, seed = 1, prefix = 'e' }) {
  const path = benchPath(`events-${EDITION}-${rows}-${startMs}-${days}-${seed}.ndjson`)
  if (existsSync(path)) return path
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '1GB' })
  const connection = await instance.connect()
  const csv = `FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01'`
  const sql = linesSql({ rows, startMs, spanMs: days * DAY_MS, seed, prefix })
  await connection.run(`COPY (${sql}) TO '${path}.partial' (${csv})`)
  connection.closeSync()
  instance.closeSync()
  renameSync(`${path}.partial`, path)
  return path
}

function linesSql({ rows, startMs, spanMs, seed, prefix }) {
  const random = purpose => `(hash(event, ${seed}, '${purpose}') % 1000000) / 1000000.0`
  const events = `SELECT line, event,
      ${startMs} + greatest(0, (event * (${spanMs}::HUGEINT) / ${rows})::BIGINT - (${JITTER_MS} * ${random('late')})::BIGINT) AS at_ms,
      (hash(event, ${seed}, 'instrument') % ${INSTRUMENTS})::INTEGER AS instrument,
      ${random('price')} AS price_noise, ${random('size')} AS size_noise,
      CASE WHEN event % 1000 = 500 THEN event // 1000 % 5 END AS flaw
    FROM (SELECT line, CASE WHEN line % 50 = 49 THEN line - 1 - (hash(line, ${seed}) % 49)::BIGINT ELSE line END AS event
      FROM range(${rows}) AS lines(line))`
  const market = `SELECT *,
      10 * (1 + instrument) * exp(0.3 * sin(instrument + (at_ms - ${startMs}) / 4e8) + 0.02 * (price_noise - 0.5)) AS price,
      CASE WHEN event % 5000 = 77 THEN '1234567.123456789012345678' ELSE printf('%.4f', 0.01 + 5 * size_noise) END AS size
    FROM (${events})`
  const text = `concat('{', CASE WHEN flaw IS DISTINCT FROM 2 THEN '"event_id":"${prefix}' || lpad(event::VARCHAR, 8, '0') || '",' ELSE '' END,
      '"instrument_id":"crypto:bench:', CASE flaw WHEN 3 THEN 'unknown' ELSE 'c' || lpad(instrument::VARCHAR, 3, '0') END,
      '","event_type":"trade","event_time":"', strftime(make_timestamp(at_ms * 1000), '%Y-%m-%dT%H:%M:%S.%gZ'),
      '","price":', CASE flaw WHEN 0 THEN '"n/a"' WHEN 1 THEN '-1.5' ELSE printf('%.2f', price) END,
      ',"size":', size, ',"currency":"USD"}')`
  return `SELECT CASE flaw WHEN 4 THEN left(${text}, 90) ELSE ${text} END FROM (${market}) ORDER BY line`
}

if (resolve(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) {
  const path = await generateEvents({ rows: Number(process.argv[2] ?? 5_000_000) })
  console.log(`${path} (${Math.round(statSync(path).size / 1e6)} MB)`)
}
