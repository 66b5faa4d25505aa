import { orderModels } from '../gold/order.js'
import type { Interval } from '../gold/touched.js'
import type { Verdict } from '../quality/gate.js'
import { coveredTime } from './covered-time.js'
import { type Derivation, deriveTable } from './derive-table.js'
import { namesOf } from './lake-views.js'
import { type Lanes, lanesOf } from './lanes.js'
import { defineMacros } from './macros.js'
import { type PlannedModel, withDependencies } from './model-inputs.js'
import { METRICS } from './quality-metrics.js'
import { viewReferences } from './references.js'
import type { RunContext } from './run-context.js'
import type { DatasetOutcome } from './settle-dataset.js'
import type { TableCommit } from './table-commit.js'

/** What became of one gold table in a run. `waiting`: a table that it reads was held. */
export interface DerivedTable {
  readonly name: string
  readonly outcome: 'published' | 'untouched' | 'held' | 'waiting'
  readonly verdict: Verdict | undefined
  readonly commit: TableCommit | undefined
}

/** Runs the models whose inputs this run changed, over the intervals that changed: audit, then publish, as for silver. */
export async function deriveGold(datasets: readonly DatasetOutcome[], run: RunContext): Promise<DerivedTable[]> {
  const { project, workspace } = run
  const planned = await withDependencies(project.models, workspace.engines[0]!)
  const models = orderModels(planned, new Set([METRICS]))
  const joinsReferences = models.some(model => /\breference\b/i.test(model.sql))
  const lanes = lanesOf(workspace.engines, async engine => {
    await defineMacros(project, engine)
    if (joinsReferences) await viewReferences(engine)
  })
  try {
    return await deriveInOrder(models, touchedSilver(datasets), lanes, run)
  } finally {
    await lanes.close()
  }
}

/** The time that changed in each table, by its name in SQL. */
type Touched = Map<string, readonly Interval[]>

function touchedSilver(datasets: readonly DatasetOutcome[]): Touched {
  const commits = datasets.flatMap(outcome => outcome.commits)
  const silver = commits.filter(({ commit }) => commit.table.name.layer === 'silver')
  return new Map(
    silver.flatMap(commit => namesOf(commit.commit.table.name).map(name => [name, touchedBy(commit)] as const)),
  )
}

function touchedBy({ commit, added, removed }: TableCommit): Interval[] {
  return coveredTime(commit.table, [...added.map(written => written.file), ...removed])
}

/** Derives each table after those that it reads; what a commit changed is touched for the tables after it. */
async function deriveInOrder(
  models: readonly PlannedModel[],
  touched: Touched,
  lanes: Lanes,
  run: RunContext,
): Promise<DerivedTable[]> {
  const derived: DerivedTable[] = []
  const missing = new Set<string>()
  for (const model of models) {
    const name = `gold.${model.table}`
    const changed = model.dependencies.flatMap(input => touched.get(input) ?? [])
    const table = model.dependencies.some(input => missing.has(input))
      ? outcomeOf(name, 'waiting')
      : changed.length === 0
        ? outcomeOf(name, 'untouched')
        : await deriveOne(name, model, changed, lanes, run)
    if (table.outcome === 'held' || table.outcome === 'waiting') missing.add(name)
    if (table.commit !== undefined) touched.set(name, touchedBy(table.commit))
    derived.push(table)
  }
  return derived
}

async function deriveOne(
  name: string,
  model: PlannedModel,
  changed: readonly Interval[],
  lanes: Lanes,
  run: RunContext,
): Promise<DerivedTable> {
  const work = (): Promise<Derivation> => deriveTable(model, changed, lanes, run)
  const derivation = await run.timeline.measure('derive', name, work, rowsOf)
  const passed: Verdict = { verdict: 'pass', findings: [] }
  if (derivation.outcome === 'held') return { ...outcomeOf(name, 'held'), verdict: derivation.verdict }
  if (derivation.outcome === 'unchanged') return { ...outcomeOf(name, 'untouched'), verdict: passed }
  return { ...outcomeOf(name, 'published'), verdict: passed, commit: derivation.commit }
}

function rowsOf(derivation: Derivation): number {
  if (derivation.outcome !== 'published') return 0
  return derivation.commit.added.reduce((sum, written) => sum + Number(written.file['record-count']), 0)
}

function outcomeOf(name: string, outcome: DerivedTable['outcome']): DerivedTable {
  return { name, outcome, verdict: undefined, commit: undefined }
}
