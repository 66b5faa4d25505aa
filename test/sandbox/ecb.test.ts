import { describe, expect, it } from 'vitest'
import { ask, askJson } from './asking.js'

const SERIES = '/EXR/D.USD.EUR.SP00.A'
const WEEK = 'startPeriod=2026-11-16&endPeriod=2026-11-22'
const rows = (target: string, now?: number): string[] =>
  ask('ecb', target, now === undefined ? {} : { now })
    .body.trimEnd()
    .split('\n')
const dates = (target: string, now?: number): string[] =>
  rows(target, now)
    .slice(1)
    .map(row => row.split(',')[6]!)

describe('the reference rates of the ECB', () => {
  it('are CSV with a row per TARGET day', () => {
    expect(dates(`${SERIES}?format=csvdata&${WEEK}`)).toEqual([
      '2026-11-16',
      '2026-11-17',
      '2026-11-18',
      '2026-11-19',
      '2026-11-20',
    ])
    const [header, row] = rows(`${SERIES}?format=csvdata&${WEEK}`)
    expect(header!.split(',').slice(0, 9).join()).toBe(
      'KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE,OBS_STATUS',
    )
    expect(row).toMatch(/^EXR\.D\.USD\.EUR\.SP00\.A,D,USD,EUR,SP00,A,2026-11-16,1\.\d{1,4},A,F,/)
    // A title with commas stands in quotes.
    expect(row!.replace(/"[^"]*"/, '').split(',')).toHaveLength(header!.split(',').length)
  })

  it('are those of several currencies, or of all', () => {
    const codes = (key: string): string[] => [
      ...new Set(
        rows(`/EXR/${key}?format=csvdata&startPeriod=2026-11-20`)
          .slice(1)
          .map(row => row.split(',')[2]!),
      ),
    ]
    expect(codes('D.USD+PLN.EUR.SP00.A')).toEqual(['PLN', 'USD'])
    expect(codes('D..EUR.SP00.A').length).toBeGreaterThan(25)
    expect(codes('D..EUR.SP00.A')).not.toContain('BGN')
  })

  it('are cut to what was asked for', () => {
    expect(rows(`${SERIES}?format=csvdata&detail=dataonly&${WEEK}`)[0]).toBe(
      'KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE',
    )
    expect(dates(`${SERIES}?format=csvdata&endPeriod=2026-11-22&lastNObservations=1`)).toEqual(['2026-11-20'])
    expect(dates(`${SERIES}?format=csvdata&startPeriod=2026-10&endPeriod=2026-10&firstNObservations=1`)).toEqual([
      '2026-10-01',
    ])
  })

  it('appear at four in the afternoon', () => {
    const target = `${SERIES}?format=csvdata&startPeriod=2026-11-20`
    expect(ask('ecb', target, { now: Date.parse('2026-11-20T15:59:00+01:00') }).body).toBe('')
    expect(dates(target, Date.parse('2026-11-20T16:00:00+01:00'))).toEqual(['2026-11-20'])
  })

  it('are an empty body with 200 where no day has a rate', () => {
    const { status, body } = ask('ecb', `${SERIES}?format=csvdata&startPeriod=2026-11-21&endPeriod=2026-11-22`)
    expect([status, body]).toEqual([200, ''])
  })

  it('of a series that does not exist are a 404', () => {
    const { status, body } = ask('ecb', '/EXR/D.ZZZ.EUR.SP00.A?format=csvdata')
    expect(status).toBe(404)
    expect(JSON.parse(body)).toMatchObject({
      status: 404,
      error: 'Not Found',
      path: '/service/data/EXR/D.ZZZ.EUR.SP00.A',
    })
  })

  it('are not sent again to one who has them', () => {
    const target = `${SERIES}?format=csvdata&${WEEK}`
    const modified = ask('ecb', target).headers['last-modified']!
    expect(modified).toBe('Fri, 20 Nov 2026 15:00:00 GMT')
    expect(ask('ecb', target, { headers: { 'if-modified-since': modified } })).toMatchObject({ status: 304, body: '' })
    expect(ask('ecb', target, { headers: { 'if-modified-since': 'Fri, 20 Nov 2026 14:00:00 GMT' } }).status).toBe(200)
  })

  it('agree with those of NBP', () => {
    const [, row] = rows(`/EXR/D.PLN.EUR.SP00.A?format=csvdata&startPeriod=2026-11-20`)
    const { rates } = askJson<{ rates: { mid: number }[] }>('nbp', '/exchangerates/rates/A/EUR/2026-11-20')
    expect(Math.abs(Number(row!.split(',')[7]) / rates[0]!.mid - 1)).toBeLessThan(0.03)
  })
})

describe('Frankfurter', () => {
  it('answers a weekend with Friday, under its date', () => {
    const answer = askJson<Record<string, unknown>>('frankfurter', '/2026-11-22?symbols=USD,PLN')
    expect(answer).toMatchObject({ amount: 1, base: 'EUR', date: '2026-11-20' })
    expect(Object.keys(answer['rates'] as object)).toEqual(['PLN', 'USD'])
  })

  it('has the rates of the ECB, also the other way round', () => {
    const { rates } = askJson<{ rates: Record<string, Record<string, number>> }>(
      'frankfurter',
      '/2026-11-16..2026-11-20?symbols=USD',
    )
    const [, monday] = rows(`${SERIES}?format=csvdata&${WEEK}`)
    expect(rates['2026-11-16']!['USD']).toBe(Number(monday!.split(',')[7]))
    const back = askJson<{ rates: Record<string, number> }>('frankfurter', '/2026-11-16?base=USD&symbols=EUR')
    expect(back.rates['EUR']! * rates['2026-11-16']!['USD']!).toBeCloseTo(1, 3)
  })

  it('does not know what nobody knows', () => {
    expect(ask('frankfurter', '/latest?symbols=ZZZ').status).toBe(404)
    expect(ask('frankfurter', '/nothing').status).toBe(404)
  })
})
