import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addressOf, openProviderRecords, type ProviderRecords } from './provider-records.js'

let records: ProviderRecords
beforeAll(async () => {
  records = await openProviderRecords()
})
afterAll(() => records.close())

const RATES = 'ecb.exchange_rates'
const USD = { currency: 'USD' }
const HEADER = 'KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE'
const line = (currency: string, day: string, value: string) =>
  `EXR.D.${currency}.EUR.SP00.A,D,${currency},EUR,SP00,A,${day},${value}`
const csv = (...lines: readonly string[]) => `${[HEADER, ...lines].join('\r\n')}\r\n`

describe('reference rates of the ECB', () => {
  it('are asked for by the days of an interval', () => {
    const interval = { startMs: Date.UTC(2026, 10, 1), endMs: Date.UTC(2026, 10, 28) }
    expect(addressOf(RATES, { currency: 'USD+PLN' }, interval)).toBe(
      'https://data-api.ecb.europa.eu/service/data/EXR/D.USD%2BPLN.EUR.SP00.A?format=csvdata&startPeriod=2026-11-01&endPeriod=2026-11-27',
    )
  })

  it('are units of the currency for one euro, known at 16:00 in Frankfurt', async () => {
    const [winter, summer, more] = await records.conformed(RATES, [
      {
        body: csv(
          line('USD', '2026-11-27', '1.1367'),
          line('JPY', '2026-07-01', '180.57'),
          line('CHF', '2026-07-01', '0.93'),
        ),
        params: { currency: 'USD+JPY' },
      },
    ])
    expect(winter).toMatchObject({
      instrument_id: 'fx:ecb:EURUSD',
      base_currency: 'EUR',
      quote_currency: 'USD',
      mid: '1.136700000000000000',
      event_time: '2026-11-27 00:00:00+00',
      _known_at: '2026-11-27 15:00:00+00',
    })
    expect(winter!['_broken']).toBeUndefined()
    expect(summer).toMatchObject({ instrument_id: 'fx:ecb:EURJPY', _known_at: '2026-07-01 14:00:00+00' })
    // Nobody asked for francs.
    expect(more).toBeUndefined()
  })

  it('have no record for a day without a value', async () => {
    const body = csv(
      line('RUB', '2022-03-01', '110.76'),
      line('RUB', '2022-03-02', ''),
      line('RUB', '2022-03-03', 'NaN'),
    )
    const params = { currency: 'RUB' }
    expect(await records.bronze(RATES, [{ body, params }])).toMatchObject([{ event_time: '2022-03-01' }])
  })

  it('keep what else the ECB says', async () => {
    const body = `${HEADER},OBS_STATUS,TITLE\n${line('USD', '2026-11-27', '1.1367')},A,"US dollar/Euro, ECB"\n`
    const [row] = await records.bronze(RATES, [{ body, params: USD }])
    expect(JSON.parse(String(row!['_extra']))).toEqual({ OBS_STATUS: 'A', TITLE: 'US dollar/Euro, ECB' })
  })

  it.each([
    [200, '', 'empty'],
    [404, 'No results found.', 'empty'],
    [200, csv(), 'empty'],
    [200, csv(line('USD', '2026-11-27', '1.1')), 'data'],
    [404, '<html>gone</html>', 'error'],
    [200, '{"dataSets":[]}', 'mismatch'],
  ] as const)('mean by %i %j what they should', (status, body, meaning) => {
    expect(records.judge(RATES, status, body, 'text/csv').meaning).toBe(meaning)
  })
})
