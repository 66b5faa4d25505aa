import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type QueryOptions, query } from '../../src/pipeline/read/query.js'
import { PRICE, type TicksOptions, ticks } from '../support/contracts.js'
import { errorOf, NOW, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { type InputRow, ndjson } from '../support/records.js'

const HOUR = 3_600_000
const BEFORE = '2026-01-31T23:59:59Z'
const FIRST = '2026-02-01T00:00:00Z'
const SECOND = '2026-02-01T01:00:00Z'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const tick = (price: number, parts: InputRow = {}): InputRow => ({
  ...{ id: 'usd', moment: '2026-01-05T10:00:00Z', price },
  ...parts,
})

/** A lake of runs an hour apart, the first at `FIRST`. */
async function lakeOf(options: TicksOptions, ...batches: readonly (readonly InputRow[])[]): Promise<TestLake> {
  const lake = folder.lake({ models: [], contracts: [ticks(options), gold] })
  for (const [at, rows] of batches.entries()) {
    const input = await folder.write(`known-${at}.ndjson`, ndjson(rows))
    await lake.run({ runId: `run-${at}`, contract: 'ticks', input: [input], nowMs: NOW + at * HOUR })
  }
  return lake
}

const gold = { ...ticks({ mergePolicy: 'latest' }), dataset: 'tick_prices', layer: 'gold' as const, rules: [] }

async function prices(lake: TestLake, options: QueryOptions, table = 'ticks'): Promise<number[]> {
  const { rows } = await query(
    lake.project,
    `SELECT price::INTEGER AS price FROM ${table} ORDER BY id, _known_at`,
    options,
  )
  return rows.map(row => Number(row['price']))
}

describe('a question as known at a time', () => {
  it('gives the newest version of each key that was known then, and all versions by their table', async () => {
    const lake = await lakeOf({ mergePolicy: 'versions' }, [tick(1)], [tick(2), tick(5, { id: 'xag' })], [tick(3)])
    expect(await prices(lake, { asKnownAt: BEFORE })).toEqual([])
    expect(await prices(lake, { asKnownAt: FIRST })).toEqual([1])
    expect(await prices(lake, { asKnownAt: SECOND })).toEqual([2, 5])
    expect(await prices(lake, { asKnownAt: SECOND }, 'ticks_versions')).toEqual([1, 2, 5])
    expect(await prices(lake, {})).toEqual([3, 5])
  })

  it('takes a date for its start in UTC', async () => {
    const lake = await lakeOf({ mergePolicy: 'versions' }, [tick(1)], [tick(2)])
    expect(await prices(lake, { asKnownAt: '2026-02-01' })).toEqual([1])
    expect(await prices(lake, { asKnownAt: '2026-02-02' })).toEqual([2])
  })

  it('gives the rows of a plain table that were known then', async () => {
    const lake = await lakeOf({ mergePolicy: 'first' }, [tick(1)], [tick(2, { id: 'xau' })])
    expect(await prices(lake, { asKnownAt: FIRST })).toEqual([1])
    expect(await prices(lake, { asKnownAt: SECOND })).toEqual([1, 2])
  })

  it('looks, with --as-of, at what our table said then, and at what of it was known', async () => {
    const rule = { mergePolicy: 'versions', publication: 'moment + INTERVAL 1 DAY' } as const
    const lake = await lakeOf(rule, [tick(1)], [tick(2), tick(7, { id: 'late' })])
    expect(await prices(lake, { asKnownAt: '2026-01-10' })).toEqual([7, 1])
    expect(await prices(lake, { asKnownAt: '2026-01-10', asOf: 'run-0' })).toEqual([1])
    expect(await prices(lake, { asKnownAt: SECOND, asOf: 'run-0' })).toEqual([1])
    expect(await prices(lake, { asKnownAt: '2026-01-05', asOf: 'run-1' })).toEqual([])
  })

  it('joins reference tables as they are', async () => {
    const lake = await lakeOf({ mergePolicy: 'versions' }, [tick(1)])
    const sql = `SELECT t.price::INTEGER AS price FROM ticks t JOIN reference.currencies c ON c.code = upper(t.id)`
    expect((await query(lake.project, sql, { asKnownAt: FIRST })).rows).toEqual([{ price: 1 }])
  })

  it.each([
    ['gold.tick_prices', /no model of the project makes it/],
    ['bronze.ticks', /what we received and did/],
    ['quarantine.ticks', /what we received and did/],
    ['ledger.runs', /what we received and did/],
  ])('is refused for %s', async (table, why) => {
    const lake = await lakeOf({ mergePolicy: 'versions' }, [tick(1)])
    const error = await errorOf(query(lake.project, `SELECT * FROM ${table}`, { asKnownAt: FIRST }))
    expect(error).toMatchObject({ code: 'SLUICE_KNOWLEDGE_UNKNOWN', message: expect.stringMatching(why) })
    expect(error.message).toContain(table)
  })

  it('is refused when it names no time', async () => {
    const lake = folder.lake({ models: [], contracts: [ticks({})] })
    for (const asKnownAt of ['run-0', '', '2026-13-01', 'yesterday']) {
      const error = await errorOf(query(lake.project, 'SELECT * FROM ticks', { asKnownAt }))
      expect(error).toMatchObject({ code: 'SLUICE_ARGUMENT_INVALID', message: expect.stringContaining('is no time') })
    }
  })

  it('is empty before the first run', async () => {
    const lake = folder.lake({ models: [], contracts: [ticks({ mergePolicy: 'versions' })] })
    expect(await prices(lake, { asKnownAt: FIRST })).toEqual([])
  })
})

describe('a strict question', () => {
  const options = { mergePolicy: 'versions', publication: 'moment + INTERVAL 1 DAY' } as const

  it('is refused where a row counts as known by the publication rule alone, and says how many do', async () => {
    const lake = await lakeOf(options, [tick(1), tick(2, { id: 'xau' })])
    const error = await errorOf(prices(lake, { asKnownAt: '2026-01-20', strict: true }))
    expect(error.code).toBe('SLUICE_KNOWLEDGE_ASSUMED')
    expect(error.message).toContain('2 rows of silver.ticks')
    expect(await prices(lake, { asKnownAt: '2026-01-20' })).toEqual([1, 2])
  })

  it('passes where we saw the rows ourselves, a later version included', async () => {
    const lake = await lakeOf(options, [tick(1)], [tick(2)])
    expect(await prices(lake, { asKnownAt: SECOND, strict: true })).toEqual([2])
    expect(await prices(lake, { asKnownAt: '2026-01-05', strict: true })).toEqual([])
    const all = prices(lake, { asKnownAt: SECOND, strict: true }, 'ticks_versions')
    expect((await errorOf(all)).message).toContain('1 row of silver.ticks_versions')
  })

  it('passes where the provider says since when it has said so', async () => {
    const since = { properties: [PRICE, '{ name: since, logicalType: date }'], vintage: 'since' }
    const lake = await lakeOf({ mergePolicy: 'versions', ...since }, [tick(1, { since: '2026-01-10' })])
    expect(await prices(lake, { asKnownAt: '2026-01-10', strict: true })).toEqual([1])
  })

  it('needs a time', async () => {
    const lake = folder.lake({ models: [], contracts: [ticks({})] })
    const error = await errorOf(prices(lake, { strict: true }))
    expect(error).toMatchObject({ code: 'SLUICE_ARGUMENT_INVALID', message: '--strict goes with --as-known-at only.' })
  })
})
