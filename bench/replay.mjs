// What a replay costs: `sluice run` of events, then `sluice replay` of a lake that has nothing but its captures and its ledger, in turn.
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { generateEvents } from './generate-events.mjs'
import { benchOptions, judge, measureNode, megabytes, summarise } from './measure.mjs'
import { readRecord } from './run-records.mjs'
import { CLI, makeProject, requireBuild } from './workplace.mjs'

requireBuild()
const { runs, rows } = benchOptions({ runs: 3 })
const input = await generateEvents({ rows })
const [first, again] = [[], []]
for (let run = 1; run <= runs; run++) {
  const project = makeProject('replay')
  const whole = await measureNode([
    ...[CLI, 'run', '--project', project, '--input', input, '--contract', 'market_events', '--run-id', 'bench'],
  ])
  first.push(withoutFetch(whole, readRecord(project, 'bench')))
  const lake = capturesOf(project)
  again.push(await measureNode([CLI, 'replay', '--project', project, '--lake', lake, '--run-id', 'bench-replay']))
  console.log(`run ${run}: run without its fetch ${describe(first.at(-1))}; replay ${describe(again.at(-1))}`)
  if (run < runs) continue
  console.table(readRecord(project, 'bench').steps)
  console.table(readRecord(project, 'bench-replay', lake).steps)
}
const [run, replay] = [summarise(first), summarise(again)]
console.log(`\nmedian of ${runs}: run without its fetch ${describe(run)}; replay ${describe(replay)}`)
judge('time of a replay against the run without its fetch', replay.seconds / run.seconds, 1.2, ' x')
judge('CPU time of a replay against the run without its fetch', replay.cpuSeconds / run.cpuSeconds, 1.2, ' x')

/** Bringing the bytes and keeping them is no part of a replay. */
function withoutFetch(whole, { steps }) {
  const fetch = steps.filter(({ step }) => step === 'fetch' || step === 'capture')
  const sum = name => fetch.reduce((total, step) => total + step[name], 0)
  return { ...whole, seconds: whole.seconds - sum('seconds'), cpuSeconds: whole.cpuSeconds - sum('cpu_seconds') }
}

/** A lake without tables: all of them have to be made. */
function capturesOf(project) {
  const lake = join(project, 'captures_only')
  rmSync(lake, { recursive: true, force: true })
  for (const part of ['_layout.json', '_runs', 'bronze/captures']) {
    mkdirSync(join(lake, part, '..'), { recursive: true })
    cpSync(join(project, 'data_lake', part), join(lake, part), { recursive: true })
  }
  return lake
}

function describe({ seconds, cpuSeconds, peakBytes }) {
  return `${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} CPU s), ${megabytes(peakBytes)}`
}
