// The list of runs of a lake with many: the whole command, from the shell's point of view. `--runs-on-record N` (default 100000), `--runs N`.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { judge, measureNode, median, runNode, timeCalls } from './measure.mjs'
import { benchPath, CLI, makeProject, requireBuild } from './workplace.mjs'

const PIPES = 50
const MINUTE_MS = 60_000
const STATUSES = ['partial', 'held', 'failed']

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10' },
    rows: { type: 'string' },
    'runs-on-record': { type: 'string', default: '100000' },
  },
})
const count = Number(values['runs-on-record'])
const runs = Number(values.runs)
requireBuild()
const project = makeProject('ledger')
const lake = join(project, 'data_lake')
await fabricate()

console.log('Indexing them, as for a lake of an older version')
const indexing = await timeCalls(1, () => list())
console.log(`       index made of ${count} records: ${(indexing.median / 1000).toFixed(1)} s`)

const version = await timeCalls(runs, () => runNode([CLI, '--version']))
console.log(`       sluice --version: median ${version.median.toFixed(0)} ms, fastest ${version.fastest.toFixed(0)} ms`)
const SEARCHES = {
  'sluice runs': [],
  '--failed': ['--failed'],
  '--pipe, of few runs': ['--pipe', 'rare-pipe', '--limit', '100'],
  '--dataset and --since': ['--dataset', 'fx_rates', '--since', '2026-01-20', '--until', '2026-01-21'],
  '--status of none': ['--status', 'died'],
  '--pipe of none': ['--pipe', 'no-such-*'],
}
for (const [name, options] of Object.entries(SEARCHES)) {
  const calls = []
  for (let call = 0; call < runs; call++) calls.push(await measureNode([CLI, 'runs', '--project', project, ...options]))
  const [times, cpu] = [calls.map(({ seconds }) => seconds * 1000), calls.map(({ cpuSeconds }) => cpuSeconds * 1000)]
  const fastest = Math.min(...times)
  console.log(
    `       ${name}: median ${median(times).toFixed(0)} ms, ${median(cpu).toFixed(0)} ms of CPU; fastest ${fastest.toFixed(0)} ms`,
  )
  judge(`${name} of ${count} runs, fastest`, fastest, 300, ' ms')
}
rmSync(project, { recursive: true, force: true })

function list(...options) {
  return runNode([CLI, 'runs', '--project', project, ...options])
}

/** Records in the form that the product writes, made from one that it wrote: one run a minute, its pipes a part of all. */
async function fabricate() {
  const input = benchPath('ledger-events.ndjson')
  writeFileSync(input, readFileSync(new URL('../test/fixtures/sample_events.json', import.meta.url)))
  await runNode([
    ...[CLI, 'run', '--project', project, '--input', input, '--contract', 'market_events'],
    ...['--run-id', 'model', '--allow-dq-breach'],
  ])
  const folder = join(lake, '_runs')
  const model = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'))
  console.log(`Writing ${count} records`)
  rmSync(lake, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (let run = 0; run < count; run++) writeFileSync(join(folder, `${idOf(run)}.json`), textOf(model, run))
}

/** Half of the runs have ids that people chose, which are in no order of time. */
function idOf(run) {
  return run % 2 === 0 ? `01KDW${String(run).padStart(21, '0')}` : `nightly-${(run * 7919) % 1_000_003}`
}

function textOf(model, run) {
  const started = new Date(Date.UTC(2026, 0, 1) + run * MINUTE_MS).toISOString()
  const dataset = run % 3 === 0 ? 'fx_rates' : 'market_events'
  const names = Array.from({ length: 1 + (run % 3) }, (_, at) => `pipe-${(run + 7 * at) % PIPES}`)
  if (run % 10_000 === 77) names.push('rare-pipe')
  const record = {
    ...model,
    run_id: idOf(run),
    status: run % 50 === 0 ? STATUSES[(run / 50) % STATUSES.length] : 'published',
    started_at: started,
    finished_at: started,
    pipes: names.map(pipe => ({ ...model.pipes[0], pipe, dataset })),
    datasets: [{ ...model.datasets[0], dataset }],
    tables: model.tables.slice(0, 2),
    steps: model.steps.slice(0, 6),
  }
  return `${JSON.stringify(record, null, 2)}\n`
}
