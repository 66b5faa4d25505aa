import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GoldLake, openGoldLake } from './gold-lake.js'

let lake: GoldLake
beforeAll(async () => {
  lake = await openGoldLake()
})
afterAll(() => lake.close())

const value = async (sql: string) => (await lake.rows(`SELECT ${sql} AS v`))[0]!['v']

describe('a price before a 2:1 split and a dividend of 0.08', () => {
  // Microsoft in February 2003, as Yahoo explains its adjusted close: split on the 18th, dividend on the 19th.
  const CLOSES = `(VALUES (DATE '2003-02-13', 46.99), (DATE '2003-02-14', 48.30), (DATE '2003-02-18', 24.96), (DATE '2003-02-19', 24.53)) c(day, close)`
  const ACTIONS = `(VALUES
    (DATE '2003-02-18', 'split', 2::DECIMAL(38,18), NULL::DECIMAL(38,18), TIMESTAMPTZ '2003-01-16 22:00:00Z'),
    (DATE '2003-02-19', 'cash_dividend', NULL, 0.08, TIMESTAMPTZ '2003-01-16 23:00:00Z')) a(ex_date, action_type, ratio, amount, known_at)`
  const adjusted = (factor: string, asOf: string, known: string) =>
    lake.rows(`WITH closes AS (SELECT * FROM ${CLOSES}), actions AS (
        SELECT list({'ex_date': ex_date, 'factor': ${factor}, 'known_at': known_at} ORDER BY ex_date) AS actions
        FROM (SELECT a.*, (SELECT max_by(close, day) FROM closes WHERE day < a.ex_date) AS close FROM ${ACTIONS}))
      SELECT round(close * adjustment_factor(actions, day, DATE '${asOf}', TIMESTAMPTZ '${known}'), 2)::VARCHAR AS v
      FROM closes, actions ORDER BY day`)
  const prices = async (factor: string, asOf = '2003-02-19', known = '2003-02-20') =>
    (await adjusted(factor, asOf, known)).map(row => row['v'])
  const TOTAL = 'total_return_factor(action_type, ratio, amount, close)'

  it('is 23.42 where it was 46.99, and so on to the last day', async () => {
    expect(await prices(TOTAL)).toEqual(['23.42', '24.07', '24.88', '24.53'])
  })

  it('is halved for the split alone', async () => {
    expect(await prices('split_factor(action_type, ratio)')).toEqual(['23.5', '24.15', '24.96', '24.53'])
  })

  it('is not yet touched by what comes after the day that is asked for', async () => {
    expect(await prices(TOTAL, '2003-02-18')).toEqual(['23.5', '24.15', '24.96', '24.53'])
    expect(await prices(TOTAL, '2003-02-17')).toEqual(['46.99', '48.3', '24.96', '24.53'])
  })

  it('is not touched by what nobody knew then', async () => {
    expect(await prices(TOTAL, '2003-02-19', '2003-01-16 22:30:00Z')).toEqual(['23.5', '24.15', '24.96', '24.53'])
  })
})

describe('a factor', () => {
  it.each([
    [`split_factor('reverse_split', 0.1)`, 10],
    [`split_factor('stock_dividend', 1.05)`, 1 / 1.05],
    [`split_factor('cash_dividend', NULL)`, 1],
    [`total_return_factor('split', 3, NULL, NULL)`, 1 / 3],
    [`total_return_factor('spin_off', 0.5, 20, 100)`, 0.8],
    // One new share at 60 for four held at 100: (4 x 100 + 60) / 5 = 92.
    [`total_return_factor('rights', 0.25, 60, 100)`, 0.92],
    [`total_return_factor('rights', 0.25, 110, 100)`, 1],
    [`total_return_factor('symbol_change', NULL, NULL, NULL)`, 1],
  ])('%s is %d', async (sql, expected) => {
    expect(await value(sql)).toBeCloseTo(expected, 12)
  })

  it.each([
    ['of a dividend as large as the price', `total_return_factor('cash_dividend', NULL, 100, 100)`],
    ['of a dividend without a close', `total_return_factor('cash_dividend', NULL, 1, NULL)`],
    ['of a split without a ratio', `split_factor('split', NULL)`],
    ['of a split with ratio 0', `split_factor('split', 0)`],
    ['of a split with a negative ratio', `total_return_factor('reverse_split', -2, NULL, 100)`],
    ['of an unknown type', `split_factor('merger', 2)`],
    ['of no type', `total_return_factor(NULL, 2, 1, 100)`],
    ['of a negative dividend', `total_return_factor('cash_dividend', NULL, -1, 100)`],
    ['of a dividend without an amount', `total_return_factor('cash_dividend', NULL, NULL, 100)`],
    ['of rights at a negative price', `total_return_factor('rights', 0.25, -60, 100)`],
    ['of rights at no price', `total_return_factor('rights', 0.25, NULL, 100)`],
    ['of rights with a negative ratio', `total_return_factor('rights', -2, 60, 100)`],
    ['of rights above the close without a ratio', `total_return_factor('rights', 0, 110, 100)`],
    ['of no day', `adjustment_factor([], NULL, DATE '2021-01-01', TIMESTAMPTZ '2021-01-01')`],
    ['to no day', `adjustment_factor([], DATE '2020-01-01', NULL, TIMESTAMPTZ '2021-01-01')`],
    ['as known at no time', `adjustment_factor([], DATE '2020-01-01', DATE '2021-01-01', NULL)`],
    [
      'of a span with an action that has none',
      `adjustment_factor([{'ex_date': DATE '2020-01-02', 'factor': NULL::DOUBLE, 'known_at': TIMESTAMPTZ '2020-01-01'}], DATE '2020-01-01', DATE '2020-01-03', TIMESTAMPTZ '2021-01-01')`,
    ],
  ])('%s is not known', async (_, sql) => {
    expect(await value(sql)).toBeNull()
  })

  it('of no actions is 1', async () => {
    expect(await value(`adjustment_factor(NULL, DATE '2020-01-01', DATE '2021-01-01', TIMESTAMPTZ '2021-01-01')`)).toBe(
      1,
    )
  })
})

const day = (n: number) => `(DATE '2020-01-01' + ${n})`
const ratios = fc.array(fc.constantFrom(2, 3, 0.5, 0.1, 1.5, 1.05), { maxLength: 8 })
const actionsOf = (list: readonly number[]) =>
  `[${list.map((ratio, at) => `{'ex_date': ${day(at * 10 + 5)}, 'factor': split_factor('split', ${ratio}), 'known_at': TIMESTAMPTZ '2019-01-01'}`).join(', ')}]`
const typed = (list: readonly number[]) =>
  list.length === 0 ? `[]::STRUCT(ex_date DATE, factor DOUBLE, known_at TIMESTAMPTZ)[]` : actionsOf(list)

describe('factors of any splits', () => {
  it('compose: from a day to another by way of a third', async () => {
    const days = fc.tuple(fc.nat(90), fc.nat(90), fc.nat(90)).map(list => list.sort((a, b) => a - b))
    await fc.assert(
      fc.asyncProperty(ratios, days, async (list, [a, b, c]) => {
        const factor = (from: number, to: number) =>
          `adjustment_factor(${typed(list)}, ${day(from)}, ${day(to)}, TIMESTAMPTZ '2021-01-01')`
        const direct = Number(await value(factor(a!, c!)))
        const stepped = Number(await value(`${factor(a!, b!)} * ${factor(b!, c!)}`))
        expect(Math.abs(stepped / direct - 1)).toBeLessThan(1e-12)
      }),
      { numRuns: 40 },
    )
  })

  it('make a price that only splits moved the same on every day', async () => {
    await fc.assert(
      fc.asyncProperty(ratios, async list => {
        const rows =
          await lake.rows(`WITH days AS (SELECT range AS n, (DATE '2020-01-01' + range::INTEGER) AS day FROM range(0, 100)),
          raw AS (SELECT day, 100 / list_aggregate([1.0::DOUBLE] || list_transform(list_filter(${typedRatios(list)}, lambda r: r.ex_date <= day), lambda r: r.ratio), 'product') AS price FROM days)
          SELECT min(adjusted) AS low, max(adjusted) AS high FROM (
            SELECT price * adjustment_factor(${typed(list)}, day, DATE '2021-01-01', TIMESTAMPTZ '2021-01-01') AS adjusted FROM raw)`)
        const { low, high } = rows[0]!
        expect(Number(high) / Number(low) - 1).toBeLessThan(1e-12)
      }),
      { numRuns: 30 },
    )
  })
})

function typedRatios(list: readonly number[]): string {
  if (list.length === 0) return `[]::STRUCT(ex_date DATE, ratio DOUBLE)[]`
  return `[${list.map((ratio, at) => `{'ex_date': ${day(at * 10 + 5)}, 'ratio': ${ratio}::DOUBLE}`).join(', ')}]`
}
