import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exitCodeOf } from '../../../src/cli/run-command.js'
import { migrateDataset } from '../../../src/pipeline/contracts/migrate-dataset.js'
import { parsePipes } from '../../../src/pipeline/pipes/load-pipes.js'
import type { RunRecord } from '../../../src/pipeline/record/run-record.js'
import { ticks } from '../../support/contracts.js'
import { errorOf, NOW, type ProjectFolder, projectFolder } from '../../support/lakes.js'
import { ndjson, trades } from '../../support/records.js'
import { FEED, fill, HOUR, LATER, migrate, PIPES, TABLES, tick, ticksLake, V1, V2 } from './ticks-lake.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const sums = ({ pipes }: RunRecord) =>
  pipes.map(({ in: rows, accepted, duplicate, quarantined, held, not_final }) => [
    rows,
    accepted + duplicate + quarantined + held + not_final,
  ])

describe('a breaking change of a contract', () => {
  it('is migrated from captures into the table that would be there if it had been so from the start', async () => {
    const lake = ticksLake(folder)
    await fill(lake, folder)
    const after = lake.with({ contracts: [ticks(V2)] })
    const old = await after.files('silver/ticks/contract_version=v1')
    const migration = await migrate(after)
    expect(migration).toMatchObject({ before: '1.2.0', after: '2.0.0', outcome: 'migrated', captures: 4, lost: [] })
    const fresh = ticksLake(folder, V2)
    await fill(fresh, folder)
    expect(await after.contents(TABLES)).toEqual(await fresh.contents(TABLES))
    expect(await after.rows(`SELECT rules FROM quarantine.ticks WHERE record->>'id' = 'silent'`)).toHaveLength(1)

    const record = migration.record!
    expect(record).toMatchObject({
      status: 'published',
      replay: { reason: 'migration', dataset: 'ticks', before: '1.2.0' },
    })
    expect(exitCodeOf(record)).toBe(0)
    expect(record.pipes.map(({ pipe, in: rows }) => [pipe, rows]).sort()).toEqual([
      ['archive', 3],
      ['desk', 2],
      ['feed', 34],
      ['input-ticks', 2],
    ])
    expect(sums(record).every(([rows, sum]) => rows === sum)).toBe(true)

    // The old major stays as it was, beside the new one.
    expect(await after.files('silver/ticks/contract_version=v1')).toEqual(old)
    const price = (table: string) => after.rows(`SELECT price FROM ${table} WHERE id = 'f0'`)
    expect([await price('silver.ticks_v1'), await price('silver.ticks_v2'), await price('silver.ticks')]).toEqual([
      [{ price: '100.0000' }],
      [{ price: '100.00' }],
      [{ price: '100.00' }],
    ])
    expect(await after.rows(`SELECT id FROM silver.ticks_v1 WHERE note IS NULL`)).toEqual([{ id: 'silent' }])
  })

  it('twice does nothing the second time; new runs write only the new table', async () => {
    const lake = ticksLake(folder)
    await fill(lake, folder)
    const after = lake.with({ contracts: [ticks(V2)] })
    await migrate(after)
    const files = await after.files()
    expect(await migrate(after)).toMatchObject({ outcome: 'nothing', captures: 0, lost: [], record: undefined })
    expect(await after.files()).toEqual(files)
    await after.run({
      input: [await folder.write('new.ndjson', ndjson([tick('n1', 70)]))],
      contract: 'ticks',
      nowMs: LATER + HOUR,
    })
    const grown = Object.keys(await after.files()).filter(path => !(path in files))
    expect(grown.filter(path => path.includes('contract_version=v1'))).toEqual([])
    expect(grown.some(path => path.startsWith('silver/ticks/contract_version=v2'))).toBe(true)
    expect((await migrate(after)).outcome).toBe('nothing')
  })

  it('can be looked at first: a dry run says what would be read, and writes nothing', async () => {
    const lake = ticksLake(folder)
    await fill(lake, folder)
    const after = lake.with({ contracts: [ticks(V2)] })
    const files = await after.files()
    await rm(join(folder.folder, 'archive.ndjson'))
    expect(await migrate(after, { dryRun: true })).toMatchObject({
      outcome: 'planned',
      captures: 3,
      lost: [{ pipe: 'archive', why: expect.stringContaining('archive.ndjson is gone') }],
    })
    expect(await after.files()).toEqual(files)
  })

  it('has nothing to migrate in a lake without an older major, or without any', async () => {
    expect(await migrate(ticksLake(folder, V2))).toMatchObject({ before: undefined, outcome: 'nothing' })
    const lake = ticksLake(folder, V2)
    await fill(lake, folder)
    const files = await lake.files()
    expect(await migrate(lake)).toMatchObject({ before: undefined, outcome: 'nothing', record: undefined })
    expect(await lake.files()).toEqual(files)
  })

  it('comes out the same where runs under the new contract went before', async () => {
    const again = async () => [await folder.write('feed.ndjson', ndjson([...FEED, tick('f4', 4, { price: 9 })]))]
    const lake = ticksLake(folder)
    await fill(lake, folder)
    const after = lake.with({ contracts: [ticks(V2)] })
    const early = await after.run({ runId: 'early', input: await again(), contract: 'ticks', nowMs: NOW + 9 * HOUR })
    expect(early.to_migrate).toEqual(['ticks'])
    await migrate(after)
    const fresh = ticksLake(folder, V2)
    await fill(fresh, folder)
    await fresh.run({ runId: 'early', input: await again(), contract: 'ticks', nowMs: NOW + 9 * HOUR })
    expect(await after.contents(TABLES)).toEqual(await fresh.contents(TABLES))
  })

  it.each(['latest', 'versions'] as const)(
    'knows under %s that a file came again after it had said something else',
    async policy => {
      const says = async (price: number) => [await folder.write('said.ndjson', ndjson([tick('x', 1, { price })]))]
      const run = async (lake: ReturnType<typeof ticksLake>) => {
        for (const [at, price] of [1, 2, 1].entries())
          await lake.run({ runId: `said-${at}`, input: await says(price), contract: 'ticks', nowMs: NOW + at * HOUR })
      }
      const lake = ticksLake(folder, { ...V1, mergePolicy: policy })
      await run(lake)
      const after = lake.with({ contracts: [ticks({ ...V2, mergePolicy: policy })] })
      const { record } = await migrate(after)
      const fresh = ticksLake(folder, { ...V2, mergePolicy: policy })
      await run(fresh)
      const tables = policy === 'versions' ? ['silver.ticks', 'silver.ticks_versions'] : ['silver.ticks']
      expect(await after.contents(tables)).toEqual(await fresh.contents(tables))
      expect(await after.rows('SELECT price FROM silver.ticks')).toEqual([{ price: '1.00' }])
      expect(sums(record!)).toEqual([[3, 3]])
    },
  )

  it('may begin to keep versions: the dataset is the old table until the new one has rows', async () => {
    const lake = ticksLake(folder)
    await fill(lake, folder)
    const after = lake.with({ contracts: [ticks({ ...V2, mergePolicy: 'versions' })] })
    const rows = await after.rows('SELECT count(*)::INTEGER AS n FROM silver.ticks_v1')
    expect(await after.rows('SELECT count(*)::INTEGER AS n FROM silver.ticks')).toEqual(rows)
    await migrate(after)
    expect(await after.rows('SELECT DISTINCT _contract_version AS v FROM silver.ticks')).toEqual([{ v: 'v2.0.0' }])
    expect(await after.rows('SELECT count(*)::INTEGER AS n FROM silver.ticks_v1')).toEqual(rows)
    expect(await after.rows('SELECT count(*)::INTEGER AS n FROM silver.ticks', 'more')).toEqual(rows)
  })
})

describe('a capture that cannot be read again', () => {
  it('of a pipe that is gone is named, and does not stop the others; when the pipe is back, it follows', async () => {
    const lake = ticksLake(folder)
    await fill(lake, folder)
    const after = lake.with({ contracts: [ticks(V2)] })
    const without = after.with({ pipes: after.project.pipes.filter(({ name }) => name !== 'desk') })
    const migration = await migrate(without)
    expect(migration.lost).toMatchObject([
      { pipe: 'desk', name: 'desk-1.csv', why: 'the pipe desk is not declared any more' },
    ])
    expect(migration.record).toMatchObject({ status: 'partial', replay: { lost: [{ pipe: 'desk' }] } })
    expect(exitCodeOf(migration.record!)).toBe(8)
    expect(await migrate(without)).toMatchObject({ outcome: 'nothing', lost: [{ pipe: 'desk' }] })

    expect(await migrate(after)).toMatchObject({ outcome: 'migrated', captures: 1, lost: [] })
    const fresh = ticksLake(folder, V2)
    await fill(fresh, folder)
    expect(await after.contents(TABLES)).toEqual(await fresh.contents(TABLES))
  })

  it.each<[string, () => Promise<unknown>, string]>([
    ['gone', () => rm(join(folder.folder, 'archive.ndjson')), 'is gone, and the lake holds only its hash'],
    ['another now', () => folder.write('archive.ndjson', ndjson([tick('other', 1)])), 'are not those that came'],
  ])('because its file is %s is named', async (_, change, why) => {
    const lake = ticksLake(folder)
    await fill(lake, folder)
    await change()
    const { lost, record } = await migrate(lake.with({ contracts: [ticks(V2)] }))
    expect(lost).toMatchObject([{ pipe: 'archive', why: expect.stringContaining(why) }])
    expect(record).toMatchObject({
      status: 'partial',
      pipes: [{ pipe: 'desk' }, { pipe: 'feed' }, { pipe: 'input-ticks' }],
    })
  })

  it('by what its pipe has become is named', async () => {
    const lake = ticksLake(folder)
    await fill(lake, folder)
    const text = PIPES.replace('delimiter: ;', 'delimiter: "|"').replace(
      '  - { name: feed, source: file, contract: ticks',
      '  - { name: feed, source: file, contract: other',
    )
    const after = lake.with({ contracts: [ticks(V2)], pipes: parsePipes(text, 'pipes/ticks.yaml') })
    const { lost } = await migrate(after)
    expect(lost).toMatchObject([
      { pipe: 'desk', why: expect.stringContaining('names no column') },
      { pipe: 'feed', why: 'the pipe feed fills other now' },
    ])
  })

  it('because its segment is damaged is named', async () => {
    const lake = ticksLake(folder)
    await fill(lake, folder)
    const captures = join(lake.root, 'bronze/captures/provider=file')
    const names = await readdir(captures, { recursive: true })
    await rm(join(captures, names.find(name => name.includes('run_id=more-'))!))
    const { lost, outcome } = await migrate(lake.with({ contracts: [ticks(V2)] }))
    expect([outcome, lost]).toMatchObject(['migrated', [{ name: 'more.ndjson', why: 'its record is not in the lake' }]])
  })
})

describe('the gate of a migration', () => {
  it('holds back what breaks a threshold; the same again says so, and --allow-dq-breach publishes the good rows', async () => {
    const lake = ticksLake(folder)
    await fill(lake, folder)
    const strict = lake.with({ contracts: [ticks({ ...V2, maxShare: 0.01 })] })
    const { record } = await migrate(strict)
    expect(record).toMatchObject({ status: 'partial' })
    expect(record!.pipes.find(({ pipe }) => pipe === 'feed')).toMatchObject({
      in: 34,
      accepted: 0,
      held: 30,
      quarantined: 3,
    })
    const held = await migrate(strict)
    expect([held.captures, held.record?.status, exitCodeOf(held.record!)]).toEqual([2, 'held', 5])
    expect((await migrate(strict)).record).toEqual({ ...held.record, repeated: true })
    const allowed = await migrate(strict, { allowDqBreach: true })
    expect(allowed.record?.status).toBe('published')
    expect(allowed.record?.pipes.find(({ pipe }) => pipe === 'feed')).toMatchObject({ accepted: 30, held: 0 })
    const fresh = ticksLake(folder, { ...V2, maxShare: 1 })
    await fill(fresh, folder)
    const silver = ['silver.ticks']
    expect(await strict.contents(silver)).toEqual(await fresh.contents(silver))
  })
})

describe('a breaking change of a table that a model makes', () => {
  it('derives the whole history into the new table, by a migration or by the next run', async () => {
    const contracts = (major: number) =>
      folder.project.contracts.map(contract =>
        contract.dataset !== 'price_bars' || major === 1
          ? contract
          : { ...contract, version: { major, minor: 0, patch: 0 }, hash: `price-bars-${major}` },
      )
    const lake = folder.lake({})
    const old = await lake.run({ select: ['sample-events'] })
    expect(old.status).toBe('published')
    const rows = await lake.text('SELECT * FROM gold.price_bars ORDER BY ALL')
    const second = lake.with({ contracts: contracts(2) })
    const ask = (dryRun: boolean) =>
      migrateDataset(second.project, 'price_bars', { dryRun, allowDqBreach: false, nowMs: LATER })
    expect(await ask(true)).toMatchObject({ before: '1.0.0', after: '2.0.0', outcome: 'planned' })
    const { outcome, record } = await ask(false)
    expect([outcome, record?.status, record?.pipes]).toEqual(['migrated', 'published', []])
    expect(await second.text('SELECT * FROM gold.price_bars ORDER BY ALL')).toBe(rows)
    expect(await second.text('SELECT * FROM gold.price_bars_v1 ORDER BY ALL')).toBe(rows)
    expect(await ask(false)).toMatchObject({ outcome: 'nothing' })

    const third = lake.with({ contracts: contracts(3) })
    const input = [await folder.write('one.ndjson', ndjson(trades(1)))]
    await third.run({ input, contract: 'market_events', nowMs: LATER + HOUR })
    const count = async (table: string) =>
      Number((await third.rows(`SELECT count(*)::INTEGER AS n FROM ${table}`))[0]!['n'])
    expect(await count('gold.price_bars')).toBeGreaterThan(await count('gold.price_bars_v2'))
  })
})

describe('a migration is refused', () => {
  it('for a dataset that there is not', async () => {
    const lake = folder.lake()
    const ask = migrateDataset(lake.project, 'tikcs', { dryRun: false, allowDqBreach: false })
    expect((await errorOf(ask)).code).toBe('SLUICE_CONTRACT_UNKNOWN')
    expect(await lake.files()).toEqual({})
  })
})
