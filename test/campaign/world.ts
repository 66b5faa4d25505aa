import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '../../src/core/random.js'
import { type Deps, loadProject, type Project, type RunRecord, run, seededIds } from '../../src/index.js'
import { PLAIN_RUN } from '../../src/pipeline/open-lake.js'
import { type Altered, type Answer, type Simulator, startSimulator } from '../../src/testing.js'
import { jumpClock } from '../sources/http/jump-clock.js'
import { ADJUSTED_CONTRACT, cleanBody, FRED_KEY, type Lane, type Times } from './lanes.js'
import type { Found } from './oracle.js'
import type { Plant, PlantedLane } from './plant-lane.js'
import { readLake } from './read-lake.js'
import type { Row } from './row.js'

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))
const CONTRACTS = ['bars', 'fx_rates', 'macro_observations', 'market_events', 'restatements']

/** A provider simulator that tells the clean truth until something is planted, and the clock of everybody. */
export interface World extends AsyncDisposable {
  readonly times: Times
  /** All clean rows of lanes, as they are at the second run. */
  cleanRows(lanes: readonly Lane[]): Promise<Map<Lane, Row[]>>
  /** Two runs of the real product over the planted lanes, in a project and a lake of their own. */
  runs(lanes: readonly PlantedLane[]): Promise<Found>
}

export async function openWorld(seed: number, times: Times): Promise<World> {
  const clock = jumpClock(times.secondMs)
  let alter: (answer: Answer, target: string) => Altered = answer => answer
  const simulator = await startSimulator({
    seed,
    clock: { now: () => Math.floor(clock.now()), monotonicMs: clock.monotonicMs },
    wait: clock.wait,
    alter: (answer, { target }) => alter(answer, target),
    remember: 0,
  })
  const folder = await mkdtemp(join(tmpdir(), 'sluice-campaign-'))
  const deps: Deps = {
    clock: { now: () => Math.ceil(clock.now()), monotonicMs: clock.monotonicMs },
    wait: clock.wait,
    ids: seededIds(`campaign-${seed}`),
    random: seededRandom(seed),
    env: { FRED_API_KEY: FRED_KEY, STOOQ_API_KEY: 'k' },
  }
  return {
    times,
    cleanRows: async lanes => {
      const bodies = await Promise.all(lanes.map(lane => cleanAnswer(simulator, lane, times)))
      return new Map(lanes.map((lane, at) => [lane, lane.form.read(cleanBody(lane, bodies[at]!))]))
    },
    runs: async lanes => {
      const project = await writeProject(folder, simulator, lanes, times)
      const records: RunRecord[] = []
      // An answer is rewritten once; what a refusal kept from its turn has it in the next run.
      const due = lanes.map(({ plants }) =>
        plants
          .filter(({ planted }) => planted.answer !== undefined)
          .toSorted((a, b) => Number(b.must.kind === 'refuse') - Number(a.must.kind === 'refuse')),
      )
      for (const [at, startMs] of [times.firstMs, times.secondMs].entries()) {
        clock.advance(startMs - clock.now())
        const alterers = lanes.map((lane, of) => alteringLane(lane, at === 0 ? 1 : 2, due[of]!))
        alter = (answer, target) => {
          const own = alterers[lanes.findIndex(({ lane }) => lane.asks(target))]
          return own === undefined || answer.status !== 200 ? answer : own(answer)
        }
        records.push(await run(project, { ...PLAIN_RUN, runId: `run-${at + 1}` }, deps))
      }
      const own = lanes.map(({ lane }) => lane)
      return readLake(project, records, own)
    },
    [Symbol.asyncDispose]: async () => {
      await simulator.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function cleanAnswer(simulator: Simulator, lane: Lane, times: Times): Promise<Answer> {
  const response = await fetch(`${simulator.urlOf(lane.provider)}${lane.target(times)}`)
  if (response.status !== 200) throw new Error(`${lane.pipe}: the simulator answered ${response.status}`)
  return { status: 200, headers: {}, body: await response.text() }
}

/** What a lane's provider answers in a run, given what it would answer. */
function alteringLane({ lane, series, plants }: PlantedLane, run: 1 | 2, due: Plant[]): (answer: Answer) => Altered {
  const changes = new Map<string, readonly Row[]>()
  for (const { planted } of plants)
    if ((planted.only ?? run) === run)
      for (const [at, instead] of planted.rows ?? []) changes.set(series.rows[at]!.at, instead)
  const first = series.rows[series.from]
  const fromMs = first === undefined ? Number.POSITIVE_INFINITY : lane.form.startMs(first.at)
  return answer => {
    const clean = cleanBody(lane, answer)
    const before = lane.form.read(clean)
    const rows = before.flatMap(row => changes.get(row.at) ?? [row])
    const sent: Answer = { ...answer, body: lane.form.write(rows, clean) }
    // Only an answer with rows that are planted on: not that of a day that is not over.
    const isDue = series.run <= run && before.some(({ at }) => lane.form.startMs(at) >= fromMs)
    const next = isDue ? due.shift() : undefined
    return next === undefined ? sent : next.planted.answer!(sent)
  }
}

async function writeProject(
  folder: string,
  simulator: Simulator,
  lanes: readonly PlantedLane[],
  times: Times,
): Promise<Project> {
  await mkdir(join(folder, 'contracts'), { recursive: true })
  await mkdir(join(folder, 'pipes'), { recursive: true })
  for (const name of CONTRACTS)
    await cp(join(REPOSITORY, `contracts/${name}.odcs.yaml`), join(folder, `contracts/${name}.odcs.yaml`))
  await writeFile(join(folder, 'contracts/adjusted_bars.odcs.yaml'), ADJUSTED_CONTRACT)
  const limits = 'per_second: 1000, burst: 100, concurrency: 8'
  const providers = (['nbp', 'ecb', 'fred', 'stooq', 'binance'] as const).map(
    name => `  ${name}: { url: "${simulator.urlOf(name)}", ${limits} }`,
  )
  const engine = 'engine: { threads: 1, memory_limit: 500MB }'
  const settings = [engine, 'network: { allow_hosts: ["127.0.0.1"] }', 'fetch: { attempts: 1 }', 'providers:']
  await writeFile(join(folder, 'sluice.yaml'), [...settings, ...providers, ''].join('\n'))
  const pipes = lanes.map(({ lane, plants }) => {
    const planted = plants.map(plant => plant.planted)
    const revisit = planted.some(({ only }) => only !== undefined) ? ', revisit: { last: P300D, every: P1D }' : ''
    const currency = planted.find(one => one.currency !== undefined)?.currency
    const yaml = lane.yaml(times, simulator.urlOf('http'))
    const own = currency === undefined ? yaml : yaml.replace(/currency: \w+/, `currency: ${currency}`)
    return `  - { name: ${lane.pipe}, ${own}${revisit} }`
  })
  await writeFile(join(folder, 'pipes/campaign.yaml'), `pipes:\n${pipes.join('\n')}\n`)
  await writeFile(join(folder, 'instruments.csv'), instrumentsCsv(lanes))
  await writeFile(join(folder, 'instrument_aliases.csv'), aliasesCsv(lanes))
  return loadProject({ folder })
}

function instrumentsCsv(lanes: readonly PlantedLane[]): string {
  const lines = lanes.map(({ lane, plants }) => {
    const negative = plants.some(({ planted }) => planted.negative === true)
    return `${lane.instrument},${lane.listed},${negative},2000-01-03,`
  })
  const header = 'instrument_id,name,asset_class,currency,venue,calendar,price_can_be_negative,valid_from,valid_to'
  return `${[header, ...lines].join('\n')}\n`
}

function aliasesCsv(lanes: readonly PlantedLane[]): string {
  const lines = lanes.flatMap(({ lane, plants }) => {
    if (lane.alias === undefined) return []
    const until = plants.find(({ planted }) => planted.aliasUntil !== undefined)?.planted.aliasUntil ?? ''
    return [`${lane.alias},${lane.instrument},2000-01-03,${until}`]
  })
  return `${['source,symbol,instrument_id,valid_from,valid_to', ...lines].join('\n')}\n`
}
