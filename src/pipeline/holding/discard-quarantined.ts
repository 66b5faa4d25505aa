import { quarantineShape } from '../../contract/tables.js'
import { fixedClock } from '../../core/clock.js'
import { SluiceError } from '../../core/errors.js'
import { sha256Hex } from '../../core/ids.js'
import { commitFiles, snapshotOfRun } from '../../lake/commit-files.js'
import { openTable } from '../../lake/open-table.js'
import { discardFiles } from '../../lake/write-files.js'
import { discardRows } from '../../silver/discard-rows.js'
import type { Deps } from '../deps.js'
import { noteDiscarded } from '../fetch/pipe-book.js'
import { openPipeBooks, type Sharing } from '../fetch/source-states.js'
import { contractNamed } from '../pipes/resolve-pipes.js'
import type { Project } from '../project/project.js'
import type { DatasetRecord, RunRecord } from '../record/run-record.js'
import type { RunContext } from '../run-context.js'
import { committedBefore } from '../settle/committed-before.js'
import type { TableCommit } from '../settle/table-commit.js'
import { untilPublished } from '../settle/table-line.js'
import { startTimeline } from '../timeline.js'
import { openWorkspace } from '../workspace.js'
import { noteDecision } from './decision-notes.js'
import { recordDecision } from './decision-record.js'
import { decidedBatches, noteHolds, openHolds } from './hold-book.js'
import type { OpenDecision, OpenRows } from './open-decisions.js'

/**
 * Ends the waiting of rows and captures. Nothing leaves the lake: rows stay in quarantine as discarded, captures where they are. What a process
 * that died had done of the decision is found by its run id.
 */
export async function discardQuarantined(project: Project, decision: OpenDecision, given: Deps): Promise<RunRecord> {
  const { run_id: runId, now_ms: nowMs, holds, rows } = decision
  const deps = nowMs === undefined ? given : { ...given, clock: fixedClock(nowMs) }
  const startedMs = deps.clock.now()
  await using workspace = await openWorkspace(project, deps, { runId, connections: 1 })
  const { store } = workspace.lake
  const captures = holds.flatMap(hold => hold.captures.map(({ id }) => id))
  const batches = decidedBatches(holds)
  const heldRows = batches.reduce((sum, batch) => sum + batch.rows, 0)
  const told = {
    ...{ move: decision.move, by: decision.by, ...(decision.reason !== undefined && { reason: decision.reason }) },
    rows: rows.reduce((sum, chosen) => sum + chosen.rows, heldRows),
    holds: batches.map(({ hold }) => hold),
    captures: [...new Set([...captures, ...rows.flatMap(chosen => Object.keys(chosen.captures))])].sort(),
    ...(batches.length > 0 && { batches }),
  }
  await noteDecision(store, {
    ...{ run_id: runId, decided_at: decision.decided_at, ...told },
    datasets: [...new Set([...holds, ...rows].map(({ dataset }) => dataset))].sort(),
    pipes: [...new Set(holds.map(({ pipe }) => pipe))].sort(),
  })
  const run = { deps, timeline: startTimeline(deps.clock, undefined), workspace, runId }
  const discarded = await discardAll(rows, project, run)
  const sharing: Sharing = { store, wait: deps.wait, random: deps.random }
  const settled = holds.map(hold => ({ dataset: hold.dataset, captures: new Set(hold.captures.map(({ id }) => id)) }))
  await openHolds(sharing).change(book => ({ value: noteHolds(book, { runId, held: [], settled }), result: undefined }))
  await forgetWaiting(new Set(captures), sharing)
  const moved = discarded.reduce((sum, { left }) => sum + left, heldRows)
  return recordDecision({
    ...{ project, deps, runId, startedMs },
    decision: { ...told, rows_moved: moved },
    datasets: discarded.map(datasetRecord),
    commits: discarded.flatMap(({ commit }) => (commit === undefined ? [] : [commit])),
    breakers: [],
    store,
  })
}

/** The figure stands with the commit, for the process that has to finish what a dead one began. */
const LEFT = 'sluice.waiting-left'

interface DiscardedRows {
  readonly dataset: string
  readonly left: number
  readonly commit: TableCommit | undefined
}

type Discarding = Pick<RunContext, 'deps' | 'timeline' | 'workspace' | 'runId'>

async function discardAll(rows: readonly OpenRows[], project: Project, run: Discarding): Promise<DiscardedRows[]> {
  const discarded: DiscardedRows[] = []
  for (const chosen of rows) discarded.push(await discardIn(chosen, project, run))
  return discarded
}

/** What others decided about a row meanwhile holds: the condition asks for rows that wait. */
async function discardIn(
  { dataset, sql, captures }: OpenRows,
  project: Project,
  run: Discarding,
): Promise<DiscardedRows> {
  const { runId, workspace } = run
  const { lake, engines, spool } = workspace
  const contract = contractNamed(project.contracts, dataset)
  const shape = quarantineShape(contract)
  const discarded = await untilPublished(shape.name, run, async (): Promise<DiscardedRows | undefined> => {
    const table = await openTable(lake, shape)
    const done = snapshotOfRun(table, runId)
    if (done !== undefined)
      return { dataset, left: Number(done.summary[LEFT] ?? 0), commit: await committedBefore(lake, table, done) }
    const writer = { lake, table, runId, spool }
    const change = await discardRows(contract, { sql, captures: Object.keys(captures) }, runId, writer, engines)
    if (change.added.length === 0) return { dataset, left: 0, commit: undefined }
    const { added, removed, left } = change
    const commit = await commitFiles(lake, table, {
      ...{ added: added.map(({ file }) => file), removed, runId, keys: 'unique' },
      inputHash: sha256Hex(sql),
      summary: { [LEFT]: String(left) },
    })
    if (commit.outcome !== 'rebase') return { dataset, left, commit: { commit, added, removed } }
    await discardFiles(lake, added)
    return undefined
  })
  if (discarded !== undefined) return discarded
  const message = `Other writers kept changing quarantine.${dataset}. None of its rows was discarded.`
  throw new SluiceError('SLUICE_COMMIT_CONFLICT', message)
}

/** Captures of providers wait in the books of their pipes. */
async function forgetWaiting(captures: ReadonlySet<string>, sharing: Sharing): Promise<void> {
  if (captures.size === 0) return
  const states = await sharing.store.listFolders('_state/')
  const providers = states.flatMap(name => /^pipes_(.+)$/.exec(name)?.[1] ?? [])
  for (const book of openPipeBooks(providers, sharing).values())
    await book.change(value => ({ value: noteDiscarded(value, captures), result: undefined }))
}

function datasetRecord({ dataset, left }: DiscardedRows): DatasetRecord {
  const none = { entered: 0, left: 0 }
  return {
    ...{ dataset, verdict: 'pass', breach_allowed: false, findings: [] },
    moved: { silver: none, waiting: { entered: 0, left } },
  }
}
