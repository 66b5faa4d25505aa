import { describe, expect, it } from 'vitest'
import { ask, askJson } from './asking.js'

interface Table {
  readonly no: string
  readonly effectiveDate: string
  readonly tradingDate?: string
  readonly rates: readonly { code: string; currency: string; mid?: number; bid?: number; ask?: number }[]
}

const NONE = '404 NotFound - Not Found - Brak danych'

describe('tables', () => {
  it('are there for every banking day, numbered in their year', () => {
    const tables = askJson<Table[]>('nbp', '/exchangerates/tables/A/2026-10-29/2026-11-03/?format=json')
    // 1 November is a holiday, here on a Sunday.
    expect(tables.map(({ no, effectiveDate }) => [no, effectiveDate])).toEqual([
      ['211/A/NBP/2026', '2026-10-29'],
      ['212/A/NBP/2026', '2026-10-30'],
      ['213/A/NBP/2026', '2026-11-02'],
      ['214/A/NBP/2026', '2026-11-03'],
    ])
    expect(Object.keys(tables[0]!)).toEqual(['table', 'no', 'effectiveDate', 'rates'])
    expect(tables[0]!.rates.map(({ code }) => code)).toContain('USD')
  })

  it('B appear on Wednesdays, or on the last banking day before one that is a holiday', () => {
    const dates = (span: string): string[] =>
      askJson<Table[]>('nbp', `/exchangerates/tables/B/${span}`).map(one => one.effectiveDate)
    expect(dates('2026-10-01/2026-10-31')).toEqual(['2026-10-07', '2026-10-14', '2026-10-21', '2026-10-28'])
    // Wednesday 11 November is Independence Day.
    expect(dates('2026-11-02/2026-11-22')).toEqual(['2026-11-04', '2026-11-10', '2026-11-18'])
  })

  it('C tell the quotes of the banking day before, with a lower bid than ask', () => {
    const [table] = askJson<Table[]>('nbp', '/exchangerates/tables/C/2026-11-02')
    expect(table?.tradingDate).toBe('2026-10-30')
    for (const { bid, ask: offered } of table!.rates) expect(bid).toBeLessThan(offered!)
  })

  it('name a currency only while it exists', () => {
    const codes = (date: string): string[] =>
      askJson<Table[]>('nbp', `/exchangerates/tables/A/${date}`)[0]!.rates.map(({ code }) => code)
    expect(codes('2022-12-30')).toContain('HRK')
    expect(codes('2023-01-02')).not.toContain('HRK')
    expect(codes('2022-03-09')).not.toContain('RUB')
  })
})

describe('a single currency', () => {
  it('is quoted for one unit, as its digits show', () => {
    const { body } = ask('nbp', '/exchangerates/rates/A/HUF/2026-11-20?format=json')
    expect(body).toMatch(
      /^\{"table":"A","currency":"forint \(Węgry\)","code":"HUF","rates":\[\{"no":"226\/A\/NBP\/2026","effectiveDate":"2026-11-20","mid":0\.0\d{3,5}\}\]\}$/,
    )
  })

  it('has no tradingDate, also in table C', () => {
    const { rates } = askJson<{ rates: object[] }>('nbp', '/exchangerates/rates/c/usd/last/2')
    expect(rates.map(rate => Object.keys(rate))).toEqual([
      ['no', 'effectiveDate', 'bid', 'ask'],
      ['no', 'effectiveDate', 'bid', 'ask'],
    ])
  })

  it('has the rate that the table has', () => {
    const [table] = askJson<Table[]>('nbp', '/exchangerates/tables/A/2026-11-20')
    const single = askJson<{ rates: { mid: number }[] }>('nbp', '/exchangerates/rates/A/EUR/2026-11-20')
    expect(single.rates[0]!.mid).toBe(table!.rates.find(({ code }) => code === 'EUR')!.mid)
  })
})

describe('what is not there', () => {
  it.each([
    ['a weekend', '/exchangerates/tables/A/2026-11-21/2026-11-22'],
    ['a currency of another table', '/exchangerates/rates/A/AFN'],
    ['a currency that nobody knows', '/exchangerates/rates/A/XXX/last/1'],
    ['today, on a Sunday', '/exchangerates/tables/A/today'],
    ['a day to come', '/exchangerates/rates/A/USD/2026-11-23'],
    ['a currency after its end', '/exchangerates/rates/A/HRK/2026-11-20'],
    ['gold before 2013', '/cenyzlota/2012-12-03'],
    ['a path of nothing', '/exchangerates/nothing'],
  ])('is a 404 in plain text: %s', (_, target) => {
    const { status, headers, body } = ask('nbp', target)
    expect([status, headers['content-type'], body]).toEqual([404, 'text/plain; charset=utf-8', NONE])
  })

  it.each([
    ['2026-01-01/2026-04-03', 200],
    ['2026-01-01/2026-04-04', 400],
  ])('is refused when it spans more than 93 days: %s', (span, status) => {
    const answer = ask('nbp', `/exchangerates/rates/A/USD/${span}`)
    expect(answer.status).toBe(status)
    if (status === 400)
      expect(answer.body).toBe('400 BadRequest - Przekroczony limit 93 dni / Limit of 93 days has been exceeded')
  })

  it('is refused when dates run backwards or lie before the archive', () => {
    for (const span of ['2026-02-02/2026-02-01', '2001-12-01/2001-12-31']) {
      expect(ask('nbp', `/exchangerates/rates/A/USD/${span}`).body).toBe(
        '400 BadRequest - Błędny zakres dat / Invalid date range',
      )
    }
  })
})

describe('a table before its time', () => {
  const today = (time: string, target: string): number =>
    ask('nbp', target, { now: Date.parse(`2026-11-20T${time}+01:00`) }).status

  it('is not there at the beginning of its quarter hour, and there at the end', () => {
    expect([
      today('11:44:59', '/exchangerates/tables/A/today'),
      today('12:15:00', '/exchangerates/tables/A/today'),
    ]).toEqual([404, 200])
    expect([
      today('07:44:59', '/exchangerates/tables/C/today'),
      today('08:15:00', '/exchangerates/tables/C/today'),
    ]).toEqual([404, 200])
  })

  it('leaves the day before as the last', () => {
    const last = askJson<Table[]>('nbp', '/exchangerates/tables/A', { now: Date.parse('2026-11-20T11:00:00+01:00') })
    expect(last.map(({ effectiveDate }) => effectiveDate)).toEqual(['2026-11-19'])
  })
})

describe('an answer that was given before', () => {
  it('is 304 without a body for one who has its tag, and 200 when there is more', () => {
    const target = '/exchangerates/rates/A/USD/2026-11-16/2026-11-30'
    const first = ask('nbp', target, { now: Date.parse('2026-11-19T18:00:00Z') })
    const etag = first.headers['etag']!
    expect(etag).toMatch(/^"[A-Za-z0-9+/]{43}="$/)
    const again = ask('nbp', target, { now: Date.parse('2026-11-19T19:00:00Z'), headers: { 'if-none-match': etag } })
    expect([again.status, again.body, again.headers['etag']]).toEqual([304, '', etag])
    expect(
      ask('nbp', target, { now: Date.parse('2026-11-20T18:00:00Z'), headers: { 'if-none-match': etag } }).status,
    ).toBe(200)
  })
})

it('gold is the price of a gram in PLN', () => {
  const days = askJson<{ data: string; cena: number }[]>('nbp', '/cenyzlota/last/3')
  expect(days.map(({ data }) => data)).toEqual(['2026-11-18', '2026-11-19', '2026-11-20'])
  for (const { cena } of days) expect(cena).toBeGreaterThan(100)
  for (const { cena } of days) expect(cena).toBeLessThan(1500)
})
