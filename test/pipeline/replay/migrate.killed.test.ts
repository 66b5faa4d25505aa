import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadContract } from '../../../src/contract/load-contract.js'
import { migrateDataset } from '../../../src/pipeline/contracts/migrate-dataset.js'
import { serve } from '../../sources/http/loopback.js'
import { childArgs } from '../../support/child-program.js'
import { ticks, ticksText } from '../../support/contracts.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { answerAsNbp, DAY, NOW as FETCHED, lakeOn, nbpPipe } from '../fetch/nbp-server.js'
import { CHILD, fill, LATER, migrate, TABLES, ticksLake, V2 } from './ticks-lake.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

/** A migration in a process of its own that is killed when a step begins. */
async function killedAt(dieAt: string, { project }: TestLake, dataset: string, contract: string): Promise<void> {
  const { config, pipes } = project
  const work = { folder: folder.folder, config, pipes, contract, dataset, nowMs: LATER, dieAt }
  const args = [...childArgs(CHILD), JSON.stringify(work)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const [, signal] = await once(child, 'exit')
  expect(signal).toBe('SIGKILL')
}

describe('a migration that is killed', () => {
  it.each(['publish', 'metrics'])('at %s and made again gives the table of one that was not', async step => {
    const lake = ticksLake(folder)
    await fill(lake, folder)
    const after = lake.with({ contracts: [...folder.project.contracts, ticks(V2)] })
    const before = await after.contents(['silver.ticks'])
    await killedAt(step, after, 'ticks', ticksText(V2))
    // Readers have the old table until the new one is there as a whole.
    if (step !== 'metrics') expect(await after.contents(['silver.ticks'])).toEqual(before)
    const { record } = await migrate(after)
    expect(record).toMatchObject({ status: 'published' })
    expect(record?.repeated).toBeUndefined()
    const fresh = ticksLake(folder, V2)
    await fill(fresh, folder)
    expect(await after.contents(TABLES)).toEqual(await fresh.contents(TABLES))
    expect(await after.rows('SELECT count(*)::INTEGER AS n FROM bronze.ticks')).toEqual([{ n: 40 }])
    expect((await migrate(after)).outcome).toBe('nothing')
  })
})

describe('answers of a provider', () => {
  const text = readFileSync(
    join(fileURLToPath(new URL('../../../contracts', import.meta.url)), 'fx_rates.odcs.yaml'),
    'utf8',
  )
  const second = text.replace(/^version: .*$/m, 'version: 2.0.0').replace('decimal(38,18)', 'decimal(18,4)')

  it('are migrated without asking again, whatever came twice and whichever run landed it', async () => {
    const fetched = async (contract: string) => {
      const said = { mid: 3.5 }
      const server = await serve((request, response) => answerAsNbp(request, response, () => said.mid))
      const lake = lakeOn(folder, server, [nbpPipe('nbp-a')]).with({
        contracts: [loadContract(contract, 'contracts/fx_rates.odcs.yaml')],
      })
      for (const [at, mid] of [3.5, 3.6, 3.5].entries()) {
        said.mid = mid
        const interval = { startMs: FETCHED - 20 * DAY, endMs: FETCHED - 10 * DAY }
        await lake.run({ nowMs: FETCHED + at * 3_600_000, select: ['nbp-a'], interval })
      }
      return { lake, server }
    }
    const { lake, server } = await fetched(text)
    const asked = server.asked.length
    const after = lake.with({ contracts: [loadContract(second, 'contracts/fx_rates.odcs.yaml')] })
    const options = { dryRun: false, allowDqBreach: false, nowMs: LATER }
    const { record, lost } = await migrateDataset(after.project, 'fx_rates', options)
    expect([lost, server.asked.length]).toEqual([[], asked])
    const [pipe] = record!.pipes
    expect(pipe).toMatchObject({ pipe: 'nbp-a', quarantined: 0 })
    expect(pipe!.accepted + pipe!.duplicate).toBe(pipe!.in)
    const fresh = await fetched(second)
    // The address of the server is in the ids of captures.
    const versions = 'SELECT * EXCLUDE (_capture_id) FROM silver.fx_rates_versions ORDER BY event_time, _known_at'
    expect(await after.text(versions)).toBe(await fresh.lake.text(versions))
    const [count] = await after.rows(
      'SELECT count(*)::INTEGER AS n, count(DISTINCT _capture_id)::INTEGER AS ids FROM silver.fx_rates_versions',
    )
    const [newest] = await after.rows('SELECT count(*)::INTEGER AS n, max(mid) AS mid FROM silver.fx_rates')
    expect(count).toEqual({ n: Number(newest!['n']) * 3, ids: 2 })
    expect(newest!['mid']).toBe('3.5000')
    expect((await migrateDataset(after.project, 'fx_rates', options)).outcome).toBe('nothing')
  })
})
