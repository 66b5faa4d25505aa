import { SluiceError } from '../../core/errors.js'
import type { Engine } from '../../engine/engine.js'
import { instant, quoteIdent } from '../../engine/sql-text.js'
import { uncertain } from '../../lake/claim.js'
import { commitFiles, snapshotOfRun } from '../../lake/commit-files.js'
import type { Lake } from '../../lake/lake.js'
import { currentSchema, openTable } from '../../lake/open-table.js'
import { readFilesSql } from '../../lake/read-sql.js'
import { currentSnapshot } from '../../lake/scan.js'
import { ordinalSql } from '../../lake/table-shape.js'
import { withoutUnchanged } from '../../lake/unchanged-files.js'
import { discardFiles, type WrittenFile, writePartitions } from '../../lake/write-files.js'
import { coveredTime } from '../derive/covered-time.js'
import { noteOwed } from '../derive/owed-gold.js'
import type { RunContext } from '../run-context.js'
import { committedBefore } from '../settle/committed-before.js'
import type { TableCommit } from '../settle/table-commit.js'
import { READ_AGAIN, REPLAYED } from './plan-dataset.js'
import { type PartitionPlan, partitionStart, type TablePlan } from './plan-table.js'

/**
 * Replaces partitions of a table by the files that were made of them again, in one commit. Undefined when nothing is replaced. A run that did
 * so before it died finds its commit. Throws SLUICE_COMMIT_CONFLICT when another run changed the table since it was looked at.
 */
export async function replaceFiles(
  plan: TablePlan,
  replaced: readonly PartitionPlan[],
  made: Lake,
  run: RunContext,
): Promise<TableCommit | undefined> {
  const { lake } = run.workspace
  if (replaced.length === 0) return doneBefore(plan, run)
  const table = await openSame(plan, run)
  const added: WrittenFile[] = []
  for (const written of replaced.flatMap(({ rebuilt }) => rebuilt)) {
    const outcome = await lake.store.adopt(await made.store.localPath(written.key), written.key)
    if (outcome.outcome === 'unknown')
      throw uncertain(written.key, outcome.cause, 'Nothing of its table was published.')
    added.push({ ...written, fresh: outcome.outcome === 'created' })
  }
  return commit(plan, { table, added, removed: replaced.flatMap(({ stored }) => stored) }, run)
}

/**
 * Replaces quarantine by what was rejected again. What stands in it of captures that were not looked at stays, and so do the decisions
 * of people about records that no rule rejects today. `readAgain` has been named. Before `fromMs` nothing changes.
 */
export async function replaceQuarantine(
  plan: TablePlan,
  made: Lake,
  fromMs: number | undefined,
  run: RunContext,
): Promise<TableCommit | undefined> {
  const { lake, engines } = run.workspace
  if (plan.open.length === 0) return doneBefore(plan, run)
  const table = await openSame(plan, run)
  const kept = await stageRows(plan, made, fromMs, run)
  if (kept === 0 && fromMs === undefined) return replaceFiles(plan, plan.open, made, run)
  const order = plan.shape.order.map(quoteIdent).join(', ')
  const ordinals = plan.open.map(({ ordinal }) => ordinal)
  const { grain, column } = plan.shape.partition
  const written = await writePartitions(run.writer(table), engines, ordinals, async ordinal => {
    return `SELECT * FROM ${STAGED} WHERE ${ordinalSql(grain, quoteIdent(column))} = ${ordinal} ORDER BY ${order}`
  })
  const stored = plan.open.flatMap(partition => partition.stored)
  const { added, removed } = await withoutUnchanged(written, stored, lake)
  if (added.length + removed.length === 0) return doneBefore(plan, run)
  return commit(plan, { table, added, removed }, run)
}

const STAGED = 'work.replayed_quarantine'

/** Puts what the open partitions are to hold into a table; how many rows of it stood there before and stay. */
async function stageRows(plan: TablePlan, made: Lake, fromMs: number | undefined, run: RunContext): Promise<number> {
  const { lake, engines } = run.workspace
  const engine: Engine = engines[0]!
  const { before, rebuilt, open } = plan
  const schema = currentSchema((rebuilt ?? before)!)
  const sqlOf = async (on: Lake, table: typeof before, files: Parameters<typeof readFilesSql>[3]) =>
    readFilesSql(on, (table ?? rebuilt)!, schema, files)
  const again = await sqlOf(
    made,
    rebuilt,
    open.flatMap(own => own.rebuilt.map(({ file }) => file)),
  )
  const stored = await sqlOf(
    lake,
    before,
    open.flatMap(own => own.stored),
  )
  const time = quoteIdent(plan.shape.partition.column)
  const start = fromMs === undefined ? undefined : instant(fromMs)
  const isPast = start === undefined ? 'false' : `${time} < ${start}`
  await engine.run(`CREATE OR REPLACE TABLE ${STAGED} AS SELECT * FROM (${again}) WHERE NOT (${isPast})`)
  const [row] = await engine.rows(`INSERT INTO ${STAGED} SELECT * FROM (${stored})
    WHERE (${isPast} OR state <> 'waiting' OR _capture_id NOT IN (FROM ${READ_AGAIN}))
      AND (_capture_id, _position) NOT IN (SELECT (_capture_id, _position) FROM ${STAGED})`)
  return Number(row?.['Count'] ?? 0)
}

/** The commit of the run's former self. */
async function doneBefore(
  { shape }: TablePlan,
  { workspace: { lake }, runId }: RunContext,
): Promise<TableCommit | undefined> {
  const table = await lake.catalog.load(shape.name)
  const own = table === undefined ? undefined : snapshotOfRun(table, runId)
  return table === undefined || own === undefined ? undefined : committedBefore(lake, table, own)
}

async function openSame({ shape, before }: TablePlan, { workspace: { lake } }: RunContext) {
  const table = await openTable(lake, shape)
  const seen = before && currentSnapshot(before)?.['snapshot-id']
  if (currentSnapshot(table)?.['snapshot-id'] === seen) return table
  throw changed(shape)
}

function changed({ name }: TablePlan['shape']): SluiceError {
  const message = `Another run changed ${name.layer}.${name.dataset} while it was replayed. It is as that run left it.`
  return new SluiceError('SLUICE_COMMIT_CONFLICT', message)
}

async function commit(
  { shape }: TablePlan,
  { table, added, removed }: Pick<TableCommit, 'added' | 'removed'> & { table: Parameters<typeof commitFiles>[1] },
  run: RunContext,
): Promise<TableCommit | undefined> {
  const { lake } = run.workspace
  const files = added.map(({ file }) => file)
  if (shape.name.layer === 'silver') await noteOwed(shape.name, coveredTime(table, [...files, ...removed]), run)
  const change = {
    added: files,
    removed,
    runId: run.runId,
    inputHash: run.inputHash,
    keys: 'unique' as const,
    summary: { [REPLAYED]: 'true' },
  }
  const made = await commitFiles(lake, table, change)
  if (made.outcome !== 'rebase') return { commit: made, added, removed }
  await discardFiles(lake, added)
  throw changed(shape)
}

/** From when on the rows of a replay are replaced: the start of the partition of silver that holds a time. */
export function replayStart(silver: TablePlan, fromMs: number | undefined): number | undefined {
  return fromMs === undefined ? undefined : partitionStart(silver.shape, fromMs)
}
