import { SluiceError } from '../core/errors.js'
import { didYouMean } from '../core/nearest-name.js'
import type { SqlRow } from '../engine/engine.js'
import { quoteText } from '../engine/sql-text.js'
import { parseAsOf } from './as-of.js'
import { type Deps, systemDeps } from './deps.js'
import { createViews, sqlNames } from './lake-views.js'
import type { Project } from './project.js'
import { tablesNamed } from './query-tables.js'
import { openWorkspace, type Workspace } from './workspace.js'

export interface QueryOptions {
  /** A snapshot id, an ISO time or a run id: the tables as they were then. */
  readonly asOf?: string | undefined
  /** Writes the result to a file and returns no rows. */
  readonly output?: { readonly format: 'csv' | 'parquet'; readonly file: string } | undefined
}

export interface QueryResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** Decimals, bigints and times as text. */
  readonly rows: readonly SqlRow[]
}

/** Runs one SELECT over the lake's tables. Throws SLUICE_QUERY_INVALID, SLUICE_TABLE_UNKNOWN, SLUICE_SNAPSHOT_UNKNOWN. */
export async function query(
  project: Project,
  sql: string,
  options: QueryOptions = {},
  deps: Deps = systemDeps,
): Promise<QueryResult> {
  await using workspace = await openWorkspace(project, deps, { runId: undefined, connections: 1 })
  const engine = workspace.engines[0]!
  const parsed = await engine.parse(sql)
  if (!parsed.ok || parsed.statements.length !== 1) {
    throw new SluiceError(
      'SLUICE_QUERY_INVALID',
      parsed.ok ? 'One SELECT at a time.' : `The SQL cannot be run: ${parsed.message}`,
    )
  }
  const wanted = await resolveTables(tablesNamed(parsed.statements), workspace, project)
  await createViews(wanted, workspace.lake, project, engine, await parseAsOf(options.asOf, workspace.lake))
  const text = sql.trim().replace(/;\s*$/, '')
  await engine.run(`SET search_path = '${LAYER_ORDER.filter(layer => layer !== 'ledger').join(',')}'`)
  try {
    const columns = (await engine.rows(`DESCRIBE ${text}`)).map(row => ({
      name: String(row['column_name']),
      type: String(row['column_type']),
    }))
    if (options.output === undefined) return { columns, rows: await engine.rows(text) }
    const format = options.output.format === 'csv' ? 'FORMAT csv, HEADER' : 'FORMAT parquet, COMPRESSION zstd'
    await engine.run(`COPY (${text}) TO ${quoteText(options.output.file)} (${format})`)
    return { columns, rows: [] }
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause
    throw new SluiceError('SLUICE_QUERY_INVALID', cause instanceof Error ? cause.message : String(cause), {}, cause)
  }
}

/** A name without a layer is looked for in silver, then gold, quarantine and bronze. */
async function resolveTables(named: ReadonlySet<string>, workspace: Workspace, project: Project): Promise<Set<string>> {
  const known = new Set([...sqlNames(await workspace.lake.catalog.list()).keys(), 'ledger.runs'])
  for (const contract of project.contracts) known.add(`${contract.layer}.${contract.dataset}`)
  const wanted = new Set<string>()
  for (const name of named) {
    const found = name.includes('.') ? [name] : LAYER_ORDER.map(layer => `${layer}.${name}`)
    const table = found.find(candidate => known.has(candidate))
    if (table === undefined)
      throw new SluiceError('SLUICE_TABLE_UNKNOWN', `There is no table ${name} in this lake.${didYouMean(name, known)}`)
    wanted.add(table)
  }
  return wanted
}

const LAYER_ORDER = ['silver', 'gold', 'quarantine', 'bronze', 'ledger'] as const
