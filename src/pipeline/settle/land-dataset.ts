import { type Landing, land } from '../../bronze/land.js'
import { bronzeShape } from '../../contract/tables.js'
import { SluiceError } from '../../core/errors.js'
import { commitFiles } from '../../lake/commit-files.js'
import { openTable } from '../../lake/open-table.js'
import { isBlank } from '../fetch/fetch-files.js'
import { type Fetched, stagedName } from '../fetch/fetched.js'
import { type Admissions, admissionsIn, admissionsSummary } from '../holding/shut-captures.js'
import type { RunContext } from '../run-context.js'
import { committedBefore } from './committed-before.js'
import type { Reading } from './reading.js'
import type { TableCommit } from './table-commit.js'

/** The captures of a dataset as records in bronze, committed. */
export interface Landed {
  readonly landing: Landing
  readonly bronze: TableCommit
  /** What the breakers said of pipes when the run began; it stands with the commit, for the run that finishes what a dead one began. */
  readonly admissions: Admissions
}

/** Turns the captures of a dataset into bronze records and commits them; a run that did so before it died finds them there. Throws SLUICE_INPUT_EMPTY. */
export async function landDataset({ contract, fetched, statements }: Reading, run: RunContext): Promise<Landed> {
  const { lake, engines } = run.workspace
  const table = await openTable(lake, bronzeShape(contract))
  const captures = fetched.map(capture => ({
    id: capture.id,
    pipe: capture.pipe.name,
    file: stagedName(capture),
    receivedAtMs: capture.receivedAtMs,
  }))
  const landing = await land(statements, captures, contract, run.writer(table), engines)
  refuseSilence(fetched, landing)
  const change = {
    added: landing.files.map(written => written.file),
    removed: [],
    runId: run.runId,
    inputHash: run.inputHash,
    keys: 'free' as const,
    summary: admissionsSummary(fetched, run),
  }
  const commit = await commitFiles(lake, table, change)
  if (commit.outcome === 'rebase') throw new SluiceError('SLUICE_INTERNAL', 'An append to bronze asked for a rebase.')
  const admissions = admissionsIn(commit.snapshot.summary)
  if (commit.outcome === 'already')
    return { landing, bronze: await committedBefore(lake, commit.table, commit.snapshot), admissions }
  return { landing, bronze: { commit, added: landing.files, removed: [] }, admissions }
}

/** Whatever the reader did: a file with something in it that gave no record at all was not read. Of an answer, the pipe's entry says so. */
function refuseSilence(fetched: readonly Fetched[], { records }: Landing): void {
  const silent = fetched.find(
    capture =>
      capture.kind === 'file' &&
      capture.pipe.empty === 'refuse' &&
      !isBlank(capture.file) &&
      (records.get(capture.id) ?? 0) === 0,
  )
  if (silent?.kind !== 'file') return
  const { path } = silent.file
  throw new SluiceError('SLUICE_INPUT_EMPTY', `${path} holds something, and no record was found in it.`, {
    place: { file: path },
  })
}
