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

  it.each(REFUSED)(
    'that do not fit their decimal are quarantined under the type rule, as they came: %s',
    async written => {
      const { prices, quarantine } = await settled('refused.ndjson', `${line(0, '1')}\n${line(1, written)}\n`)
      expect(prices).toEqual(['1.000000000000000000'])
      expect(quarantine).toMatchObject([{ raw: null, rules: WRONG_PRICE }])
      // The reader spells a short number's exponent its own way, `1e+30`.
      const kept = String(JSON.parse(String(quarantine[0]?.['record'])).price)
      expect(kept.replace('e+', 'e')).toBe(written)
    },
  )

  it.each(['"NaN"', '"Infinity"', '"-Infinity"', '"1_000"', '"about 96"', '""'])(
    'that are no number are quarantined under the type rule: %s',
    async written => {
      const { quarantine } = await settled('words.ndjson', `${line(0, '1')}\n${line(1, written)}\n`)
      expect(quarantine).toMatchObject([{ raw: null, rules: WRONG_PRICE }])
    },
  )

  it.each(['1.', '01', '.5', '+1', '0x10', 'None'])(
    'that JSON does not know make the line unreadable, with its text kept: %s',
    async written => {
      const { prices, quarantine } = await settled(
        'bare-words.ndjson',
        `${line(0, '1')}\n${line(1, written)}\n${line(2, '3')}\n`,
      )
      expect(prices).toEqual(['1.000000000000000000', '3.000000000000000000'])
      expect(quarantine).toEqual([{ record: null, raw: line(1, written), rules: ['unreadable'] }])
    },
  )

  it('inside a text are left alone, however long', async () => {
    const note = '\\"1234567890123456789012345\\" 9007199254740993, 1.2345678901234567890123'
    const { quarantine, prices } = await settled('note.ndjson', `${line(0, '1').replace('}', `,"venue":"${note}"}`)}\n`)
    expect({ quarantine, prices }).toEqual({ quarantine: [], prices: ['1.000000000000000000'] })
  })
})
