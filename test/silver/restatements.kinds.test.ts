import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TicksOptions, ticks } from '../support/contracts.js'
import { NOW, type ProjectFolder, projectFolder } from '../support/lakes.js'
import { type InputRow, ndjson } from '../support/records.js'

const HOUR = 3_600_000
const DAY = 86_400_000
const START = Date.UTC(2025, 0, 1)

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const VOLUME = '{ name: volume, logicalType: number, physicalType: "decimal(18,4)" }'
const CURRENCY = '{ name: currency, logicalType: string, relationships: [{ to: currencies.code }] }'
const PRICE = '{ name: price, logicalType: number, physicalType: "decimal(18,4)" }'
const CONTRACT: TicksOptions = { mergePolicy: 'versions', partition: 'month', properties: [PRICE, VOLUME, CURRENCY] }

/** Forty daily prices that go their own way, with two decimals, and volumes. */
const PRICES = Array.from({ length: 40 }, (_, at) => Math.round(5000 + 900 * Math.sin(at) + 13 * at) / 100)

type Say = (price: number, at: number) => InputRow
const as: Say = price => ({ price })

/** A series of daily rows; `say` gives what is said of each day. */
function series(say: Say, parts: InputRow = {}, days = PRICES.length): InputRow[] {
  return PRICES.slice(0, days).map((price, at) => ({
    id: 'acme',
    moment: new Date(START + at * DAY).toISOString(),
    volume: 1000 + 37 * at,
    currency: 'USD',
    ...parts,
    ...say(price, at),
  }))
}

const round = (value: number, digits = 2): number => Number(value.toFixed(digits))

/** Runs batches one hour after another, and gives what the last one restated. */
async function restated(batches: readonly (readonly InputRow[])[], options: TicksOptions = CONTRACT) {
  const lake = folder.lake({ models: [], contracts: [ticks(options), restatements()] })
  let last: Awaited<ReturnType<typeof lake.run>> | undefined
  for (const [at, rows] of batches.entries()) {
    const input = await folder.write(`restated-${at}.ndjson`, ndjson(rows))
    last = await lake.run({ runId: `run-${at}`, contract: 'ticks', input: [input], nowMs: NOW + at * HOUR })
  }
  const changes = await lake.rows(
    `SELECT series, kind, rows::INTEGER AS rows, round(ratio, 4) AS ratio, columns FROM gold.restatements
     WHERE run_id = 'run-${batches.length - 1}' ORDER BY series, change`,
  )
  return { lake, record: last!, changes }
}

function restatements() {
  return folder.project.contracts.find(({ dataset }) => dataset === 'restatements')!
}

const FIRST = series(as)

describe('a restatement', () => {
  it.each<[string, string, InputRow[], Partial<InputRow>]>([
    [
      'a split, by the ratio of prices and volumes that moved the other way',
      'split',
      series((price, at) => ({ price: round(price / 3, 4), volume: (1000 + 37 * at) * 3 })),
      { rows: 40, ratio: 0.3333, columns: 'price, volume' },
    ],
    ['a split of prices alone', 'split', series(price => ({ price: round(price / 2) })), { rows: 40, ratio: 0.5 }],
    [
      'a reverse split up to its day, the days after it as they were',
      'split',
      series((price, at) => ({ price: at < 25 ? round(price * 10) : price })),
      { rows: 25, ratio: 10, columns: 'price' },
    ],
    [
      'a back-adjustment, rounded to as many decimals as the provider gives',
      'back_adjustment',
      series(price => ({ price: round(price * 0.9731) })),
      { rows: 40, ratio: 0.9731 },
    ],
    [
      'a back-adjustment of volumes too, as some providers make it',
      'back_adjustment',
      series((price, at) => ({ price: round(price * 0.92, 4), volume: round((1000 + 37 * at) / 0.92, 4) })),
      { rows: 40, ratio: 0.92, columns: 'price, volume' },
    ],
    ['pounds for pence', 'unit_switch', series(price => ({ price: round(price / 100, 4) })), { rows: 40, ratio: 0.01 }],
    [
      'grams for troy ounces',
      'unit_switch',
      series(price => ({ price: round(price / 31.1034768, 4) })),
      { rows: 40, ratio: 0.0322 },
    ],
    ['a pair turned round', 'unit_switch', series(price => ({ price: round(1 / price, 4) })), { rows: 40 }],
    [
      'another currency, at no fixed rate',
      'unit_switch',
      series((price, at) => ({ price: round(price * (0.9 + at / 1000)), currency: 'EUR' })),
      { rows: 40, columns: 'currency, price' },
    ],
    [
      'figures here and there',
      'revision',
      series((price, at) => ({ price: at % 7 === 0 ? round(price * (1 + at / 5000) + 0.02) : price })),
      { rows: 6 },
    ],
    [
      'every figure by a little, each its own',
      'revision',
      series((price, at) => ({ price: round(price * (1 + 0.01 * Math.sin(at * 3))) + 0.01 })),
      {},
    ],
    [
      'a figure taken back',
      'revision',
      series((price, at) => (at === 3 ? { price: null } : { price })),
      { rows: 1, ratio: null },
    ],
    [
      'a lone figure a hundred times too high',
      'vendor_error',
      series((price, at) => ({ price: at === 9 ? round(price * 100) : price })),
      { rows: 1, ratio: 100 },
    ],
  ])('of %s is a %s', async (_, kind, again, expected) => {
    const { changes, record } = await restated([FIRST, again])
    expect(changes).toEqual([expect.objectContaining({ series: 'acme', kind, ...expected })])
    expect(record.datasets[0]?.restated).toMatchObject({ series: 1, changes: 1, announced: 0 })
  })

  it('of a currency that was redenominated later is a redenomination, its code changed or not', async () => {
    const byr = series(price => ({ price: round(price * 10_000), moment: undefined }), { currency: 'BYR' })
    const old = byr.map((row, at) => ({ ...row, moment: new Date(Date.UTC(2015, 0, 1) + at * DAY).toISOString() }))
    const renamed = old.map((row, at) => ({ ...row, price: PRICES[at], currency: 'BYN' }))
    expect((await restated([old, renamed])).changes).toEqual([
      expect.objectContaining({ kind: 'redenomination', rows: 40, ratio: 0.0001 }),
    ])
    const silent = old.map((row, at) => ({ ...row, price: PRICES[at] }))
    expect((await restated([old, silent])).changes).toEqual([
      expect.objectContaining({ kind: 'redenomination', rows: 40, columns: 'price' }),
    ])
  })

  it('that gives back an earlier value is an error of the vendor, whatever its ratio', async () => {
    const { changes } = await restated([FIRST, series(price => ({ price: round(price * 0.9) })), FIRST])
    expect(changes).toEqual([expect.objectContaining({ kind: 'vendor_error', rows: 40 })])
  })

  it('of a series adjusted twice is two changes, however their days lie', async () => {
    const twice = series((price, at) => ({ price: round(price * (at < 20 ? 0.95 * 0.98 : 0.98), 4) }))
    expect((await restated([FIRST, twice])).changes).toEqual([
      expect.objectContaining({ kind: 'back_adjustment', rows: 20, ratio: 0.931 }),
      expect.objectContaining({ kind: 'back_adjustment', rows: 20, ratio: 0.98 }),
    ])
  })

  it('of several series is told for each of them', async () => {
    const both = [...FIRST, ...series(as, { id: 'b c' }), ...series(as, { id: 'quiet' })]
    const again = [
      ...series(price => ({ price: round(price / 2) })),
      ...series((price, at) => ({ price: at === 5 ? round(price + 0.5) : price }), { id: 'b c' }),
      ...series(as, { id: 'quiet' }),
    ]
    const { changes, record } = await restated([both, again])
    expect(changes).toMatchObject([
      { series: '"b c"', kind: 'revision', rows: 1 },
      { series: 'acme', kind: 'split', rows: 40 },
    ])
    expect(record.datasets[0]?.restated).toMatchObject({ series: 2, rows: 41, changes: 2 })
  })
})

describe('no restatement is', () => {
  it('an equal value in another spelling, a day that is new, or one not asked again', async () => {
    const again = series(price => ({ price: `${price.toFixed(2)}00`, volume: undefined }), {}, 30)
    const spelled = again.map((row, at) => ({ ...row, volume: `${1000 + 37 * at}.0` }))
    const next = [{ ...FIRST[0]!, moment: new Date(START + 41 * DAY).toISOString(), price: 70 }]
    const { record, changes } = await restated([FIRST, [...spelled, ...next]])
    expect(record.pipes).toMatchObject([{ accepted: 1, duplicate: 30 }])
    expect(record.datasets[0]).not.toHaveProperty('restated')
    expect(changes).toEqual([])
  })

  it('what one run says several times of a day that it brings for the first time', async () => {
    const { changes } = await restated([[...FIRST, ...series(price => ({ price: round(price / 2) }))]])
    expect(changes).toEqual([])
  })

  it('the row of a key at another moment', async () => {
    const latest: TicksOptions = { ...CONTRACT, mergePolicy: 'latest', key: 'id' }
    const { changes } = await restated([[FIRST[0]!], [FIRST[1]!]], latest)
    expect(changes).toEqual([])
  })
})
