import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Loopback, serve } from '../../sources/http/loopback.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { NOW } from '../fetch/nbp-server.js'
import { answerRates } from '../fetch/two-faced.js'
import { dailyPipe, days, fill, pastLake, published, stillDeps, storedRecord } from './past-project.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const CHILD = fileURLToPath(new URL('backfill-child.ts', import.meta.url))
const REGISTER = new URL('../../../node_modules/jiti/lib/jiti-register.mjs', import.meta.url).href
const TABLES = ['silver.fx_rates', 'gold.fx_daily']

async function killedIn({ project }: TestLake, dieAt: string): Promise<void> {
  const { config, pipes, contracts } = project
  const work = { folder: folder.folder, config, pipes, contracts, interval: INTERVAL, nowMs: NOW, dieAt }
  const child = spawn(process.execPath, ['--import', REGISTER, CHILD, JSON.stringify(work)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [, signal] = await once(child, 'exit')
  expect(signal).toBe('SIGKILL')
}

const INTERVAL = days(10, 7)
/** After the first part's end, in the second: silver is committed, its run has no record, and gold is owed. */
const KILLED_IN = (process.env['SLUICE_KILLED_IN'] ?? 'metrics 2026-01-22T').split(',')

/** Two days of two pipes are a run. */
function lakeOf(server: Loopback): TestLake {
  const limits = { perSecond: 1, burst: 100, concurrency: 4 }
  const pipes = ['ecb', 'nbp'].map(name => {
    const pipe = dailyPipe(name, server.url)
    return { ...pipe, http: { ...pipe.http!, limits } }
  })
  const lake = pastLake(folder, pipes)
  const { config, contracts } = lake.project
  return lake.with({
    contracts: contracts.map(contract =>
      contract.dataset === 'fx_rates' ? { ...contract, partition: 'day' } : contract,
    ),
    config: { ...config, fetch: { ...config.fetch, deadlineMs: 6_000 } },
  })
}

describe('a backfill whose process is killed', () => {
  it('is finished by the same command, with the bytes of one that was left alone', async () => {
    const server = await serve(answerRates)
    const whole = lakeOf(server)
    await fill(whole, INTERVAL, {}, stillDeps())
    const bytes = await published(whole, TABLES)
    for (const dieAt of KILLED_IN) {
      server.asked.splice(0)
      const killed = lakeOf(server)
      await killedIn(killed, dieAt)
      expect((await storedRecord(killed, INTERVAL)).status).toBe('running')
      const done = await fill(killed, INTERVAL, { resume: true }, stillDeps())
      expect([done.status, done.gold.state, done.intervals.map(({ state, rows }) => [state, rows])]).toEqual([
        'complete',
        'derived',
        Array(2).fill(['done', 4]),
      ])
      // What had its answer in the lake was not asked for again.
      expect(server.asked.length).toBe(8)
      expect(await published(killed, TABLES)).toEqual(bytes)
    }
  }, 120_000)
})
