import { cp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decideQuarantined } from '../../../src/pipeline/holding/decide-quarantine.js'
import { parsePipes } from '../../../src/pipeline/pipes/load-pipes.js'
import type { DatasetPlan } from '../../../src/pipeline/replay/plan-dataset.js'
import { ticks } from '../../support/contracts.js'
import { errorOf, NOW, type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { ndjson } from '../../support/records.js'
import { again, liveBytes } from './replaying.js'
import { fill, PIPES, TABLES, tick, ticksLake, V1 } from './ticks-lake.js'

let folder: ProjectFolder
/** Three runs over a day and two hours, and what its tables hold; every test works on a copy. */
let filled: TestLake
beforeAll(async () => {
  folder = await projectFolder()
  filled = ticksLake(folder)
  await fill(filled, folder)
})
afterAll(() => folder.remove())

async function copyOf(lake: TestLake = filled, parts: Partial<TestLake['project']> = {}): Promise<TestLake> {
  const { project } = folder.lake()
  await cp(lake.root, project.config.lake, { recursive: true })
  return lake.with({ ...parts, config: { ...lake.project.config, lake: project.config.lake } })
}

/** Only what a replay may read of a lake: its captures and what the ledger says of them. */
async function capturesOf(lake: TestLake): Promise<TestLake> {
  const { project } = folder.lake()
  for (const part of ['_layout.json', '_runs', 'bronze/captures'])
    await cp(join(lake.root, part), join(project.config.lake, part), { recursive: true })
  return lake.with({ config: { ...lake.project.config, lake: project.config.lake } })
}

const ids = async (lake: TestLake): Promise<string[]> =>
  (await lake.rows('SELECT id FROM silver.ticks ORDER BY id')).map(({ id }) => String(id))

describe('a replay', () => {
  it('changes no row, gives the bytes of a lake that had the captures alone, and a second one changes nothing', async () => {
    const lake = await copyOf()
    const before = await lake.contents(TABLES)
    const { record } = await again(lake)
    expect(record).toMatchObject({
      status: 'published',
      rebuilt: { datasets: [{ dataset: 'ticks', kept: 0, withheld: 0 }], lost: [] },
    })
    expect(await lake.contents(TABLES)).toEqual(before)
    const [pipes, moved] = [record!.pipes, record!.datasets[0]!.moved!.silver]
    expect(pipes.map(pipe => pipe.in)).toEqual([2, 34, 3, 2])
    const accepted = pipes.reduce((sum, pipe) => sum + pipe.accepted, 0)
    expect(accepted + moved.entered - moved.left).toBe(0)
    const files = await lake.files()
    expect((await again(lake)).outcome).toBe('unchanged')
    expect(await lake.files()).toEqual(files)

    const fresh = await capturesOf(filled)
    await again(fresh)
    expect(await liveBytes(fresh, TABLES)).toEqual(await liveBytes(lake, TABLES))
  })

  it('of what one run published, gold included, finds every byte as it is', async () => {
    const models = folder.project.models.filter(({ table }) =>
      ['price_bars', 'bars_daily', 'returns_daily'].includes(table),
    )
    const lake = folder.lake({ models })
    await lake.run({ select: ['sample-bars'] })
    const files = await lake.files()
    const told: (readonly DatasetPlan[])[] = []
    const replayed = await again(lake, { onPlan: plans => void told.push(plans) })
    expect(replayed.outcome).toBe('unchanged')
    expect(told.flat().map(({ silver }) => [silver.open.length, silver.exact > 10])).toEqual([[0, true]])
    const isTable = ([path]: [string, string]) => !path.startsWith('_')
    expect(Object.entries(await lake.files()).filter(isTable)).toEqual(Object.entries(files).filter(isTable))
  })

  it('takes the contract of today: what a rule rejected comes in, and what a new one rejects goes', async () => {
    const contract = ticks({
      ...V1,
      version: '1.3.0',
      quality: ['{ id: not_f7, type: custom, engine: sluice, implementation: "id <> \'f7\'", severity: error }'],
    })
    const lake = await copyOf(filled, { contracts: [contract] })
    expect(await ids(lake)).toContain('f7')
    const { record } = await again(lake)
    expect(await ids(lake)).not.toContain('f7')
    expect(await lake.rows(`SELECT rules FROM quarantine.ticks WHERE record->>'id' = 'f7'`)).toHaveLength(1)
    expect(record?.datasets[0]?.moved).toEqual({ silver: expect.anything(), waiting: { entered: 1, left: 0 } })
    // Bronze says by which version its records were read: it is replaced, once, and other runs read it as their own.
    expect(record?.tables.map(({ table }) => table)).toContain('bronze.ticks')
    const more = await folder.write('later.ndjson', ndjson([tick('later', 4), tick('f4', 4)]))
    const next = await lake.run({ input: [more], contract: 'ticks', nowMs: NOW + 2_000 * 3_600_000 })
    expect(next.pipes).toMatchObject([{ in: 2, accepted: 1, duplicate: 1 }])
    expect(await lake.rows('SELECT count(*)::INTEGER AS n FROM bronze.ticks')).toEqual([{ n: 42 }])
    expect((await again(lake)).record?.status).toBe('published')
    expect((await again(lake)).outcome).toBe('unchanged')
  })

  it('takes the pipe of today: rows that no capture gives any more go, those that it gives now come', async () => {
    const pipes = parsePipes(PIPES.replace("'desk-' || nr", "'table-' || nr"), 'pipes/ticks.yaml')
    const lake = await copyOf(filled, { pipes })
    const before = await ids(lake)
    await again(lake, { select: ['desk'] })
    expect(await ids(lake)).toEqual(before.map(id => id.replace('desk-', 'table-')).sort())
    const bronze = await lake.rows(`SELECT id FROM bronze.ticks WHERE id LIKE '%-1'`)
    expect(bronze).toEqual([{ id: 'table-1' }])
  })

  it('--from leaves earlier partitions as they are', async () => {
    const contract = ticks({
      ...V1,
      properties: [
        '{ name: price, logicalType: number, physicalType: "decimal(18,4)", required: true }',
        '{ name: note, logicalType: string, required: true }',
      ],
    })
    const lake = await copyOf(filled, { contracts: [contract] })
    const before = await lake.contents(TABLES)
    const silent = `SELECT count(*)::INTEGER AS n FROM silver.ticks WHERE id = 'silent'`
    expect(await lake.rows(silent)).toEqual([{ n: 1 }])
    expect((await again(lake, { fromMs: Date.UTC(2026, 0, 6, 9) })).record).toMatchObject({
      rebuilt: { from: '2026-01-06T09:00:00.000Z' },
    })
    expect(await lake.contents(['quarantine.ticks'])).toEqual({ 'quarantine.ticks': before['quarantine.ticks'] })
    expect(await lake.rows(silent)).toEqual([{ n: 1 }])
    await again(lake, { fromMs: Date.UTC(2026, 0, 5, 23) })
    expect(await lake.rows(silent)).toEqual([{ n: 0 }])
    const uncut = lake.with({ contracts: [ticks({ ...V1, key: 'id' })] })
    const error = await errorOf(again(uncut, { fromMs: NOW }))
    expect([error.code, error.message]).toEqual(['SLUICE_ARGUMENT_INVALID', expect.stringContaining('--from')])
  })

  it('tells what cannot be read again before anything is written, and keeps the rows of it', async () => {
    const lake = await copyOf(filled, {
      pipes: parsePipes(PIPES.replace('name: desk', 'name: other'), 'pipes/ticks.yaml'),
    })
    const archive = join(folder.folder, 'archive.ndjson')
    await rm(archive)
    const stored = async () => Object.entries(await lake.files()).filter(([path]) => !path.startsWith('.tmp-run'))
    const files = await stored()
    const replayed = await again(lake, {
      onPlan: async plans => {
        const [lost] = [plans.flatMap(({ rebuilt }) => rebuilt.lost)]
        expect(lost.map(({ pipe, why }) => [pipe, why])).toEqual([
          ['archive', `the file ${archive} is gone, and the lake holds only its hash (capture: reference)`],
          ['desk', 'the pipe desk is not declared any more'],
        ])
        expect(await stored()).toEqual(files)
      },
    })
    expect(replayed.record).toMatchObject({
      status: 'partial',
      rebuilt: { lost: [{ pipe: 'archive' }, { pipe: 'desk' }] },
    })
    expect(await lake.contents(TABLES)).toEqual(await filled.contents(TABLES))
    await writeFile(archive, `${ndjson([tick('a1', 1), tick('f5', 5, { price: 7 })])}{"id": "torn\n`)
  })

  it('writes nothing when it is dry, when the gate of today holds its rows, or when the id is that of other work', async () => {
    const lake = await copyOf(filled, { contracts: [ticks({ ...V1, maxShare: 0.01 })] })
    const tables = async () => ({
      ...(await lake.files('silver')),
      ...(await lake.files('quarantine')),
      ...(await lake.files('bronze')),
    })
    const before = await tables()
    expect(await again(lake, { dryRun: true })).toMatchObject({ outcome: 'planned', record: undefined })
    expect(await lake.files('_runs')).toEqual(await filled.files('_runs'))
    const { record } = await again(lake)
    expect(record).toMatchObject({ status: 'held', rebuilt: { datasets: [{ replaced: 0, refused: /gate of today/ }] } })
    expect((await errorOf(again(lake, { runId: 'desk' }))).code).toBe('SLUICE_RUN_ID_TAKEN')
    expect(await tables()).toEqual(before)
    expect((await again(lake, { allowDqBreach: true })).record?.status).toBe('published')
  })

  it('makes a deleted data file of silver good, and one whose bytes are others', async () => {
    const lake = await copyOf()
    await again(lake)
    const rows = await lake.contents(TABLES)
    const [first, second] = Object.keys(await lake.files('silver')).filter(path => /run_id=replay.*parquet$/.test(path))
    await rm(join(lake.root, first!))
    await writeFile(join(lake.root, second!), 'PAR1 and no more')
    expect((await errorOf(lake.contents(TABLES))).code).toMatch(/SLUICE_DATA_FILE/)
    expect((await again(lake)).record).toMatchObject({ status: 'published', rebuilt: { datasets: [{ replaced: 2 }] } })
    expect(await lake.contents(TABLES)).toEqual(rows)
  })
})

describe('decisions of people', () => {
  it('hold: what was released stays in, what was discarded stays out, and what waits waits on', async () => {
    const bad = (id: string, minute: number) => tick(id, minute, { price: -1 })
    const names = ['held', 'rows', 'lost', 'waits']
    const text = names.map(name => `  - { name: ${name}, source: file, contract: ticks, input: ${name}.ndjson }\n`)
    const pipes = parsePipes(`pipes:\n${text.join('')}`, 'pipes/decided.yaml')
    const lake = folder.lake({ models: [], contracts: [ticks({ ...V1, maxShare: 0.2 })], pipes })
    const good = (prefix: string, count: number) => Array.from({ length: count }, (_, at) => tick(`${prefix}${at}`, at))
    await folder.write('held.ndjson', ndjson([...good('h', 4), bad('h-bad', 9), bad('h-bad2', 10)]))
    await folder.write('rows.ndjson', ndjson([...good('r', 20), bad('real', 30), bad('test', 31)]))
    await folder.write('lost.ndjson', ndjson([...good('l', 3), bad('l-bad', 11), bad('l-bad2', 12)]))
    await folder.write('waits.ndjson', ndjson([...good('w', 3), bad('w-bad', 11), bad('w-bad2', 12)]))
    await lake.run()
    const decide = (move: 'release' | 'discard', filter: Parameters<typeof decideQuarantined>[1]) =>
      decideQuarantined(lake.project, filter, { move, by: 'ada', reason: 'looked' }, { nowMs: NOW })
    await decide('release', { kind: 'holds', pipe: 'held' })
    await decide('discard', { kind: 'holds', pipe: 'lost' })
    await decide('discard', { kind: 'rows', pipe: 'held' })
    await decide('release', { kind: 'rows', pipe: 'rows' })
    const [before, rows] = [await lake.contents(TABLES), await ids(lake)]
    expect(rows.filter(id => /^[hrlw]\d/.test(id))).toHaveLength(24)
    const { record } = await again(lake)
    expect(await lake.contents(TABLES)).toEqual(before)
    expect((await lake.contents(['quarantine.ticks']))['quarantine.ticks']).toMatch(/w-bad.*waiting/)
    if (record !== undefined) expect(record.rebuilt?.datasets).toMatchObject([{ withheld: 2 }])
    await decide('release', { kind: 'holds', pipe: 'waits' })
    expect((await ids(lake)).filter(id => /^w\d/.test(id))).toHaveLength(3)
    await again(lake)
    expect((await ids(lake)).filter(id => /^w\d/.test(id))).toHaveLength(3)
  })
})
