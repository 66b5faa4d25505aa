import type { Contract } from '../../contract/contract.js'
import { goldShape } from '../../contract/tables.js'
import { SluiceError } from '../../core/errors.js'
import { cutSlices, type Interval, type Slice, slicesToRewrite } from '../../gold/touched.js'
import type { Snapshot } from '../../iceberg/types.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { commitFiles, type FileChange, snapshotOfRun } from '../../lake/commit-files.js'
import { openTable } from '../../lake/open-table.js'
import { partitionFiles } from '../../lake/scan.js'
import { tellTable } from '../../lake/table-properties.js'
import { withoutUnchanged } from '../../lake/unchanged-files.js'
import { discardFiles, type WrittenFile } from '../../lake/write-files.js'
import type { BatchProfile, Verdict } from '../../quality/gate.js'
import type { Lanes } from '../lanes.js'
import { contractNamed } from '../pipes/resolve-pipes.js'
import { hashMacros } from '../project/macros.js'
import { calendarsFor, loadSessions } from '../read/calendar-sessions.js'
import type { RunContext } from '../run-context.js'
import { committedBefore } from '../settle/committed-before.js'
import type { TableCommit } from '../settle/table-commit.js'
import { untilPublished } from '../settle/table-line.js'
import { addFigures, type DerivedFigures, judgeDerived } from './audit-derived.js'
import { auditOf, auditSummary } from './audit-summary.js'
import { partitionsIn } from './covered-time.js'
import { deriveSlices } from './derive-slices.js'
import { profileDerived } from './derived-checks.js'
import { markingOf } from './derived-marks.js'
import { modelFailure } from './model-failure.js'
import {
  extentsOf,
  inputsOf,
  lacksNeeded,
  type ModelInput,
  type PlannedModel,
  reachOf,
  rowsWithin,
} from './model-inputs.js'
import { modelSummary } from './model-summary.js'

/** Input rows that one piece of a model reads at most, unless a single partition holds more. */
const SLICE_ROWS = 200_000

/**
 * What came of computing the changed part of a gold table. `unchanged`: the rows are what they were, so nothing was written.
 * `failed`: the engine refused the model's SQL over these rows.
 */
export type Derivation = (
  | { readonly outcome: 'published'; readonly commit: TableCommit }
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'held' }
  | { readonly outcome: 'failed' }
) & {
  readonly verdict: Verdict
  /** Undefined when rows were not counted: the SQL failed, or an earlier release had published them. */
  readonly figures?: DerivedFigures
}

/**
 * Computes what changes in `changed` reach in one gold table: audit, then one commit. Over again when other writers changed the
 * same partitions meanwhile; throws SLUICE_COMMIT_CONFLICT when they keep doing so.
 */
export async function deriveTable(
  model: PlannedModel,
  changed: readonly Interval[],
  lanes: Lanes,
  run: RunContext,
): Promise<Derivation> {
  const { name } = goldShape(contractNamed(run.project.contracts, model.contract))
  const derived = await untilPublished(name, run, async () => {
    const derivation = await deriveOnce(model, changed, lanes, run)
    return derivation.outcome === 'rebase' ? undefined : derivation
  })
  if (derived !== undefined) return derived
  const message = `Other writers kept changing the same partitions of gold.${model.table}. The rows that it is derived from are published, it is as they left it.`
  throw new SluiceError('SLUICE_COMMIT_CONFLICT', message)
}

async function deriveOnce(
  model: PlannedModel,
  changed: readonly Interval[],
  lanes: Lanes,
  run: RunContext,
): Promise<Derivation | { readonly outcome: 'rebase' }> {
  const { lake } = run.workspace
  const contract = contractNamed(run.project.contracts, model.contract)
  const table = await openTable(lake, goldShape(contract))
  const own = snapshotOfRun(table, run.runId)
  if (own !== undefined) return publishedBefore(own, contract, table, run)
  const inputs = await inputsOf(model, run)
  const engine = lanes.engines[0]!
  const isEmpty = await lacksNeeded(model, inputs, engine)
  if (model.joinsSessions && !isEmpty) await loadSessions(await calendarsFor(model.sql, engine), engine)
  const marking = markingOf(model, changed, table, inputs)
  const slices = slicesOf(model, marking.changed, contract.partition, inputs)
  const pieces = isEmpty ? [] : await deriveSlices({ model, contract, table, inputs, run }, slices, lanes)
  const written = pieces.flatMap(piece => piece.written)
  const figures = addFigures(pieces.map(piece => piece.figures))
  const isWhole = slices.length > 0 && figures.inError === 0 && pieces.every(piece => piece.fault === undefined)
  const checks = isWhole ? await askChecks({ contract, table, written }, model, lanes, run) : {}
  const fault = pieces.find(piece => piece.fault !== undefined)?.fault ?? checks.fault
  const verdict = fault ?? judgeDerived(figures, checks.figures ?? {}, contract)
  const isAllowed = isWhole && fault === undefined && mayBreach(run)
  if (verdict.verdict === 'fail' && !isAllowed) {
    await discardFiles(lake, written)
    return fault === undefined ? { outcome: 'held', verdict, figures } : { outcome: 'failed', verdict }
  }
  const partitions = partitionsIn(
    slices.map(slice => slice.rewrite),
    contract.partition,
  )
  const summary = {
    ...modelSummary(model, await hashMacros(run.project), inputs),
    ...auditSummary({ figures, checks: checks.figures ?? {} }),
  }
  const told = { summary, properties: marking.marks }
  const published = await publish(written, partitions, table, told, run)
  return published.outcome === 'rebase' ? published : { ...published, verdict, figures }
}

/** What the contract's checks give of all that was derived, or what the engine says of their SQL. */
async function askChecks(
  derived: Parameters<typeof profileDerived>[0],
  model: PlannedModel,
  lanes: Lanes,
  run: RunContext,
): Promise<{ readonly figures?: BatchProfile['checks']; readonly fault?: Verdict }> {
  const { engine } = await lanes.first()
  return profileDerived(derived, engine, run).then(
    figures => ({ figures }),
    cause => ({ fault: modelFailure(cause, model, `a check of ${derived.contract.file}`) }),
  )
}

/** What an earlier try of the run had published, judged by what it had counted. */
async function publishedBefore(
  snapshot: Snapshot,
  contract: Contract,
  table: LoadedTable,
  { workspace: { lake } }: RunContext,
): Promise<Derivation> {
  const commit = await committedBefore(lake, table, snapshot)
  const audit = auditOf(snapshot)
  if (audit === undefined) return { outcome: 'published', commit, verdict: { verdict: 'pass', findings: [] } }
  const { figures, checks } = audit
  return { outcome: 'published', commit, figures, verdict: judgeDerived(figures, checks, contract) }
}

/** Who releases a batch says nothing of what is derived from it. */
function mayBreach({ options, recall }: RunContext): boolean {
  return options.allowDqBreach && recall === undefined
}

type Published = { readonly outcome: 'published'; readonly commit: TableCommit } | { readonly outcome: 'unchanged' }

/** Replaces the files of some partitions by those written for them, apart from the ones that came out the same. */
async function publish(
  written: readonly WrittenFile[],
  partitions: ReadonlySet<number>,
  table: LoadedTable,
  told: Required<Pick<FileChange, 'summary' | 'properties'>>,
  run: RunContext,
): Promise<Published | { readonly outcome: 'rebase' }> {
  const { lake } = run.workspace
  const { added, removed } = await withoutUnchanged(written, await partitionFiles(lake, table, partitions), lake)
  if (added.length + removed.length === 0) {
    await tellTable(lake, table, told.properties)
    return { outcome: 'unchanged' }
  }
  const commit = await commitFiles(lake, table, {
    added: added.map(file => file.file),
    removed,
    runId: run.runId,
    inputHash: run.inputHash,
    keys: 'unique',
    ...told,
  })
  if (commit.outcome !== 'rebase') return { outcome: 'published', commit: { commit, added, removed } }
  await discardFiles(lake, added)
  return { outcome: 'rebase' }
}

/** What to compute anew: up to the end of the newest input, in pieces that fit into memory where the model allows it. */
function slicesOf(
  model: PlannedModel,
  changed: readonly Interval[],
  grain: Contract['partition'],
  inputs: readonly ModelInput[],
): Slice[] {
  const extents = extentsOf(inputs)
  const horizon = reachOf(model, inputs)?.end ?? Number.NEGATIVE_INFINITY
  const { lookbackMs, lookaheadMs } = model
  const slices = slicesToRewrite(changed, { grain, lookbackMs, lookaheadMs }, horizon)
  if (lookbackMs > 0 || lookaheadMs > 0) return slices
  // Files may be coarser than the model's partitions: of a month that is read for a day, a day's rows stay.
  return cutSlices(slices, grain, read => rowsWithin(extents, read), SLICE_ROWS)
}
