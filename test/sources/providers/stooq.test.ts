import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addressOf, captureId, openProviderRecords, type ProviderRecords } from './provider-records.js'

let records: ProviderRecords
beforeAll(async () => {
  records = await openProviderRecords()
})
afterAll(() => records.close())

const DAILY = 'stooq.daily'
const ENGLISH = 'Date,Open,High,Low,Close,Volume'
const POLISH = 'Data,Otwarcie,Najwyzszy,Najnizszy,Zamkniecie,Wolumen'
const PKN = { symbol: 'pkn', currency: 'PLN' }
const csv = (...lines: readonly string[]) => `${lines.join('\r\n')}\r\n`

describe('daily bars of Stooq', () => {
  it('are asked for by symbol and days', () => {
    const interval = { startMs: Date.UTC(2026, 0, 1), endMs: Date.UTC(2026, 1, 1) }
    expect(addressOf(DAILY, { symbol: '^spx', currency: 'USD' }, interval)).toBe(
      'https://stooq.com/q/d/l/?s=%5Espx&d1=20260101&d2=20260131&i=d',
    )
  })

  it('are read in both languages, with and without a volume, in one go', async () => {
    const answers = [
      { body: `\uFEFF${csv(ENGLISH, '2026-01-08,470.0,481.7,469.4,474.0,1200')}`, params: { symbol: 'acme.us' } },
      { body: csv(POLISH, '2026-01-08,12,13,11,12.5,1200.75'), params: PKN },
      {
        body: csv('Data,Otwarcie,Najwyzszy,Najnizszy,Zamkniecie', '2026-01-08,4.1,4.2,4,4.1'),
        params: { symbol: 'eurpln', currency: 'PLN' },
      },
    ]
    const rows = await records.conformed(DAILY, answers)
    expect(
      rows.map(row => [row['instrument_id'], row['currency'], row['open'], row['volume'], row['_broken']]),
    ).toEqual([
      ['acme.us', 'USD', '470.000000000000000000', '1200.000000000000000000', undefined],
      ['pkn', 'PLN', '12.000000000000000000', '1200.750000000000000000', undefined],
      ['eurpln', 'PLN', '4.100000000000000000', undefined, undefined],
    ])
    expect(rows[0]).toMatchObject({ event_time: '2026-01-08 00:00:00+00', bar_interval: '1d', source: 'stooq' })
  })

  it('are in pence where the symbol ends in .uk, whatever was said of pounds', async () => {
    const body = csv(ENGLISH, '2026-01-08,68.4,69,68,68.5,1')
    const of = (params: Record<string, string>) =>
      records.bronze(DAILY, [{ body, params: { symbol: 'vod.uk', ...params } }])
    expect(await of({})).toMatchObject([{ currency: 'GBX' }])
    expect(await of({ currency: 'GBP' })).toMatchObject([{ currency: 'GBX' }])
    expect(await of({ currency: 'USD' })).toMatchObject([{ currency: 'USD' }])
  })

  it('are rejected without a currency that is known', async () => {
    const rows = await records.conformed(DAILY, [
      { body: csv(ENGLISH, '2026-01-08,1,1,1,1,1'), params: { symbol: '^spx' } },
    ])
    expect(rows.map(row => row['_broken'])).toEqual([['required:currency']])
  })

  it('keep long floats exactly, and columns that nobody asked for', async () => {
    const body = csv(`${POLISH},LOP`, '2026-01-08,495.79967795614,496,495,495.5,24673,157256')
    const [row] = await records.conformed(DAILY, [{ body, params: PKN }])
    expect(row).toMatchObject({ open: '495.799677956140000000' })
    const [raw] = await records.bronze(DAILY, [{ body, params: PKN }])
    expect(JSON.parse(String(raw!['_extra']))).toEqual({ LOP: '157256' })
  })

  it('reject what is no bar, and keep its text', async () => {
    const body = csv(
      ENGLISH,
      '2026-01-07,1,2,1,1,5',
      '2026-01-08,470.0,481.7,470.4,474.0,5',
      'not-a-number,,,,,',
      '2026-01-09,1,2',
    )
    const rows = await records.conformed(DAILY, [{ body, params: PKN }])
    expect(rows.map(row => row['_broken'])).toEqual([
      undefined,
      ['low_is_lowest'],
      expect.arrayContaining(['type:event_time', 'required:open']),
    ])
    const bronze = await records.bronze(DAILY, [{ body, params: PKN }])
    expect(bronze.filter(row => row['_raw'] !== undefined)).toEqual([{ _file: captureId(0), _raw: '2026-01-09,1,2' }])
  })

  it.each([
    ['No data', 'empty'],
    ['Brak danych', 'empty'],
    ['Exceeded the daily hits limit', 'rate_limited'],
    ['Przekroczony dzienny limit wywolan', 'rate_limited'],
    ['Access denied', 'refused'],
    ['Odmowa dostępu', 'refused'],
    ['', 'unavailable'],
    ['<html><script>proof of work</script></html>', 'blocked'],
    ['Warning: Division by zero in download.inc', 'mismatch'],
    [csv(ENGLISH), 'empty'],
    [csv(ENGLISH, '2026-01-08,1,1,1,1,1'), 'data'],
    [`${ENGLISH}\r\n2026-01-08,1,1,1`, 'truncated'],
  ] as const)('come, or do not, as the text says: %j', (body, meaning) => {
    expect(records.judge(DAILY, 200, body, 'text/plain').meaning).toBe(meaning)
  })
})
