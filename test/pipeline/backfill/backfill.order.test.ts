import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Loopback, serve } from '../../sources/http/loopback.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { answerRates } from '../fetch/two-faced.js'
import { dailyPipe, days, fill, pastLake, published, stillDeps } from './past-project.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

function dailyLake(server: Loopback, engine = {}, partition: 'day' | 'year' = 'day'): TestLake {
  const lake = pastLake(folder, [dailyPipe('ecb', server.url), dailyPipe('nbp', server.url)], engine)
  const contracts = lake.project.contracts.map(contract =>
    contract.dataset === 'fx_rates' ? { ...contract, partition } : contract,
  )
  return lake.with({ contracts })
}

describe('silver and gold bytes of a backfill', () => {
  // What an answer says of a time is known when it is received: here all are received at one moment.
  it('are those of any order and any threads where a partition is filled at once', async () => {
    const server = await serve(answerRates)
    const tables = ['silver.fx_rates', 'gold.fx_daily']
    const whole = dailyLake(server, { threads: 1 })
    await fill(whole, days(9, 7), {}, stillDeps())
    const bytes = await published(whole, tables)
    expect(Object.keys(bytes)).toHaveLength(4)
    for (const threads of [2, 8]) {
      const single = dailyLake(server, { threads })
      for (const day of [8, 9, 7]) await fill(single, days(day, day), {}, stillDeps())
      expect(await published(single, tables)).toEqual(bytes)
    }
  }, 60_000)

  it('hold the same rows, and gold the same bytes, where a partition is filled piece by piece', async () => {
    const server = await serve(answerRates)
    const [whole, split] = [dailyLake(server, {}, 'year'), dailyLake(server, {}, 'year')]
    await fill(whole, days(9, 6), {}, stillDeps())
    await fill(split, days(8, 7), { select: ['nbp'] }, stillDeps())
    await fill(split, days(9, 6), { workers: 2 }, stillDeps())
    expect(await split.contents(['silver.fx_rates'])).toEqual(await whole.contents(['silver.fx_rates']))
    expect(await published(split, ['gold.fx_daily'])).toEqual(await published(whole, ['gold.fx_daily']))
  }, 60_000)

  it('leave the files of other days as they are, whatever is filled before and after them', async () => {
    const server = await serve(answerRates)
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([5, 6, 7, 8], { minLength: 2 }), async order => {
        const lake = dailyLake(server).with({ models: [] })
        let before: Record<string, string> = {}
        for (const day of order) {
          await fill(lake, days(day, day))
          const after = await published(lake, ['silver.fx_rates'])
          expect(after).toMatchObject(before)
          expect(Object.keys(after)).toHaveLength(Object.keys(before).length + 1)
          before = after
        }
      }),
      { numRuns: 2 },
    )
  }, 60_000)
})
