import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compact } from '../../../src/pipeline/maintain/compact.js'
import { expire } from '../../../src/pipeline/maintain/expire.js'
import { collectGarbage } from '../../../src/pipeline/maintain/gc.js'
import type { Project } from '../../../src/pipeline/project/project.js'
import { errorOf, type ProjectFolder, projectFolder, type TestLake, testLake } from '../../support/lakes.js'
import { copyOf, feed, smallFiles } from '../../support/maintaining.js'
import { type MountedDisk, mountDisk } from '../../support/mounted-disk.js'
import { trade } from '../../support/records.js'

const TABLES = ['silver.market_events']
const SILVER = /^silver\/market_events\/contract_version=v1\//

let folder: ProjectFolder
let sound: TestLake
beforeAll(async () => {
  folder = await projectFolder()
  sound = await smallFiles(folder, 2)
})
afterAll(() => folder.remove())

const compacting = (project: Project) => compact(project, { tables: TABLES, dryRun: false })
const expiring = (project: Project) => expire(project, { tables: TABLES, olderThanMs: 0, keep: 1, dryRun: false })
const collecting = (project: Project) => collectGarbage(project, { olderThanMs: 0, yes: true })

/** The last file of silver that fits. */
async function pathOf(lake: TestLake, ending: RegExp): Promise<string> {
  const found = Object.keys(await lake.files('silver')).findLast(path => SILVER.test(path) && ending.test(path))
  if (found === undefined) throw new Error(`no file fits ${ending}`)
  return join(lake.root, found)
}

describe('a damaged lake is left as it is, with the file named:', () => {
  it.each<[string, string, RegExp, ((body: Buffer) => Buffer) | undefined, (project: Project) => Promise<unknown>]>([
    ['compact, a data file that is gone', 'SLUICE_DATA_FILE_MISSING', /\.parquet$/, undefined, compacting],
    ['compact, a data file with another byte', 'SLUICE_DATA_FILE_CORRUPT', /\.parquet$/, flipped, compacting],
    [
      'compact, a data file that was cut',
      'SLUICE_DATA_FILE_CORRUPT',
      /\.parquet$/,
      body => body.subarray(0, 99),
      compacting,
    ],
    ['compact, a manifest that is gone', 'SLUICE_DATA_FILE_MISSING', /-m0\.avro$/, undefined, compacting],
    [
      'expire, metadata that is no JSON',
      'SLUICE_METADATA_CORRUPT',
      /v3\.metadata\.json$/,
      () => Buffer.from('{'),
      expiring,
    ],
    [
      'gc, metadata that is no JSON',
      'SLUICE_METADATA_CORRUPT',
      /v3\.metadata\.json$/,
      () => Buffer.from('{'),
      collecting,
    ],
    ['gc, a manifest that is no Avro', 'SLUICE_MANIFEST_CORRUPT', /-m0\.avro$/, () => Buffer.from('Obj'), collecting],
  ])('%s', async (_, code, ending, damage, command) => {
    const lake = await copyOf(folder, sound)
    const path = await pathOf(lake, ending)
    if (damage === undefined) await rm(path)
    else await writeFile(path, damage(await readFile(path)))
    const files = await lake.files()
    const error = await errorOf(command(lake.project))
    expect(error.code).toBe(code)
    expect(error.next).not.toBe('')
    expect(await lake.files()).toEqual(files)
  })
})

function flipped(body: Buffer): Buffer {
  const copy = Buffer.from(body)
  copy[20] = copy[20]! ^ 1
  return copy
}

const disk: MountedDisk | undefined = mountDisk(8_000_000)
if (disk === undefined) console.warn('NOT TESTED: a disk that takes nothing more, because none could be mounted')
afterAll(() => disk?.unmount())

describe.skipIf(disk === undefined)('a disk that takes nothing more', () => {
  it('is said, and leaves the rows as they were', async () => {
    const lake = testLake({
      ...folder.project,
      models: [],
      config: { ...folder.project.config, lake: join(disk!.path, 'lake') },
    })
    for (const at of [0, 1]) await feed(folder, lake, [trade(`a${at}`)], `disk-${at}`)
    const rows = await lake.contents(TABLES)
    disk!.remountReadOnly()
    for (const command of [compacting, expiring])
      expect((await errorOf(command(lake.project))).code).toBe('SLUICE_STORE_READ_ONLY')
    expect(await lake.contents(TABLES)).toEqual(rows)
  })
})
