import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Simulator, startSimulator } from '../../src/testing.js'
import { prepareScenario, type Scenario } from './campaign.js'
import { answerOf } from './command.js'
import { folderPlace } from './lake-place.js'
import { TINY_KEYS, tinyRun, writeTinyProject } from './tiny-project.js'

/** What commands are killed in: a project, and its scenarios one after another. */
export interface KillProject {
  readonly scenarios: Readonly<Record<string, Scenario>>
  close(): Promise<void>
}

/** Models of the sample that are kept: all of them would take most of the time and write in no other way. */
const SAMPLE_MODELS = ['price_bars.sql', 'bars_daily.sql', 'returns_daily.sql']
const SAMPLE_KEYS = {
  'silver.bars': 'instrument_id, bar_interval, event_time',
  'silver.market_events': 'instrument_id, event_time, event_id',
  'gold.returns_daily': 'instrument_id, date',
}
const BANK_KEYS = {
  'silver.fx_rates': 'instrument_id, fixing, event_time',
  'silver.fx_rates_versions': 'instrument_id, fixing, event_time, _known_at',
  'gold.fx_changes': 'instrument_id, fixing, date',
}
const NOW = '2026-01-10T00:00:00Z'
const RUN = ['run', '--run-id', 'demo', '--now', NOW]

/** Two banks and two weeks: all that the sample goes through, and requests over HTTP, in a fifth of its time. */
const BANK_PIPES = `pipes:
  - { name: nbp-c, source: nbp.rates, params: { table: C }, since: 2025-12-29 }
  - { name: ecb-usd, source: ecb.exchange_rates, params: { currency: USD }, since: 2025-12-29 }
`

/** A project of one contract and one model, which takes files. */
export async function tinyProject(): Promise<KillProject> {
  const project = newFolder()
  await writeTinyProject(project)
  const steps = [tinyRun(project, 'first', 'r1'), tinyRun(project, 'second', 'r2')]
  const run = await prepareScenario({ project, place: folderPlace(project), keys: TINY_KEYS, isTimed: true, steps })
  return { scenarios: { run }, close: () => closeProject(project, [run]) }
}

/** A new project with its sample. */
export async function sampleProject(): Promise<KillProject> {
  const project = newFolder()
  await answerOf(['init', project])
  keepOnly(join(project, 'models', 'gold'), SAMPLE_MODELS)
  return runAndBackfill(project, SAMPLE_KEYS, ['2025-12-01', '2025-12-03', '--select', 'sample-events'])
}

/** A project that asks two banks, which are the simulator. */
export async function bankProject(): Promise<KillProject> {
  const clock = { now: () => Date.parse(NOW), monotonicMs: () => performance.now() }
  const simulator = await startSimulator({ clock })
  const project = newFolder()
  await answerOf(['init', project, '--template', 'fx'])
  keepOnly(join(project, 'pipes'), [])
  keepOnly(join(project, 'models', 'gold'), ['fx_changes.sql'])
  writeFileSync(join(project, 'pipes', 'banks.yaml'), BANK_PIPES)
  writeFileSync(join(project, 'sluice.yaml'), bankSettings(simulator))
  const { scenarios, close } = await runAndBackfill(project, BANK_KEYS, ['2025-11-03', '2025-11-05'])
  return {
    scenarios,
    close: async () => {
      await close()
      await simulator.close()
    },
  }
}

function bankSettings({ port, urlOf }: Simulator): string {
  const [nbp, ecb] = (['nbp', 'ecb'] as const).map(
    name => `${name}: { url: "${urlOf(name)}", per_second: 1000, burst: 100 }`,
  )
  return `providers: { ${nbp}, ${ecb} }\nnetwork: { allow_hosts: ["127.0.0.1:${port}"] }\nengine: { threads: 1 }\n`
}

/** The first run of a project, and a backfill of days before those that it brought. */
async function runAndBackfill(
  project: string,
  keys: Readonly<Record<string, string>>,
  [first, last, ...rest]: readonly [string, string, ...string[]],
): Promise<KillProject> {
  const where = ['--project', project, '--memory-limit', '512MB']
  const scenarioOf = (isTimed: boolean, args: readonly string[]): Promise<Scenario> =>
    prepareScenario({ project, place: folderPlace(project), keys, isTimed, steps: [[...args, ...where]] })
  const run = await scenarioOf(true, RUN)
  // The lake is as the run has left it. A backfill cannot be told the time.
  const backfill = await scenarioOf(false, ['backfill', '--start-date', first, '--end-date', last, ...rest])
  return { scenarios: { run, backfill }, close: () => closeProject(project, [run, backfill]) }
}

async function closeProject(project: string, scenarios: readonly Scenario[]): Promise<void> {
  for (const { place } of scenarios) await place.forget()
  rmSync(project, { recursive: true })
}

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'sluice-kills-'))
}

function keepOnly(folder: string, names: readonly string[]): void {
  for (const name of readdirSync(folder)) if (!names.includes(name)) rmSync(join(folder, name), { recursive: true })
}
