// What runs say about themselves.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The record of a run in the lake of a project, or in another one. */
export function readRecord(project, runId, lake = join(project, 'data_lake')) {
  return JSON.parse(readFileSync(join(lake, '_runs', `${runId}.json`), 'utf8'))
}

/** A measured run cut into what its models took and the rest: two of what `measureNode` gives, whose peaks are that of the whole. */
export function cutGold(measured, { steps }) {
  const gold = { ...measured, seconds: 0, cpuSeconds: 0 }
  for (const { step, seconds, cpu_seconds } of steps) {
    if (step !== 'derive') continue
    gold.seconds += seconds
    gold.cpuSeconds += cpu_seconds
  }
  const [seconds, cpuSeconds] = [measured.seconds - gold.seconds, measured.cpuSeconds - gold.cpuSeconds]
  return { gold, silver: { ...measured, seconds, cpuSeconds } }
}
