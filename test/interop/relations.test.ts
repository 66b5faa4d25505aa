import { beforeAll, describe, expect, inject, it } from 'vitest'
import { openLake } from '../../src/index.js'
import { findPython } from './python.js'

const python = findPython(['empyrical', 'numpy', 'scipy'])
if (python === undefined)
  console.warn('INTEROP NOT RUN: no python3 with empyrical, so nobody else has computed how our series move together')

type Figures = Record<string, number>
type Answers = Record<string, Record<string, Figures>>
type Closes = readonly (readonly [date: string, price: number, turnover?: number])[]

const [BITCOIN, ETHER, SOLANA, ACME] = [
  ...['crypto:coingecko:bitcoin', 'crypto:coingecko:ethereum', 'crypto:coingecko:solana', 'equity:XNYS:ACME'],
] as const
const [SLU, WORLD] = ['equity:XWAR:SLU', 'etf:XETR:WRLD'] as const

/** As test/interop/sample-lake.ts has them in benchmarks.csv. */
const BENCHMARKS = [
  { own: ETHER, benchmark: BITCOIN, periods: 365, days: ['2025-12-31', '2025-03-15'] },
  { own: ACME, benchmark: WORLD, periods: 252, days: ['2025-12-30'] },
].flatMap(({ days, ...one }) => days.map(day => ({ ...one, day, key: `${one.own} on ${day}` })))
const FILTERED = [
  { own: SOLANA, day: '2025-12-31' },
  { own: ACME, day: '2025-12-31' },
].map(one => ({ ...one, key: `${one.own} on ${one.day}` }))
const LIQUIDITY = [
  { own: BITCOIN, day: '2025-12-31' },
  { own: ACME, day: '2025-07-08' },
].map(one => ({ ...one, key: `${one.own} on ${one.day}` }))
const CROSSES = [BITCOIN, SOLANA].flatMap(own =>
  ['2025-12-31', '2025-05-06'].map(day => ({ own, day, key: `${own} on ${day}` })),
)
const BASKETS = { mixed: [ACME, BITCOIN, WORLD], coins: [BITCOIN, ETHER, SOLANA], shares: [ACME, SLU, WORLD] }

describe.skipIf(python === undefined)('how series of the sample lake move together', async () => {
  const lake = await openLake({ folder: inject('sampleProject') })
  let theirs: Answers
  const baskets: { basket: string; day: string; key: string }[] = []

  beforeAll(async () => {
    const dates = await lake.query(
      `SELECT basket, date FROM gold.covariance WHERE metric = 'shrinkage' AND value IS NOT NULL AND month(date) % 3 = 0`,
    )
    for (const { basket, date } of dates.rows)
      baskets.push({ basket: String(basket), day: String(date), key: `${basket} on ${date}` })
    const rates = await closes('fx:nbp:USDPLN')
    theirs = python!.script('relation_figures.py', {
      benchmarks: await each(BENCHMARKS, async ({ key, own, benchmark, periods, day }) => ({
        ...{ key, periods, own: until(await closes(own), day), benchmark: until(await closes(benchmark), day) },
      })),
      filtered: await each(FILTERED, async ({ key, own, day }) => ({ key, closes: until(await closes(own), day) })),
      liquidity: await each(LIQUIDITY, async ({ key, own, day }) => ({
        ...{
          key,
          closes: until(await closes(own, 'coalesce(quote_volume::DOUBLE, close::DOUBLE * volume::DOUBLE)'), day),
        },
      })),
      crosses: await each(CROSSES, async ({ key, own, day }) => ({
        ...{ key, rates: until(rates, day), prices: until(await closes(own), day) },
      })),
      portfolios: [
        { key: 'main', held: { [BITCOIN]: 0.5, [ACME]: -400 }, closes: await several([BITCOIN, ACME], '2025-12-31') },
      ],
      baskets: await each(baskets, async ({ key, basket, day }) => ({
        ...{ key, closes: await several(BASKETS[basket as keyof typeof BASKETS], day) },
      })),
      matrices: await each(baskets, async ({ key, basket, day }) => ({ key, matrix: await shrunkMatrix(basket, day) })),
    }) as Answers
  })

  it.each(BENCHMARKS)('$key beside its benchmark, as NumPy and empyrical see it', async ({ key, own, day }) => {
    await expectMetrics(own, day, theirs['benchmarks']![key]!)
  })

  it.each(FILTERED)('filtered VaR of $key', async ({ key, own, day }) => {
    await expectMetrics(own, day, theirs['filtered']![key]!)
  })

  it.each(LIQUIDITY)('Amihud of $key', async ({ key, own, day }) => {
    await expectMetrics(own, day, theirs['liquidity']![key]!)
  })

  it.each(CROSSES)('$key and the dollar in zlotys', async ({ key, own, day }) => {
    const { rows } = await lake.query(
      `SELECT * FROM gold.cross_instrument WHERE instrument_id = '${own}' AND currency = 'USD' AND date = '${day}'`,
    )
    expect(rows).toHaveLength(1)
    expectAlike(rows[0]!, theirs['crosses']![key]!)
  })

  it('the parts of VaR of what is held', async () => {
    const { rows } = await lake.query(
      `SELECT instrument_id, metric, coalesce(value::VARCHAR, reason) AS v FROM gold.portfolio_risk WHERE date = '2025-12-31' AND currency = 'USD'`,
    )
    const parts = theirs['portfolios']!['main'] as unknown as Record<string, Figures>
    expect(Object.keys(parts).sort()).toEqual(['*', BITCOIN, ACME])
    for (const [id, figures] of Object.entries(parts)) {
      const own = rows.filter(({ instrument_id }) => instrument_id === id)
      expectAlike(Object.fromEntries(own.map(({ metric, v }) => [String(metric), v])), figures)
    }
  })

  it('the covariances of baskets, and how far they are shrunk', async () => {
    expect(new Set(baskets.map(({ basket }) => basket))).toEqual(new Set(Object.keys(BASKETS)))
    for (const { key, basket, day } of baskets) {
      const { rows } =
        await lake.query(`SELECT metric || ' ' || instrument_id || ' ' || other_id AS name, value FROM gold.covariance
        WHERE basket = '${basket}' AND date = '${day}'`)
      expect(rows).toHaveLength(Object.keys(theirs['baskets']![key]!).length)
      expectAlike(Object.fromEntries(rows.map(({ name, value }) => [String(name), value])), theirs['baskets']![key]!)
      expect(theirs['matrices']![key]!['smallest'], key).toBeGreaterThan(0)
    }
  })

  function expectAlike(ours: Readonly<Record<string, unknown>>, figures: Figures): void {
    expect(Object.keys(figures).length).toBeGreaterThan(0)
    for (const [name, value] of Object.entries(figures))
      expect(Math.abs(Number(ours[name]) - value), name).toBeLessThan(1e-9 * Math.max(1e-3, Math.abs(value)))
  }

  async function expectMetrics(instrument: string, day: string, figures: Figures): Promise<void> {
    const { rows } = await lake.query(
      `SELECT metric, coalesce(value::VARCHAR, reason) AS v FROM gold.risk_metrics WHERE instrument_id = '${instrument}' AND date = '${day}'`,
    )
    expectAlike(Object.fromEntries(rows.map(({ metric, v }) => [String(metric), v])), figures)
  }

  /** The daily closes of an instrument as silver has them, oldest first. */
  async function closes(instrument: string, turnover?: string): Promise<Closes> {
    const { rows } =
      await lake.query(`SELECT event_time::DATE::VARCHAR AS date, close::DOUBLE AS close, (${turnover ?? 'NULL'})::DOUBLE AS turnover
      FROM silver.bars WHERE instrument_id = '${instrument}' AND bar_interval = '1d' ORDER BY event_time`)
    const asked = turnover !== undefined
    return rows.map(row => {
      const [date, price] = [String(row['date']), Number(row['close'])]
      return asked ? ([date, price, Number(row['turnover'])] as const) : ([date, price] as const)
    })
  }

  async function several(instruments: readonly string[], day: string): Promise<Record<string, Closes>> {
    const all = await each(instruments, async id => [id, until(await closes(id), day)] as const)
    return Object.fromEntries(all)
  }

  async function shrunkMatrix(basket: string, day: string): Promise<number[][]> {
    const { rows } = await lake.query(`SELECT instrument_id AS a, other_id AS b, value FROM gold.covariance
      WHERE basket = '${basket}' AND date = '${day}' AND metric = 'shrunk_covariance'`)
    const ids = [...new Set(rows.map(({ a }) => String(a)))].sort()
    const of = (a: string, b: string) => Number(rows.find(row => row['a'] === a && row['b'] === b)!['value'])
    return ids.map(a => ids.map(b => (a <= b ? of(a, b) : of(b, a))))
  }
})

const until = (closes: Closes, day: string): Closes => closes.filter(([date]) => date <= day)

function each<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  return Promise.all(items.map(work))
}
