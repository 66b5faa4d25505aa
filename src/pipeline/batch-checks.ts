import { compileChecks } from '../contract/compile-checks.js'
import type { Contract } from '../contract/contract.js'
import { quoteIdent } from '../engine/sql-text.js'
import type { LoadedTable } from '../lake/catalog.js'
import { currentSchema } from '../lake/open-table.js'
import { readFilesSql } from '../lake/read-sql.js'
import type { WrittenFile } from '../lake/write-files.js'
import type { BatchProfile } from '../quality/gate.js'
import type { Workspace } from './workspace.js'

/** The contract's batch checks over exactly the files that wait to be published, in one statement. */
export async function profileChecks(
  contract: Contract,
  written: readonly WrittenFile[],
  table: LoadedTable,
  { lake, engines }: Workspace,
): Promise<BatchProfile['checks']> {
  if (contract.checks.length === 0) return {}
  const rows = await readFilesSql(
    lake,
    table,
    currentSchema(table),
    written.map(file => file.file),
  )
  await engines[0]!.run(`CREATE OR REPLACE TEMP VIEW checked_batch AS ${rows}`)
  const figures = compileChecks(contract, 'checked_batch').map(
    check => `(${check.sql})::DOUBLE AS ${quoteIdent(check.id)}`,
  )
  const [row] = await engines[0]!.rows(`SELECT ${figures.join(', ')} FROM checked_batch`)
  return Object.fromEntries(
    contract.checks.map(check => [check.id, row?.[check.id] === null ? null : Number(row?.[check.id])]),
  )
}
