import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ProjectFolder, projectFolder } from '../support/lakes.js'

/** A price as a feed writes it, and as silver must hold it. */
const EXACT: readonly (readonly [written: string, held: string])[] = [
  ['1.10', '1.100000000000000000'],
  ['12345678901234567890', '12345678901234567890.000000000000000000'],
  ['123456789012.345678901234567891', '123456789012.345678901234567891'],
  ['12345678901234567890.123456789012345678', '12345678901234567890.123456789012345678'],
  ['9007199254740993', '9007199254740993.000000000000000000'],
  ['1e3', '1000.000000000000000000'],
  ['8.841250E4', '88412.500000000000000000'],
  ['5e-18', '0.000000000000000005'],
  ['1.2345678901234567890e19', '12345678901234567890.000000000000000000'],
  ['0.000000000000000001', '0.000000000000000001'],
  ['3391.871234567890123457', '3391.871234567890123457'],
]

/** Numbers that silver cannot hold exactly. */
const REFUSED = ['1e400', '1e30', '0.1234567890123456789', '123456789012345678901']

/** A price that cannot be read leaves a trade without one. */
const WRONG_PRICE = ['type:price', 'trade_has_price_and_size']

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const line = (id: number, price: string): string =>
  `{"event_id":"n${String(id).padStart(3, '0')}","instrument_id":"crypto:coingecko:bitcoin","event_type":"trade","event_time":"2026-01-05T10:00:00Z","price":${price},"size":1,"currency":"USD"}`

async function settled(name: string, text: string) {
  const lake = folder.lake()
  const record = await lake.run({ runId: 'numbers', input: [await folder.write(name, text)], allowDqBreach: true })
  const prices = await lake.rows('SELECT price FROM silver.market_events ORDER BY event_id')
  const quarantine = await lake.rows('SELECT record, raw, rules FROM quarantine.market_events ORDER BY _position')
  return { record, prices: prices.map(row => row['price']), quarantine }
}

describe('numbers', () => {
  const held = EXACT.map(([, value]) => value)

  it.each([
    ['bare in NDJSON', 'bare.ndjson', EXACT.map(([written], at) => line(at, written)).join('\n')],
    ['quoted in NDJSON', 'quoted.ndjson', EXACT.map(([written], at) => line(at, `"${written}"`)).join('\n')],
    ['bare in a JSON array', 'bare.json', `[${EXACT.map(([written], at) => line(at, written)).join(',\n')}]`],
    [
      'in CSV',
      'bare.csv',
      `event_id,instrument_id,event_type,event_time,price,size,currency\n${EXACT.map(([written], at) => `n${String(at).padStart(3, '0')},crypto:coingecko:bitcoin,trade,2026-01-05T10:00:00Z,${written},1,USD`).join('\n')}`,
    ],
  ])('of any length are exact in silver when they stand %s', async (_, name, text) => {
    const { prices, record } = await settled(name, text)
    expect(prices).toEqual(held)
    expect(record.pipes).toMatchObject([{ in: EXACT.length, accepted: EXACT.length }])
  })

  it.each([
    ['that do not fit their decimal', REFUSED],
    ['that are no numbers, in a text', ['"NaN"', '"Infinity"', '"-Infinity"', '"1_000"', '"about 96"', '""']],
    ['that are no numbers, as some programs write them', ['NaN', 'Infinity', '-Infinity']],
  ])('%s are quarantined under the type rule, as they came', async (_, written) => {
    const text = [line(0, '1'), ...written.map((value, at) => line(at + 1, value))].join('\n')
    const { prices, quarantine, record } = await settled('refused.ndjson', text)
    expect(prices).toEqual(['1.000000000000000000'])
    expect(record.pipes).toMatchObject([
      { in: written.length + 1, accepted: 1, quarantined: written.length, rules: { 'type:price': written.length } },
    ])
    expect(quarantine.map(row => row['rules'])).toEqual(written.map(() => WRONG_PRICE))
    // The reader spells a short number's exponent its own way, `1e+30`.
    const kept = quarantine.map(row => String(JSON.parse(String(row['record'])).price).replace('e+', 'e'))
    expect(kept).toEqual(written.map(value => value.replaceAll('"', '')))
  })

  it('that JSON does not know make the line unreadable, with its text kept', async () => {
    const broken = ['1.', '01', '.5', '+1', '0x10', 'None'].map((value, at) => line(at + 1, value))
    const { prices, quarantine } = await settled(
      'bare-words.ndjson',
      [line(0, '1'), ...broken, line(9, '3')].join('\n'),
    )
    expect(prices).toEqual(['1.000000000000000000', '3.000000000000000000'])
    expect(quarantine).toEqual(broken.map(raw => ({ record: null, raw, rules: ['unreadable'] })))
  })

  it('inside a text are left alone, however long', async () => {
    const note = '\\"1234567890123456789012345\\" 9007199254740993, 1.2345678901234567890123'
    const { quarantine, prices } = await settled('note.ndjson', `${line(0, '1').replace('}', `,"venue":"${note}"}`)}\n`)
    expect({ quarantine, prices }).toEqual({ quarantine: [], prices: ['1.000000000000000000'] })
  })
})
