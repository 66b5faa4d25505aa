import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { groupBy } from '../../../src/core/group-by.js'
import type { TableLineage } from '../../../src/gold/lineage/model-lineage.js'
import { type ProjectLineage, readLineage } from '../../../src/pipeline/lineage/read-lineage.js'
import { loadProject } from '../../../src/pipeline/load-project.js'
import type { Project } from '../../../src/pipeline/project.js'
import { type GoldLake, openGoldLake } from '../gold-lake.js'
import { fillMarket, REFERENCES } from './market.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

let lake: GoldLake
let lineage: ProjectLineage
let project: Project
beforeAll(async () => {
  project = await loadProject({ folder: ROOT })
  lineage = await readLineage(project)
  lake = await openGoldLake(2, REFERENCES)
  await fillMarket(lake.engine)
  for (const { table } of lineage.tables) {
    await lake.derive(table.slice('gold.'.length))
    await lake.engine.run(`CREATE TABLE work.${tableId(table)} AS SELECT * FROM ${table}`)
  }
}, 120_000)
afterAll(() => lake.close())

const MODELS = readdirSync(`${ROOT}models/gold`).map(name => name.replace(/\.sql$/, ''))

/**
 * The truth of the lineage, by another way than the SQL's parse: other values in an input column, the model run again, and every output
 * column that came out otherwise must have the input among its own. Columns that decide which rows there are may change anything.
 */
test.each(MODELS)(
  'no column of %s changes with an input that is not in its lineage',
  async table => {
    const own = lineage.tables.find(candidate => candidate.table === `gold.${table}`)!
    const strangers = await changedBy(own, columnsInNoLineage(own))
    expect({ by: 'columns that are in no lineage', ...strangers }).toEqual({
      by: 'columns that are in no lineage',
      columns: [],
      hasOtherRows: false,
    })
    for (const inputs of columnsOfSome(own)) {
      const listed = columnsWith(own, inputs[0]!)
      const { columns, hasOtherRows } = await changedBy(own, inputs)
      expect({ inputs, hasOtherRows, columns: columns.filter(column => !listed.includes(column)) }).toEqual({
        ...{ inputs, hasOtherRows: false, columns: [] },
      })
    }
  },
  120_000,
)

test('the market of this test moves most figures', async () => {
  const summary = lineage.tables.find(({ table }) => table === 'gold.risk_summary')!
  const { columns } = await changedBy(summary, ['gold.risk_metrics.value'])
  expect(columns).toEqual(columnsWith(summary, 'gold.risk_metrics.value'))
})

/** Tables that a model reads, and that can be changed here. */
function inputsOf({ columns, rows }: TableLineage): string[] {
  const named = [...columns, rows].flatMap(({ inputs }) => inputs.map(({ table }) => table))
  return [...new Set(named)].sort()
}

const deciding = ({ rows }: TableLineage): Set<string> =>
  new Set(rows.inputs.map(({ table, column }) => `${table}.${column}`))

const columnsWith = ({ columns }: TableLineage, input: string): string[] =>
  columns
    .filter(({ inputs }) => inputs.some(({ table, column }) => `${table}.${column}` === input))
    .map(({ column }) => column)

function columnsOfInputs(own: TableLineage): string[] {
  return inputsOf(own).flatMap(table => (lineage.columns.get(table) ?? []).map(column => `${table}.${column}`))
}

function columnsInNoLineage(own: TableLineage): string[] {
  const rows = deciding(own)
  return columnsOfInputs(own).filter(input => !rows.has(input) && columnsWith(own, input).length === 0)
}

/** Those that decide no rows: an output column takes them, or says nothing of them. Such as are in the same columns go together. */
function columnsOfSome(own: TableLineage): string[][] {
  const rows = deciding(own)
  const inputs = columnsOfInputs(own).filter(input => !rows.has(input) && columnsWith(own, input).length > 0)
  return [...groupBy(inputs, input => columnsWith(own, input).join()).values()]
}

interface Change {
  /** Output columns with another value in some row. */
  readonly columns: readonly string[]
  readonly hasOtherRows: boolean
}

/** Runs a model with other values in some of its input columns, and puts the old ones back. */
async function changedBy(own: TableLineage, inputs: readonly string[]): Promise<Change> {
  const tables = [...new Set(inputs.map(input => input.split('.').slice(0, 2).join('.')))]
  for (const table of tables) {
    const columns = inputs.filter(input => input.startsWith(`${table}.`)).map(input => input.split('.')[2]!)
    const kept = `work.kept_${tableId(table)}`
    await lake.engine.run(`CREATE OR REPLACE TABLE ${kept} AS SELECT * FROM ${table}`)
    const changed = (await replacements(table, columns)).join(', ')
    await lake.engine.run(`CREATE OR REPLACE TABLE ${table} AS SELECT * REPLACE (${changed}) FROM ${kept}`)
  }
  try {
    await lake.derive(own.table.slice('gold.'.length))
    return await difference(
      own,
      keyOf(own.table).some(key => inputs.some(input => columnsWith(own, input).includes(key))),
    )
  } finally {
    for (const table of tables)
      await lake.engine.run(`CREATE OR REPLACE TABLE ${table} AS SELECT * FROM work.kept_${tableId(table)}`)
    await lake.engine.run(`CREATE OR REPLACE TABLE ${own.table} AS SELECT * FROM work.${tableId(own.table)}`)
  }
}

/** Another value in two of three rows. Keys stay keys: a table with one row for each is what models may count on. */
async function replacements(table: string, columns: readonly string[]): Promise<string[]> {
  const described = await lake.rows(`DESCRIBE ${table}`)
  const types = new Map(described.map(row => [String(row['column_name']), String(row['column_type'])]))
  return columns.map(column => {
    const type = types.get(column)!
    const days = keyOf(table).includes(column) ? 40_000 : 3
    const other = otherValue(`"${column}"`, type, days)
    return `(CASE WHEN hash(rowid, '${column}') % 3 > 0 THEN ${other} ELSE "${column}" END)::${type} AS "${column}"`
  })
}

function otherValue(column: string, type: string, days: number): string {
  if (type === 'VARCHAR') return `coalesce(${column} || '_', 'new')`
  if (type === 'BOOLEAN') return `NOT coalesce(${column}, false)`
  if (type.startsWith('TIMESTAMP') || type === 'DATE') return `${column} + INTERVAL ${days} DAY`
  return `coalesce(${column}, 0) * 1.0625 + 1`
}

/** Rows are paired by their key, unless keys change themselves: then all values of a column are compared. */
async function difference(own: TableLineage, byValues: boolean): Promise<Change> {
  const names = own.columns.map(({ column }) => column)
  const was = `work.${tableId(own.table)}`
  if (byValues) {
    const counts = names.map(name => {
      const [now, before] = [own.table, was].map(table => `SELECT "${name}" FROM ${table}`)
      return `(SELECT count(*) FROM (${now} EXCEPT ALL ${before})) AS "${name}"`
    })
    const [row] = await lake.rows(`SELECT ${counts.join(', ')}`)
    return { columns: names.filter(name => row![name] !== '0'), hasOtherRows: false }
  }
  const counts = names.map(name => `count(*) FILTER (WHERE now."${name}" IS DISTINCT FROM was."${name}") AS "${name}"`)
  const on = keyOf(own.table).map(name => `now."${name}" IS NOT DISTINCT FROM was."${name}"`)
  const [row] = await lake.rows(`SELECT ${counts.join(', ')}, (SELECT count(*) FROM ${own.table}) AS _now,
      (SELECT count(*) FROM ${was}) AS _was, count(*) AS _both
    FROM ${own.table} AS now JOIN ${was} AS was ON ${on.join(' AND ')}`)
  const hasOtherRows = row!['_both'] !== row!['_was'] || row!['_now'] !== row!['_was']
  return { columns: names.filter(name => row![name] !== '0'), hasOtherRows }
}

function keyOf(table: string): readonly string[] {
  if (table === 'silver.calendar_sessions') return ['mic', 'session_date', 'session_number']
  return project.contracts.find(({ layer, dataset }) => `${layer}.${dataset}` === table)?.primaryKey ?? []
}

function tableId(table: string): string {
  return table.replace('.', '_')
}
