// A thousand pipes of four providers, 300 hourly points each: the whole run, against only fetching and storing the same bodies.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { benchOptions, judge, measureNode, megabytes, summarise } from './measure.mjs'
import { cutGold, readRecord } from './run-records.mjs'
import { benchPath, CLI, MEMORY_LIMIT, makeProject, requireBuild, THREADS } from './workplace.mjs'

const HOUR_MS = 3_600_000
const POINTS = 300
/** On the hour, so that 300 hours are over. */
const NOW_MS = Date.UTC(2026, 5, 1)
const SINCE_MS = NOW_MS - POINTS * HOUR_MS

requireBuild()
const { runs, rows: pipes } = benchOptions({ runs: 5, rows: 1000 })
const server = spawn(process.execPath, [new URL('pipes-server.mjs', import.meta.url).pathname, String(NOW_MS)], {
  stdio: ['pipe', 'pipe', 'inherit'],
})
const port = Number(String((await once(server.stdout, 'data'))[0]))

const baseline = []
const whole = []
const parts = []
for (let run = 1; run <= runs; run++) {
  baseline.push(await fetchOnly(pipes))
  whole.push(await runAll(pipes))
  parts.push(cutGold(whole.at(-1), readRecord(benchPath('pipes'), 'bench')))
  console.log(
    `run ${run}: fetch only ${baseline.at(-1).seconds.toFixed(2)} s; whole run ${whole.at(-1).seconds.toFixed(2)} s`,
  )
}
const record = readRecord(benchPath('pipes'), 'bench')
const accepted = record.pipes.reduce((sum, pipe) => sum + pipe.accepted, 0)
if (accepted !== pipes * POINTS) throw new Error(`${accepted} rows were accepted, ${pipes * POINTS} were due`)
const [fetching, running] = [summarise(baseline), summarise(whole)]
const [silver, gold] = ['silver', 'gold'].map(name => summarise(parts.map(part => part[name])))
console.log(
  `\nmedian of ${runs}: fetch only ${describe(fetching)}; whole run ${describe(running)}: gold ${describe(gold)}`,
)
judge(`${pipes} pipes to silver against fetching and storing alone`, silver.seconds / fetching.seconds, 2.5, ' x')
console.log(
  `       CPU time against fetching and storing alone: ${(silver.cpuSeconds / fetching.cpuSeconds).toFixed(2)} x`,
)
judge('CPU time of gold against that of the way to silver', gold.cpuSeconds / silver.cpuSeconds, 0.75, ' x')
judge('peak memory', running.peakBytes / 2 ** 20, 600, ' MiB')
console.log(`       ${megabytes(record.usage.bytes_written)} written; step by step:`)
console.table(
  record.steps.map(({ step, detail, seconds, cpu_seconds, rows }) => ({ step, detail, seconds, cpu_seconds, rows })),
)
server.stdin.end()

function fetchOnly(count) {
  const list = benchPath('pipes-urls.txt')
  writeFileSync(list, addresses(count).join('\n'))
  rmSync(benchPath('pipes-bodies'), { recursive: true, force: true })
  return measureNode([new URL('baseline-pipes.mjs', import.meta.url).pathname, list, benchPath('pipes-bodies')])
}

function runAll(count) {
  const project = makeProject('pipes')
  mkdirSync(join(project, 'pipes'))
  rmSync(join(project, 'contracts', 'instruments.odcs.yaml'), { force: true })
  writeFileSync(join(project, 'sluice.yaml'), settings())
  writeFileSync(join(project, 'pipes', 'bench.yaml'), pipesYaml(count))
  return measureNode([CLI, 'run', '--project', project, '--run-id', 'bench', '--now', new Date(NOW_MS).toISOString()])
}

/** A quarter of the pipes each: two hosts of the API of nobody by two names and two paths. */
function addresses(count) {
  const [from, to] = [SINCE_MS, NOW_MS].map(ms => Math.floor(ms / 1000))
  return Array.from({ length: count }, (_, at) => {
    const series = `s${Math.floor(at / 4)}`
    return `http://127.0.0.1:${port}/http/all/${series}-${at % 4}.json?from=${from}&to=${to}&step=1h`
  })
}

function settings() {
  const engine = `engine:\n  threads: ${THREADS}\n  memory_limit: ${MEMORY_LIMIT}\n  temp_folder: ${benchPath('temp')}\n`
  return `lake: data_lake\n${engine}network:\n  allow_hosts: [127.0.0.1, localhost, ip4.localhost]\n`
}

function pipesYaml(count) {
  const series = Array.from({ length: count / 4 }, (_, at) => `s${at}`)
  const hosts = ['127.0.0.1', 'localhost', '127.0.0.1', 'localhost']
  const one = at => `  - name: p${at}-{series}
    source: http
    for_each: { series: [${series.join(', ')}] }
    contract: bars
    universe: open
    since: ${new Date(SINCE_MS).toISOString()}
    map:
      instrument_id: "'crypto:sim:' || {series} || '-${at}'"
      bar_interval: "'1h'"
      event_time: time
      open: price
      high: price
      low: price
      close: price
      currency: "'USD'"
      source: "'sim'"
    http:
      url: http://${hosts[at]}:${port}
      path: /http/all/{series}-${at}.json
      query: { from: "{start:s}", to: "{end:s}", step: 1h }
      records: $
      columns: { time: $.time, price: $.price, volume: $.volume }
      interval: { grain: PT1H }
      limits: { per_second: 100000, concurrency: 16 }
`
  return `pipes:\n${[0, 1, 2, 3].map(one).join('')}`
}

function describe({ seconds, cpuSeconds }) {
  return `${seconds.toFixed(2)} s (${cpuSeconds.toFixed(2)} CPU s)`
}
