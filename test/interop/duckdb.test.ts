import { beforeAll, describe, expect, inject, it } from 'vitest'
import { openLake, type TableDescription } from '../../src/index.js'
import {
  expectAgreement,
  type Filter,
  factsOfRow,
  factsSql,
  filledTables,
  filtersOf,
  ourFacts,
  whereSql,
} from './facts.js'
import { findPython } from './python.js'

const python = findPython(['duckdb', 'duckdb_extensions', 'duckdb_extension_iceberg'])
if (python === undefined) {
  console.warn("INTEROP NOT RUN: no python3 with DuckDB's Iceberg extension, so it has not read our tables")
}

describe.skipIf(python === undefined)('the Iceberg reader of DuckDB on the sample lake', async () => {
  const lake = await openLake({ folder: inject('sampleProject') })
  const tables: { name: string; table: TableDescription; filters: Filter[] }[] = []
  for (const name of await filledTables(lake)) {
    const table = await lake.table(name)
    tables.push({ name, table, filters: await filtersOf(lake, table) })
  }
  let answers: Record<string, Record<string, string>>

  beforeAll(() => {
    const requests = tables.flatMap(({ table, filters }) => [
      request(table, scan(table)),
      ...filters.map(filter => request(table, `${scan(table)} WHERE ${whereSql(filter)}`)),
      ...table.snapshotLog.map(({ id }) => ({
        key: scan(table, id),
        sql: `SELECT count(*) AS rows FROM ${scan(table, id)}`,
      })),
    ])
    answers = python!.script('query_duckdb.py', requests) as typeof answers
  })

  it.each(tables)('has the rows, nulls and sums of $name', async ({ name, table }) => {
    expectAgreement(factsOfRow(answers[scan(table)]!, table.columns), await ourFacts(lake, table.columns, name))
  })

  it.each(tables)('keeps the same rows of $name when it filters', async ({ name, table, filters }) => {
    for (const filter of filters) {
      const where = `WHERE ${whereSql(filter)}`
      const theirs = factsOfRow(answers[`${scan(table)} ${where}`]!, table.columns)
      expectAgreement(theirs, await ourFacts(lake, table.columns, `${name} ${where}`))
    }
  })

  it.each(tables)('has as many rows in every snapshot of $name', ({ table }) => {
    const theirs = table.snapshotLog.map(({ id }) => Number(answers[scan(table, id)]!['rows']))
    expect(theirs).toEqual(table.snapshotLog.map(({ totalRows }) => totalRows))
  })
})

function request(table: TableDescription, from: string) {
  return { key: from, sql: factsSql(table.columns, from) }
}

function scan({ location }: TableDescription, snapshotId?: string): string {
  return `iceberg_scan('${location}'${snapshotId === undefined ? '' : `, snapshot_from_id => ${snapshotId}`})`
}
