import { type Interval, mergeIntervals } from '../../gold/touched.js'
import type { Verdict } from '../../quality/gate.js'
import { type Lanes, lanesOf } from '../lanes.js'
import { defineMacros } from '../project/macros.js'
import { withReferencePrints } from '../project/reference-prints.js'
import { viewReferences } from '../project/references.js'
import { namesOf } from '../read/lake-views.js'
import type { RunContext } from '../run-context.js'
import { textOf } from '../settle/judge-pipes.js'
import type { DatasetOutcome } from '../settle/settle-dataset.js'
import type { TableCommit } from '../settle/table-commit.js'
import type { DerivedFigures } from './audit-derived.js'
import { coveredTime } from './covered-time.js'
import { type Derivation, deriveTable } from './derive-table.js'
import { owedHistory } from './derived-marks.js'
import type { PlannedModel } from './model-inputs.js'
import { planModels } from './plan-models.js'
import { type Debt, readDebts, settleDebts } from './stale-gold.js'

/**
 * What became of one gold table in a run. `failed`: its SQL did. `waiting`: a table that it reads was held or failed, or its inputs changed and
 * nobody asked for it.
 */
export interface DerivedTable {
  readonly name: string
  readonly outcome: 'published' | 'untouched' | 'held' | 'failed' | 'waiting'
  readonly verdict: Verdict | undefined
  readonly commit: TableCommit | undefined
  /** Why the last good rows were left as they are. */
  readonly why?: string
  /** Of rows that were derived in this run. */
  readonly figures?: DerivedFigures | undefined
  /** Of a table whose rows came out as they were, which no commit tells: what it owed before. See `payUnchanged`. */
  readonly owed?: readonly Debt[]
}

/**
 * Runs the models whose inputs this run changed, over the intervals that changed, what earlier runs could not derive, and models that are new
 * or changed: audit, then publish, as for silver. What this run cannot derive, whatever the reason, is noted for the next one. With `only`
 * (`gold.price_bars`) no other table is derived: those that read what changed are left owing it. `published` are the tables that a try of this run
 * which died has committed, where nobody owes them any more: their commits are this run's.
 */
export async function deriveGold(
  datasets: readonly DatasetOutcome[],
  run: RunContext,
  only?: ReadonlySet<string>,
  published: ReadonlySet<string> = new Set(),
): Promise<DerivedTable[]> {
  const { project, workspace } = run
  const models = await withReferencePrints(await planModels(project, workspace.engines[0]!), workspace.engines[0]!)
  const joinsReferences = models.some(model => /\breference\b/i.test(model.sql))
  const lanes = lanesOf(workspace.engines, async engine => {
    await defineMacros(project, engine)
    if (joinsReferences) await viewReferences(engine)
  })
  try {
    return await deriveInOrder({ models, only, published }, touchedSilver(datasets), lanes, run)
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

interface Plan {
  readonly models: readonly PlannedModel[]
  readonly only: ReadonlySet<string> | undefined
  readonly published: ReadonlySet<string>
}

/** Derives each table after those that it reads; what a commit changed is touched for the tables after it. */
async function deriveInOrder(
  { models, only, published }: Plan,
  touched: Touched,
  lanes: Lanes,
  run: RunContext,
): Promise<DerivedTable[]> {
  const sharing = { ...run.deps, store: run.workspace.lake.store }
  const debts = await readDebts(sharing.store)
  const derived: DerivedTable[] = []
  const isAsked = (name: string): boolean => only === undefined || only.has(name)
  const touchedIn = (model: PlannedModel): Interval[] => model.dependencies.flatMap(input => touched.get(input) ?? [])
  // Nobody derives what was not asked for: what this run noted of it beforehand gives way to what it really changed.
  const isNote = (debt: Debt): boolean => debt.runId === run.runId && !isAsked(debt.table)
  const changedIn = (model: PlannedModel): Interval[] => [
    ...touchedIn(model),
    ...debts.filter(debt => debt.table === nameOf(model) && !isNote(debt)).flatMap(debt => debt.changed),
  ]
  const histories = new Map<string, readonly Interval[]>()
  const settle = async (): Promise<void> => {
    const unfinished = models.filter((_, at) => derived[at] === undefined || isMissing(derived[at]))
    const whyNot = new Map(derived.map(({ name, why }) => [name, why]))
    const left = unfinished
      .map(model => debtOf(model, changedIn(model), whyNot.get(nameOf(model)), run))
      .filter(debt => debt.changed.length > 0)
    const unchanged = new Map<string, readonly Debt[]>()
    for (const { name } of derived.filter(isUnchanged)) {
      const known = debts.filter(debt => debt.table === name)
      const history = known.length > 0 ? [] : (histories.get(name) ?? [])
      if (history.length > 0)
        left.push({ table: name, runId: run.runId, why: NOT_BOOKED, changed: mergeIntervals(history) })
      unchanged.set(name, [...known, ...left.filter(debt => debt.table === name)])
    }
    const owed = new Set(left.map(debt => debt.table))
    const asked = derived.filter(table => isAsked(table.name))
    const paid = new Set(asked.filter(pays).map(table => table.name))
    // What this run owed itself it has noted before it derived anything: its former self's commit pays that.
    const whole = new Set(asked.filter(table => !isMissing(table)).map(table => table.name))
    const isPaid = ({ table, runId }: Debt): boolean => paid.has(table) || (runId === run.runId && whole.has(table))
    const over = debts.filter(debt => owed.has(debt.table) || isPaid(debt) || isNote(debt))
    await settleDebts(
      sharing,
      over.filter(debt => !unchanged.has(debt.table)),
      left,
    )
    for (const [at, table] of derived.entries()) {
      const before = unchanged.get(table.name) ?? []
      if (before.length > 0) derived[at] = { ...table, owed: before }
    }
  }
  try {
    for (const model of models) {
      const name = nameOf(model)
      if (isAsked(name)) histories.set(name, await owedHistory(model, run))
      const changed = [...changedIn(model), ...(histories.get(name) ?? [])]
      const table = isAsked(name)
        ? await deriveNext({ model, changed, published }, derived, lanes, run)
        : leftOwing(model, touchedIn(model))
      derived.push(table)
      if (table.commit !== undefined) touched.set(table.name, touchedBy(table.commit))
    }
  } catch (cause) {
    // The fault itself is what must be told; a store that is full takes no note either.
    await settle().catch(() => undefined)
    throw cause
  }
  await settle()
  return derived.filter(table => isAsked(table.name) || isMissing(table))
}

function leftOwing(model: PlannedModel, changed: readonly Interval[]): DerivedTable {
  const name = nameOf(model)
  if (changed.length === 0) return outcomeOf(name, 'untouched')
  return { ...outcomeOf(name, 'waiting'), why: 'a table that it reads changed, and it was not asked for' }
}

interface Next extends Pick<Plan, 'published'> {
  readonly model: PlannedModel
  readonly changed: readonly Interval[]
}

async function deriveNext(
  { model, changed, published }: Next,
  before: readonly DerivedTable[],
  lanes: Lanes,
  run: RunContext,
): Promise<DerivedTable> {
  const name = nameOf(model)
  const missing = before.filter(isMissing).map(table => table.name)
  const waitsFor = model.dependencies.filter(input => missing.includes(input))
  if (waitsFor.length > 0) {
    const told = before
      .filter(table => waitsFor.includes(table.name))
      .map(table => `${table.name} ${STATES[table.outcome]}`)
    return { ...outcomeOf(name, 'waiting'), why: `it reads what is not up to date: ${told.join(', ')}` }
  }
  if (changed.length === 0 && !published.has(name)) return outcomeOf(name, 'untouched')
  return deriveOne(name, model, changed, lanes, run)
}

const STATES: Readonly<Record<DerivedTable['outcome'], string>> = {
  published: 'is published',
  untouched: 'is as it was',
  held: 'was held',
  failed: 'failed',
  waiting: 'waits',
}

function isMissing(table: DerivedTable): boolean {
  return ['held', 'failed', 'waiting'].includes(table.outcome)
}

/** It was looked at, and nothing in the lake says so before the run has its record. */
function isUnchanged({ outcome, verdict }: DerivedTable): boolean {
  return outcome === 'untouched' && verdict !== undefined
}

const NOT_BOOKED = 'it came out as it was, and the run that derived it has not booked that'

/**
 * Ends what tables owed that came out as they were. Call it when the record of the run is there: one that dies before leaves it to the run that
 * makes it good, which then looks at them too. Never throws: a table that is looked at once more costs its reading.
 */
export async function payUnchanged(
  derived: readonly DerivedTable[],
  { deps, workspace }: Pick<RunContext, 'deps' | 'workspace'>,
): Promise<void> {
  const paid = derived.flatMap(({ owed = [] }) => owed)
  await settleDebts({ ...deps, store: workspace.lake.store }, paid, []).catch(() => undefined)
}

/** A commit that the run's former self had made may be older than the debt. */
function pays(table: DerivedTable): boolean {
  return !isMissing(table) && table.commit?.commit.outcome !== 'already'
}

function debtOf(
  model: PlannedModel,
  changed: readonly Interval[],
  why: string | undefined,
  { runId }: RunContext,
): Debt {
  return { table: nameOf(model), runId, why, changed: mergeIntervals(changed) }
}

function nameOf(model: PlannedModel): string {
  return `gold.${model.table}`
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
  const { verdict, figures } = derivation
  switch (derivation.outcome) {
    case 'failed':
    case 'held':
      return { ...outcomeOf(name, derivation.outcome), verdict, why: textOf(verdict), figures }
    case 'unchanged':
      return { ...outcomeOf(name, 'untouched'), verdict, figures }
    case 'published':
      return { ...outcomeOf(name, 'published'), verdict, commit: derivation.commit, figures }
  }
}

function rowsOf(derivation: Derivation): number {
  if (derivation.outcome !== 'published') return 0
  return derivation.commit.added.reduce((sum, written) => sum + Number(written.file['record-count']), 0)
}

function outcomeOf(name: string, outcome: DerivedTable['outcome']): DerivedTable {
  return { name, outcome, verdict: undefined, commit: undefined }
}
