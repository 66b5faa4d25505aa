import type { Contract } from '../contract/contract.js'
import { quarantineShape } from '../contract/tables.js'
import { asNumber } from '../engine/duckdb.js'
import type { Engine } from '../engine/engine.js'
import { quoteIdent, quoteText } from '../engine/sql-text.js'
import type { Predicate } from '../iceberg/prune.js'
import type { LoadedTable } from '../lake/catalog.js'
import type { Lake } from '../lake/lake.js'
import { currentSchema } from '../lake/open-table.js'
import { readFilesSql } from '../lake/read-sql.js'
import { dataFiles } from '../lake/scan.js'
import { CONFORMED } from './conform.js'
import { rejectedTable, typedRecordSql } from './quarantine.js'

/**
 * What people decided about records, whichever major of the contract judged them then: `_capture_id`, `_position`, `state` (released or
 * discarded), `rules` that are waived for it, and `decision`, the run id.
 */
export const DECIDED = 'work.decided'
/** Rows that this run releases: `_capture_id`, `_position`, `record`, `rules`. */
export const CHOSEN = 'work.chosen'
/** Records as they came, with the rules that are waived for each. */
const WAIVED_RECORDS = 'work.waived_records'
const ALL = 'work.decided_rows'

/** Of a record that a person discarded and that breaks no rule today. */
export const DISCARDED_RULE = 'discarded'

/** Quarantined rows of a dataset, by a SQL condition over the columns of its quarantine, and the captures that they are of. */
export interface RowCondition {
  readonly sql: string
  readonly captures: readonly string[]
}

/** Rows that a run releases, by the decision with this run id. */
export interface Release extends RowCondition {
  readonly decision: string
}

/**
 * Notes what people decided, before now and, by `chosen`, in this run. A decision belongs to the record, by its capture and position: those
 * that were taken under older majors of the contract hold. Of several about one record the newest major's holds, and in it a discard.
 * Gives whether there is anything: mostly no file of a quarantine is read for it.
 */
export async function noteDecided(
  contract: Contract,
  chosen: Release | undefined,
  lake: Lake,
  engine: Engine,
): Promise<boolean> {
  const tables = await quarantines(contract, lake)
  const rows = async (table: LoadedTable, condition: string, predicate: Predicate): Promise<string[]> => {
    const files = await dataFiles(lake, table, undefined, predicate)
    if (files.length === 0) return []
    const schema = currentSchema(table)
    const decision = schema.fields.some(({ name }) => name === 'decision') ? 'decision' : 'NULL::VARCHAR AS decision'
    return [
      `SELECT ${table.name.major} AS _major, _capture_id, _position, record, list_sort(rules) AS rules, state, ${decision}
        FROM (${await readFilesSql(lake, table, schema, files)}) WHERE ${condition}`,
    ]
  }
  const [newest] = tables
  const now =
    chosen === undefined || newest === undefined
      ? []
      : await rows(newest, chosen.sql, { column: '_capture_id', op: 'in', values: chosen.captures })
  await engine.run(`CREATE OR REPLACE TABLE ${CHOSEN} AS ${[NONE, ...now].join(' UNION ALL ')}`)
  const before: string[] = []
  for (const table of tables)
    before.push(...(await rows(table, `state IN (${STATES})`, { column: 'state', op: 'in', values: DECIDED_STATES })))
  const released = `SELECT * REPLACE (${NOW} AS _major, 'released' AS state, ${quoteText(chosen?.decision ?? '')} AS decision) FROM ${CHOSEN}`
  await engine.run(`CREATE OR REPLACE TABLE ${ALL} AS ${[released, ...before].join(' UNION ALL ')}`)
  await engine.run(`CREATE OR REPLACE TABLE ${DECIDED} AS SELECT _capture_id, _position,
      first(state ORDER BY _major DESC, state) AS state, first(decision ORDER BY _major DESC, state) AS decision,
      list_distinct(flatten(list(rules) FILTER (state = 'released'))) AS rules
    FROM ${ALL} GROUP BY ALL`)
  await engine.run(`CREATE OR REPLACE TABLE ${WAIVED_RECORDS} AS
    SELECT record, list_distinct(flatten(list(a.rules))) AS rules FROM ${ALL} a
    WHERE a.state = 'released' AND record IS NOT NULL AND (_capture_id, _position) IN (${placesOf('released')}) GROUP BY ALL`)
  const [row] = await engine.rows(`SELECT count(*) AS decided FROM ${DECIDED}`)
  return asNumber(row?.['decided']) > 0
}

/**
 * Lets the conformed rows pass for which a person waived every rule that they break, and keeps those out that a person discarded, whether
 * they break one today or not. What was waived stands in `_waived`. A released record that comes again, with the same values as they came, is
 * the one that was looked at; a discarded one is judged anew when another capture brings it.
 */
export async function applyDecided(contract: Contract, engine: Engine): Promise<void> {
  await engine.run(`UPDATE ${CONFORMED} SET _broken = ['${DISCARDED_RULE}'], _record = ${typedRecordSql(contract)}
    WHERE _broken IS NULL AND (_capture_id, _position) IN (${placesOf('discarded')})`)
  const left = 'list_filter(_broken, lambda rule: NOT list_contains(w.rules, rule))'
  const waived = 'list_filter(_broken, lambda rule: list_contains(w.rules, rule))'
  for (const [waivers, isSame] of [
    [
      `SELECT * FROM ${DECIDED} WHERE state = 'released'`,
      'c._capture_id = w._capture_id AND c._position = w._position',
    ],
    [`SELECT * FROM ${WAIVED_RECORDS}`, 'c._record = w.record'],
  ])
    await engine.run(`UPDATE ${CONFORMED} c SET _broken = CASE WHEN len(${left}) > 0 THEN ${left} END,
        _waived = CASE WHEN len(${waived}) > 0 THEN list_concat(coalesce(_waived, []), ${waived}) ELSE _waived END
      FROM (${waivers}) w WHERE ${isSame} AND c._broken IS NOT NULL
        AND (c._capture_id, c._position) NOT IN (${placesOf('discarded')})`)
}

/**
 * Files the decisions about rows of the batch in the dataset's quarantine: released rows that a rule of today would reject, in the state
 * `released`. So a new major's quarantine says of itself what people decided under an older one.
 */
export async function keepReleased(contract: Contract, engine: Engine): Promise<void> {
  await engine.run(`INSERT INTO ${rejectedTable(contract)} SELECT _record, NULL, _waived, 'released', _received_at, _known_basis, _capture_id, _position,
      _contract_version, coalesce(${quoteIdent(contract.eventTime)}::TIMESTAMPTZ, _received_at), d.decision
    FROM ${CONFORMED} c JOIN ${DECIDED} d USING (_capture_id, _position)
    WHERE d.state = 'released' AND _broken IS NULL AND _waived IS NOT NULL`)
}

/** Of the rejected rows in the dataset's quarantine, those of records that people discarded wait no more. */
export async function markDiscarded(contract: Contract, engine: Engine): Promise<void> {
  await engine.run(`UPDATE ${rejectedTable(contract)} r SET state = 'discarded', decision = d.decision FROM ${DECIDED} d
    WHERE d.state = 'discarded' AND r._capture_id = d._capture_id AND r._position = d._position`)
}

/** SQL for the captures and positions of the records about which people decided this. */
export function placesOf(state: 'released' | 'discarded'): string {
  return `SELECT (_capture_id, _position) FROM ${DECIDED} WHERE state = '${state}'`
}

/** SQL that is true for quarantined rows that no decision can publish: they are no records, have no typed values, or another row has their key. */
export const CANNOT_RELEASE = `raw IS NOT NULL OR len(list_filter(rules, lambda rule: ${['type:', 'required:']
  .map(start => `starts_with(rule, ${quoteText(start)})`)
  .join(' OR ')} OR rule IN ('unreadable', 'conflict'))) > 0`

/** The quarantine of every major of a dataset up to today's, the newest first. */
async function quarantines(contract: Contract, lake: Lake): Promise<LoadedTable[]> {
  const { name } = quarantineShape(contract)
  const all = await lake.catalog.names()
  const own = all.filter(
    ({ layer, dataset, major }) => layer === name.layer && dataset === name.dataset && major <= name.major,
  )
  const tables = await Promise.all(own.sort((a, b) => b.major - a.major).map(one => lake.catalog.load(one)))
  return tables.filter(table => table !== undefined)
}

const DECIDED_STATES = ['discarded', 'released']
const STATES = DECIDED_STATES.map(quoteText).join(', ')
/** Ranks before every major. */
const NOW = 2_000_000_000

const NONE = `SELECT NULL::INTEGER AS _major, NULL::VARCHAR AS _capture_id, NULL::BIGINT AS _position, NULL::VARCHAR AS record, NULL::VARCHAR[] AS rules,
  NULL::VARCHAR AS state, NULL::VARCHAR AS decision WHERE false`
