// Running a program and saying what it took.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { benchPath } from './workplace.mjs'

const USAGE_HOOK = new URL('report-usage.mjs', import.meta.url).href

/** Runs a node program to its end: wall seconds from start to exit, CPU seconds and peak resident bytes. Throws if it fails. */
export async function measureNode(args) {
  const usageFile = benchPath(`usage-${process.pid}.json`)
  const started = performance.now()
  await runNode(['--import', USAGE_HOOK, ...args], { ...process.env, SLUICE_BENCH_USAGE: usageFile })
  return { seconds: (performance.now() - started) / 1000, ...JSON.parse(readFileSync(usageFile, 'utf8')) }
}

/** Runs a node program to its end. Throws if it fails, with what it said. */
export async function runNode(args, env = process.env) {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (output += text))
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}:\n${output}`)
}

/** The middle value, or the mean of the two middle ones. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The median and the fastest of the times of `runs` calls, in milliseconds: on a busy machine the fastest says what is possible. */
export async function timeCalls(runs, call) {
  const times = []
  for (let run = 0; run < runs; run++) {
    const started = performance.now()
    await call(run)
    times.push(performance.now() - started)
  }
  return { median: median(times), fastest: Math.min(...times) }
}

/** Medians of seconds and CPU seconds, and the highest peak. */
export function summarise(runs) {
  return {
    seconds: median(runs.map(run => run.seconds)),
    cpuSeconds: median(runs.map(run => run.cpuSeconds)),
    peakBytes: Math.max(...runs.map(run => run.peakBytes)),
  }
}

/** Prints a bar and whether it was met, and remembers a miss in the exit code. `actual` and `bar` have one unit. */
export function judge(name, actual, bar, unit = '') {
  const met = actual <= bar
  if (!met) process.exitCode = 1
  console.log(`${met ? 'met   ' : 'MISSED'} ${name}: ${actual.toFixed(2)}${unit} (bar: ${bar}${unit})`)
}

/** `--runs N` and `--rows N`. */
export function benchOptions({ runs, rows = 5_000_000 }) {
  const options = { runs: { type: 'string', default: String(runs) }, rows: { type: 'string', default: String(rows) } }
  const { values } = parseArgs({ options })
  return { runs: Number(values.runs), rows: Number(values.rows) }
}

export const megabytes = bytes => `${Math.round(bytes / 1e6)} MB`
