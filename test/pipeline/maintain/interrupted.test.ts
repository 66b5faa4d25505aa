import { cp, mkdtemp, rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixedClock } from '../../../src/core/clock.js'
import { sha256Hex } from '../../../src/core/ids.js'
import { fileCatalog } from '../../../src/lake/file-catalog.js'
import { type Lake, openLakeOn } from '../../../src/lake/lake.js'
import { dataFiles, readObject } from '../../../src/lake/scan.js'
import { keyOf } from '../../../src/lake/table-location.js'
import { systemDeps } from '../../../src/pipeline/deps.js'
import { compactIn } from '../../../src/pipeline/maintain/compact.js'
import { expireIn } from '../../../src/pipeline/maintain/expire.js'
import { collectIn } from '../../../src/pipeline/maintain/gc.js'
import { openWorkspace, type Workspace } from '../../../src/pipeline/workspace.js'
import { localStore } from '../../../src/storage/local-store.js'
import type { ObjectStore } from '../../../src/storage/object-store.js'
import { type Fault, failingStore } from '../../support/failing-store.js'
import { NOW, type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { feed } from '../../support/maintaining.js'
import { trade } from '../../support/records.js'

const DAY = 86_400_000
/** Every so many operations go wrong in turn; 1 takes all of them, and minutes. */
const STRIDE = Number(process.env['SLUICE_FAULT_STRIDE'] ?? 9)
const TABLES = ['silver.market_events']
const SILVER = { layer: 'silver', dataset: 'market_events', major: 1 } as const
const deps = { ...systemDeps, clock: fixedClock(NOW + 400 * DAY) }

let folder: ProjectFolder
let workspace: Workspace
/** Two small files of silver; the same joined; the same with the past expired. All files are old. */
const lakes: string[] = []
let rows: string
let copies = 0

beforeAll(async () => {
  folder = await projectFolder()
  const lake = folder.lake()
  workspace = await openWorkspace(lake.project, deps, { runId: undefined, connections: 1 })
  for (const at of [0, 1]) await feed(folder, lake, [trade(`a${at}`)], `run-${at}`)
  rows = await rowsIn(lake.root)
  lakes.push(lake.root)
  for (const step of [compacting, expiring]) {
    const next = await copyOf(lakes.at(-1)!)
    await step(lakeOn(localStore(next)), next)
    lakes.push(next)
  }
  for (const root of lakes)
    await age({
      root,
      files: below => ({ ...lake }).with({ config: { ...lake.project.config, lake: root } }).files(below),
    })
})
afterAll(async () => {
  await workspace[Symbol.asyncDispose]()
  await folder.remove()
})

function lakeOn(store: ObjectStore): Lake {
  return openLakeOn({ store, catalog: fileCatalog({ store, clock: deps.clock }), ...deps })
}

async function copyOf(root: string): Promise<string> {
  const copy = join(folder.folder, `copy-${copies++}`)
  await cp(root, copy, { recursive: true, preserveTimestamps: true })
  return copy
}

async function age({ root, files }: Pick<TestLake, 'root' | 'files'>): Promise<void> {
  const at = (NOW - 9 * DAY) / 1000
  for (const path of Object.keys(await files())) await utimes(join(root, path), at, at)
}

/** The rows of silver by what its files hold; throws where one is missing or is not what was written. */
async function rowsIn(root: string): Promise<string> {
  const lake = lakeOn(localStore(root))
  const table = (await lake.catalog.load(SILVER))!
  const paths: string[] = []
  for (const file of await dataFiles(lake, table)) {
    const key = keyOf(table, file['file-path'])
    expect(key).toContain(sha256Hex(await readObject(lake, key)).slice(0, 8))
    paths.push(await lake.store.localPath(key))
  }
  const list = paths.map(path => `'${path}'`).join(', ')
  return JSON.stringify(
    await workspace.engines[0]!.rows(`SELECT * FROM read_parquet([${list}], hive_partitioning = false) ORDER BY ALL`),
  )
}

type Step = (lake: Lake, root: string) => Promise<unknown>

const compacting: Step = async (lake, root) => {
  const spool = await mkdtemp(join(root, '..', 'spool-'))
  const options = { tables: TABLES, dryRun: false, runId: `compact-${deps.ids.uuid()}` }
  await compactIn({ lake, engines: workspace.engines, spool }, folder.project, options).finally(() =>
    rm(spool, { recursive: true }),
  )
}
const expiring: Step = async lake =>
  expireIn(lake, folder.project, {
    tables: TABLES,
    dryRun: false,
    olderThanMs: 0,
    keep: 1,
    runId: `expire-${deps.ids.uuid()}`,
  })
const collecting: Step = async lake => collectIn(lake, { olderThanMs: DAY, yes: true })

/** Each kind of fault meets other operations. */
const FIRST: Readonly<Record<Fault, number>> = { fails: 0, dies: 3 % STRIDE, 'dies after': 6 % STRIDE }

describe.each<[string, number, Step]>([
  ['compact', 0, compacting],
  ['expire', 1, expiring],
  ['gc', 2, collecting],
])('%s, whichever operation of the store goes wrong', (_, from, step) => {
  it.each<Fault>(['fails', 'dies', 'dies after'])(
    'and %s, leaves a lake with the same rows, and the same again completes',
    async fault => {
      let hit = 0
      for (let at = 1 + FIRST[fault]; ; at += STRIDE) {
        const root = await copyOf(lakes[from]!)
        const failing = failingStore(localStore(root), at, fault)
        const failed = await step(lakeOn(failing.store), root).then(
          () => false,
          () => true,
        )
        expect(await rowsIn(root), `operation ${at}`).toBe(rows)
        if (failing.asked() < at) break
        hit += failed ? 1 : 0
        await step(lakeOn(localStore(root)), root)
        expect(await rowsIn(root), `after operation ${at}`).toBe(rows)
        await rm(root, { recursive: true })
      }
      expect(hit).toBeGreaterThan(10 / STRIDE)
    },
  )
})
