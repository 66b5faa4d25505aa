// What the ten-thousandth run of ten rows costs beside the first ones, in a lake that nobody maintains.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { judge, median } from './measure.mjs'
import { makeProject, requireBuild } from './workplace.mjs'

const START_MS = Date.UTC(2024, 0, 1)
const EVERY_MS = 900_000
const ROWS = 10
/** Runs whose median is one figure, and those before them that warm the process up. */
const MEASURED = 50
const WARM_UP = 10

requireBuild()
const { values } = parseArgs({
  options: {
    'runs-made': { type: 'string', default: '10000' },
    gold: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '600' },
    runs: { type: 'string' },
    rows: { type: 'string' },
  },
})
const made = Number(values['runs-made'])
const stopMs = performance.now() + Number(values.minutes) * 60_000
const { openLake } = await import('../dist/index.js')
const { run } = await import('../dist/pipeline/run.js')
const { PLAIN_RUN } = await import('../dist/pipeline/open-lake.js')

const folder = makeProject('many-runs')
const { project: loaded } = await openLake({ folder, env: {} })
const project = values.gold ? loaded : { ...loaded, models: [] }

/** Each run brings the ten events of its quarter of an hour, as a schedule would. */
async function runOnce(at) {
  const input = join(folder, 'events.ndjson')
  const startMs = START_MS + at * EVERY_MS
  const lines = Array.from({ length: ROWS }, (_, row) =>
    JSON.stringify({
      event_id: `e${at}-${row}`,
      instrument_id: `crypto:bench:c${String(row).padStart(3, '0')}`,
      event_type: 'trade',
      event_time: new Date(startMs + row * 60_000).toISOString(),
      price: 100 + row + (at % 7) / 8,
      size: 1,
      currency: 'USD',
    }),
  )
  writeFileSync(input, `${lines.join('\n')}\n`)
  const options = { ...PLAIN_RUN, input: [input], contract: 'market_events', nowMs: startMs + EVERY_MS }
  const [started, cpu] = [performance.now(), process.cpuUsage()]
  const record = await run(project, options)
  const used = process.cpuUsage(cpu)
  if (record.status !== 'published') throw new Error(`Run ${at} ended as ${record.status}.`)
  return { ms: performance.now() - started, cpuMs: (used.user + used.system) / 1000 }
}

let first
let last
let window = []
let at = 0
for (; at < made && performance.now() < stopMs; at++) {
  const took = await runOnce(at)
  if (at >= WARM_UP) window.push(took)
  if (window.length < MEASURED) continue
  const figures = { ms: median(window.map(one => one.ms)), cpuMs: median(window.map(one => one.cpuMs)) }
  const worst = Math.max(...window.map(one => one.ms))
  first ??= figures
  if (at < 2 * MEASURED || (at + 1 - WARM_UP) % (10 * MEASURED) === 0)
    console.log(
      `after ${at + 1} runs: ${figures.ms.toFixed(0)} ms, ${figures.cpuMs.toFixed(0)} CPU ms; ${(figures.cpuMs / first.cpuMs).toFixed(2)} x the first; slowest ${worst.toFixed(0)} ms`,
    )
  last = figures
  window = []
}
if (last === undefined) throw new Error(`Ask for at least ${WARM_UP + MEASURED} runs.`)
console.log(
  `       time of a run of ${ROWS} rows after ${at} runs against the first: ${(last.ms / first.ms).toFixed(2)} x`,
)
judge(`CPU time of a run of ${ROWS} rows after ${at} runs against the first`, last.cpuMs / first.cpuMs, 1.5, ' x')
