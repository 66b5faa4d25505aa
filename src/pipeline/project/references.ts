import { basename, relative } from 'node:path'
import { formatPlace, SluiceError } from '../../core/errors.js'
import type { Engine } from '../../engine/engine.js'
import { filesSql } from '../../engine/file-sql.js'
import { quoteIdent, quoteText } from '../../engine/sql-text.js'
import { currencyTables } from '../../market/currency/currency-tables.js'
import { fxConventionTable } from '../../market/currency/fx-conventions.js'
import { INSTRUMENT_FILES, type InstrumentTables, instrumentTables } from '../../market/instrument/instrument-tables.js'
import type { ReferenceTable } from '../../market/reference-table.js'
import type { Project } from './project.js'
import { readOptional } from './read-text.js'

const CURRENCIES = currencyTables()
const OURS: readonly string[] = [...INSTRUMENT_FILES, ...CURRENCIES.map(table => table.name)]

const DIALECT = ['header = true', 'all_varchar = true', `delim = ','`, `quote = '"'`, 'auto_detect = true']

/** The names of the tables of schema `reference`: those that every project has, and one for each further CSV file. */
export function referenceNames(project: Project): string[] {
  return [...new Set([...OURS, ...Object.keys(project.references)])]
}

/** The project's CSV files whose names Sluice's own tables have: nothing would ever read them. */
export function shadowedFiles({ references }: Project): string[] {
  const ours = [...CURRENCIES.map(table => table.name), 'calendar_sessions']
  return Object.entries(references).flatMap(([name, path]) => (ours.includes(name.toLowerCase()) ? [path] : []))
}

/**
 * Makes the tables of schema `reference` and the schema: instruments, their aliases and identifiers, currencies, and each further CSV
 * file of the project with all its columns as text. Throws SLUICE_REFERENCE_INVALID with the places of all faults.
 */
export async function loadReferences(project: Project, engine: Engine): Promise<void> {
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
  const { fx } = project.config
  const conventions = fxConventionTable(fx.conventions, fx.normalize)
  const currencies = CURRENCIES.map(table => (table.name === conventions.name ? conventions : table))
  const tables = [...instruments, ...currencies].map(
    table => `CREATE OR REPLACE TABLE reference.${quoteIdent(table.name)} AS ${rowsSql(table)}`,
  )
  await engine.run(`CREATE SCHEMA IF NOT EXISTS reference; ${tables.join('; ')}`)
  for (const [name, path] of Object.entries(project.references))
    if (!OURS.includes(name)) await loadOwnTable(name, path, engine)
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
  const csv = filesSql('read_csv', [path], DIALECT)
  await engine.run(`CREATE OR REPLACE TABLE reference.${quoteIdent(name)} AS SELECT * FROM ${csv}`).catch(cause => {
    if (cause instanceof SluiceError) throw cause
    const line = /line:? (\d+)/i.exec(String(cause))?.[1]
    const place = { file: path, ...(line === undefined ? {} : { line: Number(line) }) }
    const message = `The reference table ${basename(path)} cannot be read as CSV.`
    throw new SluiceError('SLUICE_REFERENCE_INVALID', message, { place }, cause)
  })
}

/** Makes the tables of schema `reference` readable in the catalog that a connection uses now. */
export async function viewReferences(engine: Engine): Promise<void> {
  const tables = await engine.rows(
    `SELECT table_name FROM duckdb_tables() WHERE database_name = 'memory' AND schema_name = 'reference' ORDER BY 1`,
  )
  const views = tables.map(row => {
    const name = quoteIdent(String(row['table_name']))
    return `CREATE OR REPLACE VIEW reference.${name} AS SELECT * FROM memory.reference.${name}`
  })
  await engine.run(`CREATE SCHEMA IF NOT EXISTS reference; ${views.join('; ')}`)
}

function missingFile(name: string, path: string): SluiceError {
  return new SluiceError('SLUICE_REFERENCE_INVALID', `The reference table ${name} has no file ${path}.`, {
    place: { file: path },
  })
}
