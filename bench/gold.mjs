// All gold models over ten years of daily bars of a thousand instruments, and over one day more, against the same SQL run by hand.
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateDecade, instrumentId } from './generate-decade.mjs'
import { benchOptions, judge, measureNode, megabytes, summarise } from './measure.mjs'
import { readRecord } from './run-records.mjs'
import { benchPath, CLI, makeProject, REPOSITORY, requireBuild } from './workplace.mjs'

const SESSIONS = 2500

requireBuild()
const { runs, rows } = benchOptions({ runs: 1, rows: SESSIONS * 1000 })
const instruments = Math.max(1, Math.round(rows / SESSIONS))
const decade = await generateDecade({ instruments, sessions: SESSIONS })
const [hand, product, days] = [[], [], []]
for (let run = 1; run <= runs; run++) {
  const project = makeGoldProject()
  await land(project, decade, 'decade')
  cpSync(join(REPOSITORY, 'models'), join(project, 'models'), { recursive: true })
  hand.push(await measureNode([join(REPOSITORY, 'bench', 'baseline-gold.mjs'), project, benchPath('gold-hand')]))
  console.log(`run ${run}: by hand ${describe(hand.at(-1))}`)
  product.push(await measureNode([CLI, 'derive', '--project', project, '--run-id', 'derived']))
  console.log(`run ${run}: derived ${describe(product.at(-1))}`)
  const nextDay = await generateDecade({ instruments, from: SESSIONS, sessions: 1 })
  days.push(await land(project, nextDay, 'next'))
}

const project = benchPath('gold')
const full = readRecord(project, 'derived').steps
const next = readRecord(project, 'next-bars').steps
console.table(full.map(step => ({ ...step, next: next.find(other => sameStep(other, step))?.seconds })))
const [own, other] = [summarise(product), summarise(hand)]
judge('time of all models against queries by hand', own.seconds / other.seconds, 1.3, ' x')
console.log(`       CPU time against queries by hand: ${(own.cpuSeconds / other.cpuSeconds).toFixed(2)} x`)
judge('peak memory', own.peakBytes / 1e9, 3, ' GB')
const derived = steps => steps.filter(({ step }) => step === 'derive').reduce((sum, { seconds }) => sum + seconds, 0)
judge('one day more, models alone, against all days', derived(next) / derived(full), 0.05)

function sameStep(one, another) {
  return one.step === another.step && one.detail === another.detail
}

/** Models come later, so that landing derives nothing. */
function makeGoldProject() {
  const project = makeProject('gold')
  rmSync(join(project, 'models'), { recursive: true })
  const ids = Array.from({ length: instruments }, (_, number) => instrumentId(number))
  writeFileSync(join(project, 'instruments.csv'), `instrument_id\n${ids.join('\n')}\n`)
  const benchmarks = ids.slice(1).map(id => `${id},${ids[0]}`)
  writeFileSync(join(project, 'benchmarks.csv'), `instrument_id,benchmark_id\n${benchmarks.join('\n')}\n`)
  return project
}

/** Lands one file of each contract, in runs of their own. Returns what the run of the bars took. */
async function land(project, paths, runId) {
  const taken = {}
  for (const contract of Object.keys(paths).toReversed()) {
    const args = ['run', '--project', project, '--input', paths[contract], '--contract', contract]
    taken[contract] = await measureNode([CLI, ...args, '--run-id', `${runId}-${contract}`])
  }
  return taken.bars
}

function describe({ seconds, cpuSeconds, peakBytes }) {
  return `${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} CPU s), ${megabytes(peakBytes)}`
}
