import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verify } from '../../../src/pipeline/verify/verify.js'
import { serve } from '../../sources/http/loopback.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { ndjson, trades } from '../../support/records.js'
import { answerAsNbp, DAY, lakeOn, NOW, nbpPipe } from '../fetch/nbp-server.js'
import { again, liveBytes } from './replaying.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

describe('answers of a provider', () => {
  it('are replayed and verified without asking again, each as often as it came', async () => {
    const said = { mid: 3.5 }
    const server = await serve((request, response) => answerAsNbp(request, response, () => said.mid))
    const lake = lakeOn(folder, server, [nbpPipe('nbp-a')])
    for (const [at, mid] of [3.5, 3.6, 3.5].entries()) {
      said.mid = mid
      const interval = { startMs: NOW - 20 * DAY, endMs: NOW - 10 * DAY }
      await lake.run({ nowMs: NOW + at * 3_600_000, select: ['nbp-a'], interval })
    }
    const asked = server.asked.length
    const rows = await lake.contents(['silver.fx_rates_versions'])
    const found = await verify(lake.project, {})
    expect([found.verdict, found.faults]).toEqual(['ok', []])
    expect(found.tables.map(({ table, verdict }) => [table, verdict !== 'differs'])).toContainEqual([
      'silver.fx_rates_versions',
      true,
    ])
    await again(lake)
    expect(await lake.contents(['silver.fx_rates_versions'])).toEqual(rows)
    expect(server.asked.length).toBe(asked)
    expect((await verify(lake.project, { what: 'fx_rates' })).tables).toMatchObject([{ verdict: 'exact' }])
  })
})

describe('the bytes of a replay', () => {
  it('are the same with 1, 2 and 8 threads, and with another memory limit', async () => {
    const models = folder.project.models.filter(({ table }) => table === 'price_bars')
    const filled = folder.lake({ models: [] })
    const [first, second] = [trades(400), trades(400, { price: 7 }, 'later')].map(ndjson)
    for (const [runId, text] of [
      ['a', first!],
      ['b', second!],
    ] as const)
      await filled.run({ runId, input: [await folder.write(`${runId}.ndjson`, text)] })
    const bytes: string[][] = []
    for (const [threads, memoryLimit] of [
      [1, '1GB'],
      [2, '256MB'],
      [8, '1GB'],
    ] as const) {
      const lake: TestLake = folder.lake({ models })
      for (const part of ['_layout.json', '_runs', 'bronze/captures'])
        await cp(join(filled.root, part), join(lake.root, part), { recursive: true })
      const { config } = lake.project
      await again(lake.with({ config: { ...config, engine: { ...config.engine, threads, memoryLimit } } }))
      bytes.push(await liveBytes(lake, ['silver.market_events', 'gold.price_bars']))
    }
    expect(bytes[0]!.length).toBeGreaterThan(3)
    expect(bytes[1]).toEqual(bytes[0])
    expect(bytes[2]).toEqual(bytes[0])
  })
})
