import type { ContractDiff } from '../../contract/diff/diff-contracts.js'
import { plainVersion } from '../../contract/tables.js'
import { isoTime } from '../../core/clock.js'
import type { SluiceError } from '../../core/errors.js'
import { groupBy } from '../../core/group-by.js'
import { formatInterval } from '../../core/interval.js'
import { SLUICE_VERSION } from '../../core/version.js'
import { asNumber } from '../../engine/duckdb.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { claim, uncertain } from '../../lake/claim.js'
import type { Finding } from '../../quality/gate.js'
import type { CaptureCount } from '../../silver/count-batch.js'
import type { Expected } from '../cost/expect-usage.js'
import { type DerivedTable, payUnchanged } from '../derive/derive.js'
import { tellRun } from '../events/tell.js'
import type { Fetched } from '../fetch/fetched.js'
import { isUndone } from '../fetch/source-stage.js'
import type { HoldsSettled } from '../holding/hold-stage.js'
import type { Recall } from '../holding/recall.js'
import { holdsOf, rowsOf } from '../holding/recall-run.js'
import { keepSmall } from '../maintain/keep-small.js'
import type { RunContext } from '../run-context.js'
import type { DatasetOutcome } from '../settle/settle-dataset.js'
import type { TableCommit } from '../settle/table-commit.js'
import type { Workspace } from '../workspace.js'
import { printRecord } from './record-bytes.js'
import type {
  ContractChangeRecord,
  DatasetRecord,
  DecisionRecord,
  DerivationRecord,
  FindingRecord,
  PipeRecord,
  RebuiltRecord,
  ReplayRecord,
  RunRecord,
  RunStatus,
  SourceRecord,
  TableRecord,
  UsageRecord,
} from './run-record.js'
import { findRun, runKey } from './runs.js'

export interface RunParts {
  readonly context: RunContext
  readonly startedMs: number
  readonly cpu: NodeJS.CpuUsage
  readonly fetched: readonly Fetched[]
  readonly sources: readonly SourceRecord[]
  /** See `RunRecord.work_hash`. */
  readonly workHash: string
  readonly datasets: readonly DatasetOutcome[]
  readonly derived: readonly DerivedTable[]
  /** How contracts differ from those under which the tables were written before. */
  readonly changes?: readonly ContractDiff[]
  /** See `RunRecord.to_migrate`. */
  readonly toMigrate?: readonly string[]
  /** Of a run that read captures of the lake again. */
  readonly replay?: ReplayRecord
  /** Of a run that made tables again from the captures of the lake. */
  readonly rebuilt?: RebuiltRecord
  /** Of a run that only derived gold. */
  readonly derivation?: DerivationRecord
  readonly holds?: HoldsSettled
  /** What it was expected to use before it began. */
  readonly expected?: Expected | undefined
}

/** Makes the record of a run and, if asked, tells of it and stores it: create-only, the last write but for what is done and the upkeep of tables. Another process's record of the same run wins. */
export async function recordRun(parts: RunParts & { readonly store: boolean }): Promise<RunRecord> {
  const made = await recordOf(parts)
  if (!parts.store) return made
  const events = await tellRun(made, parts.derived, parts.holds?.breakers ?? [], parts.context)
  const { lake, attempt, lineageStream } = parts.context.workspace
  const lineage = await lineageStream?.filled(made)
  const told = { ...made, ...(events && { events }), ...(lineage && { lineage }) }
  // Last of all: whoever is told has asked the store as well. The record cannot book its own request, nor those after it.
  const record = { ...told, usage: { ...told.usage, ...askedOf(parts.context.workspace) } }
  const key = runKey(record.run_id)
  const claimed = await claim(lake.store, key, printRecord(record))
  if (claimed.outcome === 'unknown') throw unrecorded(record.run_id, key, claimed.cause)
  const other = claimed.outcome === 'taken' ? await findRun(lake.store, record.run_id) : undefined
  await attempt.recorded(other ?? record)
  await lineageStream?.recorded(made)
  await payUnchanged(parts.derived, parts.context)
  if (other === undefined) await keepSmall(commitsOf(parts), parts.context)
  return other === undefined ? record : { ...other, repeated: true }
}

function unrecorded(runId: string, key: string, cause: unknown): SluiceError {
  const next = `Run the same command with \`--run-id ${runId}\` again: it finds what is published, and writes the record.`
  return uncertain(key, cause, 'What the run published stays.', next)
}

function commitsOf({ datasets, derived }: RunParts): TableCommit[] {
  return [...datasets.flatMap(({ commits }) => commits), ...derived.flatMap(({ commit }) => commit ?? [])]
}

async function recordOf(parts: RunParts): Promise<RunRecord> {
  const { context, fetched, sources, datasets } = parts
  const { options, project, workspace } = context
  const [engine] = await workspace.engines[0]!.rows('SELECT version() AS version')
  const pipes = fetched.length === 0 ? [] : pipeRecords(parts)
  return {
    record_version: 1,
    run_id: context.runId,
    status: options.dryRun ? 'planned' : statusOf(parts, pipes),
    started_at: isoTime(parts.startedMs),
    finished_at: isoTime(context.deps.clock.now()),
    sluice_version: SLUICE_VERSION,
    engine_version: `DuckDB ${String(engine?.['version'])}`,
    node_version: process.version,
    platform: `${process.platform}-${process.arch}`,
    options: { allow_dq_breach: options.allowDqBreach, replace: options.replace, select: [...options.select] },
    config_hash: project.configHash,
    input_hash: context.inputHash,
    ...(sources.length > 0 && { work_hash: parts.workHash }),
    contracts: Object.fromEntries(project.contracts.map(contract => [contract.dataset, contract.hash])),
    ...(parts.changes !== undefined &&
      parts.changes.length > 0 && { contract_changes: parts.changes.map(contractChangeRecord) }),
    ...((parts.toMigrate?.length ?? 0) > 0 && { to_migrate: parts.toMigrate }),
    inputs: fetched.map(capture => ({
      pipe: capture.pipe.name,
      capture_id: capture.id,
      name: capture.name,
      sha256: capture.sha256,
      bytes: capture.sizeBytes,
      capture: capture.pipe.capture,
      ...(isHeld(capture, datasets) ? { held: true as const } : {}),
    })),
    ...(workspace.salvaged.length > 0 && {
      salvaged: workspace.salvaged.map(({ key, records, torn }) => ({ segment: key, captures: records.length, torn })),
    }),
    ...(context.recall !== undefined && { decision: decisionRecord(context.recall, datasets) }),
    ...holdRecords(parts.holds),
    ...(sources.length > 0 && { sources }),
    ...(parts.replay && { replay: parts.replay }),
    ...(parts.rebuilt && { rebuilt: parts.rebuilt }),
    ...(parts.derivation && { derivation: parts.derivation }),
    ...(options.backfill !== undefined &&
      options.interval !== undefined && {
        backfill: { name: options.backfill.name, interval: formatInterval(options.interval) },
      }),
    pipes,
    datasets: [...datasets.map(outcome => datasetRecord(outcome, parts)), ...parts.derived.flatMap(derivedRecord)],
    tables: commitsOf(parts).map(tableRecord),
    ...staleRecords(parts.derived),
    steps: context.timeline.steps,
    usage: usageOf(parts),
    ...(parts.expected !== undefined && { estimate: parts.expected.estimate }),
    ...((parts.expected?.over.length ?? 0) > 0 && { over_budget: parts.expected!.over }),
  }
}

function contractChangeRecord({ dataset, before, after, grade, version, changes }: ContractDiff): ContractChangeRecord {
  const needed = version.verdict === 'ok' ? undefined : plainVersion(version.expected)
  return {
    dataset,
    before: plainVersion(before),
    after: plainVersion(after),
    grade,
    ...(needed !== undefined && { needs: needed }),
    subjects: changes.filter(change => change.grade === grade).map(({ subject }) => subject),
  }
}

/** A batch that was held again waits on. */
function decisionRecord(recall: Recall, datasets: readonly DatasetOutcome[]): DecisionRecord {
  const { move, by, reason } = recall.decision
  const left = datasets.reduce((sum, { waiting }) => sum + (move === 'release' ? waiting.released : waiting.left), 0)
  const heldAgain = new Set(datasets.flatMap(({ contract, held }) => [...held].map(id => `${contract.dataset} ${id}`)))
  const passed = recall.batches.filter(
    ({ dataset, captures }) => !captures.some(id => heldAgain.has(`${dataset} ${id}`)),
  )
  return {
    ...{ move, by, ...(reason !== undefined && { reason }) },
    rows: rowsOf(recall),
    rows_moved: passed.reduce((sum, batch) => sum + batch.rows, left),
    ...holdsOf(recall),
    captures: recall.captures.map(({ id }) => id),
  }
}

function holdRecords(settled: HoldsSettled | undefined): Pick<RunRecord, 'breakers' | 'holds'> {
  const { breakers = [], holds = [] } = settled ?? {}
  return {
    ...(breakers.length > 0 && {
      breakers: breakers.map(({ dataset, pipe, at, from, to, why }) => ({ dataset, pipe, at, from, to, why })),
    }),
    ...(holds.length > 0 && {
      holds: holds.map(({ id, dataset, pipe, by, why, captures }) => ({
        ...{ id, dataset, pipe, by, why },
        rows: captures.reduce((sum, { rows }) => sum + rows, 0),
        captures: captures.length,
      })),
    }),
  }
}

function statusOf(parts: RunParts, pipes: readonly PipeRecord[]): RunStatus {
  if (parts.derivation !== undefined) return derivedStatus(parts.derived, parts.derivation)
  if (parts.rebuilt !== undefined) return rebuiltStatus(parts.rebuilt, parts)
  const undone = parts.sources.some(isUndone) || (parts.replay?.lost.length ?? 0) > 0
  if (parts.fetched.length === 0 && parts.replay === undefined) return undone ? 'failed' : 'nothing_due'
  const held =
    parts.datasets.some(outcome => outcome.held.size > 0) ||
    parts.derived.some(table => table.outcome === 'held' || table.outcome === 'failed')
  if (!held) return undone ? 'partial' : 'published'
  const whole = parts.datasets.every(outcome =>
    pipes
      .filter(pipe => pipe.dataset === outcome.contract.dataset)
      .every(
        pipe => pipe.held === pipe.in - pipe.quarantined - pipe.duplicate - pipe.not_final && outcome.held.size > 0,
      ),
  )
  return whole && !undone ? 'held' : 'partial'
}

/** Of a replay. What waited before it waits on: that holds nothing of it back. */
function rebuiltStatus({ datasets, lost }: RebuiltRecord, { derived }: RunParts): RunStatus {
  const isWhole = derived.every(table => table.outcome !== 'held' && table.outcome !== 'failed')
  const refused = datasets.filter(dataset => dataset.refused !== undefined)
  if (refused.length === 0 && lost.length === 0 && isWhole) return 'published'
  return refused.length === datasets.length ? 'held' : 'partial'
}

/** Of a run that only derived gold. */
function derivedStatus(derived: readonly DerivedTable[], { tables }: DerivationRecord): RunStatus {
  const has = (...outcomes: readonly DerivedTable['outcome'][]) =>
    derived.some(({ name, outcome }) => tables.includes(name) && outcomes.includes(outcome))
  if (has('held', 'failed')) return has('published') ? 'partial' : 'held'
  return has('published') ? 'published' : 'nothing_due'
}

function pipeRecords(parts: RunParts): PipeRecord[] {
  return parts.datasets.flatMap(outcome => {
    const own = parts.fetched.filter(capture => capture.pipe.contract === outcome.contract.dataset)
    return [...groupBy(own, capture => capture.pipe.name)].map(([pipe, captures]) =>
      pipeRecord(pipe, [...new Set(captures.map(({ id }) => id))], outcome),
    )
  })
}

function pipeRecord(pipe: string, captures: readonly string[], outcome: DatasetOutcome): PipeRecord {
  const sum = { accepted: 0, duplicate: 0, quarantined: 0, held: 0, not_final: 0 }
  const rules: Record<string, number> = {}
  const released: Record<string, number> = {}
  let rowsIn = 0
  for (const id of captures) {
    rowsIn += outcome.records.get(id) ?? 0
    addCount(sum, outcome.tally.captures.get(id), outcome.held.has(id))
    for (const [rule, rows] of outcome.tally.rules.get(id) ?? []) rules[rule] = (rules[rule] ?? 0) + rows
    for (const [rule, rows] of outcome.tally.waived.get(id) ?? []) released[rule] = (released[rule] ?? 0) + rows
  }
  const { verdict, findings } = outcome.pipeVerdicts.get(pipe) ?? outcome.whole
  const told = findings.length === 0 ? {} : { findings: findings.map(findingRecord) }
  const passed = Object.keys(released).length === 0 ? {} : { released }
  return { pipe, dataset: outcome.contract.dataset, in: rowsIn, ...sum, rules, ...passed, verdict, ...told }
}

function findingRecord({ rule, severity, text, releasedBy }: Finding): FindingRecord {
  return { rule, severity, text, ...(releasedBy !== undefined && { released_by: releasedBy }) }
}

function addCount(
  sum: { accepted: number; duplicate: number; quarantined: number; held: number; not_final: number },
  count: CaptureCount | undefined,
  held: boolean,
): void {
  if (count === undefined) return
  if (held) sum.held += count.accepted
  else sum.accepted += count.accepted
  sum.duplicate += count.duplicate
  sum.quarantined += count.quarantined
  sum.not_final += count.notFinal
}

function datasetRecord(outcome: DatasetOutcome, parts: RunParts): DatasetRecord {
  return {
    dataset: outcome.contract.dataset,
    verdict: outcome.verdict.verdict,
    breach_allowed:
      outcome.verdict.verdict === 'fail' && (parts.context.options.allowDqBreach || outcome.held.size === 0),
    findings: outcome.whole.findings.map(findingRecord),
    ...(outcome.restated !== undefined && { restated: outcome.restated }),
    moved: {
      silver: { entered: outcome.tally.entered, left: outcome.tally.left },
      waiting: { entered: outcome.waiting.entered, left: outcome.waiting.left },
    },
  }
}

function isHeld({ id, pipe }: Fetched, datasets: readonly DatasetOutcome[]): boolean {
  return datasets.some(({ contract, held }) => contract.dataset === pipe.contract && held.has(id))
}

function derivedRecord(table: DerivedTable): DatasetRecord[] {
  if (table.verdict === undefined) return []
  return [
    {
      dataset: table.name,
      verdict: table.verdict.verdict,
      breach_allowed:
        table.verdict.verdict === 'fail' && (table.outcome === 'published' || table.outcome === 'untouched'),
      findings: table.verdict.findings.map(findingRecord),
    },
  ]
}

function staleRecords(derived: readonly DerivedTable[]): Pick<RunRecord, 'stale'> {
  const stale = derived.flatMap(({ name, outcome, why = '' }) =>
    outcome === 'held' || outcome === 'failed' || outcome === 'waiting' ? [{ table: name, outcome, why }] : [],
  )
  return stale.length === 0 ? {} : { stale }
}

/** What a record says of a commit. */
export function tableRecord({ commit, added, removed }: TableCommit): TableRecord {
  const { name, metadata } = commit.table
  return {
    table: `${name.layer}.${name.dataset}`,
    contract_version: metadata.properties['sluice.contract-version'] ?? `v${name.major}`,
    snapshot_id: String(commit.snapshot['snapshot-id']),
    committed_at: isoTime(commit.snapshot['timestamp-ms']),
    ...metadataRecord(commit.table),
    operation: commit.snapshot.summary.operation,
    rows_added: asNumber(commit.snapshot.summary['added-records'] ?? 0),
    rows_removed: removed.reduce((rows, file) => rows + Number(file['record-count']), 0),
    bytes_added: asNumber(commit.snapshot.summary['added-files-size'] ?? 0),
    files: added.map(written => ({
      path: relativePath(commit.table, written.file['file-path']),
      rows: Number(written.file['record-count']),
      bytes: Number(written.file['file-size-in-bytes']),
      sha256: written.sha256,
    })),
  }
}

function metadataRecord({ version, metadataSha256 }: LoadedTable): Pick<TableRecord, 'metadata'> {
  return metadataSha256 === undefined ? {} : { metadata: { version, sha256: metadataSha256 } }
}

function relativePath(table: LoadedTable, path: string): string {
  const { layer, dataset, major } = table.name
  return `${layer}/${dataset}/contract_version=v${major}${path.slice(table.metadata.location.length)}`
}

function usageOf(parts: RunParts): UsageRecord {
  const { context, cpu } = parts
  const used = process.cpuUsage(cpu)
  const steps = context.timeline.steps.reduce((seconds, step) => seconds + step.seconds, 0)
  return {
    wall_seconds: Math.round(steps * 1000) / 1000,
    cpu_seconds: Math.round((used.user + used.system) / 1e3) / 1e3,
    peak_memory_bytes: process.resourceUsage().maxRSS * 1024,
    ...askedOf(context.workspace),
    http_requests: parts.sources.reduce((sum, { requests }) => sum + requests, 0),
  }
}

function askedOf({ counts }: Workspace): Pick<UsageRecord, 'store_requests' | 'bytes_read' | 'bytes_written'> {
  const { requests, bytesRead, bytesWritten } = counts()
  return { store_requests: requests, bytes_read: bytesRead, bytes_written: bytesWritten }
}
