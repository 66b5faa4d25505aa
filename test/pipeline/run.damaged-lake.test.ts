import { spawnSync } from 'node:child_process'
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errorOf, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { mountDisk } from '../support/mounted-disk.js'
import { ndjson, trades } from '../support/records.js'

const SILVER = 'silver/market_events/contract_version=v1'

let folder: ProjectFolder
let sound: TestLake
let input: string
beforeAll(async () => {
  folder = await projectFolder()
  sound = folder.lake()
  input = await folder.write('input.ndjson', ndjson(trades(5)))
  await sound.run({ runId: 'sound', input: [input] })
})
afterAll(() => folder.remove())

/** A copy of the sound lake with damage done to it. */
async function damaged(damage: (root: string) => Promise<unknown>): Promise<TestLake> {
  const lake = folder.lake()
  await cp(sound.root, lake.root, { recursive: true })
  await damage(lake.root)
  return lake
}

async function pathOf(matching: RegExp): Promise<string> {
  const found = Object.keys(await sound.files()).find(path => matching.test(path))
  if (found === undefined) throw new Error(`no file matches ${matching}`)
  return found
}

describe('a damaged lake is refused by run and query, with the file, and nothing is written:', () => {
  it.each<[string, string, RegExp, string | undefined]>([
    ['a newer layout', 'SLUICE_LAYOUT_NEWER', /^_layout\.json$/, '{"layout": 99, "createdBy": "sluice 9"}'],
    ['a layout that says nothing', 'SLUICE_METADATA_CORRUPT', /^_layout\.json$/, 'no JSON'],
    [
      'cut table metadata',
      'SLUICE_METADATA_CORRUPT',
      /^silver.*\/v2\.metadata\.json$/,
      '{"format-version": 2, "table-uu',
    ],
    ['empty table metadata', 'SLUICE_METADATA_CORRUPT', /^silver.*\/v2\.metadata\.json$/, ''],
    ['newest metadata that is gone', 'SLUICE_METADATA_CORRUPT', /^silver.*\/v2\.metadata\.json$/, undefined],
    ['a cut manifest list', 'SLUICE_MANIFEST_CORRUPT', /^silver.*\/snap-.*\.avro$/, 'Obj\u0001'],
    ['a missing manifest list', 'SLUICE_DATA_FILE_MISSING', /^silver.*\/snap-.*\.avro$/, undefined],
    ['a cut manifest', 'SLUICE_MANIFEST_CORRUPT', /^silver.*-m0\.avro$/, 'Obj\u0001'],
    ['a missing manifest', 'SLUICE_DATA_FILE_MISSING', /^silver.*-m0\.avro$/, undefined],
    ['a missing data file', 'SLUICE_DATA_FILE_MISSING', /^silver.*\.parquet$/, undefined],
    ['a data file of other bytes', 'SLUICE_DATA_FILE_CORRUPT', /^silver.*\.parquet$/, 'PAR1 and no more'],
  ])('%s (%s)', async (_, code, matching, body) => {
    const path = await pathOf(matching)
    const lake = await damaged(root => (body === undefined ? rm(join(root, path)) : writeFile(join(root, path), body)))
    const more = await folder.write('more.ndjson', ndjson(trades(6)))
    const silver = await lake.files('silver')
    for (const work of [() => lake.rows('SELECT * FROM silver.market_events'), () => lake.run({ input: [more] })]) {
      const error = await errorOf(work())
      expect(error.code).toBe(code)
      expect(`${error.message} ${JSON.stringify(error.place)}`).toContain(path)
      expect(error.next).toMatch(/\w/)
    }
    expect(await lake.files('silver')).toEqual(silver)
  })

  it('a damaged run record (SLUICE_METADATA_CORRUPT)', async () => {
    const lake = await damaged(root => writeFile(join(root, '_runs/sound.json'), '{"run_id": '))
    const before = await lake.files()
    expect((await errorOf(lake.run({ runId: 'sound', input: [input] }))).code).toBe('SLUICE_METADATA_CORRUPT')
    expect(await lake.files()).toEqual(before)
  })

  it('a lost version hint is no damage', async () => {
    const lake = await damaged(root => rm(join(root, SILVER, 'metadata/version-hint.text')))
    expect(await lake.rows('SELECT count(*)::INTEGER AS rows FROM silver.market_events')).toEqual([{ rows: 5 }])
  })

  it('a lake that was moved is no damage', async () => {
    const lake = await damaged(async () => {})
    expect(await lake.text('SELECT * FROM silver.market_events')).toBe(
      await sound.text('SELECT * FROM silver.market_events'),
    )
    await lake.run({ input: [await folder.write('moved.ndjson', ndjson(trades(3, {}, 'moved')))] })
    expect(await lake.rows('SELECT count(*)::INTEGER AS rows FROM silver.market_events')).toEqual([{ rows: 8 }])
  })
})

const disk = mountDisk(3 << 20)
if (disk === undefined) console.warn('NOT TESTED: a run on a full and on a read-only disk')

describe.skipIf(disk === undefined)('a disk', () => {
  afterAll(() => disk?.unmount())
  const onDisk = (): TestLake => {
    const { project } = sound
    return sound.with({ config: { ...project.config, lake: join(disk!.path, 'lake') } })
  }

  it('that fills up ends the run with its code; what was published stays, and the same command works when there is room', async () => {
    const lake = onDisk()
    await lake.run({ runId: 'fits', input: [input] })
    const published = await lake.text('SELECT * FROM silver.market_events')
    const ballast = join(disk!.path, 'ballast')
    spawnSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=64k'])
    const more = await folder.write('late.ndjson', ndjson(trades(400, { venue: 'x'.repeat(50) }, 'late')))
    const error = await errorOf(lake.run({ runId: 'late', input: [more] }))
    expect(error.code).toBe('SLUICE_STORE_FULL')
    expect(await lake.text('SELECT * FROM silver.market_events')).toBe(published)
    await rm(ballast)
    expect(await lake.run({ runId: 'late', input: [more] })).toMatchObject({
      status: 'published',
      pipes: [{ accepted: 400 }],
    })
    expect(await lake.rows('SELECT count(*)::INTEGER AS rows FROM silver.market_events')).toEqual([{ rows: 405 }])
  })

  it('that is read-only refuses a run and still answers a query', async () => {
    const lake = onDisk()
    const before = await lake.text('SELECT * FROM silver.market_events')
    disk!.remountReadOnly()
    const error = await errorOf(lake.run({ runId: 'never', input: [input] }))
    expect(error.code).toBe('SLUICE_STORE_READ_ONLY')
    expect(error.message).toContain(disk!.path)
    expect(await lake.text('SELECT * FROM silver.market_events')).toBe(before)
    expect(JSON.parse(await readFile(join(lake.root, '_runs/late.json'), 'utf8'))).toMatchObject({ run_id: 'late' })
  })
})
