import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addDailyBars, dayAfter, type GoldLake, openGoldLake } from './gold-lake.js'

const IDS = ['equity:own:A', 'equity:own:B', 'equity:own:C']
const REFERENCES = {
  instruments: ['instrument_id', ...IDS].join('\n'),
  baskets: ['basket,instrument_id', ...IDS.map(id => `three,${id}`), `one,${IDS[0]}`].join('\n'),
}

let lake: GoldLake
beforeEach(async () => {
  lake = await openGoldLake(2, REFERENCES)
})
afterEach(() => lake.close())

/** 251 days that end on 31 December. */
const DAYS = Array.from({ length: 251 }, (_, at) => dayAfter('2020-04-25', at))
const wave = (factor: number, shift: number) => (at: number) => (((at * factor + shift) % 101) - 50) / 5_000
const [first, second, third] = [wave(37, 0), wave(53, 7), wave(71, 3)]
/** The second moves with the first, the third more than both. */
const SERIES = [first, (at: number) => 0.8 * first(at) + 0.3 * second(at), (at: number) => 1.3 * third(at)].map(r =>
  DAYS.slice(1).map((_, at) => r(at)),
)

const closesOf = (returns: readonly number[]): string[] => {
  const closes = [1000]
  for (const r of returns) closes.push(closes.at(-1)! * (1 + r))
  return closes.map(close => close.toFixed(18))
}

async function fill(series: readonly (readonly number[])[] = SERIES): Promise<void> {
  for (const [at, returns] of series.entries()) await addDailyBars(lake, IDS[at]!, closesOf(returns), DAYS)
}

type Cell = Readonly<{ basket: string; date: string; a: string; b: string; metric: string; v: string }>
async function derive(where = 'true'): Promise<Cell[]> {
  for (const table of ['returns_daily', 'covariance']) await lake.derive(table)
  return (await lake.rows(`SELECT basket, date, instrument_id AS a, other_id AS b, metric, coalesce(value::VARCHAR, reason) AS v
    FROM gold.covariance WHERE ${where} ORDER BY ALL`)) as unknown as Cell[]
}

const LAST = `basket = 'three' AND date = '2020-12-31'`
function matrix(cells: readonly Cell[], metric: string): number[][] {
  const of = (a: string, b: string) =>
    Number(cells.find(cell => cell.metric === metric && cell.a === (a < b ? a : b) && cell.b === (a < b ? b : a))!.v)
  return IDS.map(a => IDS.map(b => of(a, b)))
}

const mean = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0) / xs.length
const products = (xs: readonly number[], ys: readonly number[]): number =>
  xs.reduce((sum, x, at) => sum + (x - mean(xs)) * (ys[at]! - mean(ys)), 0)
const flat = (rows: readonly (readonly number[])[]): number[] => rows.flat()
const near = (found: readonly (readonly number[])[], wanted: readonly (readonly number[])[]): void => {
  for (const [at, value] of flat(found).entries())
    expect(Math.abs(value - flat(wanted)[at]!), `entry ${at}`).toBeLessThan(1e-12)
}

/** Whether a symmetric matrix has a Cholesky factor, that is, no eigenvalue below `least`. */
function isPositive(matrix: readonly (readonly number[])[], least = 0): boolean {
  const factor: number[][] = []
  for (const [i, row] of matrix.entries()) {
    factor.push(row.map(() => 0))
    for (let j = 0; j <= i; j++) {
      const rest =
        row[j]! - (i === j ? least : 0) - factor[i]!.slice(0, j).reduce((sum, x, k) => sum + x * factor[j]![k]!, 0)
      if (i === j && rest < -1e-18) return false
      factor[i]![j] = i === j ? Math.sqrt(Math.max(rest, 0)) : factor[j]![j]! === 0 ? 0 : rest / factor[j]![j]!
    }
  }
  return true
}

describe('a basket', () => {
  test('has covariances and correlations of the last 250 steps', async () => {
    await fill()
    const cells = await derive(LAST)
    near(
      matrix(cells, 'covariance'),
      SERIES.map(x => SERIES.map(y => products(x, y) / 249)),
    )
    near(
      matrix(cells, 'correlation'),
      SERIES.map(x => SERIES.map(y => products(x, y) / Math.sqrt(products(x, x) * products(y, y)))),
    )
    expect(cells.length).toBe(3 * 6 + 1)
  })

  test('is shrunk by the share that Ledoit and Wolf give, and has the mean variance kept', async () => {
    await fill()
    const cells = await derive(LAST)
    const n = 250
    const p = 3
    const sample = SERIES.map(x => SERIES.map(y => products(x, y) / n))
    const m = (sample[0]![0]! + sample[1]![1]! + sample[2]![2]!) / p
    // Distances are per instrument, as in the paper: d^2 = |S - m I|^2 / p, b^2 = sum |x x' - S|^2 / n^2 / p.
    const distance =
      flat(sample.map((row, i) => row.map((s, j) => (s - (i === j ? m : 0)) ** 2))).reduce((a, b) => a + b) / p
    const noise =
      SERIES[0]!
        .map((_, t) =>
          flat(
            SERIES.map((x, i) => SERIES.map((y, j) => ((x[t]! - mean(x)) * (y[t]! - mean(y)) - sample[i]![j]!) ** 2)),
          ).reduce((a, b) => a + b),
        )
        .reduce((a, b) => a + b) /
      n ** 2 /
      p
    const share = Math.min(noise, distance) / distance
    expect(share).toBeGreaterThan(0.01)
    expect(share).toBeLessThan(0.99)
    expect(Number(cells.find(({ metric }) => metric === 'shrinkage')!.v)).toBeCloseTo(share, 9)
    const wanted = sample.map((row, i) => row.map((s, j) => (1 - share) * s + (i === j ? share * m : 0)))
    const shrunk = matrix(cells, 'shrunk_covariance')
    near(shrunk, wanted)
    expect(shrunk[0]![0]! + shrunk[1]![1]! + shrunk[2]![2]!).toBeCloseTo(p * m, 12)
  })

  test('has a shrunk matrix that is positive even where the sample matrix is singular', async () => {
    const [a, b] = [SERIES[0]!, SERIES[1]!]
    await fill([a, b, a.map((x, at) => (x + b[at]!) / 2)])
    const cells = await derive(LAST)
    const share = Number(cells.find(({ metric }) => metric === 'shrinkage')!.v)
    const shrunk = matrix(cells, 'shrunk_covariance')
    const m = (shrunk[0]![0]! + shrunk[1]![1]! + shrunk[2]![2]!) / 3
    expect(share).toBeGreaterThan(0)
    // No eigenvalue below the part that the target has of it.
    expect(isPositive(shrunk, share * m * 0.999)).toBe(true)
    expect(isPositive(matrix(cells, 'covariance'), share * m * 0.999)).toBe(false)
  })

  test('of one instrument is not shrunk', async () => {
    await fill()
    const cells = await derive(`basket = 'one' AND date = '2020-12-31'`)
    const variance = products(SERIES[0]!, SERIES[0]!)
    expect(cells.map(({ metric, v }) => [metric, Number(v)])).toEqual([
      ['shrinkage', 0],
      ['correlation', 1],
      ['covariance', expect.closeTo(variance / 249, 12)],
      ['shrunk_covariance', expect.closeTo(variance / 250, 12)],
    ])
  })

  test('is looked at on the last common day of each month', async () => {
    await fill()
    // One of them has two days more.
    await addDailyBars(lake, IDS[2]!, ['1000', '1001'], ['2021-01-02', '2021-01-05'])
    const cells = await derive(`basket = 'three' AND metric = 'shrinkage'`)
    expect(cells.map(({ date, v }) => [date, Number.isNaN(Number(v)) ? v : 'share'])).toEqual([
      ...['04-30', '05-31', '06-30', '07-31', '08-31', '09-30', '10-31', '11-30'].map(day => [
        `2020-${day}`,
        'insufficient_history',
      ]),
      ['2020-12-31', 'share'],
      ['2021-01-05', 'no_close'],
    ])
  })

  test('takes steps between common days: what closes in between belongs to the later one', async () => {
    await fill()
    const skipped = DAYS[100]!
    await lake.engine.run(
      `DELETE FROM silver.bars WHERE instrument_id = '${IDS[1]}' AND event_time::DATE = '${skipped}'`,
    )
    await addDailyBars(lake, IDS[0]!, ['900'], ['2020-04-24'])
    for (const id of IDS.slice(1)) await addDailyBars(lake, id, ['900'], ['2020-04-24'])
    const cells = await derive(LAST)
    const joined = SERIES.map(returns => [
      1000 / 900 - 1,
      ...returns.slice(0, 99),
      (1 + returns[99]!) * (1 + returns[100]!) - 1,
      ...returns.slice(101),
    ])
    near(
      matrix(cells, 'covariance'),
      joined.map(x => joined.map(y => products(x, y) / 249)),
    )
  })

  test('gives a reason for an instrument that does not move, and for a return that is missing', async () => {
    await fill([SERIES[0]!, SERIES[1]!, SERIES[0]!.map(() => 0)])
    const still = await derive(LAST)
    const of = (a: string, b: string) =>
      still.find(cell => cell.metric === 'correlation' && cell.a === a && cell.b === b)!.v
    expect([of(IDS[0]!, IDS[2]!), of(IDS[2]!, IDS[2]!), Number.isNaN(Number(of(IDS[0]!, IDS[1]!)))]).toEqual([
      ...['zero_volatility', 'zero_volatility', false],
    ])
    await lake.engine.run(
      `UPDATE silver.bars SET close = -1 WHERE instrument_id = '${IDS[1]}' AND event_time::DATE = '${DAYS[200]}'`,
    )
    const broken = await derive(LAST)
    expect([...new Set(broken.map(({ v }) => v))]).toEqual(['non_positive_price'])
  })

  test('is known when the newest of its closes is', async () => {
    await fill()
    await lake.engine.run(
      `UPDATE silver.bars SET _known_at = '2021-05-05T00:00:00Z' WHERE instrument_id = '${IDS[1]}' AND event_time::DATE = '${DAYS[50]}'`,
    )
    await derive()
    expect(
      await lake.rows(
        `SELECT DISTINCT basket, epoch_ms(_known_at)::VARCHAR AS at FROM gold.covariance WHERE date = '2020-12-31' ORDER BY 1`,
      ),
    ).toEqual([
      { basket: 'one', at: String(Date.UTC(2021, 0, 1)) },
      { basket: 'three', at: String(Date.UTC(2021, 4, 5)) },
    ])
  })
})
