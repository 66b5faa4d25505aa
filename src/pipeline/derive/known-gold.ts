import { goldShape, publishedShape } from '../../contract/tables.js'
import { isoTime } from '../../core/clock.js'
import { SluiceError } from '../../core/errors.js'
import { asNumber } from '../../engine/duckdb.js'
import type { Engine } from '../../engine/engine.js'
import { quoteIdent } from '../../engine/sql-text.js'
import { derivedSql } from '../../gold/derived-sql.js'
import { EVER, type Interval, wholePartitions } from '../../gold/touched.js'
import type { Lake } from '../../lake/lake.js'
import { newestKnown } from '../../lake/newest-known.js'
import type { KnownAt } from '../../lake/newest-version.js'
import { dataFiles } from '../../lake/scan.js'
import { type AsOf, stateAsOf } from '../../lake/time-travel.js'
import type { Verdict } from '../../quality/gate.js'
import { contractNamed } from '../pipes/resolve-pipes.js'
import { defineMacros } from '../project/macros.js'
import type { Project } from '../project/project.js'
import { loadReferences } from '../project/references.js'
import { refuseAssumed } from '../read/as-known-at.js'
import { calendarsFor, loadSessions, viewSessions } from '../read/calendar-sessions.js'
import { createViews, namesOf, sqlNames } from '../read/lake-views.js'
import { textOf } from '../settle/judge-pipes.js'
import { countDerived, type DerivedFigures, judgeDerived } from './audit-derived.js'
import { modelFailure } from './model-failure.js'
import type { PlannedModel } from './model-inputs.js'

/** Silver as it is looked at: which state of the lake, and what of it was known. */
export interface KnownLook {
  readonly lake: Lake
  readonly project: Project
  /** A connection that uses the database's first catalog. */
  readonly engine: Engine
  readonly asOf: AsOf
  readonly knownAt: KnownAt
}

/** What came of one model. Its rows are in the view `gold.<table>`, and with their partitions (`_p`) in the table `rows`. */
export type KnownTable =
  | {
      readonly outcome: 'derived'
      readonly model: PlannedModel
      readonly rows: string
      readonly figures: DerivedFigures
    }
  | { readonly outcome: 'failed' | 'held'; readonly model: PlannedModel; readonly verdict: Verdict }
  /** A model that it reads failed or was held. */
  | { readonly outcome: 'waiting'; readonly model: PlannedModel }

/**
 * Makes views of silver as known at a time: of the tables that are named (`silver.bars`), and of those that the models read. `strict`: see `refuseAssumed`.
 * Throws SLUICE_KNOWLEDGE_ASSUMED.
 */
export async function viewKnown(
  names: Iterable<string>,
  models: readonly PlannedModel[],
  { lake, project, engine, asOf, knownAt }: KnownLook,
  strict: boolean,
): Promise<void> {
  const read = models.flatMap(model => model.dependencies).filter(name => name.startsWith('silver.'))
  const wanted = new Set([...names, ...read])
  await createViews(wanted, lake, project, engine, asOf, knownAt)
  if (strict) await refuseAssumed(wanted, knownAt, engine)
}

/**
 * Runs models over silver as known at a time, each after those that it reads: the same SQL, casts and audit as for the tables of the lake, over all
 * of time up to the end of the newest input. Nothing is written to the lake. `models` are in order and whole: no other model makes what they read,
 * and `viewKnown` has made their views.
 */
export async function deriveKnown(models: readonly PlannedModel[], look: KnownLook): Promise<KnownTable[]> {
  const { project, engine } = look
  await loadReferences(project, engine)
  await defineMacros(project, engine)
  const derived: KnownTable[] = []
  for (const model of models) {
    const missing = derived.filter(({ outcome }) => outcome !== 'derived').map(other => `gold.${other.model.table}`)
    if (model.dependencies.some(input => missing.includes(input))) derived.push({ outcome: 'waiting', model })
    else derived.push(await deriveModel(model, look))
  }
  return derived
}

async function deriveModel(model: PlannedModel, look: KnownLook): Promise<KnownTable> {
  const { project, engine } = look
  const contract = contractNamed(project.contracts, model.contract)
  const rows = `work.${quoteIdent(`known_${model.table}`)}`
  if (model.joinsSessions) {
    await loadSessions(await calendarsFor(model.sql, engine), engine)
    await viewSessions(engine)
  }
  const knownTo = model.until === 'known' ? await knownToMs(model, look) : undefined
  const within = await timeOfInputs(model, project, engine, knownTo)
  try {
    await engine.run(`CREATE OR REPLACE TABLE ${rows} AS ${derivedSql(model, contract, within, { knownTo })}`)
  } catch (cause) {
    return { outcome: 'failed', model, verdict: modelFailure(cause, model) }
  }
  const figures = await countDerived(rows, contract, engine)
  // Checks of whole batches are asked of files in the lake, when a run derives them.
  const verdict = judgeDerived(figures, {}, contract)
  if (verdict.verdict === 'fail') return { outcome: 'held', model, verdict }
  const columns = goldShape(contract)
    .columns.map(({ name }) => quoteIdent(name))
    .join(', ')
  await engine.run(`CREATE OR REPLACE VIEW gold.${quoteIdent(model.table)} AS SELECT ${columns} FROM ${rows}`)
  return { outcome: 'derived', model, rows, figures }
}

/**
 * Up to when rows of a model that goes as far as knowledge does can be known: the time that is asked for, or the newest that anything it reads
 * came to be known, whenever that was. What was carried on between the two days is carried on here as in gold itself.
 */
async function knownToMs(model: PlannedModel, { lake, asOf, knownAt }: KnownLook): Promise<number> {
  const present = sqlNames(await lake.catalog.list())
  const newest = await Promise.all(
    model.dependencies.map(async input => {
      const found = present.get(input)
      const table = found === undefined ? undefined : await lake.catalog.load(found.name)
      const snapshot = table === undefined ? undefined : stateAsOf(table, asOf).snapshot
      if (table === undefined || snapshot === undefined) return Number.NEGATIVE_INFINITY
      return newestKnown(table, await dataFiles(lake, table, snapshot))
    }),
  )
  return Math.min(
    knownAt.atMs,
    newest.reduce((latest, own) => Math.max(latest, own), EVER.start),
  )
}

/** The partitions of the output from what the oldest input reaches to the newest, to what is known, or a lookback later: a run writes no others. */
async function timeOfInputs(
  model: PlannedModel,
  project: Project,
  engine: Engine,
  knownTo = EVER.start,
): Promise<Interval> {
  const contracts = project.contracts.flatMap(contract =>
    namesOf(publishedShape(contract).name).map(name => ({ name, contract })),
  )
  const extents: Interval[] = []
  for (const input of model.dependencies) {
    const contract = contracts.find(({ name }) => name === input)?.contract
    if (contract === undefined) continue
    const time = quoteIdent(contract.eventTime)
    const name = input.split('.').map(quoteIdent).join('.')
    const [row] = await engine.rows(
      `SELECT epoch_us(min(${time})) // 1000 AS oldest, epoch_us(max(${time})) // 1000 AS newest FROM ${name}`,
    )
    if (row?.['newest'] === null || row === undefined) continue
    const known = { start: asNumber(row['oldest']), end: asNumber(row['newest']) + 1 }
    extents.push(wholePartitions(known, contract.partition))
  }
  if (extents.length === 0) return { start: EVER.start, end: EVER.start }
  const whole = {
    start: Math.min(...extents.map(({ start }) => start)) - model.lookaheadMs,
    end: Math.max(...extents.map(({ end }) => end), knownTo) + (model.until === 'lookback' ? model.lookbackMs : 0),
  }
  return wholePartitions(whole, contractNamed(project.contracts, model.contract).partition)
}

/** Refuses to show tables that would have been held. Throws SLUICE_GATE_FAILED. */
export function refuseHeld(derived: readonly KnownTable[], { atMs }: KnownAt): void {
  for (const table of derived) {
    if (table.outcome !== 'failed' && table.outcome !== 'held') continue
    const message = `gold.${table.model.table} as known at ${isoTime(atMs)} cannot be shown: ${textOf(table.verdict)}. Nothing was changed.`
    const next = 'Correct the model or its contract. Silver can be asked as known at that time all the same.'
    throw new SluiceError('SLUICE_GATE_FAILED', message, { next })
  }
}
