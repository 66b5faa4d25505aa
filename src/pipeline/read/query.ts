import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { SluiceError } from '../../core/errors.js'
import { didYouMean } from '../../core/nearest-name.js'
import type { Engine, SqlRow } from '../../engine/engine.js'
import { quoteText } from '../../engine/sql-text.js'
import { damagedFile } from '../../lake/check-data-files.js'
import type { Lake } from '../../lake/lake.js'
import { oneLook } from '../../lake/one-look.js'
import { type Deps, systemDeps } from '../deps.js'
import { deriveKnown, type KnownLook, refuseHeld, viewKnown } from '../derive/known-gold.js'
import { planModels, upstreamOf } from '../derive/plan-models.js'
import { defineMacros, namesMacro } from '../project/macros.js'
import type { Project } from '../project/project.js'
import { loadReferences, referenceNames } from '../project/references.js'
import { openWorkspace, type Workspace } from '../workspace.js'
import { type KnowledgeQuestion, parseAsKnownAt, refuseTimeless } from './as-known-at.js'
import { parseAsOf } from './as-of.js'
import { CALENDAR_SESSIONS } from './calendar-sessions.js'
import { createViews, sqlNames, tablesMeant } from './lake-views.js'
import { LEDGER_TABLES } from './ledger-views.js'
import { parseFault, queryFault, type WrappedSql } from './query-fault.js'
import { tablesNamed } from './query-tables.js'

export interface QueryOptions extends KnowledgeQuestion {
  /** A snapshot id, an ISO time or a run id: the tables as they were then. */
  readonly asOf?: string | undefined
  /** Writes the result and returns no rows. */
  readonly output?: QueryOutput | undefined
  /** Gives no more rows than these. Undefined: all of them. */
  readonly limit?: number | undefined
}

/** Where a result goes: a file, or a stream that takes the bytes of a CSV. */
export type QueryOutput =
  | { readonly format: 'csv' | 'parquet'; readonly file: string }
  | { readonly format: 'csv'; readonly to: (bytes: AsyncIterable<Uint8Array>) => Promise<void> }

export interface QueryResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** Decimals, bigints and times as text. */
  readonly rows: readonly SqlRow[]
  /** Whether `limit` left rows out. */
  readonly more: boolean
}

/**
 * Runs one SELECT over the lake's tables. Throws SLUICE_QUERY_INVALID, SLUICE_TABLE_UNKNOWN, SLUICE_SNAPSHOT_UNKNOWN,
 * SLUICE_KNOWLEDGE_UNKNOWN, SLUICE_KNOWLEDGE_ASSUMED, SLUICE_GATE_FAILED.
 */
export async function query(
  project: Project,
  sql: string,
  options: QueryOptions = {},
  deps: Deps = systemDeps,
): Promise<QueryResult> {
  const knownAt = parseAsKnownAt(options)
  await using workspace = await openWorkspace(project, deps, { runId: undefined, connections: 1 })
  const engine = workspace.engines[0]!
  const parsed = await engine.parse(sql)
  if (!parsed.ok) throw parseFault(parsed.message, sql, parsed.position)
  if (parsed.statements.length !== 1) throw new SluiceError('SLUICE_QUERY_INVALID', 'One SELECT at a time.')
  const lake = oneLook(workspace.lake)
  const wanted = await resolveTables(tablesNamed(parsed.statements), lake, project)
  if ([...wanted].some(name => name.startsWith('reference.'))) await loadReferences(project, engine)
  if (await namesMacro(project, sql)) await defineMacros(project, engine)
  const asOf = await parseAsOf(options.asOf, lake, () => tablesMeant(wanted, lake))
  if (knownAt === undefined) await createViews(wanted, lake, project, engine, asOf)
  else await createKnown(wanted, { lake, project, engine, asOf, knownAt }, options.strict === true)
  await engine.run(`SET search_path = '${LAYER_ORDER.filter(layer => layer !== 'ledger').join(',')}'`)
  await engine.run('SET errors_as_json = true')
  const columns = toldApart(await ask(engine, { prefix: 'DESCRIBE ', sql }))
  if (options.output === undefined) {
    const { limit } = options
    const text = { prefix: '', sql }
    if (limit === undefined) return { columns, rows: await ask(engine, text), more: false }
    return { columns, ...(await asked(text, () => engine.firstRows(sql, limit))) }
  }
  await writeResult(sql, options.output, workspace)
  return { columns, rows: [], more: false }
}

/** Views of silver as known at a time, and of the gold that models make of it: no other model runs than those behind the tables that are named. */
async function createKnown(wanted: ReadonlySet<string>, look: KnownLook, strict: boolean): Promise<void> {
  const asksGold = [...wanted].some(name => name.startsWith('gold.'))
  const models = asksGold ? await planModels(look.project, look.engine) : []
  refuseTimeless(wanted, models)
  const asked = upstreamOf(models, wanted)
  const plain = [...wanted].filter(name => !name.startsWith('gold.'))
  await viewKnown(plain, asked, look, strict)
  if (asked.length > 0) refuseHeld(await deriveKnown(asked, look), look.knownAt)
}

async function writeResult(sql: string, output: QueryOutput, { engines, spool }: Workspace): Promise<void> {
  const engine = engines[0]!
  const file = 'file' in output ? output.file : join(spool, 'result.csv')
  const format = output.format === 'csv' ? 'FORMAT csv, HEADER' : 'FORMAT parquet, COMPRESSION zstd'
  const inner = { prefix: 'COPY (\n', sql: await withoutEnd(sql, engine) }
  await ask(engine, inner, `\n) TO ${quoteText(file)} (${format})`)
  if ('to' in output) await output.to(createReadStream(file))
}

/** The columns by the names that they have in rows: of two alike, the second is `a:1`. */
function toldApart(described: readonly SqlRow[]): QueryResult['columns'] {
  const seen = new Map<string, number>()
  return described.map(row => {
    const name = String(row['column_name'])
    const before = seen.get(name) ?? 0
    seen.set(name, before + 1)
    return { name: before === 0 ? name : `${name}:${before}`, type: String(row['column_type']) }
  })
}

async function ask(engine: Engine, text: WrappedSql, suffix = ''): Promise<SqlRow[]> {
  return asked(text, () => engine.rows(`${text.prefix}${text.sql}${suffix}`))
}

async function asked<T>(text: WrappedSql, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw cause instanceof SluiceError ? cause : (damagedFile(cause) ?? queryFault(cause, text))
  }
}

/** SQL that can stand in parentheses: without a semicolon at its end, and comments after it. */
async function withoutEnd(sql: string, engine: Engine): Promise<string> {
  const cut = sql.replace(/(?:\s|;|--[^\n]*(?=\n|$)|\/\*[^*]*\*\/)+$/, '')
  // A cut inside of a quoted text leaves its quote open: then there was no such end.
  return (await engine.parse(cut)).ok ? cut : sql
}

/** A name without a layer is looked for in silver, then gold, quarantine, bronze and reference. */
async function resolveTables(named: ReadonlySet<string>, lake: Lake, project: Project): Promise<Set<string>> {
  const known = new Set([
    ...LEDGER_TABLES,
    CALENDAR_SESSIONS,
    ...project.contracts.map(contract => `${contract.layer}.${contract.dataset}`),
    ...referenceNames(project).map(name => `reference.${name}`),
  ])
  // A name with its layer that the project knows means the same whatever there is in the lake.
  if (![...named].every(name => name.includes('.') && known.has(name)))
    for (const name of sqlNames(await lake.catalog.names()).keys()) known.add(name)
  // As the engine does: names differ by more than case.
  const byName = new Map([...known].map(name => [name.toLowerCase(), name]))
  const wanted = new Set<string>()
  for (const name of named) {
    const found = name.includes('.') ? [name] : LAYER_ORDER.map(layer => `${layer}.${name}`)
    const table = found.flatMap(candidate => byName.get(candidate.toLowerCase()) ?? [])[0]
    if (table === undefined)
      throw new SluiceError('SLUICE_TABLE_UNKNOWN', `There is no table ${name} in this lake.${didYouMean(name, known)}`)
    wanted.add(table)
  }
  return wanted
}

const LAYER_ORDER = ['silver', 'gold', 'quarantine', 'bronze', 'reference', 'ledger'] as const
