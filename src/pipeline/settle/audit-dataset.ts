import type { Contract } from '../../contract/contract.js'
import type { Snapshot } from '../../iceberg/types.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { snapshotOfRun } from '../../lake/commit-files.js'
import { currentSnapshot, filesAddedBy, ordinalOf, partitionFiles, snapshotById } from '../../lake/scan.js'
import { discardFiles } from '../../lake/write-files.js'
import { judge, type Verdict } from '../../quality/gate.js'
import type { BatchJudgement } from '../../quality/pipe-breaker.js'
import { countRestated } from '../../silver/classify-restated.js'
import { addRule, countOf, emptyTally, type Tally } from '../../silver/count-batch.js'
import { noteDecided } from '../../silver/decided-rows.js'
import { bringBack, keepCaptures, setAside, startQuarantine } from '../../silver/quarantine.js'
import { bringRestatedBack, setRestatedAside, startRestated } from '../../silver/restated-rows.js'
import { forgetJudged, type Settled, settle } from '../../silver/settle.js'
import type { Fetched } from '../fetch/fetched.js'
import { countUnseen, shutCaptures, verdictsOf } from '../holding/shut-captures.js'
import { capturePipes } from '../quality/restatements.js'
import { loadSessionsOf } from '../read/calendar-sessions.js'
import { earlierRuns } from '../record/earlier-runs.js'
import type { RunContext } from '../run-context.js'
import { profileBatches, profileChecks } from './batch-checks.js'
import { profileDetectors } from './batch-detectors.js'
import {
  batchesOf,
  type HoldReason,
  heldBatch,
  holdReason,
  judgedTogether,
  judgePipes,
  profileOf,
  releasedVerdict,
  textOf,
  worst,
} from './judge-pipes.js'
import type { Landed } from './land-dataset.js'
import type { Reading } from './reading.js'

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
  /** Why, of each held capture. */
  readonly reasons: ReadonlyMap<string, HoldReason>
  /** What the data breaker of each pipe learns. */
  readonly judgements: ReadonlyMap<string, BatchJudgement>
  readonly tally: Tally
}

/** What is decided about the batch, whatever becomes of its rows. */
type Decided = Pick<Audited, 'verdict' | 'whole' | 'pipeVerdicts' | 'reasons' | 'judgements'>

/**
 * Conforms and judges. When only some pipes fail, the others are conformed and judged again without them. What breakers hold is not
 * looked at.
 */
export async function auditDataset(
  reading: Reading,
  landed: Landed,
  silver: LoadedTable,
  run: RunContext,
): Promise<Audited> {
  const { contract, fetched } = reading
  const shut = shutCaptures(reading, landed, run)
  const seen = fetched.filter(({ id }) => !shut.has(id))
  const shutVerdicts = verdictsOf(shut, fetched)
  const first =
    seen.length === 0
      ? await settleNothing(reading, landed, run)
      : await conformOnce(reading, landed, silver, run, new Set(shut.keys()))
  countUnseen(first.tally, landed.landing.records, shut.keys())
  const { dataset } = contract
  const batches = batchesOf(seen, {
    admission: pipe => landed.admissions.get(pipe) ?? 'pass',
    holdOf: id => run.holding.holdOf(dataset, id),
    releasedBy: id => run.released?.get(id),
  })
  const checked = await profileBatches(contract, first.added, silver, run.workspace, batches)
  const before = { silver, snapshot: stateBefore(silver, run.runId) }
  const detected = await profileDetectors(contract, { settled: first, landed, fetched, batches }, before, run)
  const figures = checked.map((own, at) => ({ ...own, ...detected[at] }))
  const pipes = judgePipes(contract, first.tally, batches, figures)
  const bound = seen.filter(({ id }) => !run.released?.has(id))
  const released = seen.filter(({ id }) => run.released?.has(id))
  const whole = await judgeWhole(contract, first, { bound, released }, silver, run)
  const decided = (own: Verdict): Decided => ({
    verdict: worst([own, ...pipes.verdicts.values(), ...shutVerdicts.values()]),
    whole: own,
    pipeVerdicts: new Map([...pipes.verdicts, ...shutVerdicts]),
    reasons: new Map([...pipes.reasons, ...shut]),
    judgements: pipes.judgements,
  })
  const failing = pipes.reasons
  const isHeld = whole.verdict === 'fail' && bound.length > 0
  if (run.options.allowDqBreach || (failing.size === 0 && !isHeld))
    return { settled: first, tally: first.tally, ...decided(whole), held: new Set(shut.keys()) }
  await discardFiles(run.workspace.lake, first.added)
  const rest = bound.filter(({ id }) => !failing.has(id))
  let last = whole
  if (failing.size > 0 && rest.length + released.length > 0) {
    const held = new Set([...failing.keys(), ...shut.keys()])
    const second = await conformWithout(held, first, reading, landed, silver, run)
    // What is left may fail where all together passed: by a count of rows, or a mean.
    const own = rest.length === 0 ? whole : await judgeWhole(contract, second, { bound: rest, released }, silver, run)
    if (rest.length === 0 || own.verdict !== 'fail')
      return { settled: second, tally: second.tally, ...decided(whole), held }
    await discardFiles(run.workspace.lake, second.added)
    last = own
  }
  const together = heldTogether(decided(last), last, rest, run)
  if (released.length === 0) return holdAll(first, together, reading, run)
  const held = new Set([...bound.map(({ id }) => id), ...shut.keys()])
  const alone = await conformWithout(held, first, reading, landed, silver, run)
  return { settled: alone, tally: alone.tally, ...together, held }
}

/** Captures that the gate can hold, and those that a person released. */
interface JudgedCaptures {
  readonly bound: readonly Fetched[]
  readonly released: readonly Fetched[]
}

/**
 * The verdict on captures together: thresholds of all their rows, and checks of the files that wait to be published. What a person released
 * is not part of it, unless there is nothing else: then it says what was let pass.
 */
async function judgeWhole(
  contract: Contract,
  { tally, added }: Settled,
  { bound, released }: JudgedCaptures,
  silver: LoadedTable,
  run: RunContext,
): Promise<Verdict> {
  const idsOf = (captures: readonly Fetched[]): string[] => [...new Set(captures.map(({ id }) => id))]
  const judged = idsOf(bound.length === 0 ? released : bound)
  if (judged.length === 0) return { verdict: 'pass', findings: [] }
  const unjudged = bound.length === 0 ? [] : idsOf(released)
  const checks = await profileChecks(contract, added, silver, run.workspace, unjudged)
  const verdict = judge({ ...profileOf(tally, judged, checks), of: 'dataset' }, contract)
  return releasedVerdict(verdict, bound.length === 0 ? run.released?.get(judged[0]!) : undefined)
}

/** The same when captures that passed by themselves are held for a verdict on all of them. */
function heldTogether(
  decided: Decided,
  verdict: Verdict,
  captures: readonly Fetched[],
  { holding }: RunContext,
): Decided {
  const pipes = [...new Set(captures.map(({ pipe }) => pipe.name))]
  const reasonOf = ({ id, pipe }: Fetched): HoldReason => {
    const hold = holding.holdOf(pipe.contract, id)
    return holdReason('gate', textOf(verdict), hold && heldBatch(hold))
  }
  return {
    ...decided,
    reasons: new Map([...decided.reasons, ...captures.map(capture => [capture.id, reasonOf(capture)] as const)]),
    judgements: new Map([...decided.judgements, ...judgedTogether(verdict, pipes)]),
  }
}

/** Conforms again without captures. Their rejected rows and their figures stay as the first pass had them. */
async function conformWithout(
  held: ReadonlySet<string>,
  first: Settled,
  reading: Reading,
  landed: Landed,
  silver: LoadedTable,
  run: RunContext,
): Promise<Settled> {
  const engine = run.workspace.engines[0]!
  await setAside(reading.contract, held, engine)
  await setRestatedAside(reading.contract, held, engine)
  const second = await conformOnce(reading, landed, silver, run, held)
  await bringBack(reading.contract, engine)
  await bringRestatedBack(reading.contract, engine)
  return { ...second, tally: withHeld(second.tally, first.tally, held) }
}

/** Of a batch that is held unseen: its unreadable lines are filed, as landing found them. */
async function settleNothing({ contract }: Reading, { landing }: Landed, run: RunContext): Promise<Settled> {
  const engine = run.workspace.engines[0]!
  const tally = emptyTally()
  await startQuarantine(contract, landing.unreadable, engine)
  await startRestated(contract, engine)
  await forgetJudged(engine)
  await countUnreadable(landing.unreadable, tally, run)
  return { added: [], removed: [], tally }
}

/** Nothing of the dataset changes but that its rejected rows are filed: what a replacing run found out about earlier ones is dropped. */
async function holdAll(
  settled: Settled,
  decided: Decided,
  { contract, fetched }: Reading,
  run: RunContext,
): Promise<Audited> {
  const engine = run.workspace.engines[0]!
  const held = new Set(fetched.map(({ id }) => id))
  await keepCaptures(contract, held, engine)
  await forgetJudged(engine)
  const tally = { ...settled.tally, kept: emptyTally().kept, entered: 0, left: 0 }
  return { settled: { added: [], removed: [], tally }, tally, ...decided, held }
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
  await startRestated(contract, engines[0]!)
  const { table, snapshot } = bronze.commit
  const own = await filesAddedBy(lake, table, snapshot)
  const paths = new Set(own.map(file => file['file-path']))
  // The key without the event time: rows move between partitions, so all of them are touched.
  const touched = contract.primaryKey.includes(contract.eventTime)
    ? new Set(own.map(file => ordinalOf(table, file)))
    : undefined
  const released = run.recall?.release?.get(contract.dataset)
  const settled = await settle({
    contract,
    bronze: table,
    own,
    earlier: (await partitionFiles(lake, table, touched)).filter(file => !paths.has(file['file-path'])),
    consult: files => earlierRuns(files, table, contract, run),
    silver,
    before: stateBefore(silver, run.runId),
    mode: run.options.replace ? 'replace' : 'merge',
    openCaptures: fetched.filter(capture => capture.pipe.universe === 'open').map(capture => capture.id),
    heldCaptures: [...held],
    decided: await noteDecided(
      contract,
      released && { ...released, decision: run.runId },
      run.decidedIn ?? lake,
      engines[0]!,
    ),
    writer: run.writer(silver),
    sessions: calendars => loadSessionsOf(calendars, engines[0]!),
    engines,
  })
  await countUnreadable(landing.unreadable, settled.tally, run)
  await countRestated(contract, capturePipes(fetched), settled.tally, engines[0]!)
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
    addRule(tally.rules, id, 'unreadable', Number(row['lines']))
  }
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
