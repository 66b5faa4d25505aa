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

/** A series by the name of what happens to it, and what is found. Days are said anew by `again`. */
const CASES: Readonly<
  Record<string, { kind: string; again: Say; currency?: string; rows: number } & Partial<InputRow>>
> = {
  'a split, prices and volumes moving against each other': {
    kind: 'split',
    again: (price, at) => ({ price: round(price / 3, 4), volume: (1000 + 37 * at) * 3 }),
    ...{ rows: 40, ratio: 0.3333, columns: 'price, volume' },
  },
  'a split a hundred for one: pence have no volume of their own': {
    kind: 'split',
    again: (price, at) => ({ price: round(price / 100, 4), volume: (1000 + 37 * at) * 100 }),
    ...{ rows: 40, ratio: 0.01 },
  },
  'a split of prices alone': { kind: 'split', again: price => ({ price: round(price / 2) }), rows: 40, ratio: 0.5 },
  'a reverse split up to its day': {
    kind: 'split',
    again: (price, at) => ({ price: at < 25 ? round(price * 10) : price }),
    ...{ rows: 25, ratio: 10, columns: 'price' },
  },
  'a back-adjustment, rounded as its provider rounds': {
    kind: 'back_adjustment',
    again: price => ({ price: round(price * 0.9731) }),
    ...{ rows: 40, ratio: 0.9731 },
  },
  'a back-adjustment of volumes too': {
    kind: 'back_adjustment',
    again: (price, at) => ({ price: round(price * 0.92, 4), volume: round((1000 + 37 * at) / 0.92, 4) }),
    ...{ rows: 40, ratio: 0.92, columns: 'price, volume' },
  },
  'pounds for pence': {
    kind: 'unit_switch',
    again: price => ({ price: round(price / 100, 4) }),
    rows: 40,
    ratio: 0.01,
  },
  'grams for troy ounces': {
    kind: 'unit_switch',
    again: price => ({ price: round(price / 31.1034768, 4) }),
    ...{ rows: 40, ratio: 0.0322 },
  },
  'a pair turned round': { kind: 'unit_switch', again: price => ({ price: round(1 / price, 4) }), rows: 40 },
  'another currency, at rates that move': {
    kind: 'unit_switch',
    again: (price, at) => ({ price: round(price * (0.9 + at / 1000)), currency: 'EUR' }),
    ...{ rows: 40, columns: 'currency, price' },
  },
  'a currency redenominated years after, under its new code': {
    kind: 'redenomination',
    again: (price, at) => ({ price: round(price / 10_000, 4), currency: at < 0 ? 'BYR' : 'BYN' }),
    ...{ currency: 'BYR', rows: 40, columns: 'currency, price' },
  },
  'a currency redenominated, its code as it was': {
    kind: 'redenomination',
    again: price => ({ price: round(price * 10_000) }),
    ...{ currency: 'BYR', rows: 40, ratio: 10_000, columns: 'price' },
  },
  'the same factor of a currency that nobody redenominated': {
    kind: 'back_adjustment',
    again: price => ({ price: round(price * 10_000) }),
    ...{ rows: 40, ratio: 10_000 },
  },
  'figures here and there': {
    kind: 'revision',
    again: (price, at) => ({ price: at % 7 === 0 ? round(price * (1 + at / 5000) + 0.02) : price }),
    ...{ rows: 6, columns: 'price' },
  },
  'every figure by a little, each its own': {
    kind: 'revision',
    again: (price, at) => ({ price: round(price * (1.02 + 0.01 * Math.sin(at * 3))) }),
    rows: 40,
  },
  'two days by one ratio, which may be chance': {
    kind: 'revision',
    again: (price, at) => ({ price: at < 2 ? round(price * 0.97) : price }),
    rows: 2,
  },
  'a figure taken back': {
    kind: 'revision',
    again: (price, at) => ({ price: at === 3 ? null : price }),
    rows: 1,
    ratio: null,
  },
  'a lone figure a hundred times too high': {
    kind: 'vendor_error',
    again: (price, at) => ({ price: at === 9 ? round(price * 100) : price }),
    ...{ rows: 1, ratio: 100 },
  },
}

describe('a restatement', () => {
  /** BYR was redenominated on 2016-07-01: its series lie before. */
  const said = (name: string, say: Say): InputRow[] => {
    const { currency } = CASES[name]!
    const own = { id: name, ...(currency !== undefined && { currency }) }
    const rows = series(say, own)
    if (currency !== 'BYR') return rows
    return rows.map((row, at) => ({ ...row, moment: new Date(Date.UTC(2015, 0, 1) + at * DAY).toISOString() }))
  }
  let found: Map<unknown, InputRow>
  beforeAll(async () => {
    const names = Object.keys(CASES)
    const again = names.flatMap(name => said(name, CASES[name]!.again))
    const { changes } = await restated([names.flatMap(name => said(name, as)), again])
    expect(changes.length).toBe(names.length)
    found = new Map(changes.map(change => [String(change['series']).replaceAll('"', ''), change]))
  })

  it.each(Object.entries(CASES))('by %s is called so', (name, { again: _again, currency: _currency, ...expected }) => {
    expect(found.get(name)).toMatchObject(expected)
  })

  it('of a series that is told by its currency too is one of its key', async () => {
    const euros = series(price => ({ price: round(price * 0.9), currency: 'EUR' }))
    const { changes } = await restated([FIRST, euros], { ...CONTRACT, series: 'id, currency' })
    expect(changes).toEqual([expect.objectContaining({ series: 'acme', kind: 'unit_switch', rows: 40 })])
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
