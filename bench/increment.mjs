// Ten thousand new events within an hour: on a lake that holds five million, and on an empty one.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { generateEvents, START_MS } from './generate-events.mjs'
import { benchOptions, judge, measureNode, median, megabytes, summarise } from './measure.mjs'
import { cutGold, readRecord } from './run-records.mjs'
import { benchPath, CLI, makeProject, requireBuild } from './workplace.mjs'

const HOUR_MS = 3_600_000
const INCREMENT_ROWS = 10_000

requireBuild()
const { runs, rows } = benchOptions({ runs: 5 })
const full = makeProject('increment-full')
console.log(`Filling a lake with ${rows} events`)
await runOn(full, await generateEvents({ rows }), 'fill')
const lakeBytes = sizeOf(join(full, 'data_lake'))

const onEmpty = []
const onFull = []
const [emptyParts, fullParts] = [[], []]
for (let run = 1; run <= runs; run++) {
  const increment = await generateIncrement(run)
  onEmpty.push(await runOn(makeProject('increment-empty'), increment, 'increment'))
  emptyParts.push(cutGold(onEmpty.at(-1), readRecord(benchPath('increment-empty'), 'increment')))
  onFull.push(await runOn(full, increment, `increment-${run}`))
  fullParts.push(cutGold(onFull.at(-1), readRecord(full, `increment-${run}`)))
  console.log(`run ${run}: empty ${onEmpty.at(-1).seconds.toFixed(2)} s; full ${onFull.at(-1).seconds.toFixed(2)} s`)
}

const [empty, filled] = [summarise(onEmpty), summarise(onFull)]
console.log(
  `\nmedian of ${runs}: empty ${empty.seconds.toFixed(2)} s (${empty.cpuSeconds.toFixed(2)} CPU s); full ${filled.seconds.toFixed(2)} s (${filled.cpuSeconds.toFixed(2)} CPU s)`,
)
const [silver, gold] = ['silver', 'gold'].map(name => {
  const [few, many] = [emptyParts, fullParts].map(parts => summarise(parts.map(part => part[name])))
  console.log(`       ${name}: empty ${few.cpuSeconds.toFixed(2)} CPU s, full ${many.cpuSeconds.toFixed(2)} CPU s`)
  return { time: many.seconds / few.seconds, cpu: many.cpuSeconds / few.cpuSeconds }
})
judge('time to silver on the full lake against the empty one', silver.time, 1.5, ' x')
console.log(`       its CPU time: ${silver.cpu.toFixed(2)} x`)
judge('CPU time of gold on the full lake against the empty one', gold.cpu, 4, ' x')
console.log(
  `       all of it: ${(filled.seconds / empty.seconds).toFixed(2)} x, CPU time ${(filled.cpuSeconds / empty.cpuSeconds).toFixed(2)} x`,
)
const more = median(onFull.map(({ readBytes }, at) => readBytes - onEmpty[at].readBytes))
console.log(`       read more on the full lake: ${megabytes(more)} of its ${megabytes(lakeBytes)}`)
judge('share of the lake that was read', more / lakeBytes, 0.1)

const stepsOnEmpty = readRecord(benchPath('increment-empty'), 'increment').steps
const stepsOnFull = readRecord(full, `increment-${runs}`).steps
console.log('the last run, step by step:')
console.table(
  stepsOnFull.map(({ step, detail, seconds, rows }, at) => ({
    step,
    detail,
    empty: stepsOnEmpty[at]?.seconds,
    full: seconds,
    rows,
  })),
)

/** Each run gets hours of its own, from half past to half past: two partitions of silver, one day of bars. */
function generateIncrement(run) {
  const startMs = START_MS + (run % 28) * 24 * HOUR_MS + 10.5 * HOUR_MS
  return generateEvents({ rows: INCREMENT_ROWS, startMs, days: 1 / 24, seed: run + 1, prefix: `n${run}-` })
}

function runOn(project, input, runId) {
  return measureNode([
    CLI,
    'run',
    '--project',
    project,
    '--input',
    input,
    '--contract',
    'market_events',
    '--run-id',
    runId,
  ])
}

function sizeOf(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile())
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
}
