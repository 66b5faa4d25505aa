// What the ten-thousandth run of ten rows costs beside the first ones, in a lake that nobody maintains. The runs between the measured ones
// are commits alone (--real: whole runs; --gold: with all models).
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fillCommits } from './fill-commits.mjs'
import { judge, median } from './measure.mjs'
import { makeProject, requireBuild } from './workplace.mjs'

const START_MS = Date.UTC(2024, 0, 1)
const EVERY_MS = 900_000
const ROWS = 10
/** Runs whose median is one figure, and those before them that warm the process up. */
const MEASURED = 30
const WARM_UP = 10
/** When it is measured, as shares of the runs that are made. */
const POINTS = [0.05, 0.2, 0.5, 1]

requireBuild()
const { values } = parseArgs({
  options: {
    'runs-made': { type: 'string', default: '10000' },
    gold: { type: 'boolean', default: false },
    real: { type: 'boolean', default: false },
    runs: { type: 'string' },
    rows: { type: 'string' },
  },
})
const made = Number(values['runs-made'])
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

/** The median of so many runs, after a few that warm the process up. */
async function measure(from) {
  const took = []
  for (let at = from; at < from + WARM_UP + MEASURED; at++) took.push(await runOnce(at))
  const counted = took.slice(WARM_UP)
  return { ms: median(counted.map(one => one.ms)), cpuMs: median(counted.map(one => one.cpuMs)) }
}

const each = WARM_UP + MEASURED
const first = await measure(0)
console.log(`the first runs: ${first.ms.toFixed(0)} ms, ${first.cpuMs.toFixed(0)} CPU ms`)
let at = each
let last = first
for (const point of POINTS.map(share => Math.round(made * share))) {
  if (point < at) continue
  if (values.real) for (; at < point; at++) await runOnce(at)
  else await fillCommits(project, at, point - at, one => START_MS + (one + 1) * EVERY_MS)
  at = point + each
  last = await measure(point)
  const ratio = (last.cpuMs / first.cpuMs).toFixed(2)
  console.log(`after ${point} runs: ${last.ms.toFixed(0)} ms, ${last.cpuMs.toFixed(0)} CPU ms; ${ratio} x the first`)
}
console.log(
  `       time of a run of ${ROWS} rows after ${made} runs against the first: ${(last.ms / first.ms).toFixed(2)} x`,
)
judge(`CPU time of a run of ${ROWS} rows after ${made} runs against the first`, last.cpuMs / first.cpuMs, 1.5, ' x')
