import type { Engine } from '../../engine/engine.js'
import { quoteText } from '../../engine/sql-text.js'
import type { Lake } from '../../lake/lake.js'
import { currentSchema } from '../../lake/open-table.js'
import { readFilesSql } from '../../lake/read-sql.js'
import { dataFiles } from '../../lake/scan.js'

/** Tables whose rows name the capture that they come of. */
const LAYERS: ReadonlySet<string> = new Set(['bronze', 'silver', 'quarantine'])

/** Of captures, those of which the newest snapshot of any table holds a row. */
export async function standingCaptures(
  ids: readonly string[],
  lake: Lake,
  engine: Engine,
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const named = [...new Set(ids)].map(quoteText).join(', ')
  await engine.run(`CREATE OR REPLACE TABLE work.old_captures AS SELECT unnest([${named}]::VARCHAR[]) AS id`)
  const reads: string[] = []
  for (const name of await lake.catalog.list()) {
    if (!LAYERS.has(name.layer)) continue
    const table = await lake.catalog.load(name)
    const files = table === undefined ? [] : await dataFiles(lake, table)
    if (files.length === 0) continue
    const schema = currentSchema(table!)
    if (!schema.fields.some(field => field.name === '_capture_id')) continue
    reads.push(`SELECT _capture_id FROM (${await readFilesSql(lake, table!, schema, files)})`)
  }
  if (reads.length === 0) return new Set()
  const rows = await engine.rows(`SELECT DISTINCT _capture_id AS id FROM (${reads.join(' UNION ALL ')})
    WHERE _capture_id IN (FROM work.old_captures)`)
  return new Set(rows.map(row => String(row['id'])))
}
