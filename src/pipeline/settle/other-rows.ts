import type { Contract } from '../../contract/contract.js'
import { silverShape } from '../../contract/tables.js'
import { quoteIdent } from '../../engine/sql-text.js'
import type { Interval } from '../../gold/touched.js'
import { currentSchema } from '../../lake/open-table.js'
import { dataFiles } from '../../lake/scan.js'
import { coveredBy } from '../derive/covered-time.js'
import { contractNamed } from '../pipes/resolve-pipes.js'
import { emptySql, rowsSql, sqlNames } from '../read/lake-views.js'
import type { RunContext } from '../run-context.js'

/** What is published of another dataset of silver. */
export interface OtherRows {
  readonly contract: Contract
  /** SELECT of the contract's columns, of each key the newest version. */
  readonly sql: string
}

/** What is published now of a dataset of silver, of the files that lie in one of the intervals. */
export async function otherRows(
  dataset: string,
  within: readonly Interval[],
  { project, workspace }: Pick<RunContext, 'project' | 'workspace'>,
): Promise<OtherRows> {
  const contract = contractNamed(project.contracts, dataset)
  const shape = silverShape(contract)
  const columns = contract.columns.map(({ name }) => quoteIdent(name)).join(', ')
  const table = await workspace.lake.catalog.load(shape.name)
  if (table === undefined) return { contract, sql: `SELECT ${columns} FROM (${emptySql(shape)})` }
  const files = (await dataFiles(workspace.lake, table)).filter(file => {
    const covered = coveredBy(table, file)
    return within.some(({ start, end }) => covered.start < end && covered.end > start)
  })
  const { rows } = sqlNames([shape.name]).get(`silver.${dataset}`)!
  const sql = await rowsSql(workspace.lake, table, currentSchema(table), files, rows)
  return { contract, sql: `SELECT ${columns} FROM (${sql})` }
}
