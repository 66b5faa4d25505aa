import { quarantineShape } from '../../contract/tables.js'
import { SluiceError } from '../../core/errors.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { commitFiles, snapshotOfRun } from '../../lake/commit-files.js'
import { openTable } from '../../lake/open-table.js'
import { discardFiles } from '../../lake/write-files.js'
import { changeQuarantine } from '../../silver/change-quarantine.js'
import { coveredTime } from '../derive/covered-time.js'
import { noteOwed } from '../derive/owed-gold.js'
import type { RunContext } from '../run-context.js'
import type { Audited } from './audit-dataset.js'
import { committedBefore } from './committed-before.js'
import type { Reading } from './reading.js'
import type { TableCommit } from './table-commit.js'
import { untilPublished } from './table-line.js'

/** Rows of quarantine that a run made wait, or no longer wait. */
export interface Waiting {
  readonly entered: number
  readonly left: number
  /** Of those that ceased to, the ones that a decision released. */
  readonly released: number
}

/** `rebase`: another writer changed the same partitions of silver; nothing was published, and `table` is the new head. */
export type Published =
  | { readonly outcome: 'published'; readonly commits: readonly TableCommit[]; readonly waiting: Waiting }
  | { readonly outcome: 'rebase'; readonly table: LoadedTable }

/** Silver, then quarantine: what is in conflict is only certain once silver's commit has won. A crash between them leaves the run open, and the same command finishes it. */
export async function publishDataset(
  reading: Reading,
  audited: Audited,
  silver: LoadedTable,
  run: RunContext,
): Promise<Published> {
  const { lake } = run.workspace
  const commits: TableCommit[] = []
  // What is wrong with quarantine is found while silver is as it was.
  const quarantine = await openTable(lake, quarantineShape(reading.contract))
  const { added, removed } = audited.settled
  if (added.length + removed.length > 0) {
    const files = added.map(written => written.file)
    await noteOwed(silver.name, coveredTime(silver, [...files, ...removed]), run)
    const change = { added: files, removed, ...stampOf(run), keys: 'unique' as const }
    const commit = await commitFiles(lake, silver, change)
    if (commit.outcome === 'rebase') {
      await discardFiles(lake, added)
      return { outcome: 'rebase', table: commit.table }
    }
    commits.push({ commit, added, removed })
  }
  const { commit, waiting } = await publishQuarantine(reading, audited, quarantine, run)
  return { outcome: 'published', commits: commit === undefined ? commits : [...commits, commit], waiting }
}

/** Files the rejected rows. Another writer may have filed the same ones meanwhile: then they are compared again. */
async function publishQuarantine(
  { contract, fetched }: Reading,
  { held }: Audited,
  head: LoadedTable,
  run: RunContext,
): Promise<{ commit: TableCommit | undefined; waiting: Waiting }> {
  const { lake, engines } = run.workspace
  const judged = fetched.map(capture => capture.id).filter(id => !held.has(id))
  let table = head
  const filed = await untilPublished(table.name, run, async () => {
    const done = snapshotOfRun(table, run.runId)
    if (done !== undefined) {
      const commit = await committedBefore(lake, table, done)
      return { commit, waiting: waitingOf(done.summary) }
    }
    const { added, removed, ...waiting } = await changeQuarantine(
      contract,
      judged,
      run.writer(table),
      engines,
      run.recall?.release === undefined ? undefined : run.runId,
    )
    if (added.length + removed.length === 0) return { commit: undefined, waiting }
    const change = { added: added.map(written => written.file), removed, ...stampOf(run), keys: 'unique' as const }
    const commit = await commitFiles(lake, table, { ...change, summary: summaryOf(waiting) })
    if (commit.outcome !== 'rebase') return { commit: { commit, added, removed }, waiting }
    await discardFiles(lake, added)
    table = commit.table
    return undefined
  })
  if (filed !== undefined) return filed
  throw new SluiceError(
    'SLUICE_COMMIT_CONFLICT',
    `Other writers kept changing quarantine.${contract.dataset}. Silver is published; the same run id files the rejected rows.`,
  )
}

const WAITING = {
  entered: 'sluice.waiting-entered',
  left: 'sluice.waiting-left',
  released: 'sluice.waiting-released',
} as const

/** The figures stand with the commit, for the run that has to finish what a dead one began. */
function summaryOf({ entered, left, released }: Waiting): Record<string, string> {
  return { [WAITING.entered]: String(entered), [WAITING.left]: String(left), [WAITING.released]: String(released) }
}

function waitingOf(summary: Readonly<Record<string, string>>): Waiting {
  const count = (key: string): number => Number(summary[key] ?? 0)
  return { entered: count(WAITING.entered), left: count(WAITING.left), released: count(WAITING.released) }
}

function stampOf({ runId, inputHash }: RunContext): { runId: string; inputHash: string } {
  return { runId, inputHash }
}
