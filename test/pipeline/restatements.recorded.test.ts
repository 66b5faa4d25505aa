import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Contract } from '../../src/contract/contract.js'
import { parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import { query } from '../../src/pipeline/read/query.js'
import { ticks } from '../support/contracts.js'
import { errorOf, NOW, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { recordedFolder } from '../support/recorded.js'
import { type InputRow, ndjson } from '../support/records.js'

const recorded = recordedFolder()
if (recorded === undefined) console.warn('RESTATEMENTS NOT JUDGED by what providers really gave')
const DAY = 86_400_000

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

function textOf(...path: string[]): string {
  const bytes = readFileSync(join(recorded!, ...path))
  return (path.at(-1)!.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}

function contractNamed(name: string, parts: Partial<Contract> = {}): Contract {
  return { ...folder.project.contracts.find(({ dataset }) => dataset === name)!, ...parts }
}

const CHANGES = `SELECT series, kind, announced, rows::INTEGER AS rows, round(ratio, 4) AS ratio, first_event::DATE::VARCHAR AS first,
  last_event::DATE::VARCHAR AS last, columns, fate FROM gold.restatements ORDER BY ALL`

describe.runIf(recorded !== undefined)('PKN as Stooq had it in August 2022 and in May 2024', () => {
  const map = `event_time: Data, open: Otwarcie, high: Najwyzszy, low: Najnizszy, close: Zamkniecie, volume: Wolumen`
  const fixed = `instrument_id: "'equity:XWAR:PKN'", bar_interval: "'1d'", currency: "'PLN'", source: "'stooq'"`
  const pipe = `pipes:\n  - { name: pkn, source: file, contract: bars, input: pkn.csv, universe: open, map: { ${map}, ${fixed} } }\n`

  async function downloaded(bars: Contract): Promise<TestLake> {
    const contracts = [{ ...bars, partition: 'year' as const }, contractNamed('restatements')]
    const lake = folder.lake({ models: [], contracts, pipes: parsePipes(pipe, 'pipes/pkn.yaml') })
    await folder.write('pkn.csv', textOf('stooq', 'gpw_2022-08', 'pkn_d.csv'))
    expect(await lake.run({ nowMs: Date.UTC(2022, 8, 1) })).toMatchObject({ pipes: [{ accepted: 751 }] })
    await folder.write('pkn.csv', textOf('stooq', 'full_2024-05', 'pkn_d.csv'))
    return lake
  }

  it('is one back-adjustment of 751 versions, and each day is known as it was said', async () => {
    const lake = await downloaded(contractNamed('bars', { merge: { policy: 'versions', orderBy: undefined } }))
    const record = await lake.run({ nowMs: Date.UTC(2024, 4, 24) })
    expect(record).toMatchObject({ status: 'published', pipes: [{ in: 6131, accepted: 6131, quarantined: 0 }] })
    expect(await lake.rows(CHANGES)).toEqual([
      {
        ...{ series: 'equity:XWAR:PKN 1d', kind: 'back_adjustment', announced: false, rows: 751, ratio: 0.9209 },
        ...{ first: '2019-08-30', last: '2022-08-30', columns: 'close, high, low, open, volume', fate: 'version' },
      },
    ])
    const days = `FROM bars WHERE event_time BETWEEN '2019-08-30' AND '2022-08-30'`
    const sql = `SELECT count(*)::INTEGER AS days, first(close::DOUBLE ORDER BY event_time) AS close ${days}`
    const at = async (asKnownAt: string) => (await query(lake.project, sql, { asKnownAt })).rows
    expect(await at('2022-09-01')).toEqual([{ days: 751, close: 80.9745 }])
    expect(await at('2024-05-24')).toEqual([{ days: 751, close: 74.5674 }])
    // That the days before were known in 2022, at figures of 2024, is what the rule says, and nobody saw.
    const strict = await errorOf(query(lake.project, sql, { asKnownAt: '2022-09-01', strict: true }))
    expect(strict.code).toBe('SLUICE_KNOWLEDGE_ASSUMED')
  })

  it('is held as one back-adjustment under the policy first, which cannot mix the two', async () => {
    const lake = await downloaded(contractNamed('bars'))
    const record = await lake.run({ nowMs: Date.UTC(2024, 4, 24) })
    expect(record).toMatchObject({ status: 'held', datasets: [{ restated: { series: 1, changes: 1, rows: 751 } }] })
    expect(await lake.rows(CHANGES)).toMatchObject([{ kind: 'back_adjustment', rows: 751, fate: 'held' }])
  })
})

describe.runIf(recorded !== undefined)('GDP with all its vintages', () => {
  interface Observation {
    readonly realtime_start: string
    readonly realtime_end: string
    readonly date: string
    readonly value: string
  }
  const nextDay = (date: string): string => new Date(Date.parse(date) + DAY).toISOString()
  const rowOf = ({ date, value, realtime_start }: Observation): InputRow => ({
    ...{ instrument_id: 'macro:fred:GDP', event_time: date, value: value === '.' ? null : value, source: 'fred' },
    ...{ vintage_date: realtime_start, known_from: nextDay(realtime_start) },
  })
  let observations: readonly Observation[]
  let lake: TestLake
  beforeAll(async () => {
    observations = (JSON.parse(textOf('fred', 'json', 'GDP_all_releases.json')) as { observations: Observation[] })
      .observations
    const contracts = [contractNamed('macro_observations'), contractNamed('restatements')]
    lake = folder.lake({ models: [], contracts })
  })
  const run = async (rows: readonly Observation[], nowMs: number) => {
    const input = await folder.write('gdp.ndjson', ndjson(rows.map(rowOf)))
    return lake.run({ contract: 'macro_observations', input: [input], nowMs })
  }

  it('is stored as versions; a later fetch brings revisions that are announced', async () => {
    const early = observations.filter(({ realtime_start }) => realtime_start < '2015-01-01')
    const first = await run(early, Date.UTC(2015, 0, 1))
    expect(first).toMatchObject({ status: 'published', pipes: [{ accepted: early.length, quarantined: 0 }] })
    expect(first.datasets[0]).not.toHaveProperty('restated')
    const whole = await run(observations, NOW)
    const added = observations.length - early.length
    expect(whole).toMatchObject({ status: 'published', pipes: [{ accepted: added, duplicate: early.length }] })
    const known = new Set(early.map(({ date }) => date))
    const revised = observations
      .slice()
      .filter(({ date, realtime_start }) => realtime_start >= '2015-01-01' && known.has(date))
    expect(await lake.rows(CHANGES)).toMatchObject([
      { series: 'macro:fred:GDP', kind: 'revision', announced: true, rows: revised.length, fate: 'version' },
    ])
    const versions = await lake.rows(
      'SELECT count(*)::INTEGER AS rows, count(DISTINCT vintage_date)::INTEGER AS vintages FROM macro_observations_versions',
    )
    expect(versions).toEqual([
      { rows: observations.length, vintages: new Set(observations.map(o => o.realtime_start)).size },
    ])
  })

  it.each([
    '1992-12-21',
    '1992-12-22',
    '1996-01-19',
    '2000-06-30',
    '2009-07-31',
    '2013-07-31',
    '2020-04-29',
    '2024-11-01',
  ])('gives, as known at the end of %s, the series of that day', async day => {
    const sql = 'SELECT event_time::DATE::VARCHAR AS date, value::DOUBLE AS value FROM macro_observations ORDER BY 1'
    const { rows } = await query(lake.project, sql, { asKnownAt: nextDay(day) })
    const expected = observations
      .filter(({ realtime_start, realtime_end }) => realtime_start <= day && day <= realtime_end)
      .map(({ date, value }) => ({ date, value: value === '.' ? null : Number(value) }))
      .sort((a, b) => (a.date < b.date ? -1 : 1))
    expect(rows).toEqual(expected)
  })
})

describe.runIf(recorded !== undefined)('a provider that said things twice', () => {
  type Column = readonly (readonly [date: string, price: string])[]
  const column = (text: string, price: string): Column => {
    const [head = '', ...lines] = text.trim().split(/\r?\n/)
    const names = head.split(',')
    const cells = lines.map(line => line.split(','))
    return cells.map(row => [row[0] ?? '', row[names.indexOf(price)] ?? ''])
  }
  const yahoo = (name: string): Column => column(textOf('equities', 'yahoo_defects', `${name}.csv`), 'Close')
  const noisy = (values: Column): Column => values.map(([date, close]) => [date, String(Number(close) * (1 + 2e-16))])
  const CORRECTED = {
    'AET-L-1d-100x-error': { kind: 'unit_switch', rows: 14, ratio: 100 },
    '4063-T-1d-bad-stock-split': { kind: 'split', rows: 9, ratio: 0.2 },
    'MOB-ST-1d-bad-stock-split': { kind: 'vendor_error', rows: 1, ratio: 10 },
    'ASAI-L-1h-bad-unit': { kind: 'vendor_error', rows: 1, ratio: 100 },
    // Eleven shares into five, with no volume to tell it from dividends.
    'DEX-AX-1d-bad-stock-split': { kind: 'back_adjustment', rows: 15, ratio: 2.2696 },
  }

  /** What was said first and again, by series. */
  function saidTwice(): Map<string, readonly [Column, Column]> {
    const wti = (at: string) => column(textOf('commodities', `wti-daily_vintage-${at}.csv`), 'Price')
    const usd = (at: string) => column(textOf('ecb', `eurofxref-hist_vintage-${at}.csv.gz`), 'USD')
    return new Map([
      ...Object.keys(CORRECTED).map(name => [name, [yahoo(name), yahoo(`${name}-fixed`)]] as const),
      ...['CALM-1d-no-bad-divs', 'EWG-1d-no-bad-divs'].map(name => [name, [yahoo(name), noisy(yahoo(name))]] as const),
      ['wti', [wti('2020-05-15'), wti('2026-08-22')]] as const,
      ['usd', [usd('2014-03-31'), usd('2019-12-23')]] as const,
    ])
  }

  let changes: readonly InputRow[]
  let duplicates: number
  beforeAll(async () => {
    const price = '{ name: price, logicalType: number, physicalType: "decimal(38,18)", required: true }'
    const contract = ticks({ mergePolicy: 'versions', partition: 'year', properties: [price] })
    const lake = folder.lake({ models: [], contracts: [{ ...contract, rules: [] }, contractNamed('restatements')] })
    const all = saidTwice()
    for (const at of [0, 1] as const) {
      const rows = [...all].flatMap(([id, times]) => times[at].map(([moment, value]) => ({ id, moment, price: value })))
      const good = rows.filter(row => row.price !== '' && row.price !== 'N/A')
      const input = await folder.write(`said-${at}.ndjson`, ndjson(good))
      const record = await lake.run({ contract: 'ticks', input: [input], nowMs: NOW + at * DAY })
      duplicates = record.pipes[0]!.duplicate
    }
    changes = await lake.rows(CHANGES)
  })
  const of = (series: string) => changes.filter(change => change['series'] === series)

  it.each(Object.entries(CORRECTED))('corrects %s in one change, digits of floats apart', (name, change) => {
    expect(of(name)).toEqual([expect.objectContaining(change)])
  })

  it('restates nothing else: neither 34 years of oil, nor 15 of the dollar, nor digits of floats', () => {
    expect(changes.length).toBe(Object.keys(CORRECTED).length)
    expect(duplicates).toBeGreaterThan(8_659 + 3_800)
  })
})
