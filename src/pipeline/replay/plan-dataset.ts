import { bronzeShape, quarantineShape, silverShape } from '../../contract/tables.js'
import type { Engine } from '../../engine/engine.js'
import { quoteIdent, quoteText } from '../../engine/sql-text.js'
import type { DataFile } from '../../iceberg/types.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { snapshotOfRun } from '../../lake/commit-files.js'
import type { Lake } from '../../lake/lake.js'
import { currentSchema } from '../../lake/open-table.js'
import { readFilesSql } from '../../lake/read-sql.js'
import { dataFiles } from '../../lake/scan.js'
import { ordinalSql, type TableShape } from '../../lake/table-shape.js'
import { isPastRetention } from '../maintain/past-rows.js'
import { findRun } from '../record/runs.js'
import { isCompacted, writerOf } from '../record/runs-behind.js'
import type { RunContext } from '../run-context.js'
import type { TableCommit } from '../settle/table-commit.js'
import { type PartitionPlan, planTable, type TablePlan } from './plan-table.js'
import type { RebuiltDataset } from './rebuild.js'

/** What a replay would do to the tables of a dataset. Nothing of it is done yet. */
export interface DatasetPlan {
  readonly rebuilt: RebuiltDataset
  /** Why nothing of the dataset is replaced; undefined when it can be. */
  readonly refused: { readonly by: 'gate' | 'captures'; readonly why: string } | undefined
  readonly bronze: ReplacePlan
  readonly silver: ReplacePlan
  readonly quarantine: TablePlan
}

export interface ReplacePlan extends TablePlan {
  readonly replaced: readonly PartitionPlan[]
  /** Partitions that stay as they are: they hold rows of captures that were not read again. */
  readonly kept: number
}

/**
 * Says which partitions are replaced. One that holds a row of a capture that was not read again stays as it is: its bytes are gone, its pipe is not
 * declared any more, or its run has not finished. Rows of captures that were read again and no longer give them go.
 */
export async function planDataset(
  rebuilt: RebuiltDataset,
  { lake, fromMs }: { readonly lake: Lake; readonly fromMs: number | undefined },
  run: RunContext,
): Promise<DatasetPlan> {
  const { contract, outcome, withheld } = rebuilt
  const commitTo = (layer: string): TableCommit | undefined =>
    outcome?.commits.find(({ commit }) => commit.table.name.layer === layer)
  const nowMs = run.deps.clock.now()
  const tableOf = (shape: TableShape, layer: string, mayStay?: (file: DataFile) => boolean) =>
    planTable(shape, commitTo(layer), fromMs, run.workspace, isPastRetention(shape.name, [contract], nowMs), mayStay)
  const silver = await withKept(await tableOf(silverShape(contract), 'silver'), rebuilt, run)
  const landing = await landingRuns(bronzeShape(contract), run)
  const landed = await tableOf(bronzeShape(contract), 'bronze', file => isFinished(file, landing))
  const bronze = await planBronze(landed, { lake, landing }, rebuilt, run)
  const quarantine = await tableOf(quarantineShape(contract), 'quarantine')
  const held = [...(outcome?.held ?? [])].filter(id => !withheld.has(id))
  const isCut = contract.primaryKey.includes(contract.eventTime)
  const refused =
    outcome === undefined
      ? ({ by: 'captures', why: 'none of its captures can be read again' } as const)
      : held.length > 0
        ? ({
            by: 'gate',
            why: `the gate of today holds ${held.length} captures of it: ${findingsOf(outcome)}`,
          } as const)
        : silver.kept > 0 && !isCut
          ? ({
              by: 'captures',
              why: 'it holds rows of captures that cannot be read again, and its key does not say in which partition a row lies',
            } as const)
          : quarantine.open.some(({ isDamaged }) => isDamaged)
            ? ({
                by: 'captures',
                why: 'files of its quarantine are damaged or gone, which may hold decisions of people: restore them first',
              } as const)
            : undefined
  return { rebuilt, refused, bronze, silver, quarantine }
}

function findingsOf({ whole, pipeVerdicts }: NonNullable<RebuiltDataset['outcome']>): string {
  const failing = [whole, ...pipeVerdicts.values()].filter(({ verdict }) => verdict === 'fail')
  return [...new Set(failing.flatMap(({ findings }) => findings.map(({ text }) => text)))].join('; ')
}

/** Captures whose records were made again, whether they were looked at or wait. */
export function readAgain({ reading, lost }: RebuiltDataset): Set<string> {
  const gone = new Set(lost.map(({ captureId }) => captureId))
  return new Set(reading.fetched.map(({ id }) => id).filter(id => !gone.has(id)))
}

async function withKept(plan: TablePlan, rebuilt: RebuiltDataset, run: RunContext): Promise<ReplacePlan> {
  const files = plan.open.filter(({ isDamaged }) => !isDamaged).flatMap(({ stored }) => stored)
  const kept = await foreignPartitions(plan, files, readAgain(rebuilt), run)
  return { ...plan, replaced: plan.open.filter(({ ordinal }) => !kept.has(ordinal)), kept: kept.size }
}

/** Partitions with rows of captures that are not among those that were read again. */
async function foreignPartitions(
  { before, shape }: TablePlan,
  files: readonly DataFile[],
  captures: ReadonlySet<string>,
  { workspace: { lake, engines } }: RunContext,
): Promise<Set<number>> {
  if (before === undefined || files.length === 0) return new Set()
  const engine = engines[0]!
  await nameCaptures(captures, engine)
  const ordinal = ordinalSql(shape.partition.grain, quoteIdent(shape.partition.column))
  const rows = await engine.rows(`SELECT DISTINCT ${ordinal} AS _p
    FROM (${await readFilesSql(lake, before, currentSchema(before), files)}) WHERE _capture_id NOT IN (FROM ${READ_AGAIN})`)
  return new Set(rows.map(row => Number(row['_p'])))
}

/** In the summary of a snapshot of bronze: a replay made it, of captures that other runs had landed. */
export const REPLAYED = 'sluice.replayed'

/** The ids of captures that were read again. */
export const READ_AGAIN = 'work.read_again'

export async function nameCaptures(captures: Iterable<string>, engine: Engine): Promise<void> {
  const ids = [...captures].map(quoteText).join(', ')
  await engine.run(`CREATE OR REPLACE TABLE ${READ_AGAIN} AS SELECT unnest([${ids}]::VARCHAR[]) AS id`)
}

/** The runs that landed what is in bronze: those with a record, this one with them, and replays that died just before theirs. */
interface LandingRuns {
  readonly finished: ReadonlySet<string>
  readonly brokenReplays: ReadonlySet<string>
}

async function landingRuns(shape: TableShape, { workspace: { lake }, runId }: RunContext): Promise<LandingRuns> {
  const table = await lake.catalog.load(shape.name)
  const files = table === undefined ? [] : await dataFiles(lake, table)
  const finished = new Set([runId])
  const brokenReplays = new Set<string>()
  for (const id of new Set(files.map(writerOf))) {
    if ((await findRun(lake.store, id)) !== undefined) finished.add(id)
    else if (snapshotOfRun(table!, id)?.summary[REPLAYED] !== undefined) brokenReplays.add(id)
  }
  return { finished, brokenReplays }
}

/** Whether all that a bronze file holds has landed for good: compaction joins files of such runs only. */
function isFinished(file: DataFile, { finished }: LandingRuns): boolean {
  return isCompacted(file) || finished.has(writerOf(file))
}

/**
 * Bronze keeps its files, one for each run, unless they hold other records than are read today. What runs without a record landed is left to them,
 * but for replays, which landed what others had: it counts for nothing until a replay that ends has landed it.
 */
async function planBronze(
  plan: TablePlan,
  { lake, landing }: { readonly lake: Lake; readonly landing: LandingRuns },
  rebuilt: RebuiltDataset,
  run: RunContext,
): Promise<ReplacePlan> {
  const own = plan.open.map(partition => ({
    ...partition,
    stored: partition.stored.filter(file => isFinished(file, landing) || landing.brokenReplays.has(writerOf(file))),
  }))
  const isBroken = ({ stored }: PartitionPlan): boolean =>
    stored.some(file => landing.brokenReplays.has(writerOf(file)))
  const whole = own.filter(({ isDamaged, stored, rebuilt: made }) => !isDamaged && stored.length * made.length > 0)
  const ofStored = whole.flatMap(partition => partition.stored)
  const ofMade = whole.flatMap(partition => partition.rebuilt.map(({ file }) => file))
  const stored = await contentsOf(plan, run.workspace.lake, plan.before, ofStored, run)
  const made = await contentsOf(plan, lake, plan.rebuilt, ofMade, run)
  const isSame = ({ ordinal }: PartitionPlan): boolean =>
    stored.get(ordinal) !== undefined && stored.get(ordinal) === made.get(ordinal)
  const hasNothing = (partition: PartitionPlan): boolean => partition.stored.length + partition.rebuilt.length === 0
  const differing = own.filter(
    partition => partition.isDamaged || isBroken(partition) || !(isSame(partition) || hasNothing(partition)),
  )
  const planned = await withKept({ ...plan, open: differing }, rebuilt, run)
  return { ...planned, exact: plan.exact + own.length - differing.length }
}

/** Of each partition, in whatever order its rows stand: how many there are, and the sum of their hashes. */
async function contentsOf(
  { shape, before, rebuilt }: TablePlan,
  lake: Lake,
  table: LoadedTable | undefined,
  files: readonly DataFile[],
  { workspace: { engines } }: RunContext,
): Promise<Map<number, string>> {
  const schemaOf = rebuilt ?? before
  if (table === undefined || schemaOf === undefined || files.length === 0) return new Map()
  const columns = shape.columns.map(({ name }) => quoteIdent(name)).join(', ')
  const ordinal = ordinalSql(shape.partition.grain, quoteIdent(shape.partition.column))
  const rows =
    await engines[0]!.rows(`SELECT ${ordinal} AS _p, count(*) || ' ' || sum(hash(${columns})::HUGEINT) AS content
    FROM (${await readFilesSql(lake, table, currentSchema(schemaOf), files)}) GROUP BY ALL`)
  return new Map(rows.map(row => [Number(row['_p']), String(row['content'])]))
}
