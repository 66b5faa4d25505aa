import { brokenListSql } from '../contract/broken-list.js'
import { compileConform, rawColumn } from '../contract/compile-conform.js'
import type { Contract } from '../contract/contract.js'
import { goldShape, silverShape } from '../contract/tables.js'
import { SluiceError } from '../core/errors.js'
import { asNumber } from '../engine/duckdb.js'
import type { Engine } from '../engine/engine.js'
import { quoteIdent } from '../engine/sql-text.js'
import { dependenciesOf } from '../gold/dependencies.js'
import type { Model } from '../gold/front-matter.js'
import { orderModels } from '../gold/order.js'
import { cutSlices, type Interval, type Slice, slicesToRewrite } from '../gold/touched.js'
import { ordinalRange, transformOrdinal } from '../iceberg/transforms.js'
import type { DataFile } from '../iceberg/types.js'
import type { LoadedTable } from '../lake/catalog.js'
import { commitFiles, snapshotOfRun } from '../lake/commit-files.js'
import { currentSchema, openTable } from '../lake/open-table.js'
import { readFilesSql } from '../lake/read-sql.js'
import { currentSnapshot, dataFiles, ordinalOf, partitionFiles } from '../lake/scan.js'
import { ordinalSql, type TableShape } from '../lake/table-shape.js'
import { withoutUnchanged } from '../lake/unchanged-files.js'
import { discardFiles, type WrittenFile, writePartitions } from '../lake/write-files.js'
import type { Verdict } from '../quality/gate.js'
import { auditDerived } from './audit-derived.js'
import { committedBefore } from './committed-before.js'
import { emptySql } from './lake-views.js'
import { acrossLanes, closeLanes, type Lane, openLanes } from './lanes.js'
import { defineMacros } from './macros.js'
import { METRICS } from './quality-metrics.js'
import { contractNamed } from './resolve-pipes.js'
import type { RunContext } from './run-context.js'
import type { DatasetOutcome, TableCommit } from './settle-dataset.js'

/** Input rows that one piece of a model reads at most, unless a single partition holds more. */
const SLICE_ROWS = 200_000

/** What became of one gold table in a run. `waiting`: a table that it reads was held. */
export interface DerivedTable {
  readonly name: string
  readonly outcome: 'published' | 'untouched' | 'held' | 'waiting'
  readonly verdict: Verdict | undefined
  readonly commit: TableCommit | undefined
}

/** Runs the models whose inputs this run changed, over the intervals that changed: audit, then publish, as for silver. */
export async function deriveGold(datasets: readonly DatasetOutcome[], run: RunContext): Promise<DerivedTable[]> {
  const lanes = await openLanes(run.workspace.engines, engine => defineMacros(run.project, engine))
  try {
    return await deriveAll(datasets, lanes, run)
  } finally {
    await closeLanes(lanes)
  }
}

async function deriveAll(
  datasets: readonly DatasetOutcome[],
  lanes: readonly Lane[],
  run: RunContext,
): Promise<DerivedTable[]> {
  const models = orderModels(await withDependencies(run.project.models, lanes[0]!.engine), new Set([METRICS]))
  const touched = new Map<string, Interval[]>()
  for (const outcome of datasets) {
    for (const { commit, added, removed } of outcome.commits) {
      const { layer, dataset } = commit.table.name
      if (layer === 'silver')
        touched.set(`silver.${dataset}`, intervalsOf(commit.table, [...added.map(written => written.file), ...removed]))
    }
  }
  const derived: DerivedTable[] = []
  for (const model of models) {
    const name = `gold.${model.table}`
    if (
      model.dependencies.some(input =>
        derived.some(table => table.name === input && (table.outcome === 'held' || table.outcome === 'waiting')),
      )
    ) {
      derived.push({ name, outcome: 'waiting', verdict: undefined, commit: undefined })
      continue
    }
    const changed = model.dependencies.flatMap(input => touched.get(input) ?? [])
    const table =
      changed.length === 0
        ? untouched(name)
        : await run.timeline.measure(
            'derive',
            name,
            () => deriveTable(model, changed, lanes, run),
            result => result.rows,
          )
    if (table.commit !== undefined) {
      touched.set(
        name,
        intervalsOf(table.commit.commit.table, [
          ...table.commit.added.map(written => written.file),
          ...table.commit.removed,
        ]),
      )
    }
    derived.push(table)
  }
  return derived
}

/** A model and the tables that its SQL reads, as `silver.bars`. */
type PlannedModel = Model & { readonly dependencies: readonly string[] }

async function withDependencies(models: readonly Model[], engine: Engine): Promise<PlannedModel[]> {
  return Promise.all(
    models.map(async model => ({ ...model, dependencies: dependenciesOf(await engine.parse(model.sql), model) })),
  )
}

function untouched(name: string): DerivedTable & { readonly rows: number } {
  return { name, outcome: 'untouched', verdict: undefined, commit: undefined, rows: 0 }
}

async function deriveTable(
  model: PlannedModel,
  changed: readonly Interval[],
  lanes: readonly Lane[],
  run: RunContext,
): Promise<DerivedTable & { readonly rows: number }> {
  const { lake } = run.workspace
  const contract = contractNamed(run.project.contracts, model.contract)
  const shape = goldShape(contract)
  const table = await openTable(lake, shape)
  const own = snapshotOfRun(table, run.runId)
  if (own !== undefined) return published(model, await committedBefore(lake, table, own))
  const slices = slicesOf(model, changed, shape.partition.grain, await inputExtents(model, run))
  const writersOf = (lane: Lane): Engine[] => (slices.length > 1 ? [lane.engine] : lanes.map(({ engine }) => engine))
  const pieces = await acrossLanes(lanes, slices, (slice, lane) =>
    derivePiece(model, contract, table, slice, lane, writersOf(lane), run),
  )
  const added = pieces.flatMap(piece => piece.added)
  const failed = pieces.find(piece => piece.verdict.verdict === 'fail')
  if (failed !== undefined) {
    await discardFiles(lake, added)
    return { name: `gold.${model.table}`, outcome: 'held', verdict: failed.verdict, commit: undefined, rows: 0 }
  }
  const replaced = await replacedFiles(slices, shape, table, run)
  const kept = await withoutUnchanged(added, replaced, lake)
  if (kept.added.length + kept.removed.length === 0)
    return { ...untouched(`gold.${model.table}`), verdict: { verdict: 'pass', findings: [] } }
  const commit = await commitFiles(lake, table, {
    added: kept.added.map(written => written.file),
    removed: kept.removed,
    runId: run.runId,
    inputHash: run.inputHash,
    keys: 'unique',
  })
  if (commit.outcome === 'rebase') return deriveTable(model, changed, lanes, run)
  return published(model, { commit, ...kept })
}

interface Piece {
  readonly verdict: Verdict
  readonly added: readonly WrittenFile[]
}

/** Computes, audits and writes one slice of a model. A single slice is written over all connections. */
async function derivePiece(
  model: PlannedModel,
  contract: Contract,
  table: LoadedTable,
  { rewrite, read }: Slice,
  lane: Lane,
  writers: readonly Engine[],
  run: RunContext,
): Promise<Piece> {
  const derived = `${lane.catalog}.work.derived`
  await viewInputs(model, read, lane.engine, run)
  await lane.engine.run(`CREATE OR REPLACE TABLE ${derived} AS ${derivedSql(model, contract, rewrite)}`)
  const verdict = await auditDerived(derived, contract, lane.engine)
  if (verdict.verdict === 'fail') return { verdict, added: [] }
  return { verdict, added: await writeDerived(derived, contract, writers, table, run) }
}

async function replacedFiles(
  slices: readonly Slice[],
  shape: TableShape,
  table: LoadedTable,
  run: RunContext,
): Promise<DataFile[]> {
  const ordinals = new Set(slices.flatMap(({ rewrite }) => [...ordinalsOf(shape, rewrite)]))
  return partitionFiles(run.workspace.lake, table, ordinals)
}

function published(model: Model, commit: TableCommit): DerivedTable & { readonly rows: number } {
  const rows = commit.added.reduce((sum, written) => sum + Number(written.file['record-count']), 0)
  return { name: `gold.${model.table}`, outcome: 'published', verdict: { verdict: 'pass', findings: [] }, commit, rows }
}

/** The rows of an interval, cast to the contract, with every broken rule in `_broken`, cut into partitions. */
function derivedSql(model: Model, contract: Contract, interval: Interval): string {
  const shape = goldShape(contract)
  const time = quoteIdent(shape.partition.column)
  const columns = shape.columns.map(column => quoteIdent(column.name)).join(', ')
  const raw = contract.columns
    .map(column => `${quoteIdent(column.name)} AS ${quoteIdent(rawColumn(column.name))}`)
    .join(', ')
  const { casts, rules } = compileConform(contract, 'typed')
  const typed = casts.map(cast => `${cast.sql} AS ${quoteIdent(cast.column)}`).join(', ')
  const broken = rules.flatMap(rule =>
    rule.brokenSql === undefined || rule.severity !== 'error' ? [] : [{ id: rule.id, sql: rule.brokenSql }],
  )
  return `SELECT ${columns}, ${brokenListSql(broken)} AS _broken, ${ordinalSql(shape.partition.grain, time)} AS _p
    FROM (SELECT ${typed}, * FROM (SELECT ${raw}, _known_at FROM (${model.sql})))
    WHERE epoch_us(${time}) >= ${interval.start * 1000} AND epoch_us(${time}) < ${interval.end * 1000}`
}

async function writeDerived(
  derived: string,
  contract: Contract,
  engines: readonly Engine[],
  table: LoadedTable,
  run: RunContext,
): Promise<WrittenFile[]> {
  const shape = goldShape(contract)
  const columns = shape.columns.map(column => quoteIdent(column.name)).join(', ')
  const order = shape.order.map(quoteIdent).join(', ')
  const partitions = await engines[0]!.rows(`SELECT DISTINCT _p FROM ${derived} ORDER BY _p`)
  return writePartitions(
    run.writer(table),
    engines,
    partitions.map(row => asNumber(row['_p'])),
    async ordinal => `SELECT ${columns} FROM ${derived} WHERE _p = ${ordinal} ORDER BY ${order}`,
  )
}

/** What the files of the model's inputs cover, with their rows. */
async function inputExtents(model: PlannedModel, run: RunContext): Promise<(Interval & { readonly rows: number })[]> {
  const extents: (Interval & { rows: number })[] = []
  for (const input of model.dependencies) {
    const { loaded } = await inputTable(input, model, run)
    if (loaded === undefined) continue
    for (const file of await dataFiles(run.workspace.lake, loaded)) {
      const { startMs, endMs } = ordinalRange(grainOf(loaded), ordinalOf(loaded, file))
      extents.push({ start: startMs, end: endMs, rows: Number(file['record-count']) })
    }
  }
  return extents
}

/** What to compute anew: up to the end of the newest input, in pieces that fit into memory where the model allows it. */
function slicesOf(
  model: PlannedModel,
  changed: readonly Interval[],
  grain: Contract['partition'],
  extents: readonly (Interval & { rows: number })[],
): Slice[] {
  const horizon = extents.reduce((end, extent) => Math.max(end, extent.end), Number.NEGATIVE_INFINITY)
  const slices = slicesToRewrite(changed, { grain, lookbackMs: model.lookbackMs }, horizon)
  if (model.lookbackMs > 0) return slices
  const weigh = (read: Interval): number =>
    extents.reduce((rows, extent) => rows + (extent.start < read.end && extent.end > read.start ? extent.rows : 0), 0)
  return cutSlices(slices, grain, weigh, SLICE_ROWS)
}

async function inputTable(
  input: string,
  model: Model,
  run: RunContext,
): Promise<{ loaded: LoadedTable | undefined; shape: TableShape }> {
  const [layer, dataset] = input.split('.') as ['silver' | 'gold', string]
  const contract = run.project.contracts.find(candidate => candidate.layer === layer && candidate.dataset === dataset)
  if (contract === undefined) {
    throw new SluiceError(
      'SLUICE_MODEL_INVALID',
      `The model ${model.table} reads ${input}, which no contract describes.`,
      { place: { file: model.file } },
    )
  }
  const shape = layer === 'silver' ? silverShape(contract) : goldShape(contract)
  return { loaded: await run.workspace.lake.catalog.load(shape.name), shape }
}

/** Views of the model's inputs, restricted to the files of the interval that it reads. */
async function viewInputs(model: PlannedModel, interval: Interval, engine: Engine, run: RunContext): Promise<void> {
  const { lake } = run.workspace
  for (const input of model.dependencies) {
    const { loaded: table, shape } = await inputTable(input, model, run)
    const view = input.split('.').map(quoteIdent).join('.')
    if (table === undefined) {
      await engine.run(`CREATE OR REPLACE VIEW ${view} AS ${emptySql(shape)}`)
      continue
    }
    const own = snapshotOfRun(table, run.runId) ?? currentSnapshot(table)
    const files = (await dataFiles(lake, table, own)).filter(file => overlaps(table, file, interval))
    await engine.run(
      `CREATE OR REPLACE VIEW ${view} AS ${await readFilesSql(lake, table, currentSchema(table), files)}`,
    )
  }
}

function overlaps(table: LoadedTable, file: DataFile, interval: Interval): boolean {
  const range = ordinalRange(grainOf(table), ordinalOf(table, file))
  return range.startMs < interval.end && range.endMs > interval.start
}

function grainOf(table: LoadedTable): 'hour' | 'day' | 'month' | 'year' {
  return table.metadata['partition-specs'][0]!.fields[0]!.transform as 'hour' | 'day' | 'month' | 'year'
}

/** The time that a table's changed files cover, file by file. */
function intervalsOf(table: LoadedTable, files: readonly DataFile[]): Interval[] {
  const ordinals = new Set(files.map(file => ordinalOf(table, file)))
  return [...ordinals].map(ordinal => {
    const { startMs, endMs } = ordinalRange(grainOf(table), ordinal)
    return { start: startMs, end: endMs }
  })
}

function ordinalsOf(shape: TableShape, interval: Interval): Set<number> {
  const { grain } = shape.partition
  const ordinals = new Set<number>()
  for (
    let at = transformOrdinal(grain, BigInt(interval.start) * 1000n);
    ordinalRange(grain, at).startMs < interval.end;
    at++
  )
    ordinals.add(at)
  return ordinals
}
