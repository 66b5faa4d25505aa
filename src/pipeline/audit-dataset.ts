import type { Contract } from '../contract/contract.js'
import { groupBy } from '../core/group-by.js'
import type { Snapshot } from '../iceberg/types.js'
import type { LoadedTable } from '../lake/catalog.js'
import { snapshotOfRun } from '../lake/commit-files.js'
import { currentSnapshot, filesAddedBy, ordinalOf, partitionFiles, snapshotById } from '../lake/scan.js'
import { discardFiles } from '../lake/write-files.js'
import { type BatchProfile, judge, type Verdict } from '../quality/gate.js'
import { addRule, countOf, type Tally } from '../silver/count-batch.js'
import { bringBack, keepCaptures, setAside, startQuarantine } from '../silver/quarantine.js'
import { forgetJudged, type Settled, settle } from '../silver/settle.js'
import { profileChecks } from './batch-checks.js'
import { earlierRuns } from './earlier-runs.js'
import type { Landed } from './land-dataset.js'
import type { Reading } from './reading.js'
import type { RunContext } from './run-context.js'

/** Settled rows of a dataset and the gate's verdicts. Files of `settled` wait for their commit; those of held captures are gone. */
export interface Audited {
  readonly settled: Settled
  /** The worst of the dataset's own verdict and those of its pipes. */
  readonly verdict: Verdict
  /** The dataset's own: on the rows of all its pipes together. */
  readonly whole: Verdict
  /** The verdict of each pipe by name. */
  readonly pipeVerdicts: ReadonlyMap<string, Verdict>
  /** Captures that were held back. */
  readonly held: ReadonlySet<string>
  readonly tally: Tally
}

/** Conforms and judges; when only some pipes fail, the others are conformed again without them. */
export async function auditDataset(
  reading: Reading,
  landed: Landed,
  silver: LoadedTable,
  run: RunContext,
): Promise<Audited> {
  const { contract, fetched } = reading
  const first = await conformOnce(reading, landed, silver, run, new Set())
  const pipeVerdicts = new Map<string, Verdict>()
  for (const [pipe, own] of groupBy(fetched, capture => capture.pipe.name)) {
    const captures = own.map(({ id }) => id)
    pipeVerdicts.set(pipe, judge(profileOf(first.tally, captures, {}), contract))
  }
  const checks = await profileChecks(contract, first.added, silver, run.workspace)
  const own = judge(profileOf(first.tally, [...first.tally.captures.keys()], checks), contract)
  const failing = new Set([...pipeVerdicts].filter(([, verdict]) => verdict.verdict === 'fail').map(([pipe]) => pipe))
  const all = failing.size === pipeVerdicts.size || (own.verdict === 'fail' && failing.size === 0)
  const verdicts = { verdict: worst(own, pipeVerdicts), whole: own, pipeVerdicts }
  if (run.options.allowDqBreach || (failing.size === 0 && own.verdict !== 'fail'))
    return { settled: first, tally: first.tally, ...verdicts, held: new Set() }
  const held = new Set(fetched.filter(capture => all || failing.has(capture.pipe.name)).map(capture => capture.id))
  await discardFiles(run.workspace.lake, first.added)
  if (all) return { ...(await holdAll(contract, first, held, run)), ...verdicts, held }
  const engine = run.workspace.engines[0]!
  await setAside(contract, held, engine)
  const second = await conformOnce(reading, landed, silver, run, held)
  await bringBack(contract, engine)
  return { settled: second, tally: withHeld(second.tally, first.tally, held), ...verdicts, held }
}

/** Nothing of the dataset changes but that its rejected rows are filed: what a replacing run found out about earlier ones is dropped. */
async function holdAll(
  contract: Contract,
  settled: Settled,
  held: ReadonlySet<string>,
  run: RunContext,
): Promise<Pick<Audited, 'settled' | 'tally'>> {
  const engine = run.workspace.engines[0]!
  await keepCaptures(contract, held, engine)
  await forgetJudged(engine)
  const tally = { ...settled.tally, entered: 0, left: 0 }
  return { settled: { added: [], removed: [], tally }, tally }
}

async function conformOnce(
  { contract, fetched }: Reading,
  { landing, bronze }: Landed,
  silver: LoadedTable,
  run: RunContext,
  held: ReadonlySet<string>,
): Promise<Settled> {
  const { lake, engines } = run.workspace
  await startQuarantine(contract, landing.unreadable, engines[0]!)
  const { table, snapshot } = bronze.commit
  const own = await filesAddedBy(lake, table, snapshot)
  const paths = new Set(own.map(file => file['file-path']))
  // The key without the event time: rows move between partitions, so all of them are touched.
  const touched = contract.primaryKey.includes(contract.eventTime)
    ? new Set(own.map(file => ordinalOf(table, file)))
    : undefined
  const settled = await settle({
    contract,
    bronze: table,
    own,
    earlier: (await partitionFiles(lake, table, touched)).filter(file => !paths.has(file['file-path'])),
    consult: files => earlierRuns(files, contract, run),
    silver,
    before: stateBefore(silver, run.runId),
    mode: run.options.replace ? 'replace' : 'merge',
    openCaptures: fetched.filter(capture => capture.pipe.universe === 'open').map(capture => capture.id),
    heldCaptures: [...held],
    writer: run.writer(silver),
    engines,
  })
  await countUnreadable(landing.unreadable, settled.tally, run)
  return settled
}

/** The snapshot that this run merges into; when it has committed already (and died before its record), the one before its own. */
function stateBefore(silver: LoadedTable, runId: string): Snapshot | undefined {
  const own = snapshotOfRun(silver, runId)
  if (own === undefined) return currentSnapshot(silver)
  const parent = own['parent-snapshot-id']
  return parent === undefined ? undefined : snapshotById(silver, parent)
}

async function countUnreadable(unreadable: string, tally: Tally, run: RunContext): Promise<void> {
  const sql = `SELECT _capture_id, count(*) AS lines FROM ${unreadable} GROUP BY _capture_id`
  for (const row of await run.workspace.engines[0]!.rows(sql)) {
    const id = String(row['_capture_id'])
    countOf(tally, id).quarantined += Number(row['lines'])
    addRule(tally, id, 'unreadable', Number(row['lines']))
  }
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
