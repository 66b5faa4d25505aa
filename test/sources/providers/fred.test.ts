import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addressOf, openProviderRecords, type ProviderRecords } from './provider-records.js'

let records: ProviderRecords
beforeAll(async () => {
  records = await openProviderRecords()
})
afterAll(() => records.close())

const GDP = { series: 'GDP' }

/** An observation as FRED tells it for a real-time period: cut off at its ends. */
function observation(date: string, value: string, from: string, to = '9999-12-31') {
  return { realtime_start: from, realtime_end: to, date, value }
}

function body(...observations: readonly object[]): string {
  return JSON.stringify({ count: observations.length, offset: 0, limit: 100000, observations })
}

const REVISED = body(
  observation('2013-10-01', '17102.5', '2014-01-30', '2014-02-27'),
  observation('2013-10-01', '17080.7', '2014-02-28', '2014-03-26'),
  observation('2013-10-01', '17089.6', '2014-03-27'),
)

describe('observations', () => {
  it('are asked for by the days on which they were said, from the day before', () => {
    const interval = { startMs: Date.UTC(2014, 0, 1), endMs: Date.UTC(2014, 3, 1) }
    expect(addressOf('fred.observations', GDP, interval)).toBe(
      'https://api.stlouisfed.org/fred/series/observations?series_id=GDP&file_type=json&limit=100000&offset=0&realtime_start=2013-12-31&realtime_end=2014-03-31',
    )
  })

  it('are versions, each known from the end of its day in St. Louis', async () => {
    const rows = await records.conformed('fred.all_vintages', [{ body: REVISED, params: GDP }])
    expect(rows).toMatchObject([
      { value: '17102.500000000000000000', _known_at: '2014-01-31 06:00:00+00', _known_basis: 'vintage' },
      { value: '17080.700000000000000000', _known_at: '2014-03-01 06:00:00+00', vintage_date: '2014-02-28' },
      { value: '17089.600000000000000000', _known_at: '2014-03-28 05:00:00+00' },
    ])
    expect(rows[0]).toMatchObject({ instrument_id: 'macro:fred:GDP', event_time: '2013-10-01 00:00:00+00' })
    expect(rows.map(row => row['_broken'])).toEqual([undefined, undefined, undefined])
  })

  it('are empty where FRED writes a dot, which is no zero', async () => {
    const dots = body(observation('2013-10-01', '.', '2014-01-30'), observation('2013-10-02', '0', '2014-01-30'))
    const rows = await records.conformed('fred.all_vintages', [{ body: dots, params: GDP }])
    expect(rows.map(row => [row['value'], row['_broken']])).toEqual([
      [undefined, undefined],
      ['0.000000000000000000', undefined],
    ])
  })

  it('are rejected where the field of the value is not there: that is no dot', async () => {
    const renamed = body(observation('2013-10-01', '1', '2014-01-30')).replace('"value"', '"level"')
    const rows = await records.conformed('fred.all_vintages', [{ body: renamed, params: GDP }])
    expect(rows.map(row => row['_broken'])).toEqual([['type:value']])
  })

  it('keep all digits', async () => {
    const long = body(observation('2013-10-01', '12345678901234567.123456789', '2014-01-30'))
    expect(await records.conformed('fred.all_vintages', [{ body: long, params: GDP }])).toMatchObject([
      { value: '12345678901234567.123456789000000000' },
    ])
  })

  it('are the same whether they come at once or in pieces that cut the real-time periods', async () => {
    const pieces = [
      {
        interval: ['2014-01-01', '2014-02-15'],
        body: body(observation('2013-10-01', '17102.5', '2014-01-30', '2014-02-14')),
      },
      {
        interval: ['2014-02-15', '2014-03-10'],
        body: body(
          observation('2013-10-01', '17102.5', '2014-02-14', '2014-02-27'),
          observation('2013-10-01', '17080.7', '2014-02-28', '2014-03-09'),
        ),
      },
      {
        interval: ['2014-03-10', '2014-04-01'],
        body: body(
          observation('2013-10-01', '17080.7', '2014-03-09', '2014-03-26'),
          observation('2013-10-01', '17089.6', '2014-03-27', '2014-03-31'),
        ),
      },
    ] as const
    const said = (rows: readonly Record<string, unknown>[]) => rows.map(row => [row['value'], row['known_from']])
    const whole = await records.conformed('fred.all_vintages', [{ body: REVISED, params: GDP }])
    const cut = await records.conformed(
      'fred.observations',
      pieces.map(piece => ({ ...piece, params: GDP })),
    )
    expect(said(cut)).toEqual(said(whole))
  })

  it('begin with what stood where a baseline is asked for, once', async () => {
    const interval = ['2014-02-15', '2014-03-10'] as const
    const standing = body(observation('2013-10-01', '17102.5', '2014-02-14', '2014-03-09'))
    const asked = (baseline: string) => [{ body: standing, interval, params: { ...GDP, baseline } }]
    expect(await records.bronze('fred.observations', asked('2014-02-15'))).toMatchObject([
      { vintage_date: '2014-02-14' },
    ])
    expect(await records.bronze('fred.observations', asked('2014-01-01'))).toEqual([])
    expect(await records.bronze('fred.observations', [{ body: standing, interval, params: GDP }])).toEqual([])
  })
})

describe('facts of a series', () => {
  it('have their vintages', async () => {
    const dates = JSON.stringify({ count: 2, vintage_dates: ['1991-12-04', '1991-12-20'] })
    expect(await records.conformed('fred.vintage_dates', [{ body: dates, params: GDP }])).toMatchObject([
      { instrument_id: 'macro:fred:GDP', vintage_date: '1991-12-04' },
      { vintage_date: '1991-12-20' },
    ])
  })

  it('have the offset of St. Louis in the time of their update', async () => {
    const series = {
      id: 'CPILFESL',
      title: 'Core CPI',
      observation_start: '1957-01-01',
      frequency: 'Monthly',
      units: 'Index 1982-1984=100',
      seasonal_adjustment: 'Seasonally Adjusted',
      last_updated: '2024-10-10 07:42:03-05',
    }
    const answer = { body: JSON.stringify({ seriess: [series] }), params: { series: 'CPILFESL' } }
    expect(await records.conformed('fred.series', [answer])).toMatchObject([
      {
        instrument_id: 'macro:fred:CPILFESL',
        valid_from: '1957-01-01',
        unit: 'Index 1982-1984=100',
        asset_class: 'macro',
      },
    ])
    const [raw] = await records.bronze('fred.series', [answer])
    expect(JSON.parse(String(raw!['_extra']))).toEqual({ last_updated: '2024-10-10 12:42:03+00' })
  })
})

describe('answers of FRED', () => {
  const fault = (error_message: string) => JSON.stringify({ error_code: 400, error_message })

  it.each([
    [429, '{"error_code":429,"error_message":"Too Many Requests.  Exceeded Rate Limit"}', 'rate_limited'],
    [
      400,
      fault(
        'Bad Request.  There are 2004 vintage dates and this exceeds the maximum number of vintage dates allowed (2000).',
      ),
      'error',
    ],
    [400, fault('Bad Request.  The value for variable api_key is not registered.'), 'unavailable'],
    [400, fault('Bad Request.  The series does not exist.'), 'error'],
    [400, fault('Bad Request.  The series does not exist in ALFRED but may exist in FRED.'), 'empty'],
    [
      400,
      fault("Bad Request.  Variable realtime_end can not be after today's date (2026-11-28) unless …"),
      'unavailable',
    ],
    [200, body(), 'empty'],
    [200, REVISED, 'data'],
  ] as const)('%i %s', (status, text, meaning) => {
    expect(records.judge('fred.observations', status, text).meaning).toBe(meaning)
  })
})
