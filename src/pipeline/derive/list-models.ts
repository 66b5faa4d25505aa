import { join } from 'node:path'
import { goldShape, versionText } from '../../contract/tables.js'
import { isoTime } from '../../core/clock.js'
import { formatDuration } from '../../core/duration.js'
import { SluiceError } from '../../core/errors.js'
import { didYouMean } from '../../core/nearest-name.js'
import { loadModel, type Model } from '../../gold/front-matter.js'
import { RUN_ID } from '../../lake/commit-files.js'
import { currentSnapshot } from '../../lake/scan.js'
import { type Deps, systemDeps } from '../deps.js'
import { PACKAGE_FOLDER } from '../package-folder.js'
import { contractNamed } from '../pipes/resolve-pipes.js'
import type { Project } from '../project/project.js'
import { filesBelow, readAll } from '../project/read-text.js'
import { withReferencePrints } from '../project/reference-prints.js'
import { loadReferences } from '../project/references.js'
import { CALENDAR_SESSIONS } from '../read/calendar-sessions.js'
import { openWorkspace, type Workspace } from '../workspace.js'
import { wholeHistory, whyHistory } from './derived-marks.js'
import { type PrintedModel, planModels } from './plan-models.js'
import { staleTables } from './stale-tables.js'

/** A model and the state of its table. */
export interface ModelSummary {
  /** `gold.risk_summary` */
  readonly table: string
  readonly description: string
  readonly grain: string
  /** The column by which partitions are rewritten. */
  readonly partition: string
  /** ISO 8601: a row depends on input rows at most so much older. */
  readonly lookback: string
  /** ISO 8601: and at most so much newer; absent for most, which look back only. */
  readonly lookahead?: string
  /** Tables, as `silver.bars`, in order of their names. */
  readonly reads: readonly string[]
  /** Name and version, as `risk_summary v1.0.0`. */
  readonly contract: string
  /** `shipped`: as Sluice ships it. `changed`: Sluice ships another one of this name. `own`: the project's. */
  readonly origin: 'shipped' | 'changed' | 'own'
  readonly file: string
  /** Of the table's last commit; undefined when it was never derived. */
  readonly derivedAt?: string
  readonly derivedBy?: string
  readonly rows?: number
  /** Why the table is not what the model makes of silver now. */
  readonly stale?: string
}

/** The project's models in the order in which they are derived. Throws SLUICE_MODEL_INVALID. */
export async function listModels(project: Project, deps: Deps = systemDeps): Promise<ModelSummary[]> {
  await using workspace = await openWorkspace(project, deps, { runId: undefined, connections: 1 })
  const [engine] = workspace.engines
  await loadReferences(project, engine!)
  const models = await withReferencePrints(await planModels(project, engine!), engine!)
  const shipped = await shippedModels()
  const stale = new Map(await staleTables(workspace.lake.store, deps))
  const summaries: ModelSummary[] = []
  for (const model of models) {
    const summary = await summaryOf(model, shipped, stale, project, workspace)
    if (summary.stale !== undefined) stale.set(summary.table, summary.stale)
    summaries.push(summary)
  }
  return summaries
}

/** One of them, by the name of its table with or without `gold.`. Throws SLUICE_MODEL_UNKNOWN. */
export async function describeModel(project: Project, name: string, deps: Deps = systemDeps): Promise<ModelSummary> {
  const models = await listModels(project, deps)
  const found = models.find(({ table }) => table === name || table === `gold.${name}`)
  if (found !== undefined) return found
  const known = models.map(({ table }) => table)
  const message = `No model makes a table called "${name}".${didYouMean(`gold.${name}`, known)}`
  throw new SluiceError('SLUICE_MODEL_UNKNOWN', message, { known })
}

async function summaryOf(
  model: PrintedModel,
  shipped: ReadonlyMap<string, ReadonlySet<string>>,
  stale: ReadonlyMap<string, string>,
  project: Project,
  workspace: Workspace,
): Promise<ModelSummary> {
  const contract = contractNamed(project.contracts, model.contract)
  const table = await workspace.lake.catalog.load(goldShape(contract).name)
  const snapshot = table === undefined ? undefined : currentSnapshot(table)
  const name = `gold.${model.table}`
  // A table of which nothing could be derived yet lacks nothing.
  const hasInput = (await wholeHistory(model, { project, workspace })).length > 0
  const whyWhole = hasInput ? await whyHistory(model, { project, workspace }) : undefined
  const why = stale.get(name) ?? whyWhole ?? staleInput(model, stale)
  const hashes = shipped.get(model.table)
  return {
    table: name,
    description: model.description.trim(),
    ...{ grain: model.grain, partition: model.partition, lookback: formatDuration(model.lookbackMs) },
    ...(model.lookaheadMs > 0 && { lookahead: formatDuration(model.lookaheadMs) }),
    reads: [...model.dependencies, ...(model.joinsSessions ? [CALENDAR_SESSIONS] : [])].sort(),
    contract: `${contract.dataset} ${versionText(contract)}`,
    origin: hashes === undefined ? 'own' : hashes.has(model.hash) ? 'shipped' : 'changed',
    file: model.file,
    ...(snapshot !== undefined && {
      derivedAt: isoTime(snapshot['timestamp-ms']),
      derivedBy: snapshot.summary[RUN_ID] ?? '',
      rows: Number(snapshot.summary['total-records'] ?? 0),
    }),
    ...(why !== undefined && { stale: why }),
  }
}

function staleInput({ dependencies }: PrintedModel, stale: ReadonlyMap<string, string>): string | undefined {
  const input = dependencies.find(name => name.startsWith('gold.') && stale.has(name))
  return input === undefined ? undefined : `it reads ${input}, which is stale`
}

/** The hashes of the models that Sluice ships, in templates too, by their tables. */
async function shippedModels(): Promise<Map<string, Set<string>>> {
  const folders = ['models/gold', 'templates'].map(name => filesBelow(join(PACKAGE_FOLDER, name)))
  const files = (await Promise.all(folders)).flat().filter(file => file.endsWith('.sql'))
  const hashes = new Map<string, Set<string>>()
  for (const { table, hash } of (await readAll(files)).map(({ text, file }): Model => loadModel(text, file)))
    hashes.set(table, (hashes.get(table) ?? new Set()).add(hash))
  return hashes
}
