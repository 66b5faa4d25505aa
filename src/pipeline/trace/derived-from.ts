import type { Contract } from '../../contract/contract.js'
import { SluiceError } from '../../core/errors.js'
import { asNumber } from '../../engine/duckdb.js'
import type { Engine } from '../../engine/engine.js'
import { quoteIdent } from '../../engine/sql-text.js'
import { derivedSql } from '../../gold/derived-sql.js'
import type { Interval } from '../../gold/touched.js'
import { ordinalRange, transformOrdinal } from '../../iceberg/transforms.js'
import type { PlannedModel } from '../derive/model-inputs.js'
import type { Lane } from '../lanes.js'
import type { Project } from '../project/project.js'
import { calendarsFor, loadSessions, viewSessions } from '../read/calendar-sessions.js'
import { contractOfName } from '../read/lake-views.js'
import { addTraced, traced, whole } from './traced-rows.js'

/** What deriving traced rows again, from some rows of the inputs alone, gave. */
export interface Rederived {
  /**
   * `same`: every value of every row, from nothing but the rows of its inputs that are counted here. `other`: not even from all rows
   * of the time that the model may read: inputs, model or formulas have changed since.
   */
  readonly derived_again: 'same' | 'other'
  /** The columns by which rows of the inputs were chosen beside their time. */
  readonly by: readonly string[]
}

/** All of time, as far as tables reach. */
const EVER: Interval = { start: Date.UTC(1, 0, 1), end: Date.UTC(9999, 0, 1) }

const DAY_MS = 86_400_000

/**
 * Finds the rows of a model's inputs from which its traced rows come, and adds them to the traced ones. It tries the fewest first: those
 * of the same keys, of the time that the model looks back; and derives the rows from them to see whether they are enough.
 */
export async function derivedFrom(
  model: PlannedModel,
  project: Project,
  { engine, catalog }: Lane,
): Promise<Rederived> {
  const contract = contractOf(model, project)
  if (model.joinsSessions) {
    await loadSessions(await calendarsFor(model.sql, engine), engine)
    await viewSessions(engine)
  }
  const times = await timesOf(model, contract, engine)
  const choices = choicesOf(model, contract, times)
  for (const choice of choices) {
    await chooseRows(model, contract, project, choice, engine)
    if (!(await givesTraced(model, contract, catalog, engine))) continue
    await leaveOut(model, contract, catalog, engine)
    await keepChosen(model, engine)
    return { derived_again: 'same', by: choice.by }
  }
  await keepChosen(model, engine)
  return { derived_again: 'other', by: [] }
}

function contractOf(model: PlannedModel, { contracts }: Project): Contract {
  const found = contracts.find(({ layer, dataset }) => layer === 'gold' && dataset === model.contract)
  if (found !== undefined) return found
  throw new SluiceError('SLUICE_MODEL_INVALID', `There is no gold contract called ${model.contract}.`, {
    place: model.sqlPlace,
  })
}

/** Which rows of the inputs are looked at: of a time, and with the traced rows' values in some columns. */
interface Choice {
  readonly time: Interval
  readonly by: readonly string[]
}

/** From the fewest rows to all that the model may read. */
function choicesOf(model: PlannedModel, contract: Contract, { start, end }: Interval): Choice[] {
  const keys = contract.primaryKey.filter(name => name !== contract.eventTime)
  const from = start - model.lookbackMs
  const isDay = contract.columns.some(({ name, type }) => name === contract.eventTime && type.kind === 'date')
  // A row of a day sees that day; one of a moment, such as a bar, what follows within a minute, an hour, a day.
  const short = isDay ? [DAY_MS] : [60_000, 300_000, 3_600_000, DAY_MS]
  const reaches = model.lookaheadMs === 0 ? short : [...short, 7 * DAY_MS, model.lookaheadMs + DAY_MS]
  // Rows that look ahead are put together from shorter ones: a bar of a week from bars of days, of the same instrument.
  const by = model.lookaheadMs === 0 ? keys : keys.filter(name => name === 'instrument_id')
  const near = reaches.map(reach => ({ time: { start: from, end: end + reach }, by }))
  const partitions = {
    start: ordinalRange(contract.partition, transformOrdinal(contract.partition, BigInt(start) * 1000n)).startMs,
    end: ordinalRange(contract.partition, transformOrdinal(contract.partition, BigInt(end) * 1000n)).endMs,
  }
  const far = { start: partitions.start - model.lookbackMs, end: partitions.end + model.lookaheadMs }
  return [...near, { time: far, by }, { time: near.at(-1)!.time, by: [] }, { time: far, by: [] }]
}

async function timesOf(model: PlannedModel, { eventTime }: Contract, engine: Engine): Promise<Interval> {
  const time = `epoch_ms(${quoteIdent(eventTime)}::TIMESTAMPTZ)`
  const [row] = await engine.rows(
    `SELECT min(${time}) AS first, max(${time}) AS last FROM ${traced(`gold.${model.table}`)}`,
  )
  return { start: asNumber(row?.['first']), end: asNumber(row?.['last']) }
}

/** Puts the chosen rows where the model reads its inputs. */
async function chooseRows(
  model: PlannedModel,
  contract: Contract,
  { contracts }: Project,
  { time, by }: Choice,
  engine: Engine,
): Promise<void> {
  for (const input of model.dependencies) {
    const own = contractOfName(input, contracts)
    const eventTime = own?.eventTime ?? contract.eventTime
    const shared = by.filter(name => own?.columns.some(column => column.name === name)).map(quoteIdent)
    const moment = `epoch_ms(${quoteIdent(eventTime)}::TIMESTAMPTZ)`
    const alike =
      shared.length === 0
        ? ''
        : ` AND (${shared.join(', ')}) IN (SELECT (${shared.join(', ')}) FROM ${traced(`gold.${model.table}`)})`
    const ofTime = `SELECT * FROM ${whole(input)} WHERE ${moment} >= ${time.start} AND ${moment} < ${time.end}`
    await engine.run(`CREATE OR REPLACE TABLE ${named(input)} AS ${ofTime}${alike}`)
    // An input that has none of these keys has others: rates are not of the instrument, but of its currency.
    if (alike !== '' && (await isEmpty(named(input), engine)))
      await engine.run(`CREATE OR REPLACE TABLE ${named(input)} AS ${ofTime}`)
  }
}

async function isEmpty(table: string, engine: Engine): Promise<boolean> {
  const [row] = await engine.rows(`SELECT count(*) = 0 AS empty FROM (FROM ${table} LIMIT 1)`)
  return row?.['empty'] === true
}

function named(table: string): string {
  return table.split('.').map(quoteIdent).join('.')
}

/** Whether the model makes every traced row, value for value, from the chosen rows. */
async function givesTraced(model: PlannedModel, contract: Contract, catalog: string, engine: Engine): Promise<boolean> {
  const derived = `${catalog}.work.derived`
  await engine.run(`CREATE OR REPLACE TABLE ${derived} AS ${derivedSql(model, contract, EVER)}`)
  const columns = [...contract.columns.map(({ name }) => quoteIdent(name)), '_known_at'].join(', ')
  const [row] = await engine.rows(`SELECT count(*) AS missing FROM (
    SELECT ${columns} FROM ${traced(`gold.${model.table}`)} EXCEPT SELECT ${columns} FROM ${derived})`)
  return asNumber(row?.['missing']) === 0
}

/** Inputs without which the rows are the same have no part in them. */
async function leaveOut(model: PlannedModel, contract: Contract, catalog: string, engine: Engine): Promise<void> {
  for (const input of model.dependencies) {
    await engine.run(`CREATE OR REPLACE TABLE ${catalog}.work.chosen AS SELECT * FROM ${named(input)}`)
    await engine.run(`DELETE FROM ${named(input)}`)
    if (!(await givesTraced(model, contract, catalog, engine)))
      await engine.run(`INSERT INTO ${named(input)} SELECT * FROM ${catalog}.work.chosen`)
  }
}

async function keepChosen(model: PlannedModel, engine: Engine): Promise<void> {
  for (const input of model.dependencies) await addTraced(input, `SELECT * FROM ${named(input)}`, engine)
}
