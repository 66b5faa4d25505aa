import type { Contract } from '../../contract/contract.js'
import { goldShape } from '../../contract/tables.js'
import { byteSize } from '../../core/byte-size.js'
import { asNumber } from '../../engine/duckdb.js'
import type { Engine } from '../../engine/engine.js'
import { quoteIdent } from '../../engine/sql-text.js'
import { derivedSql } from '../../gold/derived-sql.js'
import { cutKeys, type KeyRange, rangesFor } from '../../gold/key-ranges.js'
import type { Slice } from '../../gold/touched.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { byContent } from '../../lake/content-name.js'
import { partitionFiles } from '../../lake/scan.js'
import { type WrittenFile, writePartitions } from '../../lake/write-files.js'
import type { Verdict } from '../../quality/gate.js'
import { acrossLanes, type Lane, type Lanes } from '../lanes.js'
import { viewSessions } from '../read/calendar-sessions.js'
import type { RunContext } from '../run-context.js'
import { addFigures, countDerived, type DerivedFigures, NO_ROWS } from './audit-derived.js'
import { modelFailure } from './model-failure.js'
import { extentsOf, type ModelInput, type PlannedModel, reachOf, rowsWithin, viewInputs } from './model-inputs.js'

/** What the pieces of a table share. */
export interface Piecework {
  readonly model: PlannedModel
  readonly contract: Contract
  readonly table: LoadedTable
  readonly inputs: readonly ModelInput[]
  readonly run: RunContext
}

/** What was counted and written of a part of a table. Nothing is written when a row is in error or the SQL failed. */
export interface Piece {
  readonly figures: DerivedFigures
  /** What the engine says of the model's SQL, when it failed. */
  readonly fault?: Verdict
  readonly written: readonly WrittenFile[]
}

/** Computes, audits and writes the slices of a table side by side; large ones one after another, each a range of series at a time. */
export async function deriveSlices(work: Piecework, slices: readonly Slice[], lanes: Lanes): Promise<Piece[]> {
  const extents = extentsOf(work.inputs)
  const memory = byteSize(work.run.project.config.engine.memoryLimit)
  const countOf = ({ read }: Slice): number =>
    work.model.series === undefined ? 1 : rangesFor(rowsWithin(extents, read), memory)
  if (slices.every(slice => countOf(slice) <= 1))
    return acrossLanes(lanes, slices, (slice, lane) =>
      deriveSlice(work, slice, lane, slices.length > 1 ? [lane.engine] : lanes.engines),
    )
  const pieces: Piece[] = []
  for (const slice of slices) pieces.push(await deriveByRanges(work, slice, countOf(slice), lanes))
  return pieces
}

async function deriveSlice(work: Piecework, slice: Slice, lane: Lane, writers: readonly Engine[]): Promise<Piece> {
  const computed = await compute(work, slice, lane)
  return finish([computed], work, writers)
}

async function deriveByRanges(work: Piecework, slice: Slice, count: number, lanes: Lanes): Promise<Piece> {
  const ranges = await rangesOf(work, slice, count, await lanes.first())
  const computed = await acrossLanes(lanes, ranges, (range, lane) => compute(work, slice, lane, range))
  return finish(computed, work, lanes.engines)
}

/**
 * The keys are those of the smallest input that has the column: every table of a market's days has about the same ones. Not of one that is small
 * against the others: its keys are of something else, as the series of macro_daily are.
 */
async function rangesOf(
  { model, inputs, run }: Piecework,
  { read }: Slice,
  count: number,
  lane: Lane,
): Promise<KeyRange[]> {
  const column = model.series!
  const keyed = inputs.filter(input => input.shape.columns.some(({ name }) => name === column))
  const rowsIn = (input: ModelInput): number => rowsWithin(extentsOf([input]), read)
  const most = Math.max(...keyed.map(rowsIn))
  const [smallest] = keyed.filter(input => rowsIn(input) > most / 10).sort((a, b) => rowsIn(a) - rowsIn(b))
  if (smallest === undefined) return cutKeys(column, [], 1)
  await viewInputs([smallest], read, lane, run)
  const key = quoteIdent(column)
  const rows = await lane.engine.rows(`SELECT ${key} AS key, count(*) AS rows FROM ${smallest.name}
    WHERE ${key} IS NOT NULL GROUP BY ALL ORDER BY ${key}`)
  return cutKeys(
    column,
    rows.map(row => ({ key: String(row['key']), rows: asNumber(row['rows']) })),
    count,
  )
}

/** Derived rows in a table of a lane, counted. */
interface Computed {
  readonly derived: string
  readonly figures: DerivedFigures
  readonly fault?: Verdict
}

async function compute(
  { model, contract, inputs, run }: Piecework,
  { rewrite, read }: Slice,
  lane: Lane,
  range?: KeyRange,
): Promise<Computed> {
  const derived = `${lane.catalog}.work.${quoteIdent(`derived ${range?.from ?? ''}`)}`
  await viewInputs(inputs, read, lane, run)
  if (model.joinsSessions) await viewSessions(lane.engine)
  // A range holds every partition of the slice: in their order, writing one of them reads a part of the range.
  const order = range === undefined ? '' : 'ORDER BY _p'
  const part = { keys: range, knownTo: reachOf(model, inputs)?.knownTo }
  const fault = await lane.engine
    .run(`CREATE OR REPLACE TABLE ${derived} AS ${derivedSql(model, contract, rewrite, part)} ${order}`)
    .then(
      () => undefined,
      cause => modelFailure(cause, model),
    )
  if (fault !== undefined) return { derived, figures: NO_ROWS, fault }
  return { derived, figures: await countDerived(derived, contract, lane.engine) }
}

async function finish(computed: readonly Computed[], work: Piecework, writers: readonly Engine[]): Promise<Piece> {
  const fault = computed.find(part => part.fault !== undefined)?.fault
  const figures = addFigures(computed.map(part => part.figures))
  // Thresholds look at the whole table: only a row in error settles it here.
  const isSound = fault === undefined && figures.inError === 0
  const tables = computed.map(part => part.derived)
  const written = isSound && figures.rows > 0 ? await writeDerived(tables, { ...work, writers }) : []
  await writers[0]!.run(tables.map(table => `DROP TABLE IF EXISTS ${table}`).join('; '))
  return { figures, written, ...(fault !== undefined && { fault }) }
}

/** Writes derived rows (tables with `_p`), a file for each partition. */
export async function writeDerived(
  tables: readonly string[],
  {
    contract,
    table,
    writers,
    run,
  }: Pick<Piecework, 'contract' | 'table' | 'run'> & { readonly writers: readonly Engine[] },
): Promise<WrittenFile[]> {
  const shape = goldShape(contract)
  const columns = shape.columns.map(column => quoteIdent(column.name)).join(', ')
  const order = shape.order.map(quoteIdent).join(', ')
  const all = (select: string): string => tables.map(name => `SELECT ${select} FROM ${name}`).join(' UNION ALL ')
  const rows = await writers[0]!.rows(`SELECT DISTINCT _p FROM (${all('_p')}) ORDER BY _p`)
  const partitions = rows.map(row => asNumber(row['_p']))
  const writer = run.writer(table)
  return writePartitions(
    { ...writer, standing: byContent(await partitionFiles(writer.lake, table, new Set(partitions))) },
    writers,
    partitions,
    async ordinal => `SELECT ${columns} FROM (${all('*')}) WHERE _p = ${ordinal} ORDER BY ${order}`,
  )
}
