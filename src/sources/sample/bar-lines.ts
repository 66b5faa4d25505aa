import { type JsonFields, jsonInstant, jsonLine, jsonText } from './json-line.js'
import { price, uniform } from './price-path.js'
import { BAR_DEFECTS } from './sample-defects.js'
import type { SampleOptions } from './sample-options.js'
import { deliveredLines, instrumentRows } from './sample-tables.js'
import { HAS_SESSION, SESSION_NUMBER } from './session-number.js'

const DAY_MS = 86_400_000
/** A bar sees its price at the quarters of the day. */
const QUARTERS = '[0e0, 0.25e0, 0.5e0, 0.75e0, 1e0]'
const QUARTER_LEVEL = -1

const FIELDS: JsonFields = {
  instrument_id: jsonText(`CASE flaw WHEN 'unlisted' THEN 'crypto:coingecko:unlisted' ELSE instrument_id END`),
  bar_interval: `'"1d"'`,
  event_time: jsonInstant(`day * ${DAY_MS}`),
  open: decimal('open'),
  high: `CASE flaw WHEN 'crossed' THEN ${decimal('low')} ELSE ${decimal('high')} END`,
  low: `CASE flaw WHEN 'crossed' THEN ${decimal('high')} ELSE ${decimal('low')} END`,
  close: `CASE flaw
    WHEN 'zero' THEN '0'
    WHEN 'negative' THEN '-1'
    WHEN 'not_a_number' THEN '"n/a"'
    WHEN 'conflict' THEN ${decimal('(high + low) / 2')}
    ELSE ${decimal('close')} END`,
  volume: `CASE flaw WHEN 'conflict' THEN ${volume('volume * 1.03')} ELSE ${volume('volume')} END`,
  currency: jsonText('currency'),
  source: `'"sample"'`,
}

/** A SELECT of one VARCHAR column `line`: daily bars that start in the interval, by day and instrument. */
export function barLines({ seed, startMs, endMs }: SampleOptions): string {
  const sessions = `SELECT *, day AS place, ${SESSION_NUMBER} AS session
    FROM ${instrumentRows()}, range(${Math.ceil(startMs / DAY_MS)}, ${Math.ceil(endMs / DAY_MS)}) AS days(day)
    WHERE ${HAS_SESSION}`
  const paths = `SELECT *,
      [${price(seed, '(session + quarter)', QUARTER_LEVEL)} FOR quarter IN ${QUARTERS} IF quarter >= overnight] AS prices,
      volatility * ${uniform(seed, `instrument_id || ':reach:' || day`)} / 4 AS reach,
      daily_volume * (0.5 + ${uniform(seed, `instrument_id || ':volume:' || day`)}) AS volume
    FROM (${sessions})`
  const bars = `SELECT *, prices[1] AS open, prices[-1] AS close,
      list_max(prices) * (1 + reach) AS high, list_min(prices) * (1 - reach) AS low
    FROM (${paths})`
  const line = jsonLine(FIELDS)
  return `SELECT CASE flaw WHEN 'torn' THEN left(${line}, 96) ELSE ${line} END AS line
    FROM (${deliveredLines(bars, BAR_DEFECTS, DAY_MS)})
    ORDER BY day, instrument_id, copy`
}

function decimal(value: string): string {
  return `printf('%.*f', decimals, ${value})`
}

function volume(value: string): string {
  return `printf('%.0f', ${value})`
}
