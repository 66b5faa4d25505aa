// Ten times as many events in the same memory: `sluice run` of 5 M and of 50 M, each on an empty lake.
import { generateEvents } from './generate-events.mjs'
import { benchOptions, judge, measureNode, megabytes } from './measure.mjs'
import { readRecord } from './run-records.mjs'
import { CLI, makeProject, requireBuild } from './workplace.mjs'

requireBuild()
const { rows } = benchOptions({ rows: 50_000_000 })
const measured = []
for (const count of [rows / 10, rows]) {
  const input = await generateEvents({ rows: count })
  const project = makeProject('scale-project', '2GB')
  const command = ['run', '--project', project, '--input', input, '--contract', 'market_events', '--run-id', 'bench']
  const cost = await measureNode([CLI, ...command])
  measured.push(cost)
  const { seconds, cpuSeconds, peakBytes } = cost
  console.log(`${count} events: ${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} CPU s), ${megabytes(peakBytes)}`)
  console.table(readRecord(project, 'bench').steps)
}
const [small, large] = measured
judge('time against a tenth', large.seconds / small.seconds, 12, ' x')
console.log(`       CPU time against a tenth: ${(large.cpuSeconds / small.cpuSeconds).toFixed(2)} x`)
judge('peak memory, with the engine at 2 GB', large.peakBytes / 1e9, 3, ' GB')
