import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compact } from '../../../src/pipeline/maintain/compact.js'
import { expire } from '../../../src/pipeline/maintain/expire.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { fill, ticksLake } from '../replay/ticks-lake.js'
import { damagedCopy, edit, findingsOf } from './damages.js'

let folder: ProjectFolder
let sound: TestLake
beforeAll(async () => {
  folder = await projectFolder()
  sound = ticksLake(folder)
  await fill(sound, folder)
})
afterAll(() => folder.remove())

const damaged = (damage: (root: string) => Promise<unknown>) => damagedCopy(sound, folder, damage)
const metadataIn = (root: string, layer: string) => join(root, layer, 'ticks/contract_version=v1/metadata')

async function newestIn(root: string, layer: string): Promise<number> {
  const names = await readdir(metadataIn(root, layer))
  return Math.max(...names.map(name => Number(/^v(\d+)\./.exec(name)?.[1] ?? 0)))
}

/** Changes the newest metadata of a table as somebody with an editor would. */
async function editNewest(root: string, layer: string, change: (text: string) => string): Promise<void> {
  await edit(join(metadataIn(root, layer), `v${await newestIn(root, layer)}.metadata.json`), change)
}

/** Takes the newest version away, and makes the hint say the one before. */
async function rollBack(root: string, layer: string): Promise<void> {
  const newest = await newestIn(root, layer)
  await rm(join(metadataIn(root, layer), `v${newest}.metadata.json`))
  await writeFile(join(metadataIn(root, layer), 'version-hint.text'), String(newest - 1))
}

/** Takes out of a lake what lakes of the first versions do not have: hashes of metadata and of records. */
async function asOfFirstVersions(root: string): Promise<void> {
  for (const layer of ['bronze', 'silver', 'quarantine'])
    for (const name of await readdir(metadataIn(root, layer)))
      if (name.endsWith('.json'))
        await edit(join(metadataIn(root, layer), name), text =>
          text
            .replace(/,"sluice.(previous-)?metadata":"[^"]*"/g, '')
            .replace(/"sluice.(previous-)?metadata":"[^"]*",/g, ''),
        )
  for (const folder of ['_runs', '_ledger/rows'])
    for (const name of await readdir(join(root, folder)))
      await edit(join(root, folder, name), text =>
        text.replace(/"metadata": \{[^}]*\},\s*/g, '').replace(/"record_hash":"[0-9a-f]{16}",/, ''),
      )
}

describe('what records of runs name is there:', () => {
  it.each(['bronze/ticks', 'quarantine', 'silver', 'silver/ticks/contract_version=v1/metadata'])(
    '%s is gone',
    async path => {
      const lake = await damaged(root => rm(join(root, path), { recursive: true }))
      const layer = path.split('/')[0]
      const missing = `missing table_missing ${layer}.ticks ${layer}/ticks/contract_version=v1/metadata/`
      for (const what of [undefined, 'files', `${layer}.ticks`]) {
        const [{ verdict }, faults] = await findingsOf(lake, { what, level: 'files' })
        expect([verdict, faults]).toEqual(['damaged', [missing]])
      }
    },
  )

  it.each([
    ['bronze', 'more'],
    ['silver', 'more'],
    ['quarantine', 'files'],
  ])('the newest version of %s is gone', async (layer, last) => {
    const first = await damaged(async root => {
      await asOfFirstVersions(root)
      await rollBack(root, layer)
    })
    const lake = await damaged(root => rollBack(root, layer))
    const file = `${layer}/ticks/contract_version=v1/metadata/v${await newestIn(lake.root, layer)}.metadata.json`
    for (const own of [lake, first]) {
      const [, faults] = await findingsOf(own, { level: 'files' })
      expect(faults).toEqual([`missing commit_missing ${layer}.ticks ${file}`])
    }
    expect((await findingsOf(lake, { what: last, level: 'files' }))[0].verdict).toBe('damaged')
    expect((await findingsOf(lake, { what: 'desk', level: 'files' }))[0].verdict).toBe('ok')
  })

  it('the oldest version of a table is gone, too early to be pruned', async () => {
    const lake = await damaged(root => rm(join(metadataIn(root, 'silver'), 'v1.metadata.json')))
    const [, faults] = await findingsOf(lake, { what: 'silver.ticks', level: 'files' })
    expect(faults).toEqual([expect.stringMatching(/^missing metadata_gap silver\.ticks .*\/v2\.metadata\.json$/)])
  })

  it('what was expired is not missed', async () => {
    const lake = await damaged(asOfFirstVersions)
    await expire(lake.project, { tables: [], olderThanMs: 0, keep: 1, dryRun: false })
    expect((await findingsOf(lake, { level: 'values' }))[1]).toEqual([])
    const other = await damaged(async () => undefined)
    await expire(other.project, { tables: [], olderThanMs: 0, keep: 1, dryRun: false })
    expect((await findingsOf(other, { level: 'values' }))[1]).toEqual([])
  })
})

describe('metadata that was edited is named, in a lake of the first versions too:', () => {
  const edits: [string, (text: string) => string][] = [
    ['the uuid', text => text.replace(/"table-uuid":"[0-9a-f]{8}/, '"table-uuid":"00000000')],
    ['the name of a column', text => text.replaceAll('"name":"_capture_id"', '"name":"_capture_idx"')],
    ['the properties', text => text.replace(/"properties":\{[^}]*\}/, '"properties":{}')],
    ['the time of a snapshot', text => text.replace(/("snapshots":\[.*?"timestamp-ms":)(\d+)/, later)],
    ['the run of a snapshot', text => text.replace(/"sluice.run-id":"more"/, '"sluice.run-id":"other"')],
    ['the added rows of a snapshot', text => text.replace(/"added-records":"\d+"/, '"added-records":"57"')],
    ['the log of snapshots', text => text.replace(/"snapshot-log":\[[^\]]*\]/, '"snapshot-log":[]')],
    ['the current snapshot', text => backToFirst(text)],
    ['a snapshot less', text => text.replace(/("snapshots":\[)\{.*?\},(\{"snapshot-id")/, '$1$2')],
  ]
  it.each(edits)('%s', async (_, change) => {
    for (const old of [false, true]) {
      const lake = await damaged(async root => {
        if (old) await asOfFirstVersions(root)
        await editNewest(root, 'bronze', change)
      })
      const [{ verdict }, faults] = await findingsOf(lake, { level: 'files' })
      expect(verdict).toBe('damaged')
      expect(faults.length).toBeLessThan(4)
      for (const fault of faults) expect(fault).toMatch(/^damaged \w+ bronze\.ticks bronze\/.*metadata\//)
    }
  })
})

describe('the newest version is vouched for by itself, whoever made it:', () => {
  it.each<[string, string, (lake: TestLake) => Promise<unknown>]>([
    ['compact', 'silver', ({ project }) => compact(project, { tables: [], dryRun: false })],
    ['expire', 'silver', ({ project }) => expire(project, { tables: [], olderThanMs: 0, keep: 1, dryRun: false })],
    ['a run', 'quarantine', async () => undefined],
  ])('%s', async (_, layer, upkeep) => {
    const lake = await damaged(async () => undefined)
    const before = await newestIn(lake.root, layer)
    await upkeep(lake)
    const newest = await newestIn(lake.root, layer)
    expect(newest > before).toBe(layer === 'silver')
    expect((await findingsOf(lake, { level: 'files' }))[1]).toEqual([])
    // Nothing that stands elsewhere is other than it was.
    await editNewest(lake.root, layer, text =>
      text.replace(/("last-updated-ms":\d*)(\d)/, (_, before, last) => `${before}${last === '9' ? 8 : 9}`),
    )
    const key = `${layer}/ticks/contract_version=v1/metadata/v${newest}.metadata.json`
    expect((await findingsOf(lake, { level: 'files' }))[1]).toEqual([`damaged metadata_hash ${layer}.ticks ${key}`])
  })
})

describe('hints are for other engines, and told:', () => {
  it.each([
    ['gone', 'odd hint_missing', (path: string) => rm(path)],
    ['behind', 'odd hint_behind', (path: string) => writeFile(path, '1')],
  ])('%s', async (_, finding, damage) => {
    const lake = await damaged(root => damage(join(metadataIn(root, 'silver'), 'version-hint.text')))
    const [{ verdict }, faults] = await findingsOf(lake, { what: 'silver.ticks', level: 'files' })
    expect([verdict, faults]).toEqual(['ok', [expect.stringContaining(finding)]])
  })
})

describe('the ledger and what is beside it:', () => {
  const record = (root: string) => join(root, '_runs/more.json')
  it.each<[string, string, (root: string) => Promise<unknown>]>([
    ['another status', 'damaged record_changed', root => edit(record(root), text => text.replace('published', 'held'))],
    ['another run id', 'damaged record_name', root => edit(record(root), text => text.replace('"more"', '"other"'))],
    ['an empty record', 'damaged record_invalid', root => writeFile(record(root), '{}')],
    ['a record that is gone', 'missing record_missing', root => rm(record(root))],
  ])('%s', async (_, finding, damage) => {
    const lake = await damaged(damage)
    const named = `${finding} ledger _runs/more.json`
    const [all, faults] = await findingsOf(lake, { level: 'files' })
    expect([all.verdict, faults]).toEqual(['damaged', [named]])
    expect((await findingsOf(lake, { what: 'more', level: 'files' }))[1]).toEqual([named])
  })

  it.each<[string, string, RegExp | string, (path: string) => Promise<unknown>]>([
    ['an edited contract', 'damaged contract_hash ledger', /^_contracts\//, path => edit(path, text => `${text} `)],
    ['a contract that is gone', 'missing contract_missing silver.ticks', /^_contracts\//, path => rm(path)],
    ['no layout', 'missing layout_missing lake', /^_layout\.json$/, path => rm(path)],
    ['a line that is gone', 'odd record_unlisted ledger', /^_ledger\/rows\//, path => rm(path)],
  ])('%s', async (_, finding, matching, damage) => {
    const path = Object.keys(await sound.files()).find(own => own.match(matching))!
    const lake = await damaged(root => damage(join(root, path)))
    expect((await findingsOf(lake, { level: 'files' }))[1]).toEqual([expect.stringContaining(finding)])
  })
})

function later(_: string, before: string, ms: string): string {
  return `${before}${Number(ms) + 30 * 86_400_000}`
}

function backToFirst(text: string): string {
  const first = /"snapshots":\[\{"snapshot-id":(\d+)/.exec(text)![1]
  return text
    .replace(/"current-snapshot-id":\d+/, `"current-snapshot-id":${first}`)
    .replace(/("main":\{[^}]*"snapshot-id":)\d+/, `$1${first}`)
}
