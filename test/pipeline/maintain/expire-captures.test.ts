import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fixedClock } from '../../../src/core/clock.js'
import { systemDeps } from '../../../src/pipeline/deps.js'
import { expire } from '../../../src/pipeline/maintain/expire.js'
import { expireCaptures } from '../../../src/pipeline/maintain/expire-captures.js'
import { replay } from '../../../src/pipeline/replay/replay-lake.js'
import { verify } from '../../../src/pipeline/verify/verify.js'
import { NOW, type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { copyOf, smallFiles } from '../../support/maintaining.js'
import { ndjson, trade } from '../../support/records.js'

const DAY = 86_400_000

let folder: ProjectFolder
/** Three runs of events of one hour and a run of a later month, under a contract that retains rows for a month. */
let grown: TestLake
beforeAll(async () => {
  folder = await projectFolder()
  const contracts = folder.project.contracts.map(contract =>
    contract.dataset === 'market_events' ? { ...contract, retentionHours: 24 * 30 } : contract,
  )
  grown = (await smallFiles(folder, 3)).with({ contracts })
  const input = await folder.write('young.ndjson', ndjson([trade('young', { event_time: '2026-02-25T10:00:00Z' })]))
  await grown.run({ input: [input], contract: 'market_events', runId: 'young', nowMs: NOW + 25 * DAY })
})
afterAll(() => folder.remove())

const after = (days: number) => ({ ...systemDeps, clock: fixedClock(NOW + days * DAY) })
const expireRows = (lake: TestLake, days: number) => expire(lake.project, { tables: [], dryRun: false }, after(days))
const letGo = (lake: TestLake, days: number, yes = true) => expireCaptures(lake.project, { yes }, after(days))
const segmentsOf = async (lake: TestLake) =>
  Object.keys(await lake.files('bronze/captures')).filter(path => path.endsWith('.ndjson.gz'))

it('keeps every capture on which a row stands, however old it is', async () => {
  const lake = await copyOf(folder, grown)
  expect(await letGo(lake.with(grown.project), 400)).toMatchObject({
    outcome: 'nothing',
    captures: 0,
    kept_captures: 4,
  })
  expect(await segmentsOf(lake)).toHaveLength(4)
})

it('finds nothing wrong with a lake whose old rows are gone, with their captures there and without them', async () => {
  const lake = (await copyOf(folder, grown)).with({ contracts: grown.project.contracts })
  await expireRows(lake, 40)
  const verdictAt = async (days: number) => {
    const { verdict, faults, tables } = await verify(lake.project, {}, after(days))
    const silver = tables.find(({ table }) => table === 'silver.market_events')
    return { verdict, faults, silver: silver?.verdict }
  }
  const fine = { verdict: 'ok', faults: [], silver: 'exact' }
  expect(await verdictAt(40)).toEqual(fine)
  const files = await lake.files()
  const planned = await letGo(lake, 40, false)
  expect(planned).toMatchObject({ outcome: 'planned', segments: 3, captures: 3, kept_captures: 0, record: null })
  expect(await lake.files()).toEqual(files)

  const done = await letGo(lake, 40)
  expect(done).toEqual({ ...planned, outcome: 'deleted', record: expect.stringMatching(/^_expired\/expire-.*json$/) })
  expect(await segmentsOf(lake)).toHaveLength(1)
  expect(await letGo(lake, 40)).toMatchObject({ outcome: 'nothing', record: null })
  expect(await verdictAt(40)).toEqual(fine)
  // Neither a replay nor another look at the same files brings back what is past.
  const again = await replay(lake.project, { datasets: [], select: [], dryRun: false, allowDqBreach: true }, after(40))
  expect(again).toMatchObject({ outcome: 'unchanged' })
})

it('lets go what it had begun to let go when it is cut off, and comes to the same end', async () => {
  const lake = (await copyOf(folder, grown)).with({ contracts: grown.project.contracts })
  await expireRows(lake, 40)
  const { record } = await letGo(lake, 40)
  const [segment] = await segmentsOf(await copyOf(folder, grown))
  await cp(join(grown.root, segment!), join(lake.root, segment!))
  expect(await letGo(lake, 40)).toMatchObject({ outcome: 'deleted', segments: 1 })
  expect(Object.keys(await lake.files('_expired'))).toHaveLength(2)
  expect(Object.keys(await lake.files('_expired'))).toContain(record)
})

it('keeps what no finished run took: whoever repeats that run needs it', async () => {
  const lake = (await copyOf(folder, grown)).with({ contracts: grown.project.contracts })
  await expireRows(lake, 40)
  await rm(join(lake.root, '_runs/run-1.json'))
  expect(await letGo(lake, 40)).toMatchObject({ outcome: 'deleted', segments: 2, captures: 2 })
  expect((await segmentsOf(lake)).some(path => path.includes('run_id=run-1-'))).toBe(true)
})

it('takes back nothing of the same bytes that come again', async () => {
  const lake = (await copyOf(folder, grown)).with({ contracts: grown.project.contracts })
  await expireRows(lake, 40)
  await letGo(lake, 40)
  const again = { input: [join(folder.folder, 'feed-run-0.ndjson')], contract: 'market_events', allowDqBreach: true }
  const record = await lake.run({ ...again, runId: 'again', nowMs: NOW + 41 * DAY, replace: true })
  expect(record).toMatchObject({ status: 'published' })
  expect(await verify(lake.project, { level: 'files' }, after(41))).toMatchObject({ verdict: 'ok', faults: [] })
})
