import { didYouMean } from '../../core/nearest-name.js'
import type { Engine } from '../../engine/engine.js'
import { quoteIdent, quoteText } from '../../engine/sql-text.js'
import type { ModelTest } from '../../gold/model-test.js'
import type { Project } from '../project/project.js'
import { loadReferences, referenceNames } from '../project/references.js'
import { invalid, putRows, type TestColumn } from './typed-rows.js'

/**
 * Puts the reference rows of a test in place of the project's, by the columns that the project's table has; what it gives back puts those
 * there again. Throws SLUICE_TEST_INVALID.
 */
export async function giveReferences(test: ModelTest, project: Project, engine: Engine): Promise<() => Promise<void>> {
  const known = referenceNames(project)
  for (const name of test.reference.keys())
    if (!known.includes(name))
      throw invalid(`There is no reference table ${name}.${didYouMean(name, known)}`, test.placeOf('reference', name))
  const restore = async (): Promise<void> => {
    if (test.reference.size === 0) return
    await engine.run('USE memory')
    await loadReferences(project, engine)
  }
  for (const [name, rows] of test.reference) {
    const columns = await columnsOfReference(name, engine)
    await putRows(rows, { table: `reference.${name}`, columns }, 'work._reference', engine)
    const list = columns.map(column => quoteIdent(column.name)).join(', ')
    await engine.run(
      `CREATE OR REPLACE TABLE memory.reference.${quoteIdent(name)} AS SELECT ${list} FROM work._reference ORDER BY _at`,
    )
  }
  return restore
}

async function columnsOfReference(name: string, engine: Engine): Promise<TestColumn[]> {
  const described = await engine.rows(`SELECT column_name, data_type FROM duckdb_columns()
    WHERE database_name = 'memory' AND schema_name = 'reference' AND table_name = ${quoteText(name)} ORDER BY column_index`)
  return described.map(row => {
    const sqlType = String(row['data_type'])
    return { name: String(row['column_name']), sqlType, castSql: raw => `TRY_CAST(${raw} AS ${sqlType})` }
  })
}
