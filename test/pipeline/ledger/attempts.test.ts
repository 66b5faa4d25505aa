import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '../../../src/cli/run-program.js'
import { listRows, recordsOf, showRun } from '../../../src/pipeline/ledger/list-runs.js'
import { fakeTerminal } from '../../support/fake-terminal.js'
import { errorOf, type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { ndjson, trades } from '../../support/records.js'

const REGISTER = new URL('../../../node_modules/jiti/lib/jiti-register.mjs', import.meta.url).href
const CHILD = fileURLToPath(new URL('../killed-child.ts', import.meta.url))
const NOW = Date.parse('2026-03-05T12:00:00Z')

let folder: ProjectFolder
let lake: TestLake
let input: string

const query = { limit: 20 }
const rowsOf = async (from: TestLake) => (await listRows(from.project, query)).rows

async function sluice(...args: string[]) {
  const terminal = fakeTerminal({ folder: folder.folder, env: {} })
  const code = await runProgram([...args, '--lake', lake.root], terminal)
  return { code, out: terminal.out(), err: terminal.err() }
}

const load = (runId: string, parts: object = {}) =>
  lake.run({ input: [input], contract: 'market_events', runId, nowMs: NOW, ...parts })

/** Where silver has the folder of a partition there is a file. */
async function fails(runId: string): Promise<void> {
  const table = join(lake.root, 'silver/market_events/contract_version=v1')
  await mkdir(table, { recursive: true })
  await writeFile(join(table, 'year=2026'), 'in the way')
  await errorOf(load(runId))
  await rm(join(table, 'year=2026'))
}

beforeAll(async () => {
  folder = await projectFolder()
  lake = folder.lake()
  input = await folder.write('in.ndjson', ndjson(trades(5)))
})
afterAll(() => folder.remove())

describe('a run that ends in an error', () => {
  it('leaves a record of the attempt: what failed, where and when', async () => {
    await fails('first')
    const { record, attempts } = await showRun(lake.project, 'first')
    expect(record).toBeUndefined()
    expect(attempts).toMatchObject([
      {
        ...{ attempt_version: 1, run_id: 'first', outcome: 'failed', started_at: '2026-03-05T12:00:00.000Z' },
        ...{ datasets: ['market_events'], process: { pid: process.pid } },
        error: { code: 'SLUICE_STORE_KEY_INVALID', message: expect.stringContaining('year=2026') },
        failed_step: { step: 'conform', detail: 'market_events' },
      },
    ])
    expect(await rowsOf(lake)).toMatchObject([{ run_id: 'first', status: 'error', code: 'SLUICE_STORE_KEY_INVALID' }])
  })

  it('stays in the ledger when the same run is made again and goes through', async () => {
    await load('first')
    expect(await rowsOf(lake)).toMatchObject([{ run_id: 'first', status: 'published' }])
    const attempts = 'SELECT run_id, attempt, outcome, code, failed_step FROM ledger.attempts ORDER BY ALL'
    expect(await lake.rows(attempts)).toEqual([
      {
        run_id: 'first',
        attempt: '1',
        outcome: 'failed',
        code: 'SLUICE_STORE_KEY_INVALID',
        failed_step: 'conform market_events',
      },
      { run_id: 'first', attempt: '2', outcome: 'finished', code: null, failed_step: null },
    ])
  })

  it('is none when it is refused before it writes anything, or has nothing to do', async () => {
    await errorOf(load('first', { allowDqBreach: true }))
    await load('first')
    await load('dry', { dryRun: true })
    expect((await rowsOf(lake)).length).toBe(1)
    expect(Object.keys(await lake.files('_ledger/begun'))).toEqual([])
  })
})

describe('a run whose process is killed', () => {
  it('died, as any reader says at once and the next run writes down', async () => {
    const work = { folder: folder.folder, lake: lake.root, input, contract: 'market_events', nowMs: NOW, models: [] }
    const other = JSON.stringify({
      ...work,
      input: await folder.write('b.ndjson', ndjson(trades(3, {}, 'b'))),
      dieAt: 'conform market_events',
    })
    const child = spawn(process.execPath, ['--import', REGISTER, CHILD, other], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    expect((await once(child, 'exit'))[1]).toBe('SIGKILL')
    const [died] = (await listRows(lake.project, { ...query, statuses: ['died'] })).rows
    expect(died).toMatchObject({ status: 'died', datasets: ['market_events'] })
    expect((await showRun(lake.project, died!.run_id)).attempts).toMatchObject([{ outcome: 'died' }])
    await load('next', { input: [await folder.write('c.ndjson', ndjson(trades(2, {}, 'c')))] })
    expect((await listRows(lake.project, { ...query, statuses: ['died'] })).rows).toEqual([died])
    expect((await showRun(lake.project, died!.run_id)).attempts).toMatchObject([
      { attempt_version: 1, outcome: 'died', steps: [], process: { pid: child.pid } },
    ])
    expect(Object.keys(await lake.files('_ledger/begun'))).toEqual([])
  })
})

describe('sluice runs', () => {
  it('lists what is asked for and says when there is more', async () => {
    const { out } = await sluice('runs', '--limit', '1')
    expect(out).toMatch(/^run .+\n\S+ .+\n\nThere are more: --limit 5 shows older ones\.\n$/)
    expect((await sluice('runs', '--failed')).out).toMatch(/^run .+\n\S+ +died [^\n]+\n$/)
    const published = JSON.parse((await sluice('runs', '--status', 'published', '--output', 'json')).out)
    expect(
      published.map((record: { record_version: number; run_id: string }) => [record.record_version, record.run_id]),
    ).toEqual([
      [1, 'next'],
      [1, 'first'],
    ])
    expect((await sluice('runs', '--pipe', 'no-such')).out).toBe('No such run. Next: npx sluice runs\n')
    expect((await sluice('runs', '--until', '2026-03-05')).out).toBe('No such run. Next: npx sluice runs\n')
  })

  it('lists a run once when it is made good after its process died, whatever is asked for', async () => {
    const [died] = (await listRows(lake.project, { ...query, statuses: ['died'] })).rows
    const runId = died!.run_id
    await load(runId, { input: [await folder.write('b.ndjson', ndjson(trades(3, {}, 'b')))] })
    const own = (await rowsOf(lake)).filter(row => row.run_id === runId)
    expect(own).toMatchObject([{ status: 'published' }])
    for (const args of [['--failed'], ['--status', 'died'], ['--status', 'died,error', '--limit', '1']])
      expect((await sluice('runs', ...args)).out).toBe('No such run. Next: npx sluice runs\n')
    expect((await listRows(lake.project, { limit: 2 })).more).toBe(true)
    expect((await listRows(lake.project, { limit: 3 })).more).toBe(false)
    expect((await showRun(lake.project, runId)).attempts).toMatchObject([{ outcome: 'died' }])
    expect((await sluice('runs', 'show', runId)).out).toContain('died: its process was gone at')
  })

  it('gives to machines what the ledger has of each line', async () => {
    const rows = await rowsOf(lake)
    const told = JSON.parse((await sluice('runs', '--output', 'json')).out)
    expect(told).toEqual(JSON.parse(JSON.stringify(await recordsOf(lake.project, rows))))
    expect(told.length).toBe(rows.length)
  })

  it.each([
    [['--limit', '0'], '--limit'],
    [['--status', 'good'], 'published, partial'],
    [['--status', 'held', '--failed'], '--failed'],
    [['--since', 'yesterday'], '--since'],
    [['--since', '2026-03-02', '--until', '2026-03-02'], 'no run can have started'],
  ])('refuses %j', async (args, told) => {
    const { code, err } = await sluice('runs', ...args)
    expect([code, err]).toEqual([2, expect.stringContaining(told)])
  })

  it('shows a timeline of the steps and the attempts before, with `show` and without', async () => {
    const { out } = await sluice('runs', 'show', 'first')
    expect(out).toMatch(/conform +market_events +█+ +\d+\.\d\d s +\d+\.\d\d s +5\n/)
    expect(out).toMatch(
      /Attempts without a record\n2026-03-05T12:00:00.000Z {2}failed at .+ in conform market_events; process \d+ of machine/,
    )
    expect((await sluice('runs', 'first')).out).toBe(out)
    expect(JSON.parse((await sluice('runs', 'show', 'first', '--output', 'json')).out)).toMatchObject({
      run_id: 'first',
    })
    expect(await sluice('runs', 'show', 'fist')).toMatchObject({
      code: 2,
      err: expect.stringContaining('SLUICE_RUN_UNKNOWN'),
    })
  })

  it('says of a run that it lists when its record is gone', async () => {
    await rm(join(lake.root, '_runs/first.json'))
    expect(await sluice('runs', 'show', 'first')).toMatchObject({
      code: 7,
      err: expect.stringContaining('_runs/first.json is gone'),
    })
    const { out, err } = await sluice('runs', '--status', 'published', '--output', 'json')
    expect(JSON.parse(out).map((record: { run_id: string }) => record.run_id)).toContain('next')
    expect(err).toContain('the records of 1 of these runs are gone')
  })
})
