// A year of days of 50 pipes, a request each: a backfill, which works in parts, against one run over the same interval with the same requests.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { benchOptions, judge, measureNode, megabytes, summarise } from './measure.mjs'
import { readRecord } from './run-records.mjs'
import { benchPath, CLI, MEMORY_LIMIT, makeProject, requireBuild, THREADS } from './workplace.mjs'

const DAY_MS = 86_400_000
const PIPES = 50
const END_MS = Date.UTC(2026, 5, 1)

requireBuild()
const { runs, rows: requests } = benchOptions({ runs: 3, rows: 365 * PIPES })
const days = Math.round(requests / PIPES)
const [start, end] = [END_MS - days * DAY_MS, END_MS].map(ms => new Date(ms).toISOString())
const server = spawn(process.execPath, [new URL('pipes-server.mjs', import.meta.url).pathname, String(END_MS)], {
  stdio: ['pipe', 'pipe', 'inherit'],
})
const port = Number(String((await once(server.stdout, 'data'))[0]))

const [single, parts] = [[], []]
for (let run = 1; run <= runs; run++) {
  single.push(await measureNode([CLI, 'run', ...on('single'), '--run-id', 'bench', '--from', start, '--to', end]))
  parts.push(await measureNode([CLI, 'backfill', ...on('parts'), '--start', start, '--end', end]))
  const [one, many] = [single.at(-1), parts.at(-1)]
  console.log(
    `run ${run}: one run ${one.seconds.toFixed(1)} s, ${one.cpuSeconds.toFixed(1)} CPU s; backfill ${many.seconds.toFixed(1)} s, ${many.cpuSeconds.toFixed(1)} CPU s`,
  )
}
server.stdin.end()
const [whole, cut] = [summarise(single), summarise(parts)]
const record = readRecord(benchPath('backfill-single'), 'bench')
const backfill = readRecord(benchPath('backfill-parts'), `backfill-${start.slice(0, 10)}-${lastDay()}`)
const accepted = backfill.intervals.reduce((sum, part) => sum + part.rows, 0)
const expected = record.pipes.reduce((sum, pipe) => sum + pipe.accepted, 0)
if (accepted !== expected || accepted === 0) throw new Error(`${accepted} rows by the backfill, ${expected} by the run`)
console.log(
  `${PIPES} pipes × ${days} days = ${backfill.intervals.reduce((sum, part) => sum + part.requests, 0)} requests in ${backfill.intervals.length} parts; ${accepted} rows`,
)
console.log(`       peak memory: one run ${megabytes(whole.peakBytes)}, backfill ${megabytes(cut.peakBytes)}`)
judge('CPU time of a backfill in parts against one run', cut.cpuSeconds / whole.cpuSeconds, 2, ' x')
judge('time of a backfill in parts against one run', cut.seconds / whole.seconds, 2, ' x')

function lastDay() {
  return new Date(END_MS - DAY_MS).toISOString().slice(0, 10)
}

/** A fresh project of this name, as options of a command. */
function on(name) {
  const project = makeProject(`backfill-${name}`)
  mkdirSync(join(project, 'pipes'))
  rmSync(join(project, 'contracts', 'instruments.odcs.yaml'), { force: true })
  writeFileSync(join(project, 'sluice.yaml'), settings())
  writeFileSync(join(project, 'pipes', 'bench.yaml'), pipesYaml())
  return ['--project', project]
}

function settings() {
  const engine = `engine:\n  threads: ${THREADS}\n  memory_limit: ${MEMORY_LIMIT}\n  temp_folder: ${benchPath('temp')}\n`
  return `lake: data_lake\n${engine}fetch: { deadline: PT2H }\nnetwork:\n  allow_hosts: [127.0.0.1]\n`
}

function pipesYaml() {
  const series = Array.from({ length: PIPES }, (_, at) => `s${at}`)
  return `pipes:
  - name: day-{series}
    source: http
    for_each: { series: [${series.join(', ')}] }
    contract: bars
    universe: open
    map:
      instrument_id: "'crypto:sim:' || {series}"
      bar_interval: "'1d'"
      event_time: time
      open: price
      high: price
      low: price
      close: price
      currency: "'USD'"
      source: "'sim'"
    http:
      url: http://127.0.0.1:${port}
      path: /http/all/{series}.json
      query: { from: "{start:s}", to: "{end:s}", step: 1d }
      records: $
      columns: { time: $.time, price: $.price, volume: $.volume }
      interval: { grain: P1D, longest: P1D }
      limits: { per_second: 100000, concurrency: 16 }
`
}
