import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Catalog, LoadedTable } from '../../src/lake/catalog.js'
import { commitFiles } from '../../src/lake/commit-files.js'
import { commitGroups } from '../../src/lake/commit-groups.js'
import type { Lake } from '../../src/lake/lake.js'
import { dataFiles } from '../../src/lake/scan.js'
import { keyOf } from '../../src/lake/table-location.js'
import { systemDeps } from '../../src/pipeline/deps.js'
import { type Derivation, deriveTable } from '../../src/pipeline/derive/derive-table.js'
import { withDependencies } from '../../src/pipeline/derive/model-inputs.js'
import { NO_HOLDS } from '../../src/pipeline/holding/hold-stage.js'
import { lanesOf } from '../../src/pipeline/lanes.js'
import { PLAIN_RUN } from '../../src/pipeline/open-lake.js'
import { defineMacros } from '../../src/pipeline/project/macros.js'
import { loadReferences } from '../../src/pipeline/project/references.js'
import { startTimeline } from '../../src/pipeline/timeline.js'
import { openWorkspace } from '../../src/pipeline/workspace.js'
import { errorOf, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { ndjson, trades } from '../support/records.js'

const DAY = { start: Date.UTC(2026, 0, 5), end: Date.UTC(2026, 0, 6) }
const BARS = 'SELECT * FROM gold.price_bars ORDER BY ALL'

let folder: ProjectFolder
let mine: string
let theirs: string
beforeAll(async () => {
  folder = await projectFolder()
  mine = await folder.write('mine.ndjson', ndjson(trades(6)))
  theirs = await folder.write('theirs.ndjson', ndjson(trades(6, { instrument_id: 'crypto:coingecko:ethereum' }, 't')))
})
afterAll(() => folder.remove())

/** Derives price_bars as run `mine` does, while `rival` does its work before each commit to the table. */
async function deriveAgainst(lake: TestLake, rival: (own: Lake) => Promise<unknown>): Promise<Derivation> {
  const { project } = lake
  await using workspace = await openWorkspace(project, systemDeps, { runId: 'mine', connections: 1 })
  const { lake: own, engines, spool } = workspace
  const commit: Catalog['commit'] = async (base, ...change) => {
    if (base.name.dataset === 'price_bars') await rival(own)
    return own.catalog.commit(base, ...change)
  }
  // The rivals are of other processes.
  const contested = { ...own, commits: commitGroups(), catalog: { ...own.catalog, commit } }
  const run = {
    project,
    options: PLAIN_RUN,
    deps: systemDeps,
    wallClock: systemDeps.clock,
    workspace: { ...workspace, lake: contested },
    timeline: startTimeline(systemDeps.clock, undefined),
    runId: 'mine',
    inputHash: 'mine',
    holding: NO_HOLDS,
    writer: (table: LoadedTable) => ({ lake: contested, table, runId: 'mine', spool }),
    openCaptures: async () => [],
  }
  await loadReferences(project, engines[0]!)
  const models = await withDependencies(project.models, engines[0]!)
  const lanes = lanesOf(engines, engine => defineMacros(project, engine))
  return await deriveTable(models.find(model => model.table === 'price_bars')!, [DAY], lanes, run)
}

/** Silver as run `mine` left it before it derived anything. */
async function withSilverOfMine(): Promise<TestLake> {
  const silver = folder.lake()
  await silver.run({ runId: 'mine', input: [mine] })
  return silver.with({ models: folder.project.models })
}

describe('a gold table that another writer changes before the commit', () => {
  it('is derived again from the newest silver, so that the rows of both writers are in it', async () => {
    const lake = await withSilverOfMine()
    let runs = 0
    const derivation = await deriveAgainst(lake, async () => {
      if (runs++ === 0) await lake.run({ runId: 'theirs', input: [theirs] })
    })
    expect(derivation.outcome).toBe('unchanged')
    const atOnce = folder.lake({})
    await atOnce.run({ runId: 'both', input: [mine, theirs] })
    expect(await lake.rows(`SELECT DISTINCT instrument_id FROM gold.price_bars`)).toHaveLength(2)
    const times = (text: string): string => text.replace(/"_known_at":"[^"]*"/g, '')
    expect(times(await lake.text(BARS))).toBe(times(await atOnce.text(BARS)))
  })

  it('every time is given up with a clear error, and stays as the others left it', async () => {
    const lake = await withSilverOfMine()
    await lake.run({ runId: 'before', input: [theirs] })
    const before = await lake.text(BARS)
    const more = await folder.write('more.ndjson', ndjson(trades(3, {}, 'more')))
    await lake.with({ models: [] }).run({ runId: 'late', input: [more] })
    let commits = 0
    const error = await errorOf(deriveAgainst(lake, own => moveFile(own, lake.root, `rival-${commits++}`)))
    expect(error.code).toBe('SLUICE_COMMIT_CONFLICT')
    expect(error.message).toContain('gold.price_bars')
    expect(commits).toBe(40)
    expect(await lake.text(BARS)).toBe(before)
  })
})

/** A commit that puts another file with the same rows into the place of the only one. */
async function moveFile(own: Lake, root: string, runId: string): Promise<void> {
  const table = (await own.catalog.load({ layer: 'gold', dataset: 'price_bars', major: 1 }))!
  const [file] = await dataFiles(own, table)
  const moved = { ...file!, 'file-path': file!['file-path'].replace(/run_id=.*-/, `run_id=${runId}-`) }
  await copyFile(join(root, keyOf(table, file!['file-path'])), join(root, keyOf(table, moved['file-path'])))
  await commitFiles(own, table, { added: [moved], removed: [file!], runId, inputHash: runId, keys: 'unique' })
}
