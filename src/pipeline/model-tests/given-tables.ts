import { timestampSql } from '../../contract/cast-timestamp.js'
import type { Contract } from '../../contract/contract.js'
import { publishedShape, versionText } from '../../contract/tables.js'
import type { Engine } from '../../engine/engine.js'
import { quoteIdent, quoteText } from '../../engine/sql-text.js'
import type { ModelTest, TestRows } from '../../gold/model-test.js'
import { type KnownAt, knownAtSql, newestVersionSql } from '../../lake/newest-version.js'
import type { Project } from '../project/project.js'
import { emptySql, namesOf, sqlNames } from '../read/lake-views.js'
import { contractColumn, invalid, putRows, type TestColumn } from './typed-rows.js'

/** The time that a test is asked for, and the tables that it gives. */
export interface Giving {
  readonly test: ModelTest
  readonly project: Project
  readonly knownAt: KnownAt | undefined
}

/** Makes the tables of one contract, under all names that models read them by: of the given rows that were known, or empty. */
export async function makeTables(contract: Contract, { test, knownAt }: Giving, engine: Engine): Promise<void> {
  const shape = publishedShape(contract)
  const names = namesOf(shape.name)
  const given = names.filter(name => test.given.has(name))
  if (given.length > 1)
    throw invalid(`${given.join(' and ')} are one table: give the rows of one.`, test.placeOf('given', given[1]!))
  const [name] = given
  const base = `work.${quoteIdent(shape.name.dataset)}`
  if (name === undefined) await engine.run(`CREATE OR REPLACE TABLE ${base} AS ${emptySql(shape)}`)
  else await putGiven(test.given.get(name)!, name, contract, base, engine)
  const columns = shape.columns.map(column => quoteIdent(column.name)).join(', ')
  const all = `SELECT ${columns} FROM ${base}`
  for (const [view, { rows }] of [...sqlNames([shape.name])].filter(([text]) => names.includes(text))) {
    const known = knownAt === undefined ? all : knownAtSql(all, knownAt)
    const sql = rows === 'newest' ? newestVersionSql(all, contract.primaryKey, knownAt) : known
    await engine.run(`CREATE OR REPLACE VIEW ${view.split('.').map(quoteIdent).join('.')} AS ${sql}`)
  }
}

async function putGiven(rows: TestRows, name: string, contract: Contract, into: string, engine: Engine): Promise<void> {
  await putRows(rows, { table: name, columns: columnsOf(contract) }, into, engine)
  const versioned = contract.layer === 'silver' && contract.merge.policy === 'versions'
  const key = [...contract.primaryKey, ...(versioned ? ['_known_at'] : [])]
  const [twice] = await engine.rows(
    `SELECT max(_at) AS at FROM ${into} GROUP BY ${key.map(quoteIdent).join(', ')} HAVING count(*) > 1 LIMIT 1`,
  )
  if (twice === undefined) return
  throw invalid(
    `${name} holds one row per ${key.join(', ')}: this one is there twice.`,
    rows.place(Number(twice['at'])),
  )
}

/** The columns of a contract's table: those of the contract, and what Sluice adds, which rows need not state. */
export function columnsOf(contract: Contract): TestColumn[] {
  const own = publishedShape(contract).columns
  const declared = new Map(contract.columns.map(column => [column.name, column]))
  return own.map(({ name, sqlType }) => {
    const column = declared.get(name)
    if (column !== undefined) return contractColumn(column, sqlType)
    const otherwise = DEFAULTS[name]?.(contract)
    const castSql = (raw: string): string =>
      name === '_known_at' ? timestampSql(raw, undefined) : `TRY_CAST(${raw} AS ${sqlType})`
    return { name, sqlType, castSql, ...(otherwise !== undefined && { otherwise }) }
  })
}

/** What a row that says nothing of how it came is taken for. */
const DEFAULTS: Readonly<Record<string, (contract: Contract) => string>> = {
  _known_at: ({ eventTime }) => quoteIdent(eventTime),
  _known_basis: () => `'captured'`,
  _capture_id: () => `''`,
  _position: () => '_at',
  _contract_version: contract => quoteText(versionText(contract)),
}
