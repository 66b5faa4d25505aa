import type { Contract } from '../../contract/contract.js'
import { bronzeShape, plainVersion } from '../../contract/tables.js'
import { fixedClock } from '../../core/clock.js'
import { sha256Hex } from '../../core/ids.js'
import { asNumber } from '../../engine/duckdb.js'
import { currentSchema } from '../../lake/open-table.js'
import { readFilesSql } from '../../lake/read-sql.js'
import { dataFiles } from '../../lake/scan.js'
import { type Deps, systemDeps } from '../deps.js'
import { lakeStore } from '../lake-store.js'
import { contractNamed } from '../pipes/resolve-pipes.js'
import { hashProject } from '../project/hash-project.js'
import type { Project } from '../project/project.js'
import { openMetadata } from '../read/tables.js'
import type { RunRecord } from '../record/run-record.js'
import { runsBehind } from '../record/runs-behind.js'
import { type Replayed, replayRun } from '../replay/replay-run.js'
import { type LostCapture, planReread, type WantedCaptures } from '../replay/reread-captures.js'
import { type SettledCapture, type SettledDataset, settledCaptures } from '../replay/settled-captures.js'
import type { Progress } from '../timeline.js'
import { openWorkspace, type Workspace } from '../workspace.js'
import { isUnfilled, majorsOf } from './compare-with-lake.js'

export interface MigrateOptions {
  /** Says what would be read again; writes nothing. */
  readonly dryRun: boolean
  /** Publishes the accepted rows although a threshold is broken. */
  readonly allowDqBreach: boolean
  /** The wall clock of the run, in milliseconds since the epoch. */
  readonly nowMs?: number | undefined
  readonly onProgress?: ((event: Progress) => void) | undefined
}

/** What became, or would become, of a dataset's captures under the contract of today. */
export interface Migration {
  readonly dataset: string
  /** Of the older contract; undefined when the lake has none. */
  readonly before: string | undefined
  readonly after: string
  /** `nothing`: every capture that can be read is in the table already. */
  readonly outcome: 'migrated' | 'planned' | 'nothing'
  /** Of a plan: how many captures would be read, each as often as it came, and their size. */
  readonly captures: number
  readonly bytes: number
  readonly lost: readonly LostCapture[]
  readonly record: RunRecord | undefined
}

/**
 * Fills the table of a dataset's new major from the captures that older majors were made of. They keep the times at which they came, so the table
 * is what it would be if the contract had been there from the start. What the new major has already is left out, so the same call twice does
 * nothing, and after a kill it goes on. A table that a model makes is derived. Throws SLUICE_CONTRACT_UNKNOWN, and what a run throws.
 */
export async function migrateDataset(
  project: Project,
  dataset: string,
  options: MigrateOptions,
  deps: Deps = systemDeps,
): Promise<Migration> {
  const own = options.nowMs === undefined ? deps : { ...deps, clock: fixedClock(options.nowMs) }
  const contract = contractNamed(project.contracts, dataset)
  const before = await versionBefore(contract, project, own)
  const after = plainVersion(contract.version)
  const none = { dataset, before, after, captures: 0, bytes: 0, lost: [], record: undefined }
  if (contract.layer === 'gold') return migrateGold(none, project, contract, options, own)
  const settled = await settledCaptures(dataset, await lakeStore(project))
  const { major } = contract.version
  const seenBefore = settled.captures.filter(({ seen }) => [...seen].some(one => one < major))
  const older = seenBefore.filter(({ discarded }) => discarded === undefined)
  if (older.length === 0) return { ...none, outcome: 'nothing' }
  const wanted = (workspace: Workspace): Promise<WantedCaptures> => wantedOf(older, settled, contract, workspace)
  if (options.dryRun) {
    await using workspace = await openWorkspace(project, own, { runId: undefined, connections: 1 })
    const plan = await planReread(await wanted(workspace), { project, contract, store: workspace.lake.store })
    const { receipts: captures, bytes, lost } = plan
    return { ...none, captures, bytes, lost, outcome: captures === 0 ? 'nothing' : 'planned' }
  }
  const workHash = await hashWork(project, contract, older, options)
  const replayed = await replayRun(
    {
      project,
      contract,
      runId: `migrate-${dataset.slice(0, 40)}-v${major}-${workHash.slice(0, 8)}`,
      workHash,
      wanted,
      reason: { reason: 'migration', before: before ?? '' },
      decided: {
        released: new Map(older.flatMap(({ id, released }) => (released === undefined ? [] : [[id, released]]))),
        discardedRows: seenBefore.reduce((sum, { discarded = 0 }) => sum + discarded, 0),
      },
      allowDqBreach: options.allowDqBreach,
      onProgress: options.onProgress,
    },
    own,
  )
  return migrated(none, replayed)
}

type Unmoved = Omit<Migration, 'outcome'>

function migrated(none: Unmoved, replayed: Replayed): Migration {
  if (replayed.outcome === 'nothing') return { ...none, outcome: 'nothing', lost: replayed.lost }
  const { record } = replayed
  const lost = (record.replay?.lost ?? []).map(({ capture_id, ...rest }) => ({ captureId: capture_id, ...rest }))
  const bytes = record.inputs.reduce((sum, input) => sum + input.bytes, 0)
  return { ...none, outcome: 'migrated', captures: record.inputs.length, bytes, lost, record }
}

/** A table that a model makes is derived anew from the tables that it reads: no capture is needed, and what was done is never done twice. */
async function migrateGold(
  none: Unmoved,
  project: Project,
  contract: Contract,
  { dryRun, allowDqBreach, onProgress }: MigrateOptions,
  deps: Deps,
): Promise<Migration> {
  const isOpen = await isUnfilled(contract, await openMetadata(project, deps))
  if (!isOpen || dryRun) return { ...none, outcome: isOpen ? 'planned' : 'nothing' }
  const runId = deps.ids.runId(deps.clock.now())
  const work = { project, contract, runId, workHash: sha256Hex(runId), wanted: undefined, allowDqBreach, onProgress }
  return migrated(none, await replayRun({ ...work, reason: { reason: 'migration', before: none.before ?? '' } }, deps))
}

/** The version under which the newest older major was last written. */
async function versionBefore(contract: Contract, project: Project, deps: Deps): Promise<string | undefined> {
  const lake = await openMetadata(project, deps)
  const name = (await majorsOf(contract, lake)).find(({ major }) => major < contract.version.major)
  const table = name === undefined ? undefined : await lake.catalog.load(name)
  return table?.metadata.properties['sluice.contract-version']?.replace(/^v/, '')
}

/** All captures of older majors, but for what the new one's finished runs have judged: each by when it came, where it came more than once. */
async function wantedOf(
  older: readonly SettledCapture[],
  { runs }: SettledDataset,
  contract: Contract,
  workspace: Workspace,
): Promise<WantedCaptures> {
  const { major } = contract.version
  const passed = new Set(older.filter(capture => capture.passed.has(major)).map(({ pipe, id }) => `${pipe} ${id}`))
  const landed = passed.size === 0 ? new Map() : await landedTimes(contract, runs, workspace)
  const captures = new Map<string, { pipe: string; name: string }[]>()
  for (const { id, pipe, name } of older) captures.set(id, [...(captures.get(id) ?? []), { pipe, name }])
  return {
    captures,
    wants: ({ id, pipe, receivedAt }) => {
      if (!passed.has(`${pipe} ${id}`)) return true
      const times = landed.get(id)
      // A capture without any record is nowhere in bronze.
      return times !== undefined && !times.has(Date.parse(receivedAt))
    },
  }
}

/** When the captures came that finished runs have landed in bronze of a contract's major, in milliseconds by capture. */
async function landedTimes(
  contract: Contract,
  runs: ReadonlySet<string>,
  { lake, engines }: Workspace,
): Promise<Map<string, Set<number>>> {
  const times = new Map<string, Set<number>>()
  const table = await lake.catalog.load(bronzeShape(contract).name)
  if (table === undefined) return times
  const all = await dataFiles(lake, table)
  const behind = await runsBehind(lake, table, all, engines[0]!)
  const files = all.filter(file => behind.get(file['file-path'])!.some(run => runs.has(run)))
  const rows = await engines[0]!.rows(`SELECT DISTINCT _capture_id AS id, epoch_ms(_known_at) AS ms
    FROM (${await readFilesSql(lake, table, currentSchema(table), files)})`)
  for (const row of rows) {
    const id = String(row['id'])
    times.set(id, (times.get(id) ?? new Set()).add(asNumber(row['ms'])))
  }
  return times
}

/** One piece of work, and so one run id: these captures, as far as the ledger knows them, under this contract and project. */
async function hashWork(
  project: Project,
  contract: Contract,
  older: readonly SettledCapture[],
  { allowDqBreach }: MigrateOptions,
): Promise<string> {
  const { major } = contract.version
  const captures = older.map(({ pipe, id, passed, released }) => [pipe, id, passed.has(major), released?.decision])
  const pipes = project.pipes
    .filter(pipe => pipe.contract === contract.dataset)
    .map(({ name, source, map, params, dialect, universe }) => [name, source, map, params, dialect, universe])
  const parts = ['migration', contract.dataset, captures, await hashProject(project), pipes, allowDqBreach]
  return sha256Hex(JSON.stringify(parts))
}
