import type { Contract } from '../contract/contract.js'
import { quarantineShape } from '../contract/tables.js'
import { asNumber } from '../engine/duckdb.js'
import type { Engine } from '../engine/engine.js'
import { quoteText } from '../engine/sql-text.js'
import type { Predicate } from '../iceberg/prune.js'
import type { Lake } from '../lake/lake.js'
import { currentSchema } from '../lake/open-table.js'
import { readFilesSql } from '../lake/read-sql.js'
import { dataFiles } from '../lake/scan.js'
import { CONFORMED } from './conform.js'

/** Rules that a person let pass for one record: `_capture_id`, `_position`, `record`, `rules`. */
const WAIVERS = 'work.waivers'
/** Those of them that this run releases; the others were released before. */
export const CHOSEN = 'work.chosen'

/** Quarantined rows of a dataset, by a SQL condition over the columns of its quarantine, and the captures that they are of. */
export interface RowCondition {
  readonly sql: string
  readonly captures: readonly string[]
}

/**
 * Notes what people let pass, before now and, by `chosen`, in this run. Gives whether there is anything: mostly no file of the quarantine
 * is read for it.
 */
export async function noteWaivers(
  contract: Contract,
  chosen: RowCondition | undefined,
  lake: Lake,
  engine: Engine,
): Promise<boolean> {
  const rows = async (condition: string, predicate: Predicate): Promise<string> => {
    const table = await lake.catalog.load(quarantineShape(contract).name)
    const files = table === undefined ? [] : await dataFiles(lake, table, undefined, predicate)
    if (table === undefined || files.length === 0) return NONE
    const read = await readFilesSql(lake, table, currentSchema(table), files)
    return `SELECT _capture_id, _position, record, list_sort(rules) AS rules FROM (${read}) WHERE ${condition}`
  }
  const now =
    chosen === undefined ? NONE : await rows(chosen.sql, { column: '_capture_id', op: 'in', values: chosen.captures })
  await engine.run(`CREATE OR REPLACE TABLE ${CHOSEN} AS ${now}`)
  const before = await rows(`state = 'released'`, { column: 'state', op: 'in', values: ['released'] })
  await engine.run(`CREATE OR REPLACE TABLE ${WAIVERS} AS
    SELECT _capture_id, _position, record, list_distinct(flatten(list(rules))) AS rules FROM (FROM ${CHOSEN} UNION ALL ${before}) GROUP BY ALL`)
  const [row] = await engine.rows(`SELECT count(*) AS waivers FROM ${WAIVERS}`)
  return asNumber(row?.['waivers']) > 0
}

/**
 * Lets the conformed rows pass for which a person waived every rule that they break. A record that comes again, with the same values as
 * they came, is the one that was looked at.
 */
export async function waive(engine: Engine): Promise<void> {
  const left = 'list_filter(_broken, lambda rule: NOT list_contains(w.rules, rule))'
  const byPlace = `SELECT _capture_id, _position, list_distinct(flatten(list(rules))) AS rules FROM ${WAIVERS} GROUP BY ALL`
  const byRecord = `SELECT record, list_distinct(flatten(list(rules))) AS rules FROM ${WAIVERS} GROUP BY ALL`
  for (const [waivers, isSame] of [
    [byPlace, `c._capture_id = w._capture_id AND c._position = w._position`],
    [byRecord, 'c._record = w.record'],
  ])
    await engine.run(`UPDATE ${CONFORMED} c SET _broken = CASE WHEN len(${left}) > 0 THEN ${left} END
      FROM (${waivers}) w WHERE ${isSame} AND c._broken IS NOT NULL`)
  await engine.run(`UPDATE ${CONFORMED} SET _record = NULL WHERE _broken IS NULL AND _record IS NOT NULL`)
}

/** SQL that is true for quarantined rows that no decision can publish: they are no records, have no typed values, or another row has their key. */
export const CANNOT_RELEASE = `raw IS NOT NULL OR len(list_filter(rules, lambda rule: ${['type:', 'required:']
  .map(start => `starts_with(rule, ${quoteText(start)})`)
  .join(' OR ')} OR rule IN ('unreadable', 'conflict'))) > 0`

const NONE =
  'SELECT NULL::VARCHAR AS _capture_id, NULL::BIGINT AS _position, NULL::VARCHAR AS record, NULL::VARCHAR[] AS rules WHERE false'
