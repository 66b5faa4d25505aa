// Planning a backfill of a thousand pipes over twenty years of hours, an hour a request: how long, and how large what is kept of it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { benchOptions, judge, median } from './measure.mjs'
import { makeProject, requireBuild } from './workplace.mjs'

const HOUR_MS = 3_600_000
const END_MS = Date.UTC(2026, 0, 1)
const START_MS = Date.UTC(2006, 0, 1)

requireBuild()
const { runs, rows: pipes } = benchOptions({ runs: 5, rows: 1000 })
const project = makeProject('plan')
mkdirSync(join(project, 'pipes'))
writeFileSync(join(project, 'pipes', 'bench.yaml'), pipesYaml())

const { loadProject } = await import('../dist/pipeline/project/load-project.js')
const { backfill } = await import('../dist/pipeline/backfill/backfill.js')
const { formatInterval } = await import('../dist/core/interval.js')
const loaded = await loadProject({ folder: project })
const interval = { startMs: START_MS, endMs: END_MS }

const [times, cpus] = [[], []]
let planned
for (let run = 0; run < runs; run++) {
  const [started, cpu] = [performance.now(), process.cpuUsage()]
  planned = await backfill(loaded, { interval, dryRun: true })
  const used = process.cpuUsage(cpu)
  times.push((performance.now() - started) / 1000)
  cpus.push((used.user + used.system) / 1e6)
}
console.log(
  `       ${planned.estimate.requests} requests of ${formatInterval(interval)}; median ${median(times).toFixed(2)} s, ${median(cpus).toFixed(2)} CPU s`,
)
if (planned.estimate.requests !== (pipes * (END_MS - START_MS)) / HOUR_MS) throw new Error('not all hours were planned')
judge(`planning ${pipes} pipes × 20 years of hours, CPU, fastest of ${runs}`, Math.min(...cpus), 1, ' s')
judge('the record of the backfill', Buffer.byteLength(JSON.stringify(planned, null, 2)) / 2 ** 20, 1, ' MiB')

function pipesYaml() {
  const series = Array.from({ length: pipes }, (_, at) => `s${at}`)
  return `pipes:
  - name: hour-{series}
    source: http
    for_each: { series: [${series.join(', ')}] }
    contract: bars
    universe: open
    http:
      url: http://127.0.0.1:1
      path: /http/all/{series}.json
      query: { from: "{start:s}", to: "{end:s}", step: 1h }
      records: $
      columns: { time: $.time, price: $.price }
      interval: { grain: PT1H, longest: PT1H }
      limits: { per_second: 100000, concurrency: 16 }
`
}
