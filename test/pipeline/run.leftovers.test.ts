import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { doctor } from '../../src/pipeline/doctor/doctor.js'
import type { Finding } from '../../src/pipeline/doctor/finding.js'
import { openSpool } from '../../src/pipeline/spool.js'
import { errorOf, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { ndjson, trades } from '../support/records.js'

let folder: ProjectFolder
let input: string
beforeAll(async () => {
  folder = await projectFolder()
  input = await folder.write('input.ndjson', ndjson(trades(5)))
})
afterAll(() => folder.remove())

async function dataFiles(lake: TestLake, layer: string): Promise<string[]> {
  return Object.keys(await lake.files(layer)).filter(path => path.endsWith('.parquet'))
}

async function spoolsOf(lake: TestLake): Promise<string[]> {
  return (await readdir(lake.root)).filter(name => name.startsWith('.tmp-run-'))
}

async function findings(lake: TestLake, subject: string): Promise<Finding[]> {
  return (await doctor(lake.project)).filter(finding => finding.subject === subject)
}

/** A run that commits bronze, writes silver's files, and then cannot make the table of quarantine. */
async function failAfterSilver(lake: TestLake, runId: string): Promise<() => Promise<void>> {
  await mkdir(lake.root, { recursive: true })
  await writeFile(join(lake.root, 'quarantine'), 'a file where a folder should be')
  expect((await errorOf(lake.run({ runId, input: [input] }))).code).toBe('SLUICE_STORE_KEY_INVALID')
  return () => rm(join(lake.root, 'quarantine'))
}

describe('a run that is refused', () => {
  it('before anything was written leaves no lake behind', async () => {
    const lake = folder.lake()
    for (const bad of ['nowhere.json', await folder.write('cut.json', '[{"event_id": "x"}, ')]) {
      await errorOf(lake.run({ input: [bad] }))
      expect(existsSync(lake.root)).toBe(false)
    }
  })

  it('leaves a folder that was there, and what is in it', async () => {
    const lake = folder.lake()
    await mkdir(lake.root)
    await writeFile(join(lake.root, 'notes.txt'), 'mine')
    await errorOf(lake.run({ input: ['nowhere.json'] }))
    expect(await readdir(lake.root)).toEqual(['notes.txt'])
  })

  it('because the lake, or a folder above it, is a file leaves that file', async () => {
    const file = await folder.write('a-file', 'text')
    for (const path of [file, join(file, 'lake')]) {
      const { project } = folder.lake()
      const lake = folder.lake().with({ config: { ...project.config, lake: path } })
      expect((await errorOf(lake.run({ input: [input] }))).code).toMatch(/^SLUICE_(CONFIG|STORE_KEY)_INVALID$/)
    }
    expect(await readFile(file, 'utf8')).toBe('text')
  })

  it('for want of anything to do leaves no lake either', async () => {
    const lake = folder.lake({ models: [], pipes: [] })
    expect(await lake.run()).toMatchObject({ status: 'nothing_due' })
    expect(existsSync(lake.root)).toBe(false)
  })
})

describe('a run that fails', () => {
  it('takes back the files that no commit names, and keeps those that one names', async () => {
    const lake = folder.lake()
    const repair = await failAfterSilver(lake, 'broken')
    expect(await dataFiles(lake, 'silver')).toEqual([])
    expect(await dataFiles(lake, 'bronze')).not.toEqual([])
    expect(await spoolsOf(lake)).toEqual([])
    await repair()
    expect(await findings(lake, 'leftovers')).toMatchObject([{ status: 'ok' }])
    const again = await lake.run({ runId: 'broken', input: [input] })
    expect(again).toMatchObject({ status: 'published', pipes: [{ in: 5, accepted: 5 }] })
  })

  it('takes nothing back while another process may be at the same run', async () => {
    const lake = folder.lake()
    const twin = await openSpool(lake.root, 'twin')
    await failAfterSilver(lake, 'twin')
    expect(await dataFiles(lake, 'silver')).not.toEqual([])
    await twin.remove()
  })

  it('is not kept from it by the spool of another run', async () => {
    const lake = folder.lake()
    const other = await openSpool(lake.root, 'other')
    await failAfterSilver(lake, 'own')
    expect(await dataFiles(lake, 'silver')).toEqual([])
    await other.remove()
  })
})

/** Makes the spool folder of this process look like that of another one. */
async function spoolOf(lake: TestLake, change: (parts: string[]) => void): Promise<string> {
  await mkdir(lake.root, { recursive: true })
  const { path, remove } = await openSpool(lake.root, 'killed')
  await remove()
  const parts = basename(path).split('-')
  change(parts)
  const folderOf = join(lake.root, parts.join('-'))
  await mkdir(folderOf)
  await writeFile(join(folderOf, 'body-0'), 'x'.repeat(1000))
  return basename(folderOf)
}

// .tmp-run-<machine>-<boot>-<pid space>-<pid>-<start>-<run>-<random>
const [MACHINE, PID] = [2, 5]

describe('the spool folder', () => {
  it('of a dead process is reported by doctor and removed by the next run', async () => {
    const lake = folder.lake()
    await lake.run({ input: [input] })
    const dead = spawnSync(process.execPath, ['-e', '0']).pid
    const spool = await spoolOf(lake, parts => parts.splice(PID, 1, String(dead)))
    expect(await findings(lake, 'spool')).toMatchObject([
      { status: 'warn', detail: expect.stringMatching(`${spool}, 1000 bytes, run killed`) },
    ])
    expect(await spoolsOf(lake)).toEqual([spool])
    await lake.run({ input: [await folder.write('next.ndjson', ndjson(trades(2, {}, 'next')))] })
    expect(await spoolsOf(lake)).toEqual([])
  })

  it('of a living process stays', async () => {
    const lake = folder.lake()
    const spool = await openSpool(lake.root, 'living')
    await lake.run({ input: [input] })
    expect(await spoolsOf(lake)).toEqual([basename(spool.path)])
    expect(await findings(lake, 'spool')).toMatchObject([{ status: 'ok' }])
    await spool.remove()
  })

  it('that this process left behind is removed by its next run', async () => {
    const lake = folder.lake()
    await spoolOf(lake, () => {})
    await lake.run({ input: [input] })
    expect(await spoolsOf(lake)).toEqual([])
  })

  it.each<[string, (parts: string[]) => void]>([
    ['of another machine', parts => parts.splice(MACHINE, 1, '00000000')],
    ['that does not say whose it is', parts => parts.splice(MACHINE, 9, 'Xy7')],
  ])('%s stays', async (_, change) => {
    const lake = folder.lake()
    const spool = await spoolOf(lake, change)
    await lake.run({ input: [input] })
    expect(await spoolsOf(lake)).toEqual([spool])
    expect(await findings(lake, 'spool')).toHaveLength(1)
  })
})

describe('doctor', () => {
  it('counts the files of a lake that nothing names, with their bytes, and none in a sound lake', async () => {
    const sound = folder.lake()
    await sound.run({ runId: 'died', input: [input] })
    await sound.run({ input: [await folder.write('more.ndjson', ndjson(trades(3, {}, 'more')))] })
    expect(await findings(sound, 'leftovers')).toMatchObject([{ status: 'ok' }])

    const lake = folder.lake()
    await cp(sound.root, lake.root, { recursive: true })
    const metadata = join(lake.root, 'silver/market_events/contract_version=v1/metadata')
    for (const name of await readdir(metadata)) if (/^v[2-9]|hint/.test(name)) await rm(join(metadata, name))
    await writeFile(join(lake.root, 'silver/.tmp-0190a7c4-0000-7000-8000-00000000abcd'), 'x'.repeat(10))
    await writeFile(join(lake.root, 'silver/market_events/contract_version=v1/README'), 'of a person')
    const orphans = Object.keys(await lake.files('silver')).filter(path => /\.(parquet|avro)$|\.tmp-/.test(path))
    expect(orphans.length).toBeGreaterThan(5)
    const [finding] = await findings(lake, 'leftovers')
    expect(finding).toMatchObject({ status: 'warn', detail: expect.stringMatching(`^${orphans.length} files`) })

    const running = await openSpool(lake.root, 'died')
    const [fewer] = await findings(lake, 'leftovers')
    expect(Number.parseInt(fewer!.detail, 10)).toBeLessThan(orphans.length)
    await running.remove()
  })

  it('counts the body of a capture that no segment names', async () => {
    const lake = folder.lake()
    const large = ndjson(trades(6000, { event_time: '2026-01-05T10:00:00Z', venue: 'x'.repeat(60) }))
    await lake.run({ input: [await folder.write('large.ndjson', large)] })
    expect(await findings(lake, 'leftovers')).toMatchObject([{ status: 'ok' }])
    const segment = Object.keys(await lake.files('bronze/captures')).find(path => path.endsWith('.ndjson.gz'))!
    await rm(join(lake.root, segment))
    expect(await findings(lake, 'leftovers')).toMatchObject([{ detail: expect.stringMatching(/^1 files/) }])
  })
})
