import { resolve, sep } from 'node:path'
import { formatPlace, SluiceError } from '../../core/errors.js'
import { currencyTables } from '../../market/currency/currency-tables.js'
import { readCsv } from '../../market/instrument/csv-table.js'
import { readOptional } from '../project/read-text.js'
import type { ValueTable } from './for-each.js'

/**
 * Reads what `for_each` takes values from: a CSV file of the project by its path, or a reference table by its name. Undefined when there is
 * none. Throws SLUICE_REFERENCE_INVALID for a file that is no CSV, SLUICE_PIPE_INVALID for one outside of the project and for tables of
 * the lake: those are filled by pipes, so pipes cannot be made of them.
 */
export async function readValueTable(from: string, folder: string): Promise<ValueTable | undefined> {
  if (/^(silver|gold|bronze|quarantine|ledger)\./.test(from)) {
    const message = `for_each cannot read ${from}: pipes fill it, so it would decide in a circle which pipes there are.`
    throw new SluiceError('SLUICE_PIPE_INVALID', message, { next: 'Keep the list in a CSV file of the project.' })
  }
  const name = from.replace(/^reference\./, '')
  const path = resolve(folder, name.endsWith('.csv') ? name : `${name}.csv`)
  if (!path.startsWith(folder + sep)) {
    const message = `for_each reads ${from}, which is not in the project.`
    throw new SluiceError('SLUICE_PIPE_INVALID', message)
  }
  const text = await readOptional(path)
  return text === undefined ? ownTable(name) : csvTable(text, path.slice(folder.length + 1).replaceAll('\\', '/'))
}

function csvTable(text: string, file: string): ValueTable {
  const { header, rows, faults } = readCsv(text, file)
  const [fault] = faults
  if (fault !== undefined) {
    const problems = faults.map(({ message, place }) => `${formatPlace(place)}: ${message}`)
    throw new SluiceError('SLUICE_REFERENCE_INVALID', fault.message, { place: fault.place, problems })
  }
  return { columns: header.map(cell => cell.text), rows: rows.map(row => row.map(cell => cell.text)) }
}

function ownTable(name: string): ValueTable | undefined {
  const table = currencyTables().find(candidate => candidate.name === name)
  if (table === undefined) return undefined
  return {
    columns: table.columns.map(column => column.name),
    rows: table.rows.map(row => row.map(value => (value === null ? '' : String(value)))),
  }
}
