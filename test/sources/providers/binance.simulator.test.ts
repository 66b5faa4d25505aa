import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadProject } from '../../../src/pipeline/project/load-project.js'
import type { RunRecord } from '../../../src/pipeline/record/run-record.js'
import { type Simulator, startSimulator } from '../../../src/sandbox/simulator.js'
import { type ProjectFolder, projectFolder, type TestLake, testLake } from '../../support/lakes.js'

/** Half past ten of a Sunday: the bar of ten o'clock is open. */
const NOW = Date.UTC(2026, 10, 29, 10, 30)
const HOUR_MS = 3_600_000
const SINCE = new Date(NOW - 1_500 * HOUR_MS).toISOString().slice(0, 10)
const PIPES = `
pipes:
  - name: bars-{symbol}
    source: binance.klines_1h
    for_each: { symbol: [BTCUSDT, C7USDT, NOSUCHUSDT] }
    params: { quote: USDT }
    contract: bars
    since: ${SINCE}
    universe: open
`

let nowMs = NOW
let folder: ProjectFolder
let simulator: Simulator
let lake: TestLake
let first: RunRecord
beforeAll(async () => {
  simulator = await startSimulator({ clock: { now: () => nowMs, monotonicMs: () => 0 } })
  folder = await projectFolder()
  await folder.write('pipes/binance.yaml', PIPES)
  const { config, ...project } = await loadProject({ folder: folder.folder })
  const pipes = project.pipes.filter(pipe => pipe.source === 'binance.klines_1h')
  lake = testLake({
    ...project,
    pipes,
    models: [],
    config: {
      ...config,
      engine: folder.project.config.engine,
      providers: { binance: { url: simulator.urlOf('binance'), perSecond: 1000 } },
      network: { ...config.network, allowHosts: ['127.0.0.1'] },
    },
  })
  first = await lake.run({ nowMs })
})
afterAll(async () => {
  await simulator.close()
  await folder.remove()
})

const counts = (): Promise<unknown[]> =>
  lake.rows(`SELECT instrument_id, count(*)::INTEGER AS bars, max(event_time)::VARCHAR AS last, min(currency) AS currency
    FROM silver.bars GROUP BY ALL ORDER BY instrument_id`)

it('two months of hours come in two answers each; a pair that there is not fails alone, in their words', () => {
  expect(first.status).toBe('partial')
  expect(first.sources).toMatchObject([
    { pipe: 'bars-BTCUSDT', state: 'answered', requests: 2 },
    { pipe: 'bars-C7USDT', state: 'answered', requests: 2 },
    { pipe: 'bars-NOSUCHUSDT', state: 'failed', meaning: 'error', why: 'HTTP 400: Invalid symbol.' },
  ])
  expect(simulator.requests.last[0]!.headers['x-mbx-time-unit']).toBe('MILLISECOND')
})

it('every bar that is over is there once, and the open one waits', async () => {
  const bars = (NOW - HOUR_MS / 2 - Date.parse(SINCE)) / HOUR_MS
  expect(await counts()).toEqual([
    { instrument_id: 'crypto:binance:BTCUSDT', bars, last: '2026-11-29 09:00:00+00', currency: 'USDT' },
    { instrument_id: 'crypto:binance:C7USDT', bars, last: '2026-11-29 09:00:00+00', currency: 'USDT' },
  ])
})

it('an hour later the bars that were open are asked for again, and come', async () => {
  nowMs = NOW + HOUR_MS
  const before = simulator.requests.total
  await lake.run({ nowMs })
  const asked = simulator.requests.last.slice(before).map(({ target }) => target)
  expect(asked.filter(target => target.includes('BTCUSDT'))).toEqual([
    '/klines?symbol=BTCUSDT&interval=1h&startTime=1795946400000&endTime=1795953599999&limit=1000',
  ])
  expect(await counts()).toMatchObject([{ last: '2026-11-29 10:00:00+00' }, { last: '2026-11-29 10:00:00+00' }])
})
