import { ruleIds } from '../../contract/rule-ids.js'
import type { ErrorCode } from '../../core/error-codes.js'
import { SluiceError } from '../../core/errors.js'
import { isRunId } from '../../core/ids.js'
import { didYouMean } from '../../core/nearest-name.js'
import { quoteIdent } from '../../engine/sql-text.js'
import { DISCARDED_RULE } from '../../silver/decided-rows.js'
import type { Deps } from '../deps.js'
import { globTest } from '../pipes/expand-input.js'
import type { Project } from '../project/project.js'
import { createViews, sqlNames } from '../read/lake-views.js'
import { RUNS_FOLDER, runKey } from '../record/runs.js'
import type { Workspace } from '../workspace.js'
import { DECISIONS_FOLDER } from './decision-notes.js'
import type { QuarantineFilter } from './find-quarantined.js'
import { type Hold, openHolds } from './hold-book.js'

/**
 * Refuses a filter by a name that neither the project nor the lake knows: with a slip of the pen nothing would fit, and that looks as if all
 * was well. Throws SLUICE_CONTRACT_UNKNOWN, SLUICE_PIPE_UNKNOWN, SLUICE_RUN_UNKNOWN, SLUICE_QUARANTINE_UNKNOWN.
 */
export async function refuseUnknownNames(
  { dataset, pipe, run, rule }: QuarantineFilter,
  project: Project,
  workspace: Workspace,
  deps: Deps,
): Promise<void> {
  if ([dataset, pipe, run, rule].every(name => name === undefined)) return
  const { store, catalog } = workspace.lake
  const holds = Object.values(await openHolds({ store, wait: deps.wait, random: deps.random }).read())
  const tables = (await catalog.list()).filter(({ layer }) => layer === 'quarantine' || layer === 'bronze')
  const silver = project.contracts.filter(({ layer }) => layer === 'silver')
  if (dataset !== undefined) {
    const known = [...silver, ...tables, ...holds].map(own => own.dataset)
    if (!known.includes(dataset)) throw unknown('SLUICE_CONTRACT_UNKNOWN', 'dataset', dataset, known)
  }
  if (pipe !== undefined) {
    const known = [...project.pipes.map(({ name }) => name), ...(await pipesOf(holds, project, workspace))]
    if (!known.some(globTest(pipe))) throw unknown('SLUICE_PIPE_UNKNOWN', 'pipe', pipe, known)
  }
  if (run !== undefined && !holds.some(({ run_id }) => run_id === run) && !(await isRun(run, store)))
    throw unknown('SLUICE_RUN_UNKNOWN', 'run', run, await runsOf(store))
  if (rule !== undefined) {
    const known = [...silver.flatMap(ruleIds), ...OWN_RULES, ...(await rulesOf(project, workspace))]
    if (!known.includes(rule)) throw unknown('SLUICE_QUARANTINE_UNKNOWN', 'rule', rule, known)
  }
}

const OWN_RULES = ['unreadable', 'conflict', DISCARDED_RULE]

function unknown(code: ErrorCode, what: string, name: string, known: readonly string[]): SluiceError {
  const message = `There is no ${what} ${name.slice(0, 80)}.${didYouMean(name, new Set(known))} Nothing was changed.`
  return new SluiceError(code, message)
}

async function pipesOf(holds: readonly Hold[], project: Project, { lake, engines }: Workspace): Promise<string[]> {
  await createViews(new Set(['ledger.inputs']), lake, project, engines[0]!, { kind: 'now' })
  const rows = await engines[0]!.rows('SELECT DISTINCT pipe FROM ledger.inputs')
  return [...holds.map(({ pipe }) => pipe), ...rows.map(row => String(row['pipe']))]
}

/** A run that died has captures, bronze and quarantine, and no record: what it left is found by other names. */
async function isRun(run: string, store: Workspace['lake']['store']): Promise<boolean> {
  if (!isRunId(run)) return false
  const found = await Promise.all([runKey(run), `${DECISIONS_FOLDER}${run}.json`].map(key => store.head(key)))
  return found.some(head => head !== undefined)
}

async function runsOf(store: Workspace['lake']['store']): Promise<string[]> {
  const runs: string[] = []
  for await (const { key } of store.list(RUNS_FOLDER)) runs.push(key.slice(RUNS_FOLDER.length).replace(/\.json$/, ''))
  return runs
}

/** Rules that rows broke under contracts of before, too. */
async function rulesOf(project: Project, { lake, engines }: Workspace): Promise<string[]> {
  const names = [...sqlNames(await lake.catalog.list()).keys()].filter(name => name.startsWith('quarantine.'))
  if (names.length === 0) return []
  await createViews(new Set(names), lake, project, engines[0]!, { kind: 'now' })
  const parts = names.map(name => `SELECT unnest(rules) AS rule FROM ${name.split('.').map(quoteIdent).join('.')}`)
  const rows = await engines[0]!.rows(`SELECT DISTINCT rule FROM (${parts.join(' UNION ALL ')})`)
  return rows.map(row => String(row['rule']))
}
