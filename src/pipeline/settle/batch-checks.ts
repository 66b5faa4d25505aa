import { type CompiledCheck, compileChecks } from '../../contract/compile-checks.js'
import type { Check, Contract } from '../../contract/contract.js'
import type { SqlRow } from '../../engine/engine.js'
import { quoteIdent, quoteText } from '../../engine/sql-text.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { currentSchema } from '../../lake/open-table.js'
import { readFilesSql } from '../../lake/read-sql.js'
import type { WrittenFile } from '../../lake/write-files.js'
import { type BatchProfile, isOfPipe } from '../../quality/gate.js'
import type { Workspace } from '../workspace.js'
import type { BatchFigures, PipeBatch } from './judge-pipes.js'

/**
 * The contract's checks of the whole batch over exactly the files that wait to be published, in one statement. Rows of captures that are
 * not judged are left out.
 */
export async function profileChecks(
  contract: Contract,
  written: readonly WrittenFile[],
  table: LoadedTable,
  { lake, engines }: Workspace,
  unjudged: readonly string[] = [],
): Promise<BatchProfile['checks']> {
  const whole = { ...contract, checks: contract.checks.filter(check => isOfWhole(check, contract)) }
  if (whole.checks.length === 0) return {}
  const rows = await readFilesSql(
    lake,
    table,
    currentSchema(table),
    written.map(file => file.file),
  )
  const judged =
    unjudged.length === 0
      ? rows
      : `SELECT * FROM (${rows}) WHERE _capture_id NOT IN (${unjudged.map(quoteText).join(', ')})`
  await engines[0]!.run(`CREATE OR REPLACE TEMP VIEW checked_batch AS ${judged}`)
  const [row] = await engines[0]!.rows(checksSql(whole, 'checked_batch'))
  return figuresOf(whole.checks, row)
}

/** One row with the figure of every check over all rows of `object`. The count makes it one: a check that is a subquery is no aggregate. */
export function checksSql(contract: Contract, object: string): string {
  const figures = compileChecks(contract, object).map(check => `(${check.sql})::DOUBLE AS ${quoteIdent(check.id)}`)
  return `SELECT count(*) AS _rows, ${figures.join(', ')} FROM ${object}`
}

/** What a model derives is of no pipe: there every check of SQL is one of the whole. */
function isOfWhole(check: Check, { layer }: Contract): boolean {
  return layer === 'gold' ? check.detector === undefined : !isOfPipe(check)
}

/** The checks, apart from detectors, that look at each pipe by itself, over the accepted rows of every batch: one statement for all of them. */
export async function profileBatches(
  contract: Contract,
  written: readonly WrittenFile[],
  table: LoadedTable,
  { lake, engines }: Workspace,
  batches: readonly PipeBatch[],
): Promise<BatchFigures> {
  const own = { ...contract, checks: contract.checks.filter(check => isOfPipe(check) && check.detector === undefined) }
  if (own.checks.length === 0 || batches.length === 0) return batches.map(() => ({}))
  const engine = engines[0]!
  const files = written.map(file => file.file)
  const captures = batches.flatMap(({ captures }, at) => captures.map(id => `(${at}, ${quoteText(id)})`))
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE checked_captures AS SELECT * FROM (VALUES ${captures.join(', ')}) v(_batch, _capture_id)`,
  )
  await engine.run(`CREATE OR REPLACE TEMP VIEW checked_rows AS
    SELECT r.*, c._batch FROM (${await readFilesSql(lake, table, currentSchema(table), files)}) r JOIN checked_captures c USING (_capture_id)`)
  const object = '(SELECT * FROM checked_rows WHERE checked_rows._batch = batches.at)'
  const figures = compileChecks(own, object).map(check => `${figureSql(check, object)} AS ${quoteIdent(check.id)}`)
  const rows = await engine.rows(
    `SELECT ${figures.join(', ')} FROM (SELECT unnest(range(${batches.length})) AS at) batches ORDER BY batches.at`,
  )
  return rows.map(row => figuresOf(own.checks, row))
}

function figureSql({ kind, sql }: CompiledCheck, object: string): string {
  return `(${kind === 'query' ? sql : `SELECT ${sql} FROM ${object}`})::DOUBLE`
}

function figuresOf(checks: readonly Check[], row: SqlRow | undefined): BatchProfile['checks'] {
  return Object.fromEntries(checks.map(({ id }) => [id, row?.[id] === null ? null : Number(row?.[id])]))
}
