import { quoteIdent } from '../../engine/sql-text.js'
import type { Contract, DetectorTest, Rule } from '../contract.js'
import {
  type Detector,
  keptSql,
  type ReceivedColumn,
  type SeriesDetector,
  type SlotColumn,
  type Use,
} from './detector.js'
import { detectorNamed } from './registry.js'
import { restlessSql } from './restless-series.js'

/** SQL that looks for what a contract's series detectors find. */
export interface SeriesDetection {
  readonly finds: readonly { readonly id: string; readonly severity: Rule['severity'] }[]
  readonly sessions: boolean
  readonly acrossSeries: boolean
  /** SELECT of the series (`_series`) that can hold a find, over SQL of rows that also have `_p`, a span of time; undefined when any can. */
  restlessSql(rows: string): string | undefined
  /**
   * SELECT of where in which series (`_series`) there can be a find, over SQL of rows that have the contract's columns, `_series`,
   * `_fresh` and `_tie`, which orders rows of one key: the times from which to which rows must be seen (`_from`, `_to`), and those of the finds (`_first`, `_last`).
   */
  suspectsSql(rows: string): string
  /**
   * SELECT of `_row` with a boolean column `_find_<n>` for each of `finds`, for rows with a find, over the same with `_row`. `suspects`
   * names a table of what `suspectsSql` gives.
   */
  findsSql(rows: string, suspects: string): string
}

/** The condition, true for what it finds, of a detector that sees one row; undefined for any other. */
export function rowDetectorSql(test: DetectorTest, contract: Contract): string | undefined {
  const detector = known(test)
  if (detector.shape !== 'row') return undefined
  const use = useOf(test, contract)
  return within(use, detector.sql(use))
}

export function hasSeriesDetectors({ rules }: Contract): boolean {
  return rules.some(({ test }) => test.kind === 'detector' && known(test).shape === 'series')
}

/** Undefined when the contract asks for no such detector. */
export function compileSeriesDetection(contract: Contract): SeriesDetection | undefined {
  const found = contract.rules.flatMap(({ id, severity, test }) => {
    const detector = test.kind === 'detector' ? known(test) : undefined
    return test.kind === 'detector' && detector?.shape === 'series'
      ? [{ id, severity, detector, use: useOf(test, contract) }]
      : []
  })
  if (found.length === 0) return undefined
  const series: Compiled = {
    found,
    window: windowSql(contract),
    time: quoteIdent(contract.eventTime),
    doubles: doublesSql(contract),
  }
  return {
    finds: found.map(({ id, severity }) => ({ id, severity })),
    sessions: found.some(({ detector }) => detector.sessions === true),
    acrossSeries: found.some(({ detector }) => detector.acrossSeries === true),
    restlessSql: rows => restlessSql(found, rows),
    suspectsSql: rows => suspectsSql(series, rows),
    findsSql: (rows, suspects) => findsSql(series, rows, suspects),
  }
}

interface Compiled {
  readonly found: readonly { readonly detector: SeriesDetector; readonly use: Use }[]
  /** The clause that names the window of the series. */
  readonly window: string
  readonly time: string
  /** Decimals as doubles, within two units in the last place: exact enough for windows, and many times faster. */
  readonly doubles: string
}

/** Beyond so many suspects the whole series is seen at once rather than place by place. */
const MANY = 50

function suspectsSql(compiled: Compiled, rows: string): string {
  const { found, window, time } = compiled
  const screens = found.map(({ detector, use }, at) => `${within(use, detector.screen(use))} AS _screen_${at}`)
  const wide = found.flatMap(({ detector }, at) => (detector.reach === undefined ? [`_screen_${at}`] : []))
  const reaches = found.flatMap(({ detector, use }) => (detector.reach === undefined ? [] : [detector.reach(use)]))
  const sees = Math.max(0, ...reaches.map(({ sees }) => sees))
  const finds = Math.max(0, ...reaches.map(({ finds }) => finds))
  // Rows that are seen round the outermost find must be seen themselves, and so must what these look back at.
  const places = [sees + finds + LOOKS_BACK, finds].flatMap(far => [
    `coalesce(lag(${time}, ${far}) OVER series, '-infinity')`,
    `coalesce(lead(${time}, ${far}) OVER series, 'infinity')`,
  ])
  const named = ['_from', '_to', '_first', '_last'].map((name, at) => [name, places[at]!] as const)
  // All that looks round in one go: the rows are sorted once.
  const screened = `SELECT _series, ${screens.join(', ')}, _from, _to, _first, _last
    FROM (${lookingSql(compiled, rows, Object.fromEntries(named))}) ${window}`
  const isWide = `bool_or(${wide.join(' OR ') || 'false'}) OVER (PARTITION BY _series) OR count(*) OVER (PARTITION BY _series) > ${MANY}`
  const narrow = [
    ...['_from', '_first'].map(name => `CASE WHEN _wide THEN '-infinity' ELSE ${name} END AS ${name}`),
    ...['_to', '_last'].map(name => `CASE WHEN _wide THEN 'infinity' ELSE ${name} END AS ${name}`),
  ]
  return `SELECT DISTINCT _series, ${narrow.join(', ')} FROM (SELECT *, ${isWide} AS _wide
    FROM (${screened}) WHERE ${found.map((_, at) => `_screen_${at}`).join(' OR ')})`
}

/** How many rows before it the looks of a row reach at most, where nothing is empty. */
const LOOKS_BACK = 2

function findsSql(compiled: Compiled, rows: string, suspects: string): string {
  const { found, window, time, doubles } = compiled
  const seen = `SELECT r.* REPLACE (${doubles}) FROM (${rows}) r
    JOIN (${placesSql(suspects)}) p ON p._series = r._series AND r.${time} BETWEEN p._from AND p._to`
  const levels = found.flatMap(({ detector, use }, at) =>
    detector.level === undefined ? [] : [`, ${detector.level(use)} AS ${levelColumn(at)}`],
  )
  const levelled = `SELECT *${levels.join('')} FROM (${lookingSql(compiled, seen)}) ${window}`
  const finds = found.map(
    ({ detector, use }, at) => `${within(use, detector.sql(use, levelColumn(at)))} AS _find_${at}`,
  )
  const any = found.map((_, at) => `_find_${at}`).join(' OR ')
  return `SELECT * FROM (SELECT _row, _fresh, _series, ${time}, ${finds.join(', ')} FROM (${levelled}) ${window}) f
    WHERE _fresh AND (${any})
      AND EXISTS (SELECT 1 FROM ${suspects} s WHERE s._series = f._series AND f.${time} BETWEEN s._first AND s._last)`
}

/** Where rows are seen: what overlaps is one place, so that no row is seen twice. */
function placesSql(suspects: string): string {
  const before = 'PARTITION BY _series ORDER BY _from, _to ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING'
  return `SELECT _series, min(_from) AS _from, max(_to) AS _to FROM (
      SELECT *, sum(begins) OVER (PARTITION BY _series ORDER BY _from, _to ROWS UNBOUNDED PRECEDING) AS place FROM (
        SELECT *, CASE WHEN _from <= max(_to) OVER (${before}) THEN 0 ELSE 1 END AS begins FROM ${suspects}))
    GROUP BY _series, place`
}

function lookingSql({ found, window }: Compiled, rows: string, more: Readonly<Record<string, string>> = {}): string {
  const looks = Object.entries<string>(
    Object.assign({}, ...found.map(({ detector, use }) => detector.looks(use)), more),
  )
  return `SELECT *${looks.map(([name, sql]) => `, ${sql} AS ${quoteIdent(name)}`).join('')} FROM (${rows}) ${window}`
}

/** SQL for the figures of a contract's batch detectors. */
export interface BatchDetection {
  readonly ids: readonly string[]
  readonly sessions: boolean
  /** Columns that rows must have too, each once. */
  readonly slots: readonly SlotColumn[]
  readonly received: readonly ReceivedColumn[]
  /** SELECT of `_batch` with a figure for each of `ids`, over SQL of rows that have the contract's columns, `_batch`, `_series` and `_fresh`. */
  figuresSql(rows: string): string
}

/** Undefined when the contract asks for no such detector. */
export function compileBatchDetection(contract: Contract): BatchDetection | undefined {
  const found = contract.checks.flatMap(({ id, detector: test }) => {
    const detector = test === undefined ? undefined : known(test)
    return test !== undefined && detector?.shape === 'batch' ? [{ id, detector, use: useOf(test, contract) }] : []
  })
  if (found.length === 0) return undefined
  const looks = Object.assign({}, ...found.map(({ detector, use }) => detector.looks?.(use) ?? {}))
  return {
    ids: found.map(({ id }) => id),
    sessions: found.some(({ detector }) => detector.sessions === true),
    slots: distinct(found.flatMap(({ detector, use }) => detector.slot?.(use) ?? [])),
    received: distinct(found.flatMap(({ detector, use }) => detector.received?.(use) ?? [])),
    figuresSql: rows => {
      const looking = Object.entries(looks).map(([name, sql]) => `, ${sql} AS ${quoteIdent(name)}`)
      const source =
        looking.length === 0 ? rows : `SELECT *${looking.join('')} FROM (${rows}) ${windowSql(contract, '_batch, ')}`
      const inner = found.flatMap(({ detector, use }, at) =>
        Object.entries(detector.ofSeries(use)).map(([name, sql]) => `${sql} AS ${part(at, name)}`),
      )
      const figures = found.map(
        ({ id, detector, use }, at) => `(${detector.figure(use, name => part(at, name))})::DOUBLE AS ${quoteIdent(id)}`,
      )
      return `SELECT _batch, ${figures.join(', ')} FROM (SELECT _batch, _series, ${inner.join(', ')} FROM (${source}) GROUP BY ALL) GROUP BY _batch`
    },
  }
}

function distinct<T extends { readonly name: string }>(columns: readonly T[]): T[] {
  return [...new Map(columns.map(column => [column.name, column])).values()]
}

/**
 * SELECT of `_batch` with a figure for each detector of records, by its id, over SQL of `_batch`, `field` and `isKnown`; undefined when the
 * contract asks for none.
 */
export function compileRecordDetection({
  checks,
}: Contract): { ids: string[]; figuresSql(fields: string): string } | undefined {
  const found = checks.flatMap(({ id, detector: test }) => {
    const detector = test === undefined ? undefined : known(test)
    return detector?.shape === 'records' ? [{ id, detector }] : []
  })
  if (found.length === 0) return undefined
  const figures = found.map(({ id, detector }) => `(${detector.figure()})::DOUBLE AS ${quoteIdent(id)}`)
  return {
    ids: found.map(({ id }) => id),
    figuresSql: fields => `SELECT _batch, ${figures.join(', ')} FROM (${fields}) GROUP BY _batch`,
  }
}

/** A figure from the rows of a batch and those of another dataset. */
export interface DatasetDetection {
  readonly id: string
  readonly against: string
  /** SELECT of `_batch` and `figure`, over SQL of both. */
  figureSql(rows: string, others: string): string
}

/** The contract's detectors that look at another dataset, in its order. */
export function compileDatasetDetections(contract: Contract): DatasetDetection[] {
  return contract.checks.flatMap(({ id, detector: test }) => {
    const detector = test === undefined ? undefined : known(test)
    if (test === undefined || detector?.shape !== 'datasets') return []
    const use = useOf(test, contract)
    const figureSql = (rows: string, others: string): string => detector.figureSql(use, rows, others)
    return [{ id, against: String(test.arguments['against']), figureSql }]
  })
}

/** The other datasets that a contract's checks look at. */
export function otherDatasets({ checks }: Pick<Contract, 'checks'>): string[] {
  const named = checks.flatMap(({ detector }) => [detector?.arguments['against'], detector?.arguments['beside']])
  return [...new Set(named.filter(name => name !== undefined).map(String))]
}

function known({ name }: DetectorTest): Detector {
  const detector = detectorNamed(name)
  if (detector === undefined) throw new RangeError(`there is no detector ${name}`)
  return detector
}

function useOf(test: DetectorTest, { eventTime, columns, layer }: Contract): Use {
  const required = columns.filter(column => column.required).map(({ name }) => name)
  return { arguments: test.arguments, terms: { eventTime, required, derived: layer === 'gold' } }
}

/** A row that the detector is not for is no find, nor is one for which it gives NULL. */
function within(use: Use, found: string): string {
  return `coalesce(${keptSql(use)} AND (${found}), false)`
}

/** Rows of a series in the order of time; those of one time in an order of their own, so that the same rows give the same finds. */
function windowSql(contract: Contract, before = ''): string {
  const rest = contract.primaryKey.filter(name => name !== contract.eventTime && !contract.series.includes(name))
  const order = [contract.eventTime, ...rest, ...(before === '' ? ['_tie'] : [])].map(quoteIdent).join(', ')
  const partition = contract.series.length === 0 ? '' : `${contract.series.map(quoteIdent).join(', ')}`
  const by = `${before}${partition}`.replace(/, $/, '')
  return `WINDOW series AS (${by === '' ? '' : `PARTITION BY ${by} `}ORDER BY ${order})`
}

function doublesSql({ columns }: Contract): string {
  const decimals = columns.filter(({ type }) => type.kind === 'decimal').map(({ name }) => quoteIdent(name))
  // The plain cast divides 128-bit numbers: for a million values it takes half a second, which is twenty times as long.
  return ['r._series AS _series', ...decimals.map(name => `list_aggregate([r.${name}], 'avg') AS ${name}`)].join(', ')
}

function levelColumn(at: number): string {
  return `_level_${at}`
}

function part(at: number, name: string): string {
  return `_part_${at}_${name}`
}
