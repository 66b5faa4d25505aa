// What the detectors of a contract cost: `sluice run` with the contracts as they are, and with the same ones without detectors, in turn.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dump, load } from 'js-yaml'
import { generateBars } from './generate-bars.mjs'
import { generateEvents } from './generate-events.mjs'
import { benchOptions, judge, measureNode, megabytes, summarise } from './measure.mjs'
import { readRecord } from './run-records.mjs'
import { benchPath, CLI, makeProject, requireBuild } from './workplace.mjs'

const BARS = 300_000

requireBuild()
const { runs, rows } = benchOptions({ runs: 3 })
await compare('bars', await generateBars({ rows: Math.min(BARS, rows) }))
await compare('market_events', await generateEvents({ rows }))

async function compare(contract, input) {
  const plain = []
  const detecting = []
  for (let run = 1; run <= runs; run++) {
    plain.push(await runOn(withoutDetectors(makeProject('checks-plain')), contract, input))
    detecting.push(await runOn(makeProject('checks'), contract, input))
    console.log(`run ${run}: without ${describe(plain.at(-1))}; with ${describe(detecting.at(-1))}`)
  }
  const [without, all] = [summarise(plain), summarise(detecting)]
  const { pipes, steps } = readRecord(benchPath('checks'), 'bench')
  console.log(`\n${contract}, median of ${runs}: without detectors ${describe(without)}; with ${describe(all)}`)
  console.table(steps)
  console.table(pipes.map(({ rules, ...counts }) => ({ ...counts, rules: JSON.stringify(rules) })))
  judge(`${contract}: time with all detectors against none`, all.seconds / without.seconds, 1.3, ' x')
  judge(`${contract}: CPU time with all detectors against none`, all.cpuSeconds / without.cpuSeconds, 1.3, ' x')
}

/** Takes every quality entry that names a detector out of the contracts of a project. */
function withoutDetectors(project) {
  const isPlain = entry => typeof entry.implementation !== 'object'
  for (const file of readdirSync(join(project, 'contracts'))) {
    const path = join(project, 'contracts', file)
    const contract = load(readFileSync(path, 'utf8'))
    for (const object of contract.schema) {
      for (const part of [object, ...object.properties]) if (part.quality) part.quality = part.quality.filter(isPlain)
    }
    writeFileSync(path, dump(contract))
  }
  return project
}

function runOn(project, contract, input) {
  return measureNode([CLI, 'run', '--project', project, '--input', input, '--contract', contract, '--run-id', 'bench'])
}

function describe({ seconds, cpuSeconds, peakBytes }) {
  return `${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} CPU s), ${megabytes(peakBytes)}`
}
