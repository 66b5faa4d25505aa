import { parseSql } from './ast.mjs'
import { expandMacros, macroTrees } from './expand.mjs'
import { quote } from './print-expression.mjs'
import { printQuery } from './print-query.mjs'
import { indent } from './text.mjs'
import { parseType, trinoType } from './types.mjs'

/**
 * Trino's SQL for a model of DuckDB. On `engine` every table that the model reads is there, with `gold.<table>` and the macros; `macros`
 * are those of loadMacros. Rows come in the types of `gold.<table>`, so that INSERT and CREATE TABLE AS take them as they come.
 * Throws, with the model's name, for what has no rule.
 */
export async function transpile(engine, { table, sql }, macros) {
  const created = []
  try {
    const node = expandMacros(await parseSql(engine, sql), await macroTrees(engine, macros))
    const body = await printQuery(node, { engine, created, aggregates: await aggregateNames(engine), unnamed: false })
    return `SELECT\n${indent((await castColumns(engine, table)).join(',\n'))}\nFROM (\n${indent(body)}\n)\n`
  } catch (cause) {
    throw new Error(`models/gold/${table}.sql: ${cause.message}`, { cause })
  } finally {
    for (const name of created) await engine.run(`DROP TABLE IF EXISTS temp."${name}"`)
  }
}

async function castColumns(engine, table) {
  const columns = await engine.rows(`DESCRIBE SELECT * FROM gold."${table}"`)
  return columns.map(({ column_name: name, column_type: type }) => {
    return `CAST(${quote(name)} AS ${trinoType(parseType(type), quote)}) AS ${quote(name)}`
  })
}

async function aggregateNames(engine) {
  const rows = await engine.rows(
    `SELECT DISTINCT function_name AS name FROM duckdb_functions() WHERE function_type = 'aggregate'`,
  )
  return new Set(rows.map(({ name }) => name.toLowerCase()))
}
