// Writes what gold is derived from: ten years of daily bars, with rates and a portfolio: node bench/generate-decade.mjs [instruments]
import { existsSync, renameSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { benchPath } from './workplace.mjs'

/** Part of the cached files' names: a change of the content changes it. */
const EDITION = 2
const FIRST_DAY = '2014-01-01'
/** Of the instruments, those that the one portfolio holds, stated again each year. */
const HELD = 50
const YEARS = 10

/** The id of an instrument by its number. */
export const instrumentId = number => `crypto:bench:d${String(number).padStart(4, '0')}`

/**
 * Paths of CSV files by their contract: `bars` of every weekday for `instruments` instruments in US dollars, `fx_rates` of two currencies
 * against the zloty, `holdings` of one portfolio. Of `sessions` weekdays from `from` on (0 is the first of all). Written on the first call and
 * kept; the same day has the same values whatever is asked for.
 */
export async function generateDecade({ instruments, sessions = 2500, from = 0 }) {
  const [until, name] = [from + sessions, `${EDITION}-${instruments}-${from}-${sessions}`]
  const selects = { bars: barsSql(instruments, from, until), fx_rates: ratesSql(from, until) }
  if (from === 0) selects.holdings = holdingsSql(instruments)
  const paths = {}
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '2GB' })
  const connection = await instance.connect()
  for (const [contract, select] of Object.entries(selects)) {
    const path = benchPath(`decade-${contract}-${name}.csv`)
    paths[contract] = path
    if (existsSync(path)) continue
    await connection.run(`COPY (${select}) TO '${path}.partial' (FORMAT csv, HEADER)`)
    renameSync(`${path}.partial`, path)
  }
  connection.closeSync()
  instance.closeSync()
  return paths
}

/** Weekdays after the first day, which is a Wednesday. */
const dateOf = day => `(DATE '${FIRST_DAY}' + (${day} + 2 * ((${day} + 2) // 5))::INTEGER)`

function barsSql(instruments, from, until) {
  const random = purpose => `(hash(day, instrument, '${purpose}') % 1000000) / 1000000.0`
  // From the first day on, whatever is asked for: a level is the sum of all moves before it.
  const moves = `SELECT day, instrument, ${random('gap')} AS gap, ${random('volume')} AS busy, 0.04 * (${random('move')} - 0.5) AS move
    FROM range(${until}) AS days(day), range(${instruments}) AS instruments(instrument)`
  const levels = `SELECT *, 20 * (1 + instrument % 97) * exp(sum(move) OVER (PARTITION BY instrument ORDER BY day)) AS price FROM (${moves})`
  return `SELECT 'crypto:bench:d' || lpad(instrument::VARCHAR, 4, '0') AS instrument_id, '1d' AS bar_interval, ${dateOf('day')} AS event_time,
      printf('%.4f', price * (1 + 0.01 * (gap - 0.5))) AS open, printf('%.4f', price * 1.02) AS high, printf('%.4f', price * 0.98) AS low,
      printf('%.4f', price) AS close, printf('%.2f', 1e6 * (0.5 + busy)) AS volume, printf('%.2f', 1e6 * (0.5 + busy) * price) AS quote_volume,
      1000 AS trades, 'USD' AS currency
    FROM (${levels}) WHERE day >= ${from} ORDER BY day, instrument`
}

function ratesSql(from, until) {
  return `SELECT 'fx:nbp:' || base || 'PLN' AS instrument_id, ${dateOf('day')} AS event_time, 'nbp:A' AS fixing, base AS base_currency,
      'PLN' AS quote_currency, printf('%.4f', level + 0.1 * sin(day / 40.0)) AS mid, 'nbp' AS source
    FROM range(${from}, ${until}) AS days(day), (VALUES ('USD', 4.0), ('EUR', 4.4)) AS rates(base, level) ORDER BY day, base`
}

function holdingsSql(instruments) {
  return `SELECT 'bench' AS portfolio, 'crypto:bench:d' || lpad(n::VARCHAR, 4, '0') AS instrument_id, DATE '${FIRST_DAY}' + 365 * year::INTEGER AS as_of, 100 + n AS quantity
    FROM range(${Math.min(HELD, instruments)}) AS held(n), range(${YEARS}) AS years(year)`
}

if (resolve(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) {
  console.log(await generateDecade({ instruments: Number(process.argv[2] ?? 1000) }))
}
