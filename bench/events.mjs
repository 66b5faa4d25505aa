// Five million events to bronze, silver, gold and metrics: `sluice run` against the script in baseline-events.mjs, in turn.
import { join } from 'node:path'
import { generateEvents } from './generate-events.mjs'
import { benchOptions, judge, measureNode, megabytes, summarise } from './measure.mjs'
import { readRecord } from './run-records.mjs'
import { benchPath, CLI, makeProject, REPOSITORY, requireBuild } from './workplace.mjs'

requireBuild()
const { runs, rows } = benchOptions({ runs: 5 })
const input = await generateEvents({ rows })
const baseline = []
const sluice = []
let record
for (let run = 1; run <= runs; run++) {
  baseline.push(await measureNode([join(REPOSITORY, 'bench/baseline-events.mjs'), input, benchPath('baseline')]))
  const project = makeProject('events-project')
  const command = ['run', '--project', project, '--input', input, '--contract', 'market_events', '--run-id', 'bench']
  sluice.push(await measureNode([CLI, ...command]))
  record = readRecord(project, 'bench')
  console.log(`run ${run}: baseline ${describe(baseline.at(-1))}; sluice ${describe(sluice.at(-1))}`)
}

const [byHand, ours] = [summarise(baseline), summarise(sluice)]
console.log(`\n${rows} events, median of ${runs}: baseline ${describe(byHand)}; sluice ${describe(ours)}`)
console.table(record.steps)
console.table(record.pipes.map(({ rules, ...counts }) => counts))
judge('time against the baseline', ours.seconds / byHand.seconds, 1.5, ' x')
console.log(`       CPU time against the baseline: ${(ours.cpuSeconds / byHand.cpuSeconds).toFixed(2)} x`)
judge('peak memory', ours.peakBytes / 1e9, 1.5, ' GB')

function describe({ seconds, cpuSeconds, peakBytes }) {
  return `${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} CPU s), ${megabytes(peakBytes)}`
}
