import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DETECTORS } from '../../src/contract/detectors/registry.js'
import { type Asked, type Detecting, observations, openDetecting } from '../support/detecting.js'
import type { InputRow } from '../support/records.js'

/** What one detector finds in a series, and a series that looks alike and is right. `finds` are numbers of rows. */
interface Case {
  readonly asked: Asked
  readonly caught: { readonly what: string; readonly rows: readonly InputRow[]; readonly finds: readonly number[] }
  readonly passed: { readonly what: string; readonly rows: readonly InputRow[] }
}

const OIL = 'commodity:eia:WTI'
const ACME = 'equity:XNYS:ACME'

/** Daily rows from a day on, weekends left out, with a column that takes one value after the other. */
function daily(from: string, column: string, values: readonly (number | null)[], parts: InputRow = {}): InputRow[] {
  const days = Array.from({ length: values.length * 2 }, (_, at) => new Date(Date.parse(from) + at * 86_400_000))
  const weekdays = days.filter(day => day.getUTCDay() % 6 !== 0)
  return values.map((value, at) => ({
    instrument_id: 'equity:x:TEST',
    source: 'test',
    event_time: weekdays[at]!.toISOString(),
    [column]: value,
    ...parts,
  }))
}

const closes = (from: string, values: readonly number[], parts: InputRow = {}): InputRow[] =>
  daily(from, 'close', values, parts)

/** Bars as [open, high, low, close]. */
const bars = (from: string, prices: readonly (readonly [number, number, number, number])[]): InputRow[] =>
  closes(
    from,
    prices.map(([, , , close]) => close),
  ).map((row, at) => ({ ...row, open: prices[at]![0], high: prices[at]![1], low: prices[at]![2] }))

/** Steps of a tenth of a per cent round a level. */
const calm = (count: number, level: number): number[] =>
  Array.from({ length: count }, (_, at) => level * (1 + ((at * 7) % 5) / 1000))

const MERCK: readonly (readonly [number, number, number, number])[] = [
  [63.99, 64.53, 63.94, 64.27],
  [64.94, 65.31, 64.68, 65.13],
  [65.12, 65.62, 65.12, 65.46],
  [65.36, 65.55, 65.3, 65.45],
  [56.11, 56.6158, 56.01, 56.23],
  [66.17, 66.38, 65.75, 66.16],
  [66.02, 66.41, 65.805, 65.99],
  [66.02, 66.16, 65.68, 65.95],
]

/** Bought, said a rumour of 2015-06-25, and not bought: a spike that was traded. */
const ZOETIS: readonly (readonly [number, number, number, number])[] = [
  [50.36, 50.62, 50.2, 50.24],
  [50.6, 50.7, 50.065, 50.22],
  [50.41, 50.85, 50.24, 50.47],
  [50.25, 50.2956, 49.71, 49.71],
  [49.84, 55.38, 49.57, 55.38],
  [53.93, 54, 48.26, 48.62],
  [48.51, 48.69, 47.04, 47.07],
  [47.67, 48.61, 47.21, 48.22],
]

const CASES: Readonly<Record<string, Case>> = {
  price_sign: {
    asked: { values: ['close'] },
    caught: { what: 'a sentinel', rows: closes('2020-04-17', [18.3, -1]), finds: [1] },
    passed: { what: 'oil on 2020-04-20', rows: closes('2020-04-17', [18.31, -36.98, 8.91], { instrument_id: OIL }) },
  },
  ohlc_coherence: {
    asked: {},
    caught: { what: 'a close below the low', rows: bars('2014-05-19', [[24.63, 24.63, 24.45, 24.445]]), finds: [0] },
    passed: { what: 'a bar of one trade', rows: bars('2014-05-19', [[24.63, 24.63, 24.63, 24.63]]) },
  },
  plausible_time: {
    asked: {},
    caught: {
      what: 'seconds read as milliseconds, and a day after tomorrow',
      rows: [
        { ...closes('2026-01-05', [1])[0], event_time: '1970-01-20T16:13:26Z' },
        { ...closes('2026-01-05', [1])[0], event_time: '2026-12-03T00:00:00Z' },
      ],
      finds: [0, 1],
    },
    passed: { what: 'old history', rows: [...closes('1789-05-01', [0.51]), ...closes('1970-01-20', [90.1])] },
  },
  value_per_unit: {
    asked: {},
    caught: {
      what: 'volume columns that are swapped',
      rows: daily('2022-08-19', 'volume', [5_122_395.55], { quote_volume: 244.35, high: 20_973, low: 20_811 }),
      finds: [0],
    },
    passed: {
      what: 'a bar of the same hour in order, and one without trades',
      rows: [
        ...daily('2022-08-19', 'volume', [244.35], { quote_volume: 5_122_395.55, high: 20_973, low: 20_811 }),
        ...daily('2022-08-22', 'volume', [0], { quote_volume: 0, high: 20_973, low: 20_811 }),
      ],
    },
  },
  bad_tick: {
    asked: { value: 'close', high: 'high', low: 'low' },
    caught: { what: 'a bar of Merck that no other source has', rows: bars('2017-09-08', MERCK), finds: [4] },
    passed: { what: 'a spike that was traded', rows: bars('2015-06-19', ZOETIS) },
  },
  large_move: {
    asked: { value: 'close' },
    caught: {
      what: 'a spin-off',
      rows: closes('2015-07-10', [64.1, 64.8, 65.3, 65.9, 66.1, 66.29, 28.57, 28.1]),
      finds: [6],
    },
    passed: { what: 'a good day', rows: closes('2015-07-10', [64.1, 64.8, 65.3, 65.9, 66.1, 66.29, 70.1]) },
  },
  unit_break: {
    asked: { value: 'close' },
    caught: {
      what: 'days in pounds among days in pence',
      rows: closes('2022-05-02', [14.6, 14.55, 0.1455, 0.1455, 0.146, 14.55, 14.6, 14.5]),
      finds: [2, 3, 4],
    },
    passed: {
      what: 'the fall of a coin to nothing',
      rows: closes('2022-05-06', [77.1, 64.2, 30.3, 17.05, 1.07, 0.0061, 0.000059, 0.0003]),
    },
  },
  inverted_pair: {
    asked: { value: 'close' },
    caught: {
      what: 'the other way round for two days',
      rows: closes('2026-01-05', [3.61, 3.62, 0.2762, 0.277, 3.6]),
      finds: [2, 3],
    },
    passed: { what: 'a pair near one', rows: closes('2026-01-05', [1.02, 1.01, 0.99, 0.98, 1.01]) },
  },
  split_shape: {
    asked: { value: 'close', high: 'high', low: 'low' },
    caught: {
      what: 'two shares for one',
      rows: bars('2014-08-05', [
        [84.1, 84.5, 83.2, 83.6],
        [83.5, 83.9, 82.6, 83.02],
        [43.25, 43.64, 40.65, 40.975],
        [41, 41.6, 40.2, 41.1],
      ]),
      finds: [2],
    },
    passed: {
      what: 'a crash by half that was traded on its way down',
      rows: bars('2014-08-05', [
        [84.1, 84.5, 83.2, 83.6],
        [83.5, 83.9, 82.6, 83.02],
        [82.9, 83.1, 40.65, 41.5],
        [41, 41.6, 40.2, 41.1],
      ]),
    },
  },
  unapplied_split: {
    asked: { value: 'close', split: 'split' },
    caught: {
      what: 'a day that is left at a tenth',
      rows: closes('2023-05-19', [22.3, 2.275, 22.5, 22.01]).map((row, at) => ({ ...row, split: at === 3 ? 0.1 : 0 })),
      finds: [1, 2],
    },
    passed: {
      what: 'a split that is in the prices',
      rows: closes('2023-05-19', [22.3, 22.75, 22.5, 22.01]).map((row, at) => ({ ...row, split: at === 3 ? 0.1 : 0 })),
    },
  },
  dividend_adjustment: {
    asked: {},
    caught: {
      what: 'a dividend in pence, adjusted for in pounds',
      rows: closes('2022-05-31', [0.89, 0.87]).map((row, at) => ({
        ...row,
        adjusted_close: at === 0 ? 0.8702 : 0.8545,
        dividend: at === 0 ? 0 : 0.4,
      })),
      finds: [1],
    },
    passed: {
      what: 'a special dividend of a third of the price',
      rows: closes('2024-09-17', [0.718, 0.464]).map((row, at) => ({
        ...row,
        adjusted_close: at === 0 ? 0.468 : 0.464,
        dividend: at === 0 ? 0 : 0.25,
      })),
    },
  },
  stale_value: {
    asked: { value: 'close', run: 5 },
    caught: {
      what: 'a feed that stands still',
      rows: closes('2026-01-05', [3.61, 3.62, 3.6, 3.63, 3.64, 3.64, 3.64, 3.64, 3.64, 3.66]),
      finds: [8],
    },
    passed: {
      what: 'a peg',
      rows: closes(
        '2026-01-05',
        Array.from({ length: 30 }, () => 1.9558),
      ),
    },
  },
  volume_anomaly: {
    asked: { high: 'high', low: 'low' },
    caught: {
      what: 'thirty times the usual volume, and none in a bar that moved',
      rows: daily('2026-01-05', 'volume', [100, 110, 90, 105, 3100, 0], { high: 11, low: 10 }),
      finds: [4, 5],
    },
    passed: {
      what: 'a busy day',
      rows: daily('2026-01-05', 'volume', [100, 110, 90, 105, 400], { high: 11, low: 10 }),
    },
  },
  value_gap: {
    asked: { value: 'close' },
    caught: { what: 'an empty day', rows: daily('2022-03-02', 'close', [0.0405, null, 0.039]), finds: [1] },
    passed: {
      what: 'the end of the rouble in the tables of NBP',
      rows: daily('2022-03-03', 'close', [null, 0.0405, 0.039, 0.0347, null, null, null]),
    },
  },
  currency_validity: {
    asked: {},
    caught: { what: 'kuna after the euro', rows: closes('2023-01-02', [0.62], { currency: 'HRK' }), finds: [0] },
    passed: {
      what: 'the last kuna, roubles that NBP no longer quotes, a code that nobody knows',
      rows: [
        ...closes('2022-12-30', [0.62], { currency: 'HRK' }),
        ...closes('2022-03-08', [0.03], { currency: 'RUB', source: 'b' }),
        ...closes('2022-03-08', [0.03], { currency: 'QQQ', source: 'c' }),
      ],
    },
  },
  off_session: {
    asked: {},
    caught: {
      what: 'a copy on a Saturday',
      rows: [{ ...closes('2026-01-09', [10])[0], instrument_id: ACME, event_time: '2026-01-10' }],
      finds: [0],
    },
    passed: {
      what: 'a Friday, and a Saturday of an instrument without a calendar',
      rows: [
        { ...closes('2026-01-09', [10])[0], instrument_id: ACME },
        { ...closes('2026-01-09', [10])[0], event_time: '2026-01-10' },
      ],
    },
  },
  conflicting_duplicate: {
    asked: { by: ['instrument_id', 'event_time'], values: ['close'] },
    caught: {
      what: 'one action with two amounts',
      rows: [...closes('2026-01-05', [0.5]), ...closes('2026-01-05', [0.05], { source: 'again' })],
      finds: [0, 1],
    },
    passed: {
      what: 'the same said twice',
      rows: [...closes('2026-01-05', [0.5]), ...closes('2026-01-05', [0.5], { source: 'again' })],
    },
  },
  reconciliation: {
    asked: { value: 'close', by: ['event_time', 'currency'], tolerance: 0.02 },
    caught: {
      what: 'gold at 747 and at 1900',
      rows: [
        ...closes('2021-06-01', [1900, 1905], { currency: 'USD' }),
        ...closes('2021-06-01', [747, 1903], { currency: 'USD', source: 'other' }),
      ],
      finds: [0, 2],
    },
    passed: {
      what: 'two fixings of a day',
      rows: [
        ...closes('2021-06-01', [1900], { currency: 'USD' }),
        ...closes('2021-06-01', [1908], { currency: 'USD', source: 'other' }),
      ],
    },
  },
}

describe('detectors of rows', () => {
  let detecting: Detecting
  beforeAll(async () => {
    const rows = [
      [OIL, null, 'true'],
      [ACME, 'XNYS', 'false'],
    ]
    detecting = await openDetecting(rows)
  })
  afterAll(() => detecting[Symbol.asyncDispose]())

  it('have a case each', () => {
    const names = DETECTORS.filter(({ shape }) => shape === 'row' || shape === 'series').map(({ name }) => name)
    expect(Object.keys(CASES).sort()).toEqual([...names].sort())
  })

  const cases = Object.entries(CASES)
  it.each(cases.map(([name, { caught }]) => [`${name} finds ${caught.what}`, name] as const))('%s', async (_, name) => {
    const { asked, caught } = CASES[name]!
    const { broken } = await detecting.find(observations([{ detector: name, ...asked }]), caught.rows)
    expect([...broken.keys()].sort((a, b) => a - b)).toEqual(caught.finds)
    for (const rules of broken.values()) expect(rules).toEqual([name])
  })

  it.each(cases.map(([name, { passed }]) => [`${name} lets pass ${passed.what}`, name] as const))(
    '%s',
    async (_, name) => {
      const { asked, passed } = CASES[name]!
      const found = await detecting.find(observations([{ detector: name, ...asked }]), passed.rows)
      expect(found).toEqual({ broken: new Map(), warned: new Map() })
    },
  )

  it('do not reject a close because the adjusted one before it is no price', async () => {
    const rows = closes('2024-09-17', [0.718, 0.72, 0.719]).map((row, at) => ({
      ...row,
      adjusted_close: at === 1 ? -0.72 : row.close,
      dividend: 0,
    }))
    const { broken } = await detecting.find(observations([{ detector: 'dividend_adjustment' }]), rows)
    expect([...broken.keys()]).toEqual([1])
  })

  it('find nothing in an empty batch, and nothing where `where` does not hold', async () => {
    const contract = observations([{ detector: 'bad_tick', value: 'close', where: "source = 'other'" }])
    expect((await detecting.find(contract, bars('2017-09-08', MERCK))).broken.size).toBe(0)
    expect((await detecting.findIn(contract, emptySql())).broken.size).toBe(0)
  })

  it('only count a row where the contract says so', async () => {
    const contract = observations([{ detector: 'bad_tick', value: 'close', severity: 'warn' }])
    const found = await detecting.find(contract, bars('2017-09-08', MERCK))
    expect(found).toEqual({ broken: new Map(), warned: new Map([[4, ['bad_tick']]]) })
  })

  it('see what is published of the series', async () => {
    const contract = observations([{ detector: 'bad_tick', value: 'close' }])
    const rows = bars('2017-09-08', MERCK)
    const found = await detecting.find(contract, rows.slice(4, 5), [...rows.slice(0, 4), ...rows.slice(5)])
    expect(found.broken).toEqual(new Map([[0, ['bad_tick']]]))
    expect((await detecting.find(contract, rows.slice(4, 5))).broken.size).toBe(0)
  })

  it('take the level of what is published for the right one, however many rows are on another', async () => {
    const contract = observations([{ detector: 'unit_break', value: 'close' }])
    const published = closes('2022-05-02', calm(3, 14.5))
    const found = await detecting.find(contract, closes('2022-05-09', calm(10, 0.145)), published)
    expect(found.broken.size).toBe(10)
  })

  it('let the level change with the unit', async () => {
    const rows = closes('2022-05-02', [1455, 1460, 14.55, 14.6, 14.5, 14.6])
    const told = rows.map((row, at) => ({ ...row, currency: at < 2 ? 'GBX' : 'GBP' }))
    const contract = observations([{ detector: 'unit_break', value: 'close', unit: 'currency' }])
    expect((await detecting.find(contract, told)).broken.size).toBe(0)
    expect((await detecting.find(contract, rows)).broken.size).toBe(2)
  })

  it('mark every row that says the same, and judge each thing that is said of a key', async () => {
    const contract = observations([{ detector: 'bad_tick', value: 'close' }])
    const rows = bars('2017-09-08', MERCK)
    const right = { ...rows[4], open: 65.5, high: 65.7, low: 65.4, close: 65.6 }
    const found = await detecting.find(contract, [...rows, rows[4]!, right])
    expect([...found.broken.keys()]).toEqual([4, 8])
  })

  it('are not misled by the same rows once more, published or in the batch', async () => {
    const contract = observations([{ detector: 'stale_value', value: 'close', run: 3 }])
    const rows = closes('2026-01-05', [3.61, 3.62, 3.6, 3.63, 3.64, 3.66])
    expect((await detecting.find(contract, [...rows, ...rows, ...rows], rows)).broken.size).toBe(0)
  })

  it('bear values of every size and sign', async () => {
    const asked = Object.entries(CASES).map(([name, { asked }]) => ({ detector: name, ...asked }))
    const extremes = ['99999999999999999999', '-99999999999999999999', '0.000000000000000001', '0', '-1', '1e19']
    const rows = extremes.flatMap((value, at) =>
      closes('2026-01-05', [0], { source: `s${at % 2}` }).map(row => ({
        ...row,
        event_time: new Date(Date.UTC(2026, 0, 5 + at)).toISOString(),
        ...Object.fromEntries(['open', 'high', 'low', 'close', 'volume', 'quote_volume'].map(name => [name, value])),
        adjusted_close: value,
        dividend: extremes[at - 1] ?? null,
        split: value,
      })),
    )
    await expect(detecting.find(observations(asked), rows)).resolves.toBeDefined()
  })
})

function emptySql(): string {
  const names = observations([]).columns.map(({ name }) => `NULL::VARCHAR AS ${name}`)
  return `SELECT ${names.join(', ')}, 0 AS _position WHERE false`
}
