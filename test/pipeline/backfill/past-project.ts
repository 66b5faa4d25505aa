import { fixedClock } from '../../../src/core/clock.js'
import { seededRandom } from '../../../src/core/random.js'
import { readState } from '../../../src/lake/state.js'
import { type BackfillOptions, backfill } from '../../../src/pipeline/backfill/backfill.js'
import type { BackfillRecord } from '../../../src/pipeline/backfill/backfill-record.js'
import { backfillName } from '../../../src/pipeline/backfill/run-ids.js'
import { type Deps, systemDeps } from '../../../src/pipeline/deps.js'
import type { PipeEntry } from '../../../src/pipeline/fetch/pipe-book.js'
import { PLAIN_RUN } from '../../../src/pipeline/open-lake.js'
import type { PipeDeclaration } from '../../../src/pipeline/pipes/pipe-declaration.js'
import { describeTable } from '../../../src/pipeline/read/tables.js'
import type { RunRecord } from '../../../src/pipeline/record/run-record.js'
import { run } from '../../../src/pipeline/run.js'
import { localStore } from '../../../src/storage/local-store.js'
import { jumpClock } from '../../sources/http/jump-clock.js'
import type { ProjectFolder, TestLake } from '../../support/lakes.js'
import { NOW } from '../fetch/nbp-server.js'
import { jumpDeps, lakeWith, ratePipe } from '../fetch/two-faced.js'

export const DAY = 86_400_000
export const TODAY = Math.floor(NOW / DAY) * DAY

/** Whole days, both included, as `--start-date` and `--end-date` name them: counted back from the day of the test. */
export function days(from: number, to: number): BackfillOptions['interval'] {
  return { startMs: TODAY - from * DAY, endMs: TODAY - (to - 1) * DAY }
}

/** A pipe that asks for a day at a time. */
export function dailyPipe(name: string, url: string, parts: Partial<PipeDeclaration> = {}): PipeDeclaration {
  const pipe = ratePipe(name, url, { interval: { grain: 'P1D', longest: 'P1D' } })
  return { ...pipe, universe: 'open', ...parts }
}

/** A lake with gold of FX alone: the other models have nothing to do with what these pipes bring. */
export function pastLake(folder: ProjectFolder, pipes: readonly PipeDeclaration[], engine = {}): TestLake {
  const lake = lakeWith(folder, pipes)
  const models = folder.project.models.filter(({ table }) => table === 'fx_daily')
  return lake.with({
    models,
    config: { ...lake.project.config, engine: { ...folder.project.config.engine, ...engine } },
  })
}

export function fill(
  { project }: TestLake,
  interval: BackfillOptions['interval'],
  options: Partial<BackfillOptions> = {},
  deps: Deps = depsAt(NOW),
): Promise<BackfillRecord> {
  const plain = { select: [], params: {}, allowDqBreach: false, workers: 1, resume: false, dryRun: false }
  return backfill(project, { ...plain, interval, ...options }, deps)
}

/** A run of whatever is due at a time. */
export function runAt({ project }: TestLake, nowMs: number): Promise<RunRecord> {
  return run(project, PLAIN_RUN, depsAt(nowMs))
}

/** A world whose time stands still: every answer is received at the same moment. */
export function stillDeps(): Deps {
  return { ...systemDeps, clock: fixedClock(NOW), wait: async () => undefined, random: seededRandom(1), env: {} }
}

export function depsAt(nowMs: number): Deps {
  return jumpDeps(jumpClock(nowMs))
}

/** What the lake knows of the only pipe of a provider. */
export async function entryOf({ root }: TestLake): Promise<PipeEntry | undefined> {
  const store = localStore(root)
  for await (const { key } of store.list('_state/')) {
    const name = /^_state\/(pipes_[^/]+)\//.exec(key)?.[1]
    if (name === undefined) continue
    const state = await readState(store, name)
    return Object.values(state?.value as Record<string, PipeEntry>)[0]
  }
  return undefined
}

export async function storedRecord({ root }: TestLake, interval: BackfillOptions['interval']): Promise<BackfillRecord> {
  const body = await localStore(root).get(`_runs/${backfillName(interval)}.json`)
  return JSON.parse(body!.toString('utf8'))
}

/** The bytes that tables are made of now, without what names the runs. */
export async function published(lake: TestLake, tables: readonly string[]): Promise<Record<string, string>> {
  const hashes = await lake.files()
  const found: [string, string][] = []
  for (const table of tables) {
    const { dataFiles } = await describeTable(lake.project, table, { files: true })
    for (const { path } of dataFiles) found.push([path.replace(/run_id=.*$/, ''), hashes[path]!])
  }
  return Object.fromEntries(found.sort())
}
