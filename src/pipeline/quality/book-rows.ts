import type { Contract } from '../../contract/contract.js'
import { goldShape } from '../../contract/tables.js'
import { asNumber } from '../../engine/duckdb.js'
import { instant, quoteIdent } from '../../engine/sql-text.js'
import { commitFiles } from '../../lake/commit-files.js'
import { openTable } from '../../lake/open-table.js'
import { ordinalSql } from '../../lake/table-shape.js'
import { writePartition } from '../../lake/write-files.js'
import type { DerivedTable } from '../derive/derive.js'
import type { RunContext } from '../run-context.js'
import { committedBefore } from '../settle/committed-before.js'

/** The contract of a gold table that the engine itself fills, if the project has one. */
export function bookContract(table: string, { project }: Pick<RunContext, 'project'>): Contract | undefined {
  return project.contracts.find(candidate => candidate.dataset === table && candidate.layer === 'gold')
}

/**
 * Adds what a run books about itself to a gold table, in the partition of its own time: small, the same commit protocol as every table.
 * `rows` is SQL with the table's columns by name; `order` orders them totally.
 */
export async function bookRows(
  contract: Contract,
  rows: string,
  order: string,
  run: RunContext,
): Promise<DerivedTable[]> {
  const { lake, engines } = run.workspace
  const shape = goldShape(contract)
  const table = await openTable(lake, shape)
  const columns = shape.columns
    .map(column => `${quoteIdent(column.name)}::${column.sqlType} AS ${quoteIdent(column.name)}`)
    .join(', ')
  const [at] = await engines[0]!.rows(
    `SELECT ${ordinalSql(shape.partition.grain, instant(run.deps.clock.now()))} AS _p`,
  )
  const select = `SELECT ${columns} FROM (${rows}) ORDER BY ${order}`
  const written = await writePartition(run.writer(table), engines[0]!, asNumber(at?.['_p']), select)
  const added = written === undefined ? [] : [written]
  const change = {
    added: added.map(({ file }) => file),
    removed: [],
    runId: run.runId,
    inputHash: run.inputHash,
    keys: 'free' as const,
  }
  const commit = await commitFiles(lake, table, change)
  if (commit.outcome === 'rebase') return []
  const done =
    commit.outcome === 'already'
      ? await committedBefore(lake, commit.table, commit.snapshot)
      : { commit, added, removed: [] }
  return [{ name: `gold.${contract.dataset}`, outcome: 'published', verdict: undefined, commit: done }]
}
