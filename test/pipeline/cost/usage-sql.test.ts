import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { filesSql } from '../../../src/engine/file-sql.js'
import { USED_COLUMNS, usageSql } from '../../../src/pipeline/cost/usage-sql.js'
import { type DuckDbConnection, testDuckDb } from '../../support/duckdb.js'

let folder: string
let duckdb: DuckDbConnection
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-usage-'))
  duckdb = await testDuckDb()
})
afterAll(async () => {
  duckdb.close()
  await rm(folder, { recursive: true })
})

const STORE = { get: 7, range: 0, head: 3, put: 4, create: 3, adopt: 3, list: 11, delete: 0 }
const USAGE = { wall_seconds: 1.25, cpu_seconds: 0.5, bytes_read: 5, bytes_written: 1100, store_requests: STORE }

async function usedBy(...records: readonly object[]) {
  const file = join(folder, 'records.json')
  await writeFile(
    file,
    records.map(record => JSON.stringify({ started_at: '2026-01-31T23:59:59.999Z', ...record })).join('\n'),
  )
  const columns = Object.entries(USED_COLUMNS).map(([name, type]) => `"${name}": '${type}'`)
  const relation = filesSql('read_json', [file], [`format = 'unstructured'`, `columns = {${columns.join(', ')}}`])
  return duckdb.rows(`SELECT * FROM (${usageSql(relation)}) ORDER BY run_id, pipe NULLS LAST`)
}

it('gives a pipe what it asked, and shares the rest by rows read plus one, in whole numbers', async () => {
  const rows = await usedBy({
    run_id: 'r',
    pipes: [{ pipe: 'a', dataset: 'rates', in: 9 }],
    sources: [
      { pipe: 'b', dataset: 'bars', requests: 3, credits: 30, bytes: 300 },
      { pipe: 'idle', dataset: 'bars', requests: 0, credits: 0, bytes: 0 },
    ],
    usage: { ...USAGE, store_requests: { ...STORE, open: 2 } },
  })
  const common = { run_id: 'r', day: '2026-01-31' }
  expect(rows).toMatchObject([
    {
      ...common,
      pipe: 'a',
      dataset: 'rates',
      provider_requests: '0',
      store_puts: '9',
      store_lists: '10',
      bytes_written: '1000',
    },
    {
      ...common,
      pipe: 'b',
      dataset: 'bars',
      provider_requests: '3',
      credits: '30',
      store_puts: '1',
      bytes_written: '100',
    },
  ])
  expect(rows.map(row => row['store_gets'])).toEqual(['8', '1'])
})

it('keeps runs without a pipe, reads records of the first lakes, and leaves out what is no run', async () => {
  const rows = await usedBy(
    { run_id: 'derived', usage: USAGE },
    { run_id: 'old', sources: [{ pipe: 'a', requests: 2, bytes: 10 }], usage: USAGE },
    { backfill: 'backfill-x' },
  )
  expect(rows).toMatchObject([
    { run_id: 'derived', pipe: null, dataset: null, wall_ms: '1250', invocations: '1', store_gets: '7' },
    { run_id: 'old', pipe: 'a', dataset: null, credits: '2', cpu_ms: '500' },
  ])
})

it('shares so that parts add up, whatever the rows and the figures', async () => {
  const run = fc.record({
    rows: fc.array(fc.integer({ min: 0, max: 2 ** 40 }), { minLength: 1, maxLength: 12 }),
    bytes: fc.integer({ min: 0, max: 2 ** 50 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(run, { minLength: 1, maxLength: 20 }), async runs => {
      const records = runs.map(({ rows, bytes }, at) => ({
        run_id: `r${String(at).padStart(2, '0')}`,
        pipes: rows.map((count, place) => ({ pipe: `p${place}`, dataset: 'd', in: count })),
        usage: { ...USAGE, bytes_written: bytes },
      }))
      const parts = await usedBy(...records)
      for (const { run_id, usage } of records) {
        const own = parts.filter(part => part['run_id'] === run_id).map(part => Number(part['bytes_written']))
        expect(Math.min(...own)).toBeGreaterThanOrEqual(0)
        expect(own.reduce((sum, bytes) => sum + bytes, 0)).toBe(usage.bytes_written)
      }
    }),
    { numRuns: 20 },
  )
})
