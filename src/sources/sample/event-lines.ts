import { type JsonFields, jsonInstant, jsonLine, jsonText } from './json-line.js'
import { price, shock, uniform } from './price-path.js'
import { EVENT_DEFECTS } from './sample-defects.js'
import type { SampleOptions } from './sample-options.js'
import { deliveredLines, instrumentRows } from './sample-tables.js'
import { HAS_SESSION, SESSION_NUMBER } from './session-number.js'

const DAY_MS = 86_400_000
/** Every instrument that is trading gives one event in each slot, somewhere in its first 170 s: a place is a slot. */
const SLOT_MS = 180_000
/** Of an instrument that is trading. */
export const EVENTS_PER_HOUR = 3_600_000 / SLOT_MS
const JITTER_MS = 170_000
/** 2^-9 of a day is shorter than a slot. */
const FINEST_LEVEL = -9
/** Makes 88412.50 a price of 25 digits. Its last two are zeros, so that 18 decimals hold the value exactly. */
const LONG_TAIL = '012345678901234500'

const FIELDS: JsonFields = {
  event_id: jsonText(`concat(code, '-', place, CASE WHEN flaw IN ('late', 'unlisted') THEN '-' || flaw END)`),
  instrument_id: jsonText(`CASE flaw WHEN 'unlisted' THEN 'crypto:coingecko:unlisted' ELSE instrument_id END`),
  event_type: jsonText(`CASE WHEN is_trade THEN 'trade' ELSE 'quote' END`),
  event_time: jsonInstant(`CASE flaw WHEN 'late' THEN at_ms - ${DAY_MS} ELSE at_ms END`),
  price: `CASE flaw
    WHEN 'zero' THEN '0'
    WHEN 'negative' THEN '-1'
    WHEN 'not_a_number' THEN '"n/a"'
    WHEN 'long_number' THEN ${decimal('price')} || '${LONG_TAIL}'
    WHEN 'conflict' THEN ${decimal('price * 1.002')}
    ELSE ${decimal('price')} END`,
  size: `printf('%.*f', size_decimals, size)`,
  bid: decimal('bid'),
  ask: decimal('ask'),
  currency: jsonText('currency'),
  side: jsonText('side'),
  venue: jsonText('venue'),
  source: `'"sample"'`,
}

/** A field that the contract does not know, on every fiftieth trade or so. */
const FIELDS_WITH_CONDITIONS: JsonFields = { ...FIELDS, conditions: `'["odd_lot"]'` }

/**
 * A SELECT of one VARCHAR column `line`: trades and quotes that arrive in the interval, by arrival. Two of three events are
 * trades. A late event arrives at the end of its slot and happened a day before.
 */
export function eventLines(options: SampleOptions): string {
  const line = `CASE WHEN is_trade AND place % 47 = 0 THEN ${jsonLine(FIELDS_WITH_CONDITIONS)} ELSE ${jsonLine(FIELDS)} END`
  const arrivals = `SELECT *, CASE flaw WHEN 'late' THEN (place + 1) * ${SLOT_MS} - 1 ELSE at_ms END AS arrived_ms
    FROM (${deliveredLines(events(options), EVENT_DEFECTS, SLOT_MS)})`
  return `SELECT CASE flaw WHEN 'torn' THEN left(${line}, 128) ELSE ${line} END AS line
    FROM (${arrivals})
    WHERE arrived_ms >= ${options.startMs} AND arrived_ms < ${options.endMs}
    ORDER BY arrived_ms, instrument_id, copy`
}

/** One event for each slot that the interval touches: those at its rim may arrive outside. */
function events({ seed, startMs, endMs }: SampleOptions): string {
  const slots = `SELECT *, ${SESSION_NUMBER} AS session, place * ${SLOT_MS} - day * ${DAY_MS} AS slot_ms,
      place * ${SLOT_MS} + floor(${JITTER_MS} * ${uniform(seed, keyOf('time'))})::BIGINT AS at_ms
    FROM ${instrumentRows()}, (
      SELECT place, floor(place * ${SLOT_MS} / ${DAY_MS}.0)::BIGINT AS day
      FROM range(${Math.floor(startMs / SLOT_MS)}, ${Math.ceil(endMs / SLOT_MS)}) AS slots(place))
    WHERE ${HAS_SESSION} AND slot_ms >= open_ms AND slot_ms < close_ms`
  const clocked = `SELECT *, place % 3 <> 1 AS is_trade, ${uniform(seed, keyOf('side'))} < 0.5 AS is_buy,
      session + overnight + (1 - overnight) * (at_ms - day * ${DAY_MS} - open_ms) / (close_ms - open_ms) AS path_at
    FROM (${slots})`
  const priced = `SELECT *, ${price(seed, 'path_at', FINEST_LEVEL)} AS mid,
      greatest(volatility / 100, power(10::DOUBLE, -decimals) / base) AS half_spread
    FROM (${clocked})`
  return `SELECT *, split_part(instrument_id, ':', 2) AS venue, split_part(instrument_id, ':', 3) AS code,
      CASE WHEN is_trade THEN mid * (1 + CASE WHEN is_buy THEN half_spread ELSE -half_spread END) END AS price,
      CASE WHEN is_trade THEN trade_size * exp(0.6 * ${shock(seed, keyOf('size'))}) END AS size,
      CASE WHEN is_trade THEN CASE WHEN is_buy THEN 'buy' ELSE 'sell' END END AS side,
      CASE WHEN NOT is_trade THEN mid * (1 - half_spread) END AS bid,
      CASE WHEN NOT is_trade THEN mid * (1 + half_spread) END AS ask
    FROM (${priced})`
}

function keyOf(purpose: string): string {
  return `instrument_id || ':${purpose}:' || place`
}

function decimal(value: string): string {
  return `printf('%.*f', decimals, ${value})`
}
