import { quoteIdent } from '../engine/sql-text.js'
import type { Project } from '../pipeline/project/project.js'
import type { QueryResult } from '../pipeline/read/query.js'
import type { RunRecord } from '../pipeline/record/run-record.js'

const RISK = 'risk_summary'

/** The newest row of gold.risk_summary per instrument, or undefined when this run or project has no such table. */
export async function riskFigures(project: Project, record: RunRecord): Promise<QueryResult | undefined> {
  const contract = project.contracts.find(candidate => candidate.dataset === RISK && candidate.layer === 'gold')
  if (contract === undefined || !record.tables.some(table => table.table === `gold.${RISK}`)) return undefined
  const day = quoteIdent(contract.eventTime)
  const keys = contract.primaryKey.filter(key => key !== contract.eventTime).map(quoteIdent)
  if (keys.length === 0) return undefined
  const { query } = await import('../pipeline/read/query.js')
  const newest = `row_number() OVER (PARTITION BY ${keys.join(', ')} ORDER BY ${day} DESC) = 1`
  return query(project, `SELECT * FROM gold.${RISK} QUALIFY ${newest} ORDER BY ${keys.join(', ')}`)
}
