import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SqlRow } from '../../src/engine/engine.js'
import { quoteText } from '../../src/engine/sql-text.js'
import { type Asked, type Detecting, type Found, observations, openDetecting } from '../support/detecting.js'
import { recordedFolder } from '../support/recorded.js'

const folder = recordedFolder()
if (folder === undefined) console.warn('DETECTORS NOT JUDGED by what providers really gave')

const PRICES = { value: 'close', high: 'high', low: 'low' }

/** What finds errors of prices, and of dividends, in the daily bars of a vendor that adjusts them. */
const OF_PRICES: readonly Asked[] = [
  { detector: 'price_sign', values: ['close'] },
  { detector: 'unit_break', ...PRICES },
  { detector: 'bad_tick', ...PRICES },
  { detector: 'unapplied_split', value: 'close', split: 'split' },
]
const OF_DIVIDENDS: readonly Asked[] = [{ detector: 'dividend_adjustment' }]
/** What is only counted, and looked at by people. */
const REVIEWED: readonly (Asked & { severity: string })[] = [
  { detector: 'split_shape', ...PRICES, severity: 'warn' },
  { detector: 'large_move', value: 'close', severity: 'warn' },
]

/** Columns of `observations` that a file does not have. */
function absent(...there: readonly string[]): string {
  const names = observations([]).columns.map(({ name }) => name)
  return names
    .filter(name => !there.includes(name))
    .map(name => `NULL::VARCHAR AS ${name}`)
    .join(', ')
}

function rulesOf({ broken, warned }: Found): string[] {
  return [...new Set([...broken.values(), ...warned.values()].flat())].sort()
}

describe('detectors on recorded files', () => {
  let detecting: Detecting
  beforeAll(async () => {
    const rows = [['commodity:eia:WTI', null, 'true']]
    detecting = await openDetecting(rows)
  })
  afterAll(() => detecting[Symbol.asyncDispose]())

  /** The rows with a find, as `symbol day`. */
  async function places(rule: string): Promise<string[]> {
    const rows: SqlRow[] =
      await detecting.engine.rows(`SELECT split_part(instrument_id, ':', 3) || ' ' || event_time::DATE AS place FROM work.conformed
      WHERE list_contains(coalesce(_broken, []), ${quoteText(rule)}) OR list_contains(coalesce(_warned, []), ${quoteText(rule)}) ORDER BY 1`)
    return rows.map(row => String(row['place']))
  }

  it('tell the defective files of a vendor from their repaired ones', async () => {
    if (folder === undefined) return
    const below = join(folder, 'equities/yahoo_defects')
    const names = readdirSync(below).map(name => name.replace(/\.csv(\.gz)?$/, ''))
    const confusion = { caught: 0, missed: 0, passed: 0, alarms: 0 }
    const lines: string[] = []
    for (const name of names.sort()) {
      const [extension = ''] = readdirSync(below).filter(file => file.startsWith(`${name}.csv`))
      const asked = /div|cg-double/.test(name) ? OF_DIVIDENDS : OF_PRICES
      const found = rulesOf(await detecting.findIn(observations(asked), yahooSql(join(below, extension), name)))
      const isGood = /-fixed$|no-bad/.test(name)
      confusion[isGood ? (found.length === 0 ? 'passed' : 'alarms') : found.length > 0 ? 'caught' : 'missed']++
      lines.push(`${name.padEnd(34)} ${isGood ? 'good' : 'bad '} ${found.join(', ')}`)
    }
    console.log(`${lines.join('\n')}\n${JSON.stringify(confusion)}`)
    expect(confusion).toEqual({ caught: 19, missed: 0, passed: 23, alarms: 0 })
  })

  it('find the split, the bad bars and the incoherent ones of 253 shares, and flag spin-offs without dropping them', async () => {
    if (folder === undefined) return
    const asked = [...OF_PRICES.slice(0, 3), ...REVIEWED, { detector: 'ohlc_coherence' }]
    const file = quoteText(join(folder, 'equities/sp500_5yr.csv.gz'))
    const fields = ['open', 'high', 'low', 'close', 'volume']
    const sql = `SELECT 'equity:x:' || "Name" AS instrument_id, 'file' AS source, date AS event_time, ${fields.join(', ')},
      ${absent('instrument_id', 'source', 'event_time', ...fields)}, row_number() OVER () AS _position FROM read_csv(${file}, all_varchar = true)`
    const found = await detecting.findIn(observations(asked), sql)
    expect(await places('ohlc_coherence')).toEqual([
      'AOS 2014-05-19',
      'CHK 2014-06-30',
      'IP 2014-07-01',
      'WRK 2016-05-13',
    ])
    expect(await places('bad_tick')).toEqual(['MRK 2017-09-14', 'NSC 2017-09-14', 'TIF 2013-12-18'])
    expect(await places('split_shape')).toContain('DISCA 2014-08-07')
    expect(await places('large_move')).toEqual(
      expect.arrayContaining(['BAX 2015-07-01', 'EBAY 2015-07-20', 'NI 2015-07-02']),
    )
    console.log(`253 shares: ${found.broken.size} rows to quarantine, ${found.warned.size} flagged of 310,511`)
    expect(found.broken.size).toBe(7)
    expect(found.warned.size).toBeLessThan(25)
  })

  it('let oil fall below zero, and nothing else in forty years of it', async () => {
    if (folder === undefined) return
    const file = quoteText(join(folder, 'commodities/wti-daily_vintage-2026-08-22.csv'))
    const sql = `SELECT 'commodity:eia:WTI' AS instrument_id, 'file' AS source, "Date" AS event_time, "Price" AS close,
      ${absent('instrument_id', 'source', 'event_time', 'close')}, row_number() OVER () AS _position FROM read_csv(${file}, all_varchar = true)`
    const asked = [
      { detector: 'price_sign', values: ['close'] },
      { detector: 'bad_tick', value: 'close' },
      { detector: 'unit_break', value: 'close' },
    ]
    expect((await detecting.findIn(observations([...asked, ...REVIEWED.slice(1)]), sql)).broken.size).toBe(0)
    expect(await places('large_move')).toContain('WTI 2020-04-20')
  })

  it('let the franc jump, and raise no false alarm in twenty years of forty currencies', async () => {
    if (folder === undefined) return
    const file = quoteText(join(folder, 'ecb/eurofxref-hist_vintage-2019-12-23.csv.gz'))
    const sql = `SELECT 'fx:ecb:EUR' || code AS instrument_id, 'file' AS source, "Date" AS event_time, nullif(rate, 'N/A') AS close, code AS currency,
      ${absent('instrument_id', 'source', 'event_time', 'close', 'currency')}, row_number() OVER () AS _position
      FROM (UNPIVOT (SELECT * EXCLUDE (column42) FROM read_csv(${file}, all_varchar = true, header = true)) ON COLUMNS(* EXCLUDE ("Date")) INTO NAME code VALUE rate)`
    const asked = [
      { detector: 'bad_tick', value: 'close', min_move: 0.3 },
      { detector: 'unit_break', value: 'close' },
      { detector: 'inverted_pair', value: 'close' },
    ]
    const reviewed = [
      { detector: 'large_move', value: 'close', min_move: 0.1, severity: 'warn' },
      { detector: 'stale_value', value: 'close', run: 10, severity: 'warn' },
      { detector: 'currency_validity', where: 'close IS NOT NULL', severity: 'warn' },
    ]
    const found = await detecting.findIn(observations([...asked, ...reviewed]), sql)
    console.log(
      `forty currencies: ${found.warned.size} rates flagged, ${(await places('large_move')).join(', ')} for their move`,
    )
    expect(found.broken.size).toBe(0)
    expect(await places('large_move')).toContain('EURCHF 2015-01-15')
  })

  it('take the empty rouble of NBP and the last kuna for ends, and find the hryvnia that stood still in March 2022', async () => {
    if (folder === undefined) return
    const [one, other] = [2022, 2024].map(year => nbpSql(join(folder, `nbp/archive/archiwum_tab_a_${year}.csv`)))
    const asked = [
      { detector: 'value_gap', value: 'close' },
      { detector: 'currency_validity' },
      { detector: 'stale_value', value: 'close', run: 10 },
    ]
    const found = await detecting.findIn(
      observations(asked),
      `SELECT *, row_number() OVER () AS _position FROM (${one} UNION ALL ${other})`,
    )
    expect(new Set([...found.broken.values()].flat())).toEqual(new Set(['stale_value']))
    expect(new Set((await places('stale_value')).map(place => place.slice(0, 11)))).toEqual(new Set(['UAH 2022-03']))
    const [rouble] = await detecting.engine.rows(
      `SELECT count(*) FILTER (WHERE close IS NULL)::INTEGER AS empty, max(event_time) FILTER (WHERE close IS NOT NULL)::DATE AS last FROM work.conformed WHERE currency = 'RUB'`,
    )
    expect(rouble).toEqual({ empty: 206, last: '2022-03-08' })
  })

  it('find every hour of Bitstamp whose volume columns are swapped', async () => {
    if (folder === undefined) return
    const file = quoteText(join(folder, 'crypto/bitstamp/Bitstamp_BTCUSD_1h.csv.gz'))
    const fields = ['open', 'high', 'low', 'close']
    const sql = `SELECT 'crypto:bitstamp:BTCUSD' AS instrument_id, 'file' AS source, date AS event_time, ${fields.join(', ')}, "Volume BTC" AS volume,
      "Volume USD" AS quote_volume, ${absent('instrument_id', 'source', 'event_time', 'volume', 'quote_volume', ...fields)}, row_number() OVER () AS _position
      FROM read_csv(${file}, skip = 1, header = true, all_varchar = true)`
    const found = await detecting.findIn(
      observations([{ detector: 'value_per_unit' }, { detector: 'bad_tick', ...PRICES }]),
      sql,
    )
    expect([...found.broken.values()].filter(rules => rules.includes('value_per_unit')).length).toBe(20_143)
  })
})

function yahooSql(path: string, name: string): string {
  const names = ['event_time', 'open', 'high', 'low', 'close', 'adjusted_close', 'volume', 'dividend', 'split']
  // Doubles written with all their digits, and infinities where the vendor's own adjustment overflowed: below zero, then.
  const number = (at: number): string =>
    `CASE WHEN r[${at}] LIKE '%inf' THEN '-1' ELSE round(nullif(r[${at}], '')::DOUBLE, 9)::DECIMAL(28, 9)::VARCHAR END`
  const fields = names.map((field, at) => `${at === 0 ? 'r[1]' : `TRY(${number(at + 1)})`} AS ${field}`)
  return `SELECT ${quoteText(`equity:x:${name}`)} AS instrument_id, 'file' AS source, ${fields.join(', ')},
    ${absent('instrument_id', 'source', ...names)}, row_number() OVER () AS _position
    FROM (SELECT string_split(line, ',') AS r FROM read_csv(${quoteText(path)}, header = false, skip = 1, sep = '|', quote = '', columns = {'line': 'VARCHAR'}))`
}

function nbpSql(path: string): string {
  const rows = `read_csv(${quoteText(path)}, delim = ';', header = true, all_varchar = true, encoding = 'latin-1', null_padding = true, strict_mode = false)`
  const wide = `SELECT data, coalesce(COLUMNS('^[0-9]+[A-Z]{3}$'), '') AS '\\0' FROM ${rows} WHERE regexp_matches(data, '^[0-9]{8}$')`
  return `SELECT 'fx:nbp:' || regexp_extract(name, '[A-Z]{3}') AS instrument_id, 'file' AS source, data[1:4] || '-' || data[5:6] || '-' || data[7:8] AS event_time,
    nullif(replace(rate, ',', '.'), '') AS close, regexp_extract(name, '[A-Z]{3}') AS currency, ${absent('instrument_id', 'source', 'event_time', 'close', 'currency')}
    FROM (UNPIVOT (${wide}) ON COLUMNS(* EXCLUDE (data)) INTO NAME name VALUE rate)`
}
