import { SluiceError } from '../../core/errors.js'
import type { DataFile } from '../../iceberg/types.js'
import type { TableName } from '../../lake/catalog.js'
import { RUN_ID } from '../../lake/commit-files.js'
import { ordinalOf } from '../../lake/scan.js'
import { tableKey } from '../../lake/table-location.js'
import { guardContracts } from '../contracts/guard-contracts.js'
import { type Deps, systemDeps } from '../deps.js'
import { guardModels } from '../derive/bind-models.js'
import { NO_HOLDS } from '../holding/hold-stage.js'
import { requireLake } from '../lake-store.js'
import { guardReferences } from '../project/guard-references.js'
import type { Project } from '../project/project.js'
import { loadReferences } from '../project/references.js'
import { runKey } from '../record/runs.js'
import { writerOf } from '../record/runs-behind.js'
import type { RunContext } from '../run-context.js'
import { type Progress, startTimeline } from '../timeline.js'
import { openWorkspace, type Workspace } from '../workspace.js'
import { notDeclared, type TableToDerive } from './compare-derived.js'
import { unknownRunFaults } from './recorded-commits.js'
import { rederive } from './rederive.js'
import type { CheckedCounts, Fault, TableVerdict, Verification, VerifyLevel } from './verification.js'
import { keptFaults, layoutFaults, unlistedFaults } from './verify-beside.js'
import { verifyCaptures } from './verify-captures.js'
import { subjectOf, verifyFiles } from './verify-files.js'
import { historyFaults } from './verify-history.js'
import { type Ledger, readLedger } from './verify-ledger.js'
import { verifyMetadata } from './verify-metadata.js'
import { scopeOf, type VerifyScope } from './verify-scope.js'
import { verifySnapshots } from './verify-snapshots.js'
import { verifyValues } from './verify-values.js'

export interface VerifyOptions {
  /** A run id, or a table as SQL names it (`silver.bars`, `gold.risk_summary`, `silver.bars_v1`). Undefined: all of the lake. */
  readonly what?: string | undefined
  /** Undefined: `derived`. */
  readonly level?: VerifyLevel | undefined
  readonly onProgress?: ((event: Progress) => void) | undefined
}

/**
 * Says whether the lake is what was written to it, and whether its tables are what its captures give: hashes captures and data files, reads all
 * metadata, compares counts and bounds with values, and derives silver and gold again. Damage is a finding, and ends nothing: what is wrong
 * elsewhere is found as well. Nothing is written to the lake. Throws SLUICE_LAKE_MISSING, SLUICE_LAYOUT_NEWER, SLUICE_TABLE_UNKNOWN, SLUICE_ARGUMENT_INVALID.
 */
export async function verify(
  project: Project,
  { what, level = 'derived', onProgress }: VerifyOptions,
  deps: Deps = systemDeps,
): Promise<Verification> {
  await requireLake(project)
  const connections = Math.max(1, Math.min(3, project.config.engine.threads))
  await using workspace = await openWorkspace(project, deps, { runId: undefined, connections, afresh: true })
  const ledger = await readLedger(workspace.lake.store)
  const scope = await scopeOf(what, workspace.lake, ledger)
  const faults = ledger.faults.filter(({ file }) => what === undefined || file === runKey(what))
  if (what === undefined) faults.push(...(await layoutFaults(workspace.lake.store, scope)))
  const counts = { ...NOTHING, records: ledger.records.size }
  await checkCaptures(workspace, scope, ledger, counts, faults, onProgress)
  const tables: TableToDerive[] = []
  for (const name of scope.tables) {
    onProgress?.({ step: 'check', detail: `${name.layer}.${name.dataset}` })
    const found = await checkTable(name, { workspace, scope, ledger, level, counts, faults })
    if (found !== undefined) tables.push(found)
  }
  const derived =
    level === 'derived'
      ? await deriveAgain(tables, { project, deps, workspace, onProgress }).catch(undeclared(tables))
      : []
  return {
    verdict: verdictOf(faults, derived),
    scope: what ?? 'lake',
    level,
    checked: counts,
    faults,
    tables: derived,
  }
}

const NOTHING: CheckedCounts = {
  ...{ segments: 0, captures: 0, capture_bytes: 0, records: 0, tables: 0, metadata_files: 0, snapshots: 0 },
  ...{ manifests: 0, data_files: 0, data_bytes: 0, columns: 0 },
}

type Counts = { -readonly [Name in keyof CheckedCounts]: number }

function verdictOf(faults: readonly Fault[], tables: readonly TableVerdict[]): Verification['verdict'] {
  const differing = tables.filter(({ verdict }) => verdict === 'differs')
  const isDamaged = faults.some(({ kind }) => kind === 'damaged' || kind === 'missing')
  if (isDamaged || differing.some(({ outdated }) => outdated === undefined)) return 'damaged'
  return tables.some(({ outdated }) => outdated !== undefined) ? 'outdated' : 'ok'
}

async function checkCaptures(
  { lake }: Workspace,
  scope: VerifyScope,
  ledger: Ledger,
  counts: Counts,
  faults: Fault[],
  onProgress: VerifyOptions['onProgress'],
): Promise<void> {
  if (scope.captures === 'none') return
  const { captures } = scope
  const verified = await verifyCaptures(lake.store, {
    capture: id => captures === 'all' || captures.has(id),
    onProgress: done => onProgress?.({ step: 'check', detail: 'captures', done }),
  })
  Object.assign(counts, { segments: verified.segments, captures: verified.captures, capture_bytes: verified.bytes })
  faults.push(...verified.faults)
  for (const { captureId, pipe, name, runId } of ledger.inputs) {
    if (verified.ids.has(captureId) || (captures !== 'all' && !captures.has(captureId))) continue
    const what = `run ${runId} took it for ${pipe} (${name}), and no segment holds it`
    faults.push({
      ...{ kind: 'missing', code: 'capture_missing', subject: 'captures', file: `_runs/${runId}.json` },
      ...{ place: `capture ${captureId}`, what },
    })
  }
}

interface Checking {
  readonly workspace: Workspace
  readonly scope: VerifyScope
  readonly ledger: Ledger
  readonly level: VerifyLevel
  readonly counts: Counts
  readonly faults: Fault[]
}

/** All that can be said of a table without deriving it; undefined when it is not one that is derived, or its metadata cannot be read. */
async function checkTable(name: TableName, checking: Checking): Promise<TableToDerive | undefined> {
  const { workspace, scope, ledger, level, counts, faults } = checking
  const { lake, engines } = workspace
  const engine = engines[0]!
  counts.tables++
  const metadata = await verifyMetadata(lake, name)
  counts.metadata_files += metadata.files.length
  faults.push(...metadata.faults)
  const commits = ledger.commits.filter(({ table }) => tableKey(table) === tableKey(name))
  faults.push(...historyFaults(metadata.files, commits, `${name.layer}.${name.dataset}`, scope.runId))
  faults.push(...(await keptFaults(metadata.files, name, lake.store)))
  if (metadata.files.length > 0) faults.push(...unlistedFaults(name, scope))
  const { table } = metadata
  if (table === undefined) return undefined
  if (scope.runId === undefined) faults.push(...unknownRunFaults(table, ledger.knownRuns, commits, subjectOf(table)))
  const isOwn = (runId: string | undefined): boolean => scope.runId === undefined || runId === scope.runId
  const current = table.metadata['current-snapshot-id']
  // The newest says which of a run's files are still in use.
  const snapshots = await verifySnapshots(
    lake,
    table,
    snapshot => isOwn(snapshot.summary[RUN_ID]) || snapshot['snapshot-id'] === current,
  )
  counts.snapshots += snapshots.snapshots
  counts.manifests += snapshots.manifests
  faults.push(...snapshots.faults)
  const files = [...snapshots.files.values()].filter(file => isOwn(writerOf(file)))
  const verified = await verifyFiles({ lake, table, files, hashes: ledger.hashes, engine })
  counts.data_files += files.length
  counts.data_bytes += verified.bytes
  faults.push(...verified.faults)
  const values = level === 'files' ? NO_VALUES : await verifyValues(table, verified.whole, engine)
  counts.columns += values.columns
  faults.push(...values.faults)
  if (name.layer === 'bronze' || name.layer === 'quarantine') return undefined
  const whole = new Set(verified.whole.map(({ file }) => file['file-path']))
  for (const path of values.unreadable) whole.delete(path)
  const isDamaged = (file: DataFile): boolean =>
    snapshots.files.has(file['file-path']) && isOwn(writerOf(file)) && !whole.has(file['file-path'])
  const live = snapshots.live
  const partitions =
    scope.runId === undefined
      ? undefined
      : new Set(live?.filter(file => isOwn(writerOf(file))).map(file => ordinalOf(table, file)))
  return { name, table, live, isDamaged: live?.some(isDamaged) === true, partitions }
}

const NO_VALUES = { columns: 0, unreadable: new Set<string>(), faults: [] }

interface Deriving {
  readonly project: Project
  readonly deps: Deps
  readonly workspace: Workspace
  readonly onProgress: VerifyOptions['onProgress']
}

async function deriveAgain(
  tables: readonly TableToDerive[],
  { project, deps, workspace, onProgress }: Deriving,
): Promise<TableVerdict[]> {
  if (tables.length === 0) return []
  const engine = workspace.engines[0]!
  await guardContracts(project.contracts, sql => engine.parse(sql))
  guardReferences(project)
  await loadReferences(project, engine)
  const runId = deps.ids.runId(deps.clock.now())
  const run: RunContext = {
    ...{ project, deps, workspace, runId, inputHash: runId, wallClock: deps.clock, holding: NO_HOLDS },
    // What was let pass was let pass: the question is what came of it.
    options: { select: [], params: {}, input: [], allowDqBreach: true, replace: false, dryRun: false },
    timeline: startTimeline(deps.clock, onProgress),
    writer: table => {
      throw new SluiceError('SLUICE_INTERNAL', `Verifying tried to write to ${subjectOf(table)}.`)
    },
  }
  await guardModels(run)
  return rederive(tables, run)
}

/** What is wrong with the project's declarations keeps all from being derived; what was found of files is told all the same. Throws what is no such fault. */
function undeclared(tables: readonly TableToDerive[]): (cause: unknown) => TableVerdict[] {
  return cause => {
    if (!(cause instanceof SluiceError) || cause.kind !== 'invalid') throw cause
    return tables.map(table => notDeclared(table, cause.message))
  }
}
