import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixedClock } from '../../src/core/clock.js'
import { systemDeps } from '../../src/pipeline/deps.js'
import { pipeStates } from '../../src/pipeline/pipes/pipe-states.js'
import { planRun } from '../../src/pipeline/pipes/plan-run.js'
import { tryPipe } from '../../src/pipeline/pipes/try-pipe.js'
import { loadProject } from '../../src/pipeline/project/load-project.js'
import type { Project } from '../../src/pipeline/project/project.js'
import { PROVIDER_NAMES } from '../../src/sandbox/providers/all.js'
import { type Simulator, startSimulator } from '../../src/sandbox/simulator.js'
import { type ProjectFolder, projectFolder } from '../support/lakes.js'

/** Half past ten of a Monday. */
const NOW = Date.UTC(2026, 10, 30, 10, 30)
const PIPES = `
pipes:
  - { name: try-nbp, source: nbp.rates }
  - { name: try-gold, source: nbp.gold, universe: open }
  - { name: try-ecb, source: ecb.exchange_rates, params: { currency: USD } }
  - { name: try-coin, source: coingecko.market_chart, params: { id: bitcoin }, universe: open }
  - { name: try-fred, source: fred.observations, params: { series: GDPC1 } }
  - { name: try-binance, source: binance.klines_1h, params: { symbol: BTCUSDT, quote: USDT }, contract: bars, universe: open }
`

let folder: ProjectFolder
let simulator: Simulator
let project: Project
const deps = { ...systemDeps, clock: fixedClock(NOW), env: { FRED_API_KEY: 'abcdefghijklmnopqrstuvwxyz012345' } }

beforeAll(async () => {
  simulator = await startSimulator({ clock: fixedClock(NOW) })
  folder = await projectFolder()
  await folder.write('pipes/tried.yaml', PIPES)
  const loaded = await loadProject({ folder: folder.folder })
  const known = PROVIDER_NAMES.filter(name => name in { nbp: 1, ecb: 1, coingecko: 1, fred: 1, binance: 1 })
  const providers = Object.fromEntries(known.map(name => [name, { url: simulator.urlOf(name), perSecond: 1000 }]))
  const { engine } = folder.project.config
  const network = { ...loaded.config.network, allowHosts: ['127.0.0.1'] }
  const pipes = loaded.pipes.filter(({ name }) => name.startsWith('try-'))
  project = { ...loaded, pipes, config: { ...loaded.config, engine, providers, network } }
})
afterAll(async () => {
  await simulator.close()
  await folder.remove()
})

describe('a pipe of each provider', () => {
  it.each(['nbp', 'gold', 'ecb', 'coin', 'fred', 'binance'])(
    '%s brings records that its contract accepts',
    async name => {
      const before = simulator.requests.total
      const tried = await tryPipe(project, { name: `try-${name}`, params: {} }, deps)
      expect(tried).toMatchObject({ meaning: 'data', answer: { status: 200 }, recordsFault: null })
      expect(tried.records?.broken).toEqual([])
      expect(tried.records?.accepted).toBeGreaterThan(0)
      expect(simulator.requests.total).toBe(before + 1)
      expect(JSON.stringify(tried)).not.toContain('abcdefghijklmnopqrstuvwxyz012345')
    },
  )

  it('is planned and listed without asking anybody', async () => {
    const before = simulator.requests.total
    const { plan, short } = await planRun(project, { select: [], params: {} }, deps)
    expect(short).toBeUndefined()
    expect(plan.providers.map(({ provider }) => provider).sort()).toEqual([
      'binance',
      'coingecko',
      'ecb',
      'fred',
      'nbp',
    ])
    const { pipes, providers } = await pipeStates(project, [], deps)
    expect(new Set(pipes.map(({ state }) => state))).toEqual(new Set(['never run']))
    expect(providers.every(({ keyMissing, terms }) => keyMissing === null && terms.licence !== '')).toBe(true)
    expect(simulator.requests.total).toBe(before)
  })
})
