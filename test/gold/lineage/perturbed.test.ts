import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { groupBy } from '../../../src/core/group-by.js'
import { dependentsOf } from '../../../src/gold/lineage/follow.js'
import { ROWS } from '../../../src/gold/lineage/inputs.js'
import type { TableLineage } from '../../../src/gold/lineage/model-lineage.js'
import { type ProjectLineage, readLineage } from '../../../src/pipeline/lineage/read-lineage.js'
import { loadProject } from '../../../src/pipeline/project/load-project.js'
import type { Project } from '../../../src/pipeline/project/project.js'
import { type GoldLake, openGoldLake, readModel } from '../gold-lake.js'
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
  for (const { table } of lineage.tables) await lake.derive(table.slice('gold.'.length))
  // From here on the tables are views, so that other values cost no copy.
  for (const table of new Set(lineage.tables.flatMap(own => [own.table, ...inputsOf(own)]))) {
    await lake.engine.run(`CREATE TABLE ${keptAs(table)} AS SELECT * FROM ${table}; DROP TABLE ${table}`)
    await show(table, '*')
  }
}, 120_000)
afterAll(() => lake.close())

const THROUGH_ALL = ['open', 'close', 'volume', 'currency', 'trades'].map(name => `silver.bars.${name}`)

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

test.each(THROUGH_ALL)(
  'what %s changes through all models is what is downstream of it',
  async input => {
    const [table, column] = [input.split('.').slice(0, 2).join('.'), input.split('.')[2]!]
    const dependents = dependentsOf({ table, columns: [column] }, lineage.tables, Number.POSITIVE_INFINITY)
    await show(table, `* REPLACE (${(await replacements(table, [column])).join(', ')})`)
    try {
      for (const own of lineage.tables) {
        const now = `work.now_${own.table.replace('.', '_')}`
        await lake.engine.run(
          `CREATE OR REPLACE TABLE ${now} AS ${(await readModel(own.table.slice('gold.'.length))).sql}`,
        )
        await lake.engine.run(`CREATE OR REPLACE VIEW ${own.table} AS SELECT * FROM ${now}`)
        const reached = dependents.filter(dependent => dependent.table === own.table).map(dependent => dependent.column)
        if (reached.includes(ROWS)) continue
        const { columns, hasOtherRows } = await difference(
          own,
          keyOf(own.table).some(key => reached.includes(key)),
          now,
        )
        const others = columns.filter(name => !reached.includes(name))
        expect({ table: own.table, others, hasOtherRows }).toEqual({
          table: own.table,
          others: [],
          hasOtherRows: false,
        })
      }
    } finally {
      for (const changed of [table, ...lineage.tables.map(own => own.table)]) await show(changed, '*')
    }
  },
  120_000,
)

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

/** Runs a model with other values in some of its input columns, and shows the old ones again. */
async function changedBy(own: TableLineage, inputs: readonly string[]): Promise<Change> {
  const tables = [...new Set(inputs.map(input => input.split('.').slice(0, 2).join('.')))]
  for (const table of tables) {
    const columns = inputs.filter(input => input.startsWith(`${table}.`)).map(input => input.split('.')[2]!)
    await show(table, `* REPLACE (${(await replacements(table, columns)).join(', ')})`)
  }
  try {
    const { sql } = await readModel(own.table.slice('gold.'.length))
    await lake.engine.run(`CREATE OR REPLACE TABLE work.now AS ${sql}`)
    const keys = keyOf(own.table)
    return await difference(
      own,
      keys.some(key => inputs.some(input => columnsWith(own, input).includes(key))),
    )
  } finally {
    for (const table of tables) await show(table, '*')
  }
}

async function show(table: string, columns: string): Promise<void> {
  await lake.engine.run(`CREATE OR REPLACE VIEW ${table} AS SELECT ${columns} FROM ${keptAs(table)}`)
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
async function difference(own: TableLineage, byValues: boolean, made = 'work.now'): Promise<Change> {
  const names = own.columns.map(({ column }) => column)
  const was = keptAs(own.table)
  if (byValues) {
    const counts = names.map(name => {
      const [now, before] = [made, was].map(table => `SELECT "${name}" FROM ${table}`)
      return `(SELECT count(*) FROM (${now} EXCEPT ALL ${before})) AS "${name}"`
    })
    const [row] = await lake.rows(`SELECT ${counts.join(', ')}`)
    return { columns: names.filter(name => row![name] !== '0'), hasOtherRows: false }
  }
  const counts = names.map(name => `count(*) FILTER (WHERE now."${name}" IS DISTINCT FROM was."${name}") AS "${name}"`)
  const on = keyOf(own.table).map(name => `now."${name}" IS NOT DISTINCT FROM was."${name}"`)
  const [row] = await lake.rows(`SELECT ${counts.join(', ')}, (SELECT count(*) FROM ${made}) AS _now,
      (SELECT count(*) FROM ${was}) AS _was, count(*) AS _both
    FROM ${made} AS now JOIN ${was} AS was ON ${on.join(' AND ')}`)
  const hasOtherRows = row!['_both'] !== row!['_was'] || row!['_now'] !== row!['_was']
  return { columns: names.filter(name => row![name] !== '0'), hasOtherRows }
}

function keyOf(table: string): readonly string[] {
  if (table === 'silver.calendar_sessions') return ['mic', 'session_date', 'session_number']
  return project.contracts.find(({ layer, dataset }) => `${layer}.${dataset}` === table)?.primaryKey ?? []
}

function keptAs(table: string): string {
  return `work.kept_${table.replace('.', '_')}`
}
