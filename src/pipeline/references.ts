import { basename, relative } from 'node:path'
import type { Contract, Rule } from '../contract/contract.js'
import { formatPlace, SluiceError } from '../core/errors.js'
import type { Engine } from '../engine/engine.js'
import { quoteIdent, quoteText } from '../engine/sql-text.js'
import { currencyTables } from '../market/currency/currency-tables.js'
import { INSTRUMENT_FILES, type InstrumentTables, instrumentTables } from '../market/instrument/instrument-tables.js'
import type { ReferenceTable } from '../market/reference-table.js'
import type { Project } from './project.js'
import { readOptional } from './read-text.js'

/** The reference tables that every project has, whether or not it has their files. */
export const KNOWN_REFERENCES: readonly string[] = [...INSTRUMENT_FILES, ...currencyTables().map(table => table.name)]

/**
 * Makes the tables of schema `reference` and the schema: instruments, their aliases and identifiers, currencies, and each further CSV
 * file of the project with all its columns as text. Throws SLUICE_REFERENCE_INVALID with the places of all faults,
 * SLUICE_CONTRACT_INVALID for a rule that looks into a table which is not there.
 */
export async function loadReferences(project: Project, engine: Engine): Promise<void> {
  refuseMissing(project)
  const { tables, faults } = await readInstruments(project)
  const [first] = faults
  if (first !== undefined) {
    const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : ''
    const problems = faults.map(({ message, place }) => `${formatPlace(place)}: ${message}`)
    throw new SluiceError('SLUICE_REFERENCE_INVALID', `${first.message}${more}`, { place: first.place, problems })
  }
  await createReferences(project, tables, engine)
}

/** Makes the same tables from instruments that have been read already. */
export async function createReferences(
  project: Project,
  instruments: readonly ReferenceTable[],
  engine: Engine,
): Promise<void> {
  await engine.run('CREATE SCHEMA IF NOT EXISTS reference')
  for (const table of [...instruments, ...currencyTables()])
    await engine.run(`CREATE OR REPLACE TABLE reference.${quoteIdent(table.name)} AS ${rowsSql(table)}`)
  for (const [name, path] of Object.entries(project.references))
    if (!KNOWN_REFERENCES.includes(name)) await loadOwnTable(name, path, engine)
}

/** The project's instruments, aliases and identifiers, checked; faults are values. */
export async function readInstruments(project: Project): Promise<InstrumentTables> {
  const files = await Promise.all(
    INSTRUMENT_FILES.map(async name => {
      const path = project.references[name]
      if (path === undefined) return []
      const text = await readOptional(path)
      if (text === undefined) throw missingFile(name, path)
      return [[name, { text, file: relative(project.folder, path).replaceAll('\\', '/') }]] as const
    }),
  )
  return instrumentTables(Object.fromEntries(files.flat()))
}

/** One text literal for all rows: the parser of SQL is slow on long lists of values. */
function rowsSql({ columns, rows }: ReferenceTable): string {
  const values = columns.map(({ name, sqlType }, at) => `r[${at + 1}]::${sqlType} AS ${quoteIdent(name)}`).join(', ')
  return `SELECT ${values} FROM (SELECT unnest(from_json(${quoteText(JSON.stringify(rows))}, '[["VARCHAR"]]')) AS r)`
}

async function loadOwnTable(name: string, path: string, engine: Engine): Promise<void> {
  if ((await readOptional(path)) === undefined) throw missingFile(name, path)
  const csv = `read_csv(${quoteText(path)}, header = true, all_varchar = true, delim = ',', quote = '"', auto_detect = true)`
  await engine.run(`CREATE OR REPLACE TABLE reference.${quoteIdent(name)} AS SELECT * FROM ${csv}`).catch(cause => {
    if (cause instanceof SluiceError) throw cause
    const line = /line:? (\d+)/i.exec(String(cause))?.[1]
    const place = { file: path, ...(line === undefined ? {} : { line: Number(line) }) }
    const message = `The reference table ${basename(path)} cannot be read as CSV.`
    throw new SluiceError('SLUICE_REFERENCE_INVALID', message, { place }, cause)
  })
}

function missingFile(name: string, path: string): SluiceError {
  return new SluiceError('SLUICE_REFERENCE_INVALID', `The reference table ${name} has no file ${path}.`, {
    place: { file: path },
  })
}

function refuseMissing(project: Project): void {
  for (const contract of project.contracts) {
    for (const rule of contract.rules) {
      const missing = tablesOf(rule).find(table => project.references[table] === undefined)
      if (missing !== undefined) throw unknownReference(contract, rule.id, missing)
    }
  }
}

function tablesOf({ test }: Rule): string[] {
  return test.kind === 'reference' && !currencyTables().some(table => table.name === test.table) ? [test.table] : []
}

function unknownReference(contract: Contract, rule: string, table: string): SluiceError {
  return new SluiceError(
    'SLUICE_CONTRACT_INVALID',
    `The rule ${rule} of ${contract.dataset} looks into the table ${table}; the project has no ${table}.csv.`,
    {
      place: { file: contract.file },
    },
  )
}
