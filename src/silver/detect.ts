import { brokenListSql } from '../contract/broken-list.js'
import type { Contract } from '../contract/contract.js'
import { compileSeriesDetection, type SeriesDetection } from '../contract/detectors/compile-detectors.js'
import { asNumber } from '../engine/duckdb.js'
import type { Engine } from '../engine/engine.js'
import { quoteIdent } from '../engine/sql-text.js'
import { ordinalSql } from '../lake/table-shape.js'
import { CONFORMED, IS_GOOD } from './conform.js'
import { typedRecordSql } from './quarantine.js'
import { CONTESTED } from './resolve-keys.js'
import { calendarsOf, type SessionLoader, withSessions } from './sessions.js'

const RESTLESS = 'work.restless'
const REPEATS = 'work.repeats'
const SUSPECTS = 'work.suspects'
const FINDS = 'work.finds'

/** Working tables of a detection; they stay in memory until they are dropped. */
export const DETECTION_TABLES: readonly string[] = [RESTLESS, REPEATS, SUSPECTS, FINDS]

export interface Surroundings {
  /** SQL of the published rows of the batch's partitions and their neighbours; undefined when there are none. */
  readonly published: string | undefined
  /** `own`: only rows with `_own` are judged, the others say what was before. */
  readonly judged: 'all' | 'own'
  readonly sessions: SessionLoader
}

/**
 * Marks the good rows of the batch that the contract's series detectors find, in `_broken` and `_warned`. One SELECT looks where a find
 * can be; only what lies round these places is looked at closely. Needs the contested keys (`noteContested`).
 */
export async function detect(contract: Contract, around: Surroundings, engine: Engine): Promise<void> {
  const detection = compileSeriesDetection(contract)
  if (detection === undefined) return
  const restless = detection.restlessSql(valuesSql(contract, around))
  if (restless !== undefined) {
    await engine.run(`CREATE OR REPLACE TABLE ${RESTLESS} AS ${restless}`)
    if ((await count(RESTLESS, engine)) === 0) return
  }
  await noteRepeats(contract, engine)
  const calendars = detection.sessions ? await calendarsOf(CONFORMED, contract, engine) : []
  if (calendars.length > 0) await around.sessions(calendars)
  const all = rowsSql(contract, detection, around)
  const plain =
    restless === undefined ? all : `SELECT * FROM (${all}) WHERE _series IN (SELECT _series FROM ${RESTLESS})`
  const rows = detection.sessions ? withSessions(plain, contract, calendars) : plain
  await engine.run(`CREATE OR REPLACE TABLE ${SUSPECTS} AS ${detection.suspectsSql(rows)}`)
  if ((await count(SUSPECTS, engine)) === 0) return
  await engine.giveBack()
  await engine.run(`CREATE OR REPLACE TABLE ${FINDS} AS ${detection.findsSql(rows, SUSPECTS)}`)
  if ((await count(FINDS, engine)) > 0) await mark(contract, detection, engine)
}

/**
 * Of the rows of a contested key, those that say the same count once: `_as` stands for them. Under the policy `first` each thing that is
 * said is judged, in the order of `_tie`; else only what is said last, which is what readers would see.
 */
async function noteRepeats(contract: Contract, engine: Engine): Promise<void> {
  const key = contract.primaryKey.map(quoteIdent).join(', ')
  const content = contract.columns.map(column => quoteIdent(column.name)).join(', ')
  const ranks = [contract.merge.orderBy, contract.vintage].filter(name => name !== undefined).map(quoteIdent)
  const last = [
    ...ranks.map(name => `${name} DESC NULLS LAST`),
    '_received_at DESC',
    '_capture_id DESC',
    '_position DESC',
  ]
  const judged =
    contract.merge.policy === 'first'
      ? `rowid = min(rowid) OVER (PARTITION BY ${content})`
      : `row_number() OVER (PARTITION BY ${key} ORDER BY ${last.join(', ')}) = 1`
  await engine.run(`CREATE OR REPLACE TABLE ${REPEATS} AS
    SELECT rowid AS _row, min(rowid) OVER (PARTITION BY ${content}) AS _as, ${judged} AS _judged,
      row_number() OVER (PARTITION BY ${key} ORDER BY ${content}) AS _tie
    FROM ${CONFORMED} WHERE ${IS_GOOD} AND ${keyHash(contract)} IN (SELECT h FROM ${CONTESTED})`)
}

/** Whatever the batch says, and what is published, with the partition as `_p`: more than is judged, to see which series move at all. */
function valuesSql(contract: Contract, { published }: Surroundings): string {
  const columns = contract.columns.map(column => quoteIdent(column.name)).join(', ')
  const fresh = `SELECT ${seriesHash(contract)} AS _series, _p, ${columns} FROM ${CONFORMED} WHERE ${IS_GOOD}`
  if (published === undefined) return fresh
  const partition = ordinalSql(contract.partition, quoteIdent(contract.eventTime))
  return `${fresh} UNION ALL SELECT ${seriesHash(contract)} AS _series, ${partition} AS _p, ${columns} FROM (${published})
    WHERE ${seriesHash(contract)} IN (SELECT ${seriesHash(contract)} FROM ${CONFORMED} WHERE ${IS_GOOD})`
}

/** The good rows of the batch and the published ones of their series; of a key, what the batch says of it. */
function rowsSql(contract: Contract, detection: SeriesDetection, { published, judged }: Surroundings): string {
  const columns = contract.columns.map(column => quoteIdent(column.name)).join(', ')
  const fresh = `SELECT c.rowid AS _row, ${judged === 'own' ? '_own' : 'true'} AS _fresh, coalesce(_tie, 0) AS _tie, ${seriesHash(contract)} AS _series, ${columns}
    FROM ${CONFORMED} c LEFT JOIN ${REPEATS} r ON r._row = c.rowid WHERE ${IS_GOOD} AND coalesce(_judged, true)`
  return published === undefined ? fresh : `${fresh} UNION ALL ${pastSql(contract, detection, published, columns)}`
}

function pastSql(contract: Contract, detection: SeriesDetection, published: string, columns: string): string {
  const known = contract.merge.policy === 'versions'
  const key = contract.primaryKey.map(quoteIdent).join(', ')
  const newest = known ? ` QUALIFY row_number() OVER (PARTITION BY ${key} ORDER BY _known_at DESC) = 1` : ''
  const series = detection.acrossSeries
    ? ''
    : ` AND ${seriesHash(contract)} IN (SELECT DISTINCT ${seriesHash(contract)} FROM ${CONFORMED} WHERE ${IS_GOOD})`
  return `SELECT NULL::BIGINT AS _row, false AS _fresh, 0 AS _tie, ${seriesHash(contract)} AS _series, ${columns} FROM (${published})
    WHERE ${keyHash(contract)} NOT IN (SELECT h FROM ${CONTESTED})${series}${newest}`
}

async function mark(contract: Contract, { finds }: SeriesDetection, engine: Engine): Promise<void> {
  const of = (severity: string): string =>
    brokenListSql(finds.flatMap(({ id, severity: own }, at) => (own === severity ? [{ id, sql: `_find_${at}` }] : [])))
  await engine.run(`UPDATE ${CONFORMED} SET _broken = found.errors, _record = CASE WHEN found.errors IS NOT NULL THEN ${typedRecordSql(contract)} END,
      _warned = CASE WHEN found.warnings IS NULL THEN _warned ELSE list_concat(coalesce(_warned, []), found.warnings) END
    FROM (SELECT coalesce(r._row, f._row) AS _row, ${of('error')} AS errors, ${of('warn')} AS warnings
      FROM ${FINDS} f LEFT JOIN ${REPEATS} judged ON judged._row = f._row LEFT JOIN ${REPEATS} r ON r._as = judged._as) found
    WHERE ${CONFORMED}.rowid = found._row`)
}

/** SQL that names the series of a row. */
export function seriesHash({ series }: Contract): string {
  return series.length === 0 ? '0::UBIGINT' : `hash(${series.map(quoteIdent).join(', ')})`
}

function keyHash({ primaryKey }: Contract): string {
  return `hash(${primaryKey.map(quoteIdent).join(', ')})`
}

async function count(table: string, engine: Engine): Promise<number> {
  const [row] = await engine.rows(`SELECT count(*) AS rows FROM ${table}`)
  return asNumber(row?.['rows'])
}
