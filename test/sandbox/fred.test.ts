import { describe, expect, it } from 'vitest'
import { ask, askJson, FRED_KEY } from './asking.js'

interface Observed {
  readonly realtime_start: string
  readonly realtime_end: string
  readonly date: string
  readonly value: string
}
interface Page {
  readonly count: number
  readonly offset: number
  readonly limit: number
  readonly observations: Observed[]
}

const KEY = `api_key=${FRED_KEY}&file_type=json`
const ALL = 'realtime_start=1776-07-04&realtime_end=9999-12-31'
const observations = (query: string, now?: number): Page =>
  askJson('fred', `/series/observations?${KEY}&${query}`, now === undefined ? {} : { now })
const refusal = (target: string, key?: string): [number, string] => {
  const { status, body } = ask('fred', target, key === undefined ? {} : { key })
  return [status, (JSON.parse(body) as { error_message: string }).error_message]
}

describe('observations', () => {
  it('are texts at the start of their period, known today unless asked otherwise', () => {
    const { observations: rows } = observations('series_id=CPIAUCSL&observation_start=2026-08-01')
    expect(rows.map(({ date }) => date)).toEqual(['2026-08-01', '2026-09-01', '2026-10-01'])
    for (const row of rows) {
      expect([row.realtime_start, row.realtime_end]).toEqual(['2026-11-22', '2026-11-22'])
      expect(row.value).toMatch(/^\d+(\.\d{1,3})?$/)
    }
  })

  it('of days have a dot on holidays, and no weekends', () => {
    const { observations: rows } = observations(
      'series_id=DGS10&observation_start=2026-07-01&observation_end=2026-07-08',
    )
    // The fourth of July, a Saturday, is observed on the third.
    expect(rows.map(({ date, value }) => [date, value === '.'])).toEqual([
      ['2026-07-01', false],
      ['2026-07-02', false],
      ['2026-07-03', true],
      ['2026-07-06', false],
      ['2026-07-07', false],
      ['2026-07-08', false],
    ])
  })

  it('come in pages, either way round', () => {
    const all = observations('series_id=UNRATE')
    const page = observations('series_id=UNRATE&sort_order=desc&limit=2&offset=1')
    expect([page.count, page.offset, page.limit]).toEqual([all.count, 1, 2])
    expect(page.observations.map(({ date }) => date)).toEqual(
      all.observations
        .slice(-3, -1)
        .map(({ date }) => date)
        .reverse(),
    )
  })
})

describe('revisions', () => {
  const said = (query: string, now?: number): Observed[] =>
    observations(`series_id=GDP&observation_start=2024-01-01&observation_end=2024-01-01&${query}`, now).observations

  it('follow one another without a gap, each with another value, until forever', () => {
    const periods = said(ALL)
    expect(periods.length).toBeGreaterThan(3)
    for (const [at, period] of periods.entries()) {
      const next = periods[at + 1]
      if (next === undefined) expect(period.realtime_end).toBe('9999-12-31')
      else {
        expect(Date.parse(next.realtime_start) - Date.parse(period.realtime_end)).toBe(86_400_000)
        expect(next.value).not.toBe(period.value)
      }
    }
    // The first figure of a quarter comes at the end of the month after it.
    expect(periods[0]!.realtime_start.slice(0, 7)).toBe('2024-04')
  })

  it('are cut at the edges of the real-time period', () => {
    const [first, second] = said(ALL)
    const cut = said(`realtime_start=${second!.realtime_start}&realtime_end=${second!.realtime_start}`)
    expect(cut).toEqual([{ ...second, realtime_end: second!.realtime_start }])
    expect(said(`realtime_start=2024-01-01&realtime_end=${first!.realtime_end}`)).toEqual([first])
  })

  it('are not known before they are released, also when the clock says so', () => {
    expect(said('realtime_start=2024-04-01&realtime_end=2024-04-01')).toEqual([])
    expect(said(ALL, Date.parse('2024-04-01T12:00:00Z'))).toEqual([])
    const later = said(ALL, Date.parse('2024-05-01T12:00:00Z'))
    expect(later).toHaveLength(1)
    expect(said(ALL)[0]!.value).toBe(later[0]!.value)
  })

  it('are left out when the first figures are asked for', () => {
    const first = observations(`series_id=GDP&${ALL}&output_type=4&observation_start=2024-01-01`).observations
    expect(new Set(first.map(({ date }) => date)).size).toBe(first.length)
    expect(first[0]).toEqual(said(ALL)[0])
  })

  it('of a series with too many vintages are refused, as FRED does', () => {
    const [status, message] = refusal(`/series/observations?${KEY}&series_id=DGS10&${ALL}`)
    expect(status).toBe(400)
    expect(message).toMatch(
      /^Bad Request\. {2}There are \d{4} vintage dates in the specified real-time period: 1776-07-04 to 9999-12-31\. {2}This exceeds the maximum number of vintage dates allowed for this file type \(2000\)\.$/,
    )
    expect(
      ask('fred', `/series/observations?${KEY}&series_id=DGS10&realtime_start=2020-01-01&realtime_end=2026-01-01`)
        .status,
    ).toBe(200)
  })
})

it('vintage dates are the days on which something was new', () => {
  const vintages = askJson<{ count: number; vintage_dates: string[] }>(
    'fred',
    `/series/vintagedates?${KEY}&series_id=GDP`,
  )
  const starts = new Set(observations(`series_id=GDP&${ALL}`).observations.map(row => row.realtime_start))
  expect(vintages.count).toBe(vintages.vintage_dates.length)
  for (const start of starts) expect(vintages.vintage_dates).toContain(start)
})

it('a series is described with the time of its last release, west of Greenwich', () => {
  const { seriess } = askJson<{ seriess: Record<string, unknown>[] }>('fred', `/series?${KEY}&series_id=CPIAUCSL`)
  expect(seriess[0]).toMatchObject({
    id: 'CPIAUCSL',
    frequency_short: 'M',
    seasonal_adjustment_short: 'SA',
    observation_end: '2026-10-01',
  })
  expect(seriess[0]!['last_updated']).toMatch(/^2026-11-\d\d 07:\d\d:03-06$/)
})

describe('what FRED refuses', () => {
  it.each([
    ['/series?series_id=GDP&file_type=json', 'Variable api_key is not set.'],
    ['/series?series_id=GDP&file_type=json&api_key=SHORT', 'is not a 32 character alpha-numeric lower-case string.'],
    [`/series?series_id=NOTHING&${KEY}`, 'The series does not exist.'],
    [`/series?${KEY}`, 'Variable series_id is not set.'],
    [`/series/observations?series_id=GDP&realtime_start=2026-02-02&realtime_end=2026-01-01&${KEY}`, 'is not valid.'],
  ])('%s', (target, message) => {
    const [status, text] = refusal(target)
    expect(status).toBe(400)
    expect(text).toContain(message)
  })

  it('a key that is not registered', () => {
    expect(refusal(`/series?series_id=GDP&${KEY}`, 'f'.repeat(32))[1]).toContain('is not registered.')
  })

  it('one who forgets to ask for JSON, with XML', () => {
    const { headers, body } = ask('fred', `/series?series_id=NOTHING&api_key=${FRED_KEY}`)
    expect(headers['content-type']).toBe('text/xml; charset=UTF-8')
    expect(body).toContain('<error code="400" message="Bad Request.  The series does not exist." />')
  })

  it('what the simulator does not know is a 501, which FRED has not', () => {
    expect(refusal(`/series/observations?series_id=GDP&units=pch&${KEY}`)[0]).toBe(501)
  })
})
