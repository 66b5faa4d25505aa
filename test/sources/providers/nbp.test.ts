import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sourceNamed } from '../../../src/sources/provider-list.js'
import { addressOf, openProviderRecords, type ProviderRecords } from './provider-records.js'

let records: ProviderRecords
beforeAll(async () => {
  records = await openProviderRecords()
})
afterAll(() => records.close())

function table(name: string, day: string, rates: readonly object[], more: object = {}): object {
  return { table: name, no: `041/${name}/NBP/2026`, ...more, effectiveDate: day, rates }
}

describe('tables of NBP', () => {
  it('are asked for in pieces of 93 days, both ends included', () => {
    const interval = { startMs: Date.UTC(2026, 0, 1), endMs: Date.UTC(2026, 0, 1) + 93 * 86_400_000 }
    expect(addressOf('nbp.rates', {}, interval)).toBe(
      'https://api.nbp.pl/api/exchangerates/tables/A/2026-01-01/2026-04-03?format=json',
    )
    expect(sourceNamed('nbp.rates')!.source.longest).toBe('P93D')
    expect(sourceNamed('nbp.gold')!.source.longest).toBe('P93D')
  })

  it('quote one unit, in zloty, and are known at 12:15 in Warsaw', async () => {
    const rates = [
      { currency: 'dolar amerykański', code: 'USD', mid: 3.6056 },
      { currency: 'forint (Węgry)', code: 'HUF', mid: 0.011155 },
    ]
    const body = `\uFEFF${JSON.stringify([table('A', '2026-03-02', rates), table('A', '2026-07-01', rates)])}`
    const rows = await records.conformed('nbp.rates', [{ body }])
    expect(rows).toMatchObject([
      {
        instrument_id: 'fx:nbp:USDPLN',
        base_currency: 'USD',
        quote_currency: 'PLN',
        fixing: 'nbp:A',
        fixing_no: '041/A/NBP/2026',
        mid: '3.605600000000000000',
        event_time: '2026-03-02 00:00:00+00',
        _known_at: '2026-03-02 11:15:00+00',
      },
      { instrument_id: 'fx:nbp:HUFPLN', mid: '0.011155000000000000' },
      { _known_at: '2026-07-01 10:15:00+00' },
      {},
    ])
    expect(rows.map(row => row['_broken'])).toEqual([undefined, undefined, undefined, undefined])
    const [raw] = await records.bronze('nbp.rates', [{ body }])
    expect(JSON.parse(String(raw!['_extra']))).toEqual({ currency_name: 'dolar amerykański' })
  })

  it('have two sides and the day of the quotes in table C, known at 8:15', async () => {
    const rates = [{ currency: 'dolar', code: 'USD', bid: 3.5708, ask: 3.643 }]
    const body = JSON.stringify([table('C', '2026-03-02', rates, { tradingDate: '2026-02-27' })])
    expect(await records.conformed('nbp.rates', [{ body, params: { table: 'C' } }])).toMatchObject([
      {
        bid: '3.570800000000000000',
        ask: '3.643000000000000000',
        quoted_on: '2026-02-27',
        _known_at: '2026-03-02 07:15:00+00',
      },
    ])
    const one = JSON.stringify({
      table: 'C',
      code: 'USD',
      rates: [{ no: '1', effectiveDate: '2026-03-02', bid: 3.5, ask: 3.6 }],
    })
    const [row] = await records.conformed('nbp.rate', [{ body: one, params: { table: 'C', code: 'USD' } }])
    expect(row).toMatchObject({ instrument_id: 'fx:nbp:USDPLN', fixing: 'nbp:C' })
    expect([row!['quoted_on'], row!['_broken']]).toEqual([undefined, undefined])
  })

  it('reject a rate of nothing, and a currency that does not exist', async () => {
    const rates = [
      { code: 'USD', mid: 0 },
      { code: 'EUR', mid: null },
      { code: 'ZZZ', mid: 1.5 },
      { code: 'CHF', mid: 4.4 },
    ]
    const rows = await records.conformed('nbp.rates', [{ body: JSON.stringify([table('A', '2026-03-02', rates)]) }])
    expect(rows.map(row => row['_broken'])).toEqual([
      ['rates_positive'],
      ['rate_present'],
      ['unknown_base_currency'],
      undefined,
    ])
  })

  it('hold no record when another currency came than was asked for', async () => {
    const body = JSON.stringify({
      table: 'A',
      code: 'EUR',
      rates: [{ no: '1', effectiveDate: '2026-03-02', mid: 4.2 }],
    })
    expect(await records.bronze('nbp.rate', [{ body, params: { code: 'USD' } }])).toEqual([])
    expect(await records.bronze('nbp.rate', [{ body, params: { code: 'EUR' } }])).toMatchObject([
      { instrument_id: 'fx:nbp:EURPLN' },
    ])
  })

  it('can be changed by a map over what the source reads, with the parameters', async () => {
    const body = JSON.stringify([table('A', '2026-03-02', [{ code: 'USD', mid: 3.6 }])])
    const map = { source: `'nbp-' || lower(params->>'table')`, fixing_no: `(rate->>'code') || ' ' || fixing_no` }
    expect(await records.bronze('nbp.rates', [{ body }], map)).toMatchObject([
      { source: 'nbp-a', fixing_no: 'USD 041/A/NBP/2026' },
    ])
  })
})

describe('gold of NBP', () => {
  it('is priced by the gram of 1000 fineness, in zloty', async () => {
    const rows = await records.conformed('nbp.gold', [{ body: '[{"data":"2026-03-02","cena":407.18}]' }])
    expect(rows).toMatchObject([
      {
        instrument_id: 'metal:nbp:gold-gram',
        price: '407.180000000000000000',
        currency: 'PLN',
        event_time: '2026-03-02 00:00:00+00',
      },
    ])
    expect(rows[0]!['_broken']).toBeUndefined()
  })
})

describe('answers of NBP', () => {
  it.each([
    [404, '404 NotFound - Not Found - Brak danych', 'empty'],
    [400, '400 BadRequest - Przekroczony limit 93 dni / Limit of 93 days has been exceeded', 'error'],
    [400, '400 BadRequest - Błędny zakres dat / Invalid date range', 'error'],
    [200, '[{"table":"A"}]', 'data'],
    [200, '<html></html>', 'blocked'],
  ] as const)('%i %s', (status, body, meaning) => {
    expect(records.judge('nbp.rates', status, body, 'text/plain').meaning).toBe(meaning)
  })
})
