import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listTables } from '../../src/pipeline/read/tables.js'
import { childArgs } from '../support/child-program.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { ndjson, trades } from '../support/records.js'

const CHILD = fileURLToPath(new URL('killed-child.ts', import.meta.url))
const NOW = Date.parse('2026-03-05T12:00:00Z')
const MODELS = ['price_bars', 'bars_daily', 'returns_daily', 'volatility', 'risk_metrics', 'risk_summary']
const GOLD = MODELS.map(name => `gold.${name}`)

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

async function killedAt(dieAt: string, lake: TestLake, input: string): Promise<void> {
  const work = JSON.stringify({
    folder: folder.folder,
    lake: lake.root,
    input,
    contract: 'market_events',
    nowMs: NOW,
    dieAt,
    models: MODELS,
  })
  const child = spawn(process.execPath, [...childArgs(CHILD), work], { stdio: ['ignore', 'ignore', 'inherit'] })
  const [, signal] = await once(child, 'exit')
  expect(signal).toBe('SIGKILL')
}

describe('a run that is killed when silver is committed', () => {
  it.each(['derive gold.price_bars', 'derive gold.risk_metrics', 'derive gold.risk_summary'])(
    'before %s leaves that to any run after it',
    async step => {
      const [first, second] = [
        await folder.write('first.ndjson', ndjson(trades(5))),
        await folder.write('second.ndjson', ndjson(trades(5, { event_time: '2026-03-02T10:00:00Z' }, 'later'))),
      ]
      const models = folder.project.models.filter(({ table }) => MODELS.includes(table))
      const lake = folder.lake({ models })
      await killedAt(step, lake, first)
      const owed = (await listTables(lake.project)).flatMap(({ table, stale }) => (stale === undefined ? [] : [table]))
      // A table that has never been derived is not listed.
      expect(owed).toEqual(GOLD.slice(0, GOLD.indexOf(step.replace('derive ', ''))).sort())
      await lake.run({ input: [second], contract: 'market_events', nowMs: NOW })
      const whole = folder.lake({ models })
      await whole.run({ input: [first], contract: 'market_events', nowMs: NOW })
      await whole.run({ input: [second], contract: 'market_events', nowMs: NOW })
      const contents = await whole.contents(GOLD)
      expect(contents['gold.price_bars']).toContain('2026-01-05')
      expect(await lake.contents(GOLD)).toEqual(contents)
      expect((await listTables(lake.project)).filter(({ stale }) => stale !== undefined)).toEqual([])
    },
  )
})
