import { type Landing, land } from '../bronze/land.js'
import type { Contract } from '../contract/contract.js'
import { bronzeShape, quarantineShape, silverShape } from '../contract/tables.js'
import { SluiceError } from '../core/errors.js'
import type { Engine } from '../engine/engine.js'
import type { DataFile, Snapshot } from '../iceberg/types.js'
import type { LoadedTable } from '../lake/catalog.js'
import { commitFiles, type FileCommit, snapshotOfRun } from '../lake/commit-files.js'
import { openTable } from '../lake/open-table.js'
import { currentSnapshot, filesAddedBy, ordinalOf, partitionFiles, snapshotById } from '../lake/scan.js'
import { discardFiles, type WrittenFile } from '../lake/write-files.js'
import { type BatchProfile, judge, type Verdict } from '../quality/gate.js'
import { addRule, countOf, type Tally } from '../silver/count-batch.js'
import { bringBack, keepCaptures, setAside, startQuarantine, writeQuarantine } from '../silver/quarantine.js'
import { type Settled, settle } from '../silver/settle.js'
import { profileChecks } from './batch-checks.js'
import { committedBefore } from './committed-before.js'
import type { Fetched } from './fetch.js'
import type { Reading } from './reading.js'
import type { RunContext } from './run-context.js'

const REBASE_TRIES = 10

/** What became of one dataset in a run. */
export interface DatasetOutcome {
  readonly contract: Contract
  readonly verdict: Verdict
  /** The verdict of each pipe by name. */
  readonly pipeVerdicts: ReadonlyMap<string, Verdict>
  /** Captures that were held back. */
  readonly held: ReadonlySet<string>
  readonly tally: Tally
  readonly records: ReadonlyMap<string, number>
  readonly commits: readonly TableCommit[]
}

export interface TableCommit {
  readonly commit: Extract<FileCommit, { outcome: 'committed' | 'already' }>
  readonly added: readonly WrittenFile[]
  readonly removed: readonly DataFile[]
}

/** Bronze, then silver and quarantine, of all the captures of a run that keep one contract. */
export async function settleDataset(reading: Reading, run: RunContext): Promise<DatasetOutcome> {
  const { contract, fetched } = reading
  const { timeline } = run
  const { landing, bronze } = await timeline.measure(
    'land',
    contract.dataset,
    () => landDataset(reading, run),
    result => total(result.landing.records.values()),
  )
  let silver = await openTable(run.workspace.lake, silverShape(contract))
  for (let tries = 0; tries < REBASE_TRIES; tries++) {
    const audited = await timeline.measure(
      'conform',
      contract.dataset,
      () => conformAndJudge(contract, fetched, landing, bronze, silver, run),
      () => total(landing.records.values()),
    )
    const published = await timeline.measure('publish', contract.dataset, () =>
      publishDataset(contract, audited, silver, run),
    )
    if (published.outcome === 'published') {
      return { contract, ...audited, records: landing.records, commits: [bronze, ...published.commits] }
    }
    silver = published.table
  }
  throw new SluiceError(
    'SLUICE_COMMIT_CONFLICT',
    `Other writers kept changing the same partitions of silver.${contract.dataset}. Its bronze records are kept, nothing of it was published.`,
  )
}

async function landDataset(
  { contract, fetched, statements }: Reading,
  run: RunContext,
): Promise<{ landing: Landing; bronze: TableCommit }> {
  const { lake, engines } = run.workspace
  const table = await openTable(lake, bronzeShape(contract))
  const captures = fetched.map(capture => ({
    id: capture.id,
    pipe: capture.pipe.name,
    file: capture.file.readable.path,
    receivedAtMs: capture.receivedAtMs,
  }))
  const landing = await land(statements, captures, contract, run.writer(table), engines[0]!)
  const change = {
    added: landing.files.map(written => written.file),
    removed: [],
    runId: run.runId,
    inputHash: run.inputHash,
    keys: 'free' as const,
  }
  const commit = await commitFiles(lake, table, change)
  if (commit.outcome === 'rebase') throw new SluiceError('SLUICE_INTERNAL', 'An append to bronze asked for a rebase.')
  if (commit.outcome === 'already')
    return { landing, bronze: await committedBefore(lake, commit.table, commit.snapshot) }
  return { landing, bronze: { commit, added: landing.files, removed: [] } }
}

type Audited = Pick<DatasetOutcome, 'verdict' | 'pipeVerdicts' | 'held' | 'tally'> & {
  readonly settled: Settled
  readonly quarantine: string
}

/** Conforms and judges; when only some pipes fail, the others are conformed again without them. */
async function conformAndJudge(
  contract: Contract,
  fetched: readonly Fetched[],
  landing: Landing,
  bronze: TableCommit,
  silver: LoadedTable,
  run: RunContext,
): Promise<Audited> {
  const first = await conformOnce(contract, fetched, landing, bronze, silver, run, new Set())
  const verdicts = new Map<string, Verdict>()
  for (const pipe of new Set(fetched.map(capture => capture.pipe.name))) {
    const captures = fetched.filter(capture => capture.pipe.name === pipe).map(capture => capture.id)
    verdicts.set(pipe, judge(profileOf(first.tally, captures, {}), contract))
  }
  const checks = await profileChecks(contract, first.settled.added, silver, run.workspace)
  const verdict = judge(profileOf(first.tally, [...first.tally.captures.keys()], checks), contract)
  const failing = new Set([...verdicts].filter(([, own]) => own.verdict === 'fail').map(([pipe]) => pipe))
  const all = failing.size === verdicts.size || (verdict.verdict === 'fail' && failing.size === 0)
  const base = { verdict: worst(verdict, verdicts), pipeVerdicts: verdicts, quarantine: contract.dataset }
  if (run.options.allowDqBreach || (failing.size === 0 && verdict.verdict !== 'fail'))
    return { ...first, ...base, held: new Set() }
  const held = new Set(fetched.filter(capture => all || failing.has(capture.pipe.name)).map(capture => capture.id))
  await discard(first.settled, run)
  if (all) return { settled: { ...first.settled, added: [], removed: [] }, tally: first.tally, ...base, held }
  const engine = run.workspace.engines[0]!
  await setAside(contract, held, engine)
  const second = await conformOnce(contract, fetched, landing, bronze, silver, run, held)
  await bringBack(contract, engine)
  return { settled: second.settled, tally: withHeld(second.tally, first.tally, held), ...base, held }
}

async function conformOnce(
  contract: Contract,
  fetched: readonly Fetched[],
  landing: Landing,
  bronze: TableCommit,
  silver: LoadedTable,
  run: RunContext,
  held: ReadonlySet<string>,
): Promise<{ settled: Settled; tally: Tally }> {
  const { lake, engines } = run.workspace
  await startQuarantine(contract, landing.unreadable, engines[0]!)
  const { table, snapshot } = bronze.commit
  const own = await filesAddedBy(lake, table, snapshot)
  const sources = run.options.replace ? await partitionFiles(lake, table, touchedBy(own, table, contract)) : own
  const settled = await settle({
    contract,
    bronze: table,
    sources,
    silver,
    before: stateBefore(silver, run.runId),
    mode: run.options.replace ? 'replace' : 'merge',
    openCaptures: [
      ...(await run.openCaptures(sources, table)),
      ...fetched.filter(capture => capture.pipe.universe === 'open').map(capture => capture.id),
    ],
    heldCaptures: [...held],
    writer: run.writer(silver),
    engines,
  })
  if (run.options.replace) await leaveOthers(contract, fetched, settled.tally, engines[0]!)
  await countUnreadable(landing, settled.tally, run)
  return { settled, tally: settled.tally }
}

/** A replacing run computes earlier captures again, but books and quarantines only its own: the others were booked by their runs. */
async function leaveOthers(
  contract: Contract,
  fetched: readonly Fetched[],
  tally: Tally,
  engine: Engine,
): Promise<void> {
  const own = new Set(fetched.map(capture => capture.id))
  await keepCaptures(contract, own, engine)
  for (const id of [...tally.captures.keys()]) if (!own.has(id)) tally.captures.delete(id)
  for (const id of [...tally.rules.keys()]) if (!own.has(id)) tally.rules.delete(id)
}

/** The partitions of files; all of them where the key does not hold the event time, because its rows move between partitions. */
function touchedBy(files: readonly DataFile[], table: LoadedTable, contract: Contract): Set<number> | undefined {
  if (!contract.primaryKey.includes(contract.eventTime)) return undefined
  return new Set(files.map(file => ordinalOf(table, file)))
}

/** The snapshot that this run merges into; when it has committed already (and died before its record), the one before its own. */
function stateBefore(silver: LoadedTable, runId: string): Snapshot | undefined {
  const own = snapshotOfRun(silver, runId)
  if (own === undefined) return currentSnapshot(silver)
  const parent = own['parent-snapshot-id']
  return parent === undefined ? undefined : snapshotById(silver, parent)
}

async function countUnreadable(landing: Landing, tally: Tally, run: RunContext): Promise<void> {
  for (const row of await run.workspace.engines[0]!.rows(
    `SELECT _capture_id, count(*) AS lines FROM ${landing.unreadable} GROUP BY _capture_id`,
  )) {
    const id = String(row['_capture_id'])
    countOf(tally, id).quarantined += Number(row['lines'])
    addRule(tally, id, 'unreadable', Number(row['lines']))
  }
}

type Published =
  | { readonly outcome: 'published'; readonly commits: TableCommit[] }
  | { readonly outcome: 'rebase'; readonly table: LoadedTable }

/** Silver, then quarantine: what is in conflict is only certain once silver's commit has won. A crash between them leaves the run open, and the same command finishes it. */
async function publishDataset(
  contract: Contract,
  audited: Audited,
  silver: LoadedTable,
  run: RunContext,
): Promise<Published> {
  const { lake, engines } = run.workspace
  const commits: TableCommit[] = []
  const stamp = { runId: run.runId, inputHash: run.inputHash }
  const quarantine = await openTable(lake, quarantineShape(contract))
  const done = snapshotOfRun(quarantine, run.runId)
  const rejected = done === undefined ? await writeQuarantine(contract, run.writer(quarantine), engines) : []
  const { added, removed } = audited.settled
  if (added.length + removed.length > 0) {
    const commit = await commitFiles(lake, silver, {
      added: added.map(written => written.file),
      removed,
      ...stamp,
      keys: 'unique',
    })
    if (commit.outcome === 'rebase') {
      await discard(audited.settled, run)
      return { outcome: 'rebase', table: commit.table }
    }
    commits.push({ commit, added, removed })
  }
  if (done !== undefined) commits.push(await committedBefore(lake, quarantine, done))
  if (rejected.length > 0) {
    const commit = await commitFiles(lake, quarantine, {
      added: rejected.map(written => written.file),
      removed: [],
      ...stamp,
      keys: 'free',
    })
    if (commit.outcome !== 'rebase') commits.push({ commit, added: rejected, removed: [] })
  }
  return { outcome: 'published', commits }
}

/** Deletes files that were written for a commit that was never tried. */
async function discard(settled: Settled, run: RunContext): Promise<void> {
  await discardFiles(run.workspace.lake, settled.added)
}

function profileOf(tally: Tally, captures: readonly string[], checks: BatchProfile['checks']): BatchProfile {
  const broken: Record<string, number> = {}
  let rowsIn = 0
  let quarantined = 0
  for (const id of captures) {
    const count = countOf(tally, id)
    rowsIn += count.accepted + count.duplicate + count.quarantined + count.notFinal
    quarantined += count.quarantined
    for (const [rule, rows] of tally.rules.get(id) ?? []) broken[rule] = (broken[rule] ?? 0) + rows
  }
  return { rowsIn, quarantined, broken, checks }
}

function worst(own: Verdict, pipes: ReadonlyMap<string, Verdict>): Verdict {
  const all = [own, ...pipes.values()]
  return all.find(verdict => verdict.verdict === 'fail') ?? all.find(verdict => verdict.verdict === 'warn') ?? own
}

/** The figures of the passing pipes, and those of the held ones as they would have been. */
function withHeld(passing: Tally, whole: Tally, held: ReadonlySet<string>): Tally {
  for (const id of held) {
    passing.captures.set(id, countOf(whole, id))
    const rules = whole.rules.get(id)
    if (rules !== undefined) passing.rules.set(id, rules)
  }
  return passing
}

function total(counts: Iterable<number>): number {
  let sum = 0
  for (const count of counts) sum += count
  return sum
}
