import { quoteIdent } from '../../engine/sql-text.js'
import type { DetectorArguments } from '../contract.js'
import type { SlaTerms } from '../read-sla.js'

/**
 * A test of rows or batches that Sluice brings, by name: a contract asks for it and gives the thresholds (ADR-0027). What it computes
 * is SQL, the same for every dataset.
 */
export type Detector = RowDetector | SeriesDetector | BatchDetector | RecordDetector | DatasetDetector

interface Described {
  readonly name: string
  /** What is wrong with what it finds. */
  readonly catches: string
  /** What looks like it and is right. */
  readonly passes: string
  readonly parameters: Readonly<Record<string, Parameter>>
}

/** Sees one row alone: a part of the contract's rules. */
export interface RowDetector extends Described {
  readonly shape: 'row'
  /** True for a row that it finds; NULL counts as false. */
  sql(use: Use): string
}

/**
 * Sees a row in its series: the good rows of the batch with what is published of the same series round them, in the order of the event
 * time. Rows have the contract's columns, `_fresh` (of this batch, else published before), and where `sessions` asks for it `_calendar`
 * (the instrument's, NULL for none) and `_session` (number of the session of the day in it, NULL for none). `OVER series` is the window of the series. `looks` are columns that look round, by name. `screen` is true in every series that
 * can hold a find, cheap, over the columns and the looks; only series in which it is true are looked at again. `level`, where one is
 * needed, is a window over the looks, and `sql` one over all of these, given the column of its level.
 */
export interface SeriesDetector extends Described {
  readonly shape: 'series'
  looks(use: Use): Readonly<Record<string, string>>
  screen(use: Use): string
  level?(use: Use): string
  sql(use: Use, level: string): string
  /** Without it the whole series is seen wherever the screen is true. */
  reach?(use: Use): Reach
  /** Where the screen is true only for a value that has moved so far from the one before it: how far. Calm series are then not sorted. */
  moves?(use: Use): Move | undefined
  /** It compares series with each other: what is published of the others at the time is read too. */
  readonly acrossSeries?: true
  /** It asks for `_calendar` and `_session`. */
  readonly sessions?: true
}

/** A value that is further than `least` times the one before it away from that; `value` names its column. */
export interface Move {
  readonly value: string
  readonly least: number
}

/** Rows round one where the screen is true: how far away a find can lie from it, and how far round itself a find sees. */
export interface Reach {
  readonly finds: number
  readonly sees: number
}

/**
 * Gives one figure for each pipe, which must keep a limit. `ofSeries` are aggregates over the rows of one series, by name; `figure` is
 * an aggregate over these, given their columns. Rows have what those of a series detector have.
 */
export interface BatchDetector extends Described {
  readonly shape: 'batch'
  readonly unit: 'rows' | 'percent'
  looks?(use: Use): Readonly<Record<string, string>>
  ofSeries(use: Use): Readonly<Record<string, string>>
  figure(use: Use, part: (name: string) => string): string
  limit(use: Use): Limit
  readonly sessions?: true
  /** The number of a row's window in the sessions of its calendar, which it asks for. */
  slot?(use: Use): SlotColumn
  /** The last session that had ended for so long when a row was received, which it asks for. */
  received?(use: Use): ReceivedColumn
  /** It can judge what a model derives too: it asks nothing of pipes. */
  readonly derived?: true
}

/** A column with the number of a session in the row's calendar, of a day without one; `hours` say for how long it had ended. */
export interface ReceivedColumn {
  readonly name: string
  readonly hours: number
}

/** A column that numbers windows of some length within sessions; `secondsSql` is the length for a row, NULL for none. */
export interface SlotColumn {
  readonly name: string
  readonly secondsSql: string
}

/**
 * Gives one figure for each pipe, or for what a model derived, from its rows and those of the other dataset that the argument `against`
 * names: `figureSql` is a SELECT of `_batch` and `figure` over SQL of both. Rows have the columns of their contract; those of the batch
 * `_batch` too.
 */
export interface DatasetDetector extends Described {
  readonly shape: 'datasets'
  readonly unit: 'rows' | 'percent'
  figureSql(use: Use, rows: string, others: string): string
  limit(use: Use): Limit
  readonly derived: true
}

/**
 * Gives one figure for each pipe from its records as they came: `figure` is an aggregate over the names of the fields that the contract
 * does not know, in `field`; `isKnown` is true for one that earlier records had.
 */
export interface RecordDetector extends Described {
  readonly shape: 'records'
  readonly unit: 'rows'
  figure(): string
  limit(): Limit
}

export interface Limit {
  readonly op: 'beLessOrEqualTo' | 'beGreaterOrEqualTo'
  readonly value: number
}

/** One use of a detector in a contract. */
export interface Use {
  readonly arguments: DetectorArguments
  /**
   * What detectors ask of the contract: `required` are the columns that are never empty. Of what a model derives (`derived`), rows have
   * `_beside`, the other dataset from which they are, NULL for the table's own.
   */
  readonly terms: { readonly eventTime: string; readonly required: readonly string[]; readonly derived: boolean }
}

export type ParameterKind =
  | 'column'
  | 'columns'
  | 'number'
  | 'integer'
  | 'numbers'
  | 'step'
  | 'expression'
  | 'dataset'
  | 'their column'
  | 'their columns'
  | 'their expression'

/** What a contract may say to a detector. Without a default and not optional: it must. */
export interface Parameter {
  /** `dataset` is another dataset of silver; `their…` are its columns and a condition over them. */
  readonly kind: ParameterKind
  readonly doc: string
  readonly default?: number | string | readonly number[]
  readonly optional?: true
  /** The default where the contract has slaProperties. */
  readonly ofSla?: keyof SlaTerms
  /** Of a column: what it must hold. */
  readonly holds?: 'number' | 'time' | 'text'
  readonly min?: number
  readonly max?: number
}

/** The names of the calendar whose sessions never end: every window of it is counted, without a look at sessions. */
export const NEVER_CLOSED: readonly string[] = ['24/7', '24x7', 'CRYPTO']

/** Seconds of the cadences that have a fixed length. */
export const STEP_SECONDS: Readonly<Record<string, number>> = {
  '1m': 60,
  '3m': 180,
  '5m': 300,
  '15m': 900,
  '30m': 1800,
  '1h': 3600,
  '2h': 7200,
  '4h': 14_400,
  '6h': 21_600,
  '8h': 28_800,
  '12h': 43_200,
  '1d': 86_400,
  '1w': 604_800,
}

/** The cadences that a contract may name. */
export const STEPS: readonly string[] = [...Object.keys(STEP_SECONDS), '1mo']

/** Of every detector: the rows that it is for. */
export const WHERE: Parameter = {
  kind: 'expression',
  doc: 'SQL condition over the columns: only rows that keep it are judged.',
  optional: true,
}

/** SQL that is true for the rows that a use is for. A condition that raises for a row does not hold for it. */
export function keptSql({ arguments: { where } }: Use): string {
  return typeof where === 'string' ? `coalesce(TRY((${where})), false)` : 'true'
}

/** The column that a row detector judges; under a property it is that property. */
export const VALUE: Parameter = { kind: 'column', holds: 'number', doc: 'The column that is judged.' }

/** A column as a number: detectors compare and divide, exact digits do not matter to them. */
export function number(use: Use, name: string): string {
  return `${column(use, name)}::DOUBLE`
}

/** The largest value that is compared as the decimal it is: times a threshold it still fits. */
const PLAIN = '1000000000000'

/**
 * SQL that is false where a column is no further from another than so many times it, in the columns' own types: turning a decimal into
 * a double costs twenty times as much as comparing it, so screens ask this first. True also where it would not fit.
 */
export function isFar(value: string, from: string, times: number): string {
  const plain = [value, from].map(one => `${one} BETWEEN -${PLAIN} AND ${PLAIN}`).join(' AND ')
  // Rounded down, so that nothing is missed.
  const least = (Math.floor(Math.max(0, times) * 1e6) / 1e6).toFixed(6)
  return `CASE WHEN ${plain} THEN abs(${value} - ${from}) > ${least} * abs(${from})
    ELSE ${value} IS NOT NULL AND ${from} IS NOT NULL END`
}

export function column(use: Use, name: string): string {
  return quoteIdent(String(use.arguments[name]))
}

export function columns(use: Use, name: string): string[] {
  return (use.arguments[name] as readonly string[]).map(quoteIdent)
}

export function threshold(use: Use, name: string): number {
  return use.arguments[name] as number
}

export function thresholds(use: Use, name: string): readonly number[] {
  return use.arguments[name] as readonly number[]
}

export function has(use: Use, name: string): boolean {
  return use.arguments[name] !== undefined
}

/** A look at another row of the series, as a number. */
export function look(use: Use, kind: LookKind, name: string, rows = 1): string {
  return `${quoteIdent(lookName(use, kind, name, rows))}::DOUBLE`
}

/** The same in the column's own type. */
export function plainLook(use: Use, kind: LookKind, name: string, rows = 1): string {
  return quoteIdent(lookName(use, kind, name, rows))
}

/**
 * The look itself, by its name: the value of a column so many rows before (`lag`) or after (`lead`), or, at one row, the last before and
 * the first after that is not empty.
 */
export function looking(use: Use, kind: LookKind, name: string, rows = 1): Record<string, string> {
  const ignore = rows === 1 && !use.terms.required.includes(String(use.arguments[name])) ? ' IGNORE NULLS' : ''
  return { [lookName(use, kind, name, rows)]: `${kind}(${column(use, name)}, ${rows}${ignore}) OVER series` }
}

type LookKind = 'lag' | 'lead'

function lookName(use: Use, kind: LookKind, name: string, rows: number): string {
  return `_${kind}_${rows}_${String(use.arguments[name])}`
}

/** The last value before a row that is not empty. */
export function before(use: Use, name: string): string {
  return look(use, 'lag', name)
}

/** `isFar` of a value and the one before it. */
export function hasMoved(use: Use, name: string, times: number): string {
  return isFar(column(use, name), plainLook(use, 'lag', name), times)
}

/** The move of a value that `hasMoved` asks for. */
export function moveOf(use: Use, name: string, least: number): Move {
  return { value: String(use.arguments[name]), least }
}

export function lookBefore(use: Use, name: string): Record<string, string> {
  return looking(use, 'lag', name)
}

/** A detector that asks nothing of the rows before and after. */
export const ROW_ALONE: Pick<SeriesDetector, 'looks' | 'reach'> = {
  looks: () => ({}),
  reach: () => ({ finds: 0, sees: 0 }),
}

/** The window of the series that reaches so many rows back and forth: `-5, -1` are the five rows before. */
export function rows(from: number, to: number): string {
  return `OVER (series ROWS BETWEEN ${bound(from)} AND ${bound(to)})`
}

function bound(at: number): string {
  return at < 0 ? `${-at} PRECEDING` : `${at} FOLLOWING`
}
