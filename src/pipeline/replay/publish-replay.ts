import { isoTime } from '../../core/clock.js'
import type { LoadedTable } from '../../lake/catalog.js'
import type { Lake } from '../../lake/lake.js'
import { currentSnapshot } from '../../lake/scan.js'
import type { ContractNews } from '../contracts/check-tables.js'
import { keepContracts } from '../contracts/kept-contracts.js'
import { deriveGold, payUnchanged } from '../derive/derive.js'
import { wholeHistory } from '../derive/derived-marks.js'
import { noteTables } from '../derive/owed-gold.js'
import { downstreamOf, planModels } from '../derive/plan-models.js'
import { prepareLake } from '../prepare-lake.js'
import { publishQualityMetrics } from '../quality/quality-metrics.js'
import { namesOf } from '../read/lake-views.js'
import { recordRun } from '../record/record-run.js'
import type { RebuiltRecord, RunRecord } from '../record/run-record.js'
import type { RunContext } from '../run-context.js'
import type { DatasetOutcome } from '../settle/settle-dataset.js'
import type { TableCommit } from '../settle/table-commit.js'
import { type DatasetPlan, nameCaptures, readAgain } from './plan-dataset.js'
import { replaceFiles, replaceQuarantine, replayStart } from './replace-files.js'

export interface ReplayWork {
  readonly plans: readonly DatasetPlan[]
  /** Where the files were made. */
  readonly made: Lake
  readonly fromMs: number | undefined
  /** Whether some datasets were asked for, and not all: then gold that reads none of them stays as it is. */
  readonly isNarrowed: boolean
  readonly news: ContractNews
  readonly startedMs: number
  readonly cpu: NodeJS.CpuUsage
}

/**
 * Publishes what a replay made: silver and quarantine of each dataset, gold, then bronze, then the record. A replay that ends before has
 * noted what gold owes. Undefined when all is as it was: nothing is written, and no record.
 */
export async function publishReplay(work: ReplayWork, run: RunContext): Promise<RunRecord | undefined> {
  const { store } = run.workspace.lake
  const accepted = work.plans.filter(({ refused }) => refused === undefined)
  const refused = work.plans.filter(plan => plan.refused !== undefined)
  if (accepted.length === 0 && refused.length > 0) return recorded(work, { settled: [], derived: [] }, run)
  await prepareLake(store, run.project, run.deps.ids)
  await keepContracts(work.news.contracts, store)
  await noteHistory(work, run)
  const settled: DatasetOutcome[] = []
  for (const plan of accepted) settled.push(await publishDataset(plan, work, run))
  const derived = await deriveGold(settled, run)
  const whole: DatasetOutcome[] = []
  // Just before the record: without one, other runs leave the records of bronze to this run.
  for (const [at, plan] of accepted.entries()) {
    const commit = await replaceFiles(plan.bronze, plan.bronze.replaced, work.made, run)
    const outcome = settled[at]!
    whole.push(commit === undefined ? outcome : { ...outcome, commits: [commit, ...outcome.commits] })
  }
  const isChanged = whole.some(({ commits }) => commits.length > 0) || derived.some(isNews)
  if (isChanged || refused.length > 0) return recorded(work, { settled: whole, derived }, run)
  await payUnchanged(derived, run)
  return undefined
}

type Derived = Awaited<ReturnType<typeof deriveGold>>

function isNews({ outcome }: Derived[number]): boolean {
  return outcome !== 'untouched'
}

/** All of the gold that is to be derived, noted before anything is written: whoever ends in between leaves it to the next run. */
async function noteHistory({ isNarrowed, plans }: ReplayWork, run: RunContext): Promise<void> {
  const models = await planModels(run.project, run.workspace.engines[0]!)
  const read = plans.flatMap(({ silver }) => namesOf(silver.shape.name))
  const wanted = isNarrowed ? downstreamOf(models, read) : models
  const owed = await Promise.all(
    wanted.map(async model => [`gold.${model.table}`, await wholeHistory(model, run)] as const),
  )
  const why = 'a replay was to derive it again, and has not done it'
  await noteTables(new Map(owed.filter(([, history]) => history.length > 0)), why, run)
}

async function publishDataset(
  plan: DatasetPlan,
  { made, fromMs }: ReplayWork,
  run: RunContext,
): Promise<DatasetOutcome> {
  const { rebuilt, silver, quarantine } = plan
  const outcome = rebuilt.outcome!
  const { dataset } = rebuilt.contract
  const commits = await run.timeline.measure('publish', dataset, async () => {
    const published = await replaceFiles(silver, silver.replaced, made, run)
    await nameCaptures(
      [...readAgain(rebuilt)].filter(id => !rebuilt.withheld.has(id)),
      run.workspace.engines[0]!,
    )
    const filed = await replaceQuarantine(quarantine, made, replayStart(silver, fromMs), run)
    return [published, filed].filter(commit => commit !== undefined)
  })
  return { ...outcome, restated: undefined, commits, ...movedBy(plan, commits, outcome) }
}

/** The accepted rows of a replay are no new ones: what the tables hold more, or less, than before is all that moved. */
function movedBy(
  { silver, quarantine }: DatasetPlan,
  commits: readonly TableCommit[],
  { tally, held }: DatasetOutcome,
): Pick<DatasetOutcome, 'tally' | 'waiting'> {
  const grown = (layer: string, before: LoadedTable | undefined): number => {
    const commit = commits.find(own => own.commit.table.name.layer === layer)
    return commit === undefined ? 0 : rowsIn(commit.commit.table) - (before === undefined ? 0 : rowsIn(before))
  }
  const accepted = [...tally.captures].reduce((sum, [id, count]) => sum + (held.has(id) ? 0 : count.accepted), 0)
  const moved = grown('silver', silver.before) - accepted
  const waiting = grown('quarantine', quarantine.before)
  return {
    tally: { ...tally, entered: Math.max(0, moved), left: Math.max(0, -moved) },
    waiting: { entered: Math.max(0, waiting), left: Math.max(0, -waiting), released: 0 },
  }
}

function rowsIn(table: LoadedTable): number {
  return Number(currentSnapshot(table)?.summary['total-records'] ?? 0)
}

async function recorded(
  work: ReplayWork,
  { settled, derived }: { readonly settled: readonly DatasetOutcome[]; readonly derived: Derived },
  run: RunContext,
): Promise<RunRecord> {
  const published = new Set(settled.map(({ contract }) => contract.dataset))
  const fetched = work.plans
    .filter(({ rebuilt }) => published.has(rebuilt.contract.dataset))
    .flatMap(({ rebuilt }) => rebuilt.reading.fetched)
  const metrics = await publishQualityMetrics(settled, derived, fetched, run)
  return recordRun({
    ...{ context: run, startedMs: work.startedMs, cpu: work.cpu, fetched, sources: [], workHash: run.inputHash },
    datasets: settled,
    derived: [...derived, ...metrics],
    changes: work.news.diffs,
    rebuilt: rebuiltRecord(work),
    store: true,
  })
}

function rebuiltRecord({ plans, fromMs }: ReplayWork): RebuiltRecord {
  return {
    datasets: plans.map(({ rebuilt, silver, refused }) => ({
      dataset: rebuilt.contract.dataset,
      replaced: refused === undefined ? silver.replaced.length : 0,
      unchanged: silver.exact,
      kept: silver.kept,
      withheld: rebuilt.withheld.size,
      ...(refused !== undefined && { refused: refused.why }),
    })),
    ...(fromMs !== undefined && { from: isoTime(fromMs) }),
    lost: plans.flatMap(({ rebuilt }) =>
      rebuilt.lost.map(({ captureId, pipe, name, why }) => ({ capture_id: captureId, pipe, name, why })),
    ),
  }
}
