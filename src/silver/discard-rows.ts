import type { Contract } from '../contract/contract.js'
import { quarantineShape } from '../contract/tables.js'
import { asNumber } from '../engine/duckdb.js'
import type { Engine } from '../engine/engine.js'
import { quoteIdent, quoteText } from '../engine/sql-text.js'
import { currentSchema } from '../lake/open-table.js'
import { readFilesSql } from '../lake/read-sql.js'
import { dataFiles, ordinalOf } from '../lake/scan.js'
import { ordinalSql } from '../lake/table-shape.js'
import { type FileWriter, writePartitions } from '../lake/write-files.js'
import type { QuarantineChange } from './change-quarantine.js'
import type { RowCondition } from './decided-rows.js'

const FILED = 'work.quarantine_discarding'

/** Files in which rows of the quarantine at the head of the writer's table are discarded by a decision. Nothing is visible yet. */
export async function discardRows(
  contract: Contract,
  { sql, captures }: RowCondition,
  decision: string,
  writer: FileWriter,
  engines: readonly Engine[],
): Promise<QuarantineChange> {
  const engine = engines[0]!
  const { lake, table } = writer
  const shape = quarantineShape(contract)
  const files = await dataFiles(lake, table, undefined, { column: '_capture_id', op: 'in', values: captures })
  const read = await readFilesSql(lake, table, currentSchema(table), files)
  const ordinal = ordinalSql(shape.partition.grain, '_partition_time')
  await engine.run(
    `CREATE OR REPLACE TABLE ${FILED} AS SELECT *, ${ordinal} AS _p, (${sql}) IS TRUE AS _chosen FROM (${read})`,
  )
  const columns = shape.columns.map(({ name }) => {
    if (name === 'state') return `CASE WHEN _chosen THEN 'discarded' ELSE state END AS state`
    return name === 'decision'
      ? `CASE WHEN _chosen THEN ${quoteText(decision)} ELSE decision END AS decision`
      : quoteIdent(name)
  })
  const counted = await engine.rows(`SELECT _p, count(*) AS rows FROM ${FILED} WHERE _chosen GROUP BY _p ORDER BY _p`)
  const changed = new Set(counted.map(row => asNumber(row['_p'])))
  const order = shape.order.map(quoteIdent).join(', ')
  const added = await writePartitions(
    writer,
    engines,
    [...changed],
    async at => `SELECT ${columns.join(', ')} FROM ${FILED} WHERE _p = ${at} ORDER BY ${order}`,
  )
  const left = counted.reduce((sum, row) => sum + asNumber(row['rows']), 0)
  return { added, removed: files.filter(file => changed.has(ordinalOf(table, file))), entered: 0, left, released: 0 }
}
