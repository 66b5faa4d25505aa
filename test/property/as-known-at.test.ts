import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TicksOptions, ticks } from '../support/contracts.js'
import { NOW, type ProjectFolder, projectFolder } from '../support/lakes.js'
import { ndjson } from '../support/records.js'
import { openSettling } from '../support/settling.js'

/** A failing property prints its seed and path; `{ seed, path }` here repeats it. */
const RUNS = { numRuns: 4 }

const MINUTE = 60_000
const DAY = 86_400_000
const MOMENT = Date.UTC(2026, 0, 5, 10)
const KEYS = ['a', 'b'] as const
const PRICE = '{ name: price, logicalType: number, physicalType: "decimal(18,4)", required: true }'
const SINCE = '{ name: since, logicalType: timestamp }'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

/** What was said of one key in one capture. */
interface Said {
  readonly id: (typeof KEYS)[number]
  readonly price: number
  readonly atMs: number
  readonly sinceMs?: number
}

/** Captures at moments of their own; few values, so that they come again. */
const history = fc.uniqueArray(
  fc.record({
    atMinute: fc.nat({ max: 40 }),
    prices: fc.record({ a: fc.constantFrom(1, 2, 3), b: fc.option(fc.constantFrom(1, 2), { nil: undefined }) }),
  }),
  { minLength: 2, maxLength: 6, selector: ({ atMinute }) => atMinute },
)
const turns = fc.array(fc.nat(), { minLength: 6, maxLength: 6 })

function saidIn(captures: readonly { atMinute: number; prices: { a: number; b: number | undefined } }[]): Said[][] {
  return captures.map(({ atMinute, prices }) =>
    KEYS.flatMap(id => {
      const price = prices[id]
      return price === undefined ? [] : [{ id, price, atMs: NOW + atMinute * MINUTE }]
    }),
  )
}

let sets = 0
/** Settles each capture in a run of its own, in any order, and asks what was known at each of the times. */
async function answers(captures: readonly (readonly Said[])[], options: TicksOptions, timesMs: readonly number[]) {
  const contract = ticks({ properties: [PRICE, SINCE], mergePolicy: 'versions', ...options })
  await using settling = await openSettling(folder.lake({ models: [], contracts: [contract] }))
  const set = sets++
  for (const [at, rows] of captures.entries()) {
    const records = rows.map(({ id, price, sinceMs }) => ({
      ...{ id, price, moment: new Date(MOMENT).toISOString() },
      ...(sinceMs !== undefined && { since: new Date(sinceMs).toISOString() }),
    }))
    const path = await folder.write(`known-${set}-${at}.ndjson`, ndjson(records))
    await settling.run([{ path, atMs: rows[0]!.atMs }])
  }
  const known = []
  for (const atMs of timesMs) {
    const sql = 'SELECT id, price::INTEGER AS price FROM silver.ticks ORDER BY id'
    known.push(await settling.rowsKnownAt(atMs, sql, 'silver.ticks'))
  }
  return known
}

/** The plain model: of each key, the last of what is known by then. */
function model(said: readonly (Said & { readonly knownMs: number })[], timesMs: readonly number[]) {
  return timesMs.map(timeMs =>
    KEYS.flatMap(id => {
      const known = said.filter(one => one.id === id && one.knownMs <= timeMs).sort((x, y) => x.knownMs - y.knownMs)
      const last = known.at(-1)
      return last === undefined ? [] : [{ id, price: last.price }]
    }),
  )
}

function shuffled<Item>(items: readonly Item[], order: readonly number[]): Item[] {
  const left = [...items]
  return items.flatMap((_, at) => left.splice((order[at] ?? 0) % left.length, 1))
}

const TIMES = [-1, 0, 5, 12, 20, 33, 40].map(minute => NOW + minute * MINUTE)

describe('versions, asked as known at a time', () => {
  it('are what a plain model of everything said by then gives, in whatever order it arrived', async () => {
    await fc.assert(
      fc.asyncProperty(history, turns, async (captures, order) => {
        const said = saidIn(captures)
        const expected = model(
          said.flat().map(one => ({ ...one, knownMs: one.atMs })),
          TIMES,
        )
        expect(await answers(shuffled(said, order), {}, TIMES)).toEqual(expected)
      }),
      RUNS,
    )
  })

  it('are known by the publication rule where a value was said first, and from its capture after that', async () => {
    await fc.assert(
      fc.asyncProperty(history, turns, async (captures, order) => {
        const said = saidIn(captures)
        const all = said.flat()
        const ruled = all.map(one => {
          const firstMs = Math.min(...all.filter(({ id }) => id === one.id).map(({ atMs }) => atMs))
          return { ...one, knownMs: one.atMs === firstMs ? MOMENT + DAY : one.atMs }
        })
        const times = [MOMENT, MOMENT + DAY - 1, MOMENT + DAY, ...TIMES]
        const options = { publication: 'moment + INTERVAL 1 DAY' }
        expect(await answers(shuffled(said, order), options, times)).toEqual(model(ruled, times))
      }),
      RUNS,
    )
  })

  it('are known by their vintages, however late those are fetched and how often', async () => {
    const vintages = fc.uniqueArray(fc.record({ day: fc.nat({ max: 20 }), price: fc.constantFrom(1, 2, 3) }), {
      minLength: 2,
      maxLength: 5,
      selector: ({ day }) => day,
    })
    await fc.assert(
      fc.asyncProperty(vintages, turns, async (given, order) => {
        const all = given.map(({ day, price }) => ({ id: 'a' as const, price, sinceMs: MOMENT + day * DAY }))
        // Each capture repeats what the ones before it said.
        const said = shuffled(all, order).map((_, at, mixed) =>
          mixed.slice(0, at + 1).map(one => ({ ...one, atMs: NOW + at * MINUTE })),
        )
        const times = [MOMENT - 1, MOMENT, MOMENT + 7 * DAY, MOMENT + 13 * DAY, NOW]
        const expected = model(
          all.map(one => ({ ...one, atMs: NOW, knownMs: one.sinceMs })),
          times,
        )
        expect(await answers(said, { vintage: 'since' }, times)).toEqual(expected)
      }),
      RUNS,
    )
  })
})
