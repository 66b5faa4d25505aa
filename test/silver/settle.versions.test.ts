import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../src/gold/front-matter.js'
import { parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import { describeTable, listTables } from '../../src/pipeline/read/tables.js'
import { NOTE, PRICE, type TicksOptions, ticks } from '../support/contracts.js'
import { errorOf, NOW, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { type InputRow, ndjson } from '../support/records.js'

const HOUR = 3_600_000
const SINCE = '{ name: since, logicalType: date }'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const rate = (price: number, parts: InputRow = {}): InputRow => ({
  id: 'usd',
  moment: '2026-01-05T10:00:00Z',
  price,
  ...parts,
})

interface Batch {
  readonly rows: readonly InputRow[]
  /** Hours after NOW at which it is received. */
  readonly hour: number
}

/** Runs batches one after another, each received when it says. */
async function kept(options: TicksOptions, ...batches: readonly Batch[]) {
  const lake = folder.lake({ models: [], contracts: [ticks({ mergePolicy: 'versions', ...options })] })
  const pipes = []
  const operations = []
  for (const [at, { rows, hour }] of batches.entries()) {
    const input = await folder.write(`rates-${at}.ndjson`, ndjson(rows))
    const record = await lake.run({ runId: `run-${at}`, contract: 'ticks', input: [input], nowMs: NOW + hour * HOUR })
    pipes.push(record.pipes[0]!)
    operations.push(record.tables.find(({ table }) => table === 'silver.ticks_versions')?.operation)
  }
  return { lake, pipes, operations, versions: await versionsOf(lake), newest: await pricesOf(lake, 'silver.ticks') }
}

async function versionsOf(lake: TestLake): Promise<string[]> {
  const rows = await lake.rows(
    'SELECT price::INTEGER AS price, _known_at, _known_basis AS basis FROM silver.ticks_versions ORDER BY _known_at',
  )
  return rows.map(row => `${row['price']} ${row['basis']} ${String(row['_known_at']).replace(':00+00', '')}`)
}

async function pricesOf(lake: TestLake, table: string): Promise<number[]> {
  const rows = await lake.rows(`SELECT price::INTEGER AS price FROM ${table} ORDER BY id, moment, price`)
  return rows.map(row => Number(row['price']))
}

describe('merge policy versions', () => {
  it('adds a version for a differing value, none for an equal one, and shows the newest', async () => {
    const { pipes, operations, versions, newest } = await kept(
      {},
      { rows: [rate(1)], hour: 0 },
      { rows: [rate(2)], hour: 1 },
      { rows: [rate(2, { note: undefined })], hour: 2 },
      { rows: [rate(1)], hour: 3 },
    )
    expect(versions).toEqual([
      '1 captured 2026-02-01 00:00',
      '2 captured 2026-02-01 01:00',
      '1 captured 2026-02-01 03:00',
    ])
    expect(newest).toEqual([1])
    expect(pipes).toMatchObject([{ accepted: 1 }, { accepted: 1 }, { accepted: 0, duplicate: 1 }, { accepted: 1 }])
    expect(operations).toEqual(['append', 'append', undefined, 'append'])
  })

  it('holds the publication rule for the value that is seen first; a later one is known when we got it', async () => {
    const { versions } = await kept(
      { publication: 'moment + INTERVAL 1 DAY' },
      { rows: [rate(1)], hour: 0 },
      { rows: [rate(2)], hour: 1 },
    )
    expect(versions).toEqual(['1 rule 2026-01-06 10:00', '2 captured 2026-02-01 01:00'])
  })

  it('puts what was received earlier and settled later in its place, and gives it the rule', async () => {
    const { versions, pipes, newest } = await kept(
      { publication: 'moment + INTERVAL 1 DAY' },
      { rows: [rate(2)], hour: 5 },
      { rows: [rate(1)], hour: 1 },
    )
    expect(versions).toEqual(['1 rule 2026-01-06 10:00', '2 captured 2026-02-01 05:00'])
    expect(newest).toEqual([2])
    expect(pipes).toMatchObject([{ accepted: 1 }, { accepted: 1 }])
  })

  it('shows a value that came back although what lay between arrived last', async () => {
    const { versions, newest } = await kept(
      {},
      { rows: [rate(1)], hour: 0 },
      { rows: [rate(1, { note: undefined })], hour: 4 },
      { rows: [rate(2)], hour: 2 },
    )
    expect(versions).toEqual([
      '1 captured 2026-02-01 00:00',
      '2 captured 2026-02-01 02:00',
      '1 captured 2026-02-01 04:00',
    ])
    expect(newest).toEqual([1])
  })

  it('knows a row by the vintage that its provider gives; an older vintage that arrives late is a version in its place', async () => {
    const { versions, newest } = await kept(
      { properties: [PRICE, SINCE], vintage: 'since' },
      { rows: [rate(2, { since: '2026-01-20' })], hour: 0 },
      { rows: [rate(1, { since: '2026-01-10' })], hour: 1 },
      { rows: [rate(2, { since: '2026-01-20' }), rate(3, { since: '2026-01-30' })], hour: 2 },
    )
    expect(versions).toEqual(['1 vintage 2026-01-10 00:00', '2 vintage 2026-01-20 00:00', '3 vintage 2026-01-30 00:00'])
    expect(newest).toEqual([3])
  })

  it('knows another value of the same vintage when we got it', async () => {
    const { versions } = await kept(
      { properties: [PRICE, SINCE], vintage: 'since' },
      { rows: [rate(1, { since: '2026-01-10' })], hour: 0 },
      { rows: [rate(2, { since: '2026-01-10' })], hour: 1 },
    )
    expect(versions).toEqual(['1 vintage 2026-01-10 00:00', '2 captured 2026-02-01 01:00'])
  })

  it('keeps one of several values that were known at one moment; the others are conflicts in quarantine', async () => {
    const { lake, versions, pipes } = await kept({}, { rows: [rate(1), rate(2), rate(3)], hour: 0 })
    expect(versions).toEqual(['3 captured 2026-02-01 00:00'])
    expect(pipes).toMatchObject([{ in: 3, accepted: 1, duplicate: 0, quarantined: 2, rules: { conflict: 2 } }])
    const waiting = `SELECT rules, (record->>'price')::DOUBLE::INT AS price, state FROM quarantine.ticks ORDER BY price`
    expect(await lake.rows(waiting)).toEqual([
      { rules: ['conflict'], price: 1, state: 'waiting' },
      { rules: ['conflict'], price: 2, state: 'waiting' },
    ])
  })

  it('counts as a duplicate what says the same as the value of its moment, though another stood between', async () => {
    const { versions, pipes } = await kept({}, { rows: [rate(1), rate(2), rate(1)], hour: 0 })
    expect(versions).toEqual(['1 captured 2026-02-01 00:00'])
    expect(pipes).toMatchObject([{ in: 3, accepted: 1, duplicate: 1, quarantined: 1 }])
  })

  it('tells of both sides when two pipes revise a value at once, and loses neither', async () => {
    const publication = "TIMESTAMPTZ '2026-01-06'"
    const lake = folder.lake({ models: [], contracts: [ticks({ mergePolicy: 'versions', publication })] })
    const pipe = (name: string) => `  - { name: ${name}, source: file, contract: ticks, input: ${name}.ndjson }\n`
    const own = lake.with({ pipes: parsePipes(`pipes:\n${pipe('fxa')}${pipe('fxb')}`, 'pipes/fx.yaml') })
    const bring = async (a: number, b: number, hour: number) => {
      await folder.write('fxa.ndjson', ndjson([rate(a)]))
      await folder.write('fxb.ndjson', ndjson([rate(b)]))
      return own.run({ nowMs: NOW + hour * HOUR })
    }
    await bring(1, 1, 0)
    const { pipes } = await bring(2, 3, 1)
    expect(pipes.map(({ accepted, duplicate, quarantined }) => [accepted, duplicate, quarantined]).sort()).toEqual([
      [0, 0, 1],
      [1, 0, 0],
    ])
    const said = await own.rows(`SELECT price::INT AS price FROM silver.ticks_versions
      UNION ALL SELECT (record->>'price')::DOUBLE::INT FROM quarantine.ticks ORDER BY 1`)
    expect(said.map(({ price }) => price)).toEqual([1, 2, 3])
    // What one of them says later is a version of its own.
    const later = await bring(2, 2, 2)
    expect(later.pipes.reduce((sum, { quarantined }) => sum + quarantined, 0)).toBe(0)
  })
})

describe('a dataset with versions', () => {
  it('stands in `tables` as a view beside the table that holds the files', async () => {
    const { lake } = await kept({}, { rows: [rate(1)], hour: 0 }, { rows: [rate(2)], hour: 1 })
    const silver = (await listTables(lake.project)).filter(({ table }) => table.startsWith('silver.'))
    expect(silver).toMatchObject([
      { table: 'silver.ticks', viewOf: 'silver.ticks_versions', rows: undefined, files: 0 },
      { table: 'silver.ticks_versions', rows: 2, files: 2 },
    ])
    expect(silver[1]!.location).toMatch(/silver\/ticks_versions\/contract_version=v1$/)
    const view = await describeTable(lake.project, 'ticks', { files: false })
    expect(view).toMatchObject({ table: 'silver.ticks', viewOf: 'silver.ticks_versions' })
    expect(view.columns.map(({ name }) => name)).toContain('_known_at')
    expect(await describeTable(lake.project, 'ticks_versions', { files: true })).toMatchObject({ rows: 2 })
  })

  it('shows its newest versions as of an earlier run', async () => {
    const { lake } = await kept({}, { rows: [rate(1)], hour: 0 }, { rows: [rate(2)], hour: 1 })
    expect(await lake.rows('SELECT price::INTEGER AS price FROM ticks', 'run-0')).toEqual([{ price: 1 }])
  })

  it('shows its newest versions by the key as it is called today', async () => {
    const { lake } = await kept({}, { rows: [rate(1)], hour: 0 }, { rows: [rate(2)], hour: 1 })
    const renamed = ticks({ mergePolicy: 'versions', version: '1.1.0', properties: [PRICE, NOTE, SINCE] })
    const wider = lake.with({ contracts: [renamed] })
    const input = await folder.write('wider.ndjson', ndjson([rate(3, { since: '2026-01-01' })]))
    await wider.run({ contract: 'ticks', input: [input], nowMs: NOW + 9 * HOUR })
    expect(await pricesOf(wider, 'silver.ticks')).toEqual([3])
    expect(await pricesOf(wider, 'silver.ticks_versions')).toEqual([1, 2, 3])
  })

  it('is empty before its first run', async () => {
    const lake = folder.lake({ models: [], contracts: [ticks({ mergePolicy: 'versions' })] })
    expect(await lake.rows('SELECT * FROM silver.ticks')).toEqual([])
  })

  it('cannot begin or cease to keep versions within a major version', async () => {
    const { lake } = await kept({}, { rows: [rate(1)], hour: 0 })
    const input = await folder.write('other-policy.ndjson', ndjson([rate(2)]))
    const first = lake.with({ contracts: [ticks({ mergePolicy: 'first', version: '1.1.0' })] })
    const error = await errorOf(first.run({ contract: 'ticks', input: [input] }))
    expect(error.code).toBe('SLUICE_CONTRACT_BREAKING')
    expect(error.message).toContain('silver.ticks_versions')
  })

  it('gives gold models the newest versions, and again when one is added', async () => {
    const gold = ticks({ mergePolicy: 'latest' })
    const contract = { ...gold, dataset: 'tick_prices', layer: 'gold' as const, rules: [], thresholds: [] }
    const sql = `/*---
table: tick_prices
grain: one row per tick
partition: moment
lookback: PT0S
description: Prices as the newest version has them.
---*/
SELECT id, moment, price, note, _known_at FROM silver.ticks
`
    const model = loadModel(sql, 'models/gold/tick_prices.sql')
    const contracts = [ticks({ mergePolicy: 'versions' }), contract]
    const lake = folder.lake({ models: [model], macros: [], contracts })
    for (const [at, price] of [1, 2].entries()) {
      const input = await folder.write(`gold-${at}.ndjson`, ndjson([rate(price)]))
      await lake.run({ contract: 'ticks', input: [input], nowMs: NOW + at * HOUR })
      expect(await lake.rows('SELECT price::INTEGER AS price FROM gold.tick_prices')).toEqual([{ price }])
    }
    const metadata = JSON.parse(
      await readFile(join(lake.root, 'silver/ticks_versions/contract_version=v1/metadata/v3.metadata.json'), 'utf8'),
    ) as { properties: Record<string, string> }
    expect(metadata.properties['sluice.version-key']).toBe('["id","moment"]')
  })
})
