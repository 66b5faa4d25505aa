import type { Contract } from '../contract/contract.js'
import { quarantineShape } from '../contract/tables.js'
import { asNumber } from '../engine/duckdb.js'
import type { Engine } from '../engine/engine.js'
import { quoteIdent, quoteText } from '../engine/sql-text.js'
import type { DataFile } from '../iceberg/types.js'
import { currentSchema } from '../lake/open-table.js'
import { readFilesSql } from '../lake/read-sql.js'
import { dataFiles, ordinalOf } from '../lake/scan.js'
import { ordinalSql } from '../lake/table-shape.js'
import { type FileWriter, type WrittenFile, writePartitions } from '../lake/write-files.js'
import { CHOSEN } from './decided-rows.js'
import { rejectedTable } from './quarantine.js'
import { JUDGED } from './settle.js'

const FILED = 'work.quarantine_filed'
const NEW = 'work.quarantine_new'

/** Files that bring a dataset's quarantine up to date, and how many rows began or ceased to wait in it. */
export interface QuarantineChange {
  readonly added: readonly WrittenFile[]
  readonly removed: readonly DataFile[]
  readonly entered: number
  readonly left: number
  /** Of those that ceased to wait, the ones that a decision released. */
  readonly released: number
}

/**
 * Brings the quarantine at the head of the writer's table in line with what a run found: one row per capture, position and set of rules,
 * however often a record is rejected. A row whose record was judged again and does not break these rules any more is `replayed`; what
 * became of it stands elsewhere; when a person chose it to pass, it is `released` by that decision. `captures` are judged as a whole, beside the
 * records that settling noted. Rows that a person decided about stay as they are; decisions of an older major are filed with their rows. Nothing
 * is visible yet.
 */
export async function changeQuarantine(
  contract: Contract,
  captures: readonly string[],
  writer: FileWriter,
  engines: readonly Engine[],
  decision?: string,
): Promise<QuarantineChange> {
  const engine = engines[0]!
  const filed = await filesOf(contract, captures, writer, engine)
  await compare(contract, captures, filed, writer, engine, decision !== undefined)
  const columns = quarantineShape(contract).columns.map(column => quoteIdent(column.name))
  const order = quarantineShape(contract).order.map(quoteIdent).join(', ')
  const changed = new Set(await ordinals(`SELECT DISTINCT _p FROM ${FILED} WHERE _state <> state`, engine))
  const fresh = await ordinals(`SELECT DISTINCT _p FROM ${NEW}`, engine)
  const restated = columns
    .map(column => {
      if (column === quoteIdent('state')) return '_state'
      return column === quoteIdent('decision') ? decisionSql(decision) : column
    })
    .join(', ')
  const added = await writePartitions(
    writer,
    engines,
    [...new Set([...fresh, ...changed])].sort(ascending),
    async at => {
      const rows = `SELECT ${columns.join(', ')} FROM ${NEW} WHERE _p = ${at}`
      return changed.has(at)
        ? `${rows} UNION ALL SELECT ${restated} FROM ${FILED} WHERE _p = ${at} ORDER BY ${order}`
        : `${rows} ORDER BY ${order}`
    },
  )
  const [row] =
    await engine.rows(`SELECT (SELECT count(*) FROM ${NEW} WHERE state = 'waiting') + count(*) FILTER (WHERE _state = 'waiting') AS entered,
    count(*) FILTER (WHERE _state IN ('replayed', 'released') AND state = 'waiting') AS "left",
    count(*) FILTER (WHERE _state = 'released') AS released FROM ${FILED} WHERE _state <> state`)
  const removed = filed.filter(file => changed.has(ordinalOf(writer.table, file)))
  const [entered, left, released] = ['entered', 'left', 'released'].map(name => asNumber(row?.[name]))
  return { added, removed, entered: entered!, left: left!, released: released! }
}

function decisionSql(decision: string | undefined): string {
  if (decision === undefined) return 'decision'
  return `CASE WHEN _state = 'released' AND state <> 'released' THEN ${quoteText(decision)} ELSE decision END`
}

/** The files that may hold rows of the captures that were judged: by their bounds. */
async function filesOf(
  contract: Contract,
  captures: readonly string[],
  { lake, table }: FileWriter,
  engine: Engine,
): Promise<DataFile[]> {
  const rows = await engine.rows(
    `SELECT DISTINCT _capture_id FROM ${rejectedTable(contract)} UNION SELECT _capture_id FROM ${JUDGED}`,
  )
  const values = [...new Set([...captures, ...rows.map(row => String(row['_capture_id']))])]
  return dataFiles(lake, table, undefined, { column: '_capture_id', op: 'in', values })
}

/** What stands in the files with the state that it should have, in `_state`, and the rejected rows that do not stand there. */
async function compare(
  contract: Contract,
  captures: readonly string[],
  files: readonly DataFile[],
  { lake, table }: FileWriter,
  engine: Engine,
  releases: boolean,
): Promise<void> {
  const ordinal = ordinalSql(quarantineShape(contract).partition.grain, '_partition_time')
  const judged = `_capture_id IN (${['NULL', ...captures.map(quoteText)].join(', ')}) OR (_capture_id, _position) IN (SELECT (_capture_id, _position) FROM ${JUDGED})`
  const place = '(_capture_id, _position)'
  const row = '(_capture_id, _position, list_sort(rules))'
  const rejected = (state: string): string => `SELECT ${row} FROM ${rejectedTable(contract)} WHERE state ${state}`
  const isRejected = `${row} IN (${rejected(`<> 'released'`)})`
  const released = `WHEN state IN ('waiting', 'discarded') AND ${row} IN (SELECT ${row} FROM ${CHOSEN}) AND NOT (${isRejected}) THEN 'released'`
  await engine.run(`CREATE OR REPLACE TABLE ${FILED} AS SELECT *, ${ordinal} AS _p, CASE
      WHEN state = 'replayed' AND ${row} IN (${rejected(`= 'waiting'`)}) THEN 'waiting'
      ${releases ? released : ''}
      WHEN state = 'waiting' AND (${judged}) AND NOT (${isRejected}) THEN 'replayed' ELSE state END AS _state
    FROM (${await readFilesSql(lake, table, currentSchema(table), files)})`)
  // What was decided about a record is filed once, whatever it breaks today; what was released only where it was published.
  await engine.run(`CREATE OR REPLACE TABLE ${NEW} AS SELECT *, ${ordinal} AS _p FROM ${rejectedTable(contract)}
    WHERE ${row} NOT IN (SELECT ${row} FROM ${FILED})
      AND NOT (state <> 'waiting' AND (_capture_id, _position, state) IN (SELECT (_capture_id, _position, _state) FROM ${FILED}))
      AND NOT (state = 'released' AND NOT (${judged}))
    QUALIFY row_number() OVER (PARTITION BY ${place}, ${`CASE WHEN state = 'waiting' THEN list_sort(rules) END`} ORDER BY _known_at, record) = 1`)
}

async function ordinals(sql: string, engine: Engine): Promise<number[]> {
  return (await engine.rows(sql)).map(row => asNumber(row['_p']))
}

function ascending(a: number, b: number): number {
  return a - b
}
