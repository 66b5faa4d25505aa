import { type BackfillRequest, backfill } from './backfill/backfill.js'
import type { BackfillRecord } from './backfill/backfill-record.js'
import { type CostOptions, type CostReport, costReport } from './cost/cost-report.js'
import { type DeriveOptions, derive } from './derive/derive-run.js'
import { listModels, type ModelSummary } from './derive/list-models.js'
import { type DiffOptions, diff, type LakeDiff } from './diff/diff.js'
import { doctor } from './doctor/doctor.js'
import type { Finding } from './doctor/finding.js'
import { type LakeBreakers, lakeBreakers } from './holding/lake-breakers.js'
import { type LakeQuarantine, lakeQuarantine } from './holding/lake-quarantine.js'
import { type LineageOptions, type LineageReport, lineage } from './lineage/lineage.js'
import { type TestOutcome, testModels } from './model-tests/test-models.js'
import { findProject } from './project/find-project.js'
import { type LoadOptions, loadProject } from './project/load-project.js'
import type { Project } from './project/project.js'
import { type QualityOptions, type QualityReport, qualityReport } from './quality/quality-report.js'
import { type QueryOptions, type QueryResult, query } from './read/query.js'
import { describeTable, listTables, type TableDescription, type TableSummary } from './read/tables.js'
import type { RunRecord } from './record/run-record.js'
import { listRuns, readRun } from './record/runs.js'
import { type Replayed, replay } from './replay/replay-lake.js'
import type { ReplayOptions } from './replay/replay-options.js'
import { type RunOptions, run } from './run.js'
import type { Verification } from './verify/verification.js'
import { type VerifyOptions, verify } from './verify/verify.js'

/** A project and its lake, as a program uses them. Nothing stays open between calls. */
export interface OpenLake {
  readonly project: Project
  /** Brings inputs through bronze, silver and gold; see `RunOptions`. */
  run(options?: Partial<RunOptions>): Promise<RunRecord>
  /** Fetches what is missing of the past; see `BackfillOptions`. */
  backfill(request: BackfillRequest): Promise<BackfillRecord>
  /** Derives gold alone: what is owed, a time, or all of it again; see `DeriveOptions`. */
  derive(options?: Partial<DeriveOptions>): Promise<RunRecord>
  /** Makes silver and gold again from the captures of the lake; see `ReplayOptions`. */
  replay(options?: Partial<ReplayOptions>): Promise<Replayed>
  /** Says whether the lake is what was written, and whether its tables are what its captures give; see `VerifyOptions`. */
  verify(options?: VerifyOptions): Promise<Verification>
  /** Which rows differ between two states of the lake, or two tables, by key; see `DiffOptions`. */
  diff(before: string, after: string, options?: Partial<DiffOptions>): Promise<LakeDiff>
  /** One SELECT over `bronze`, `silver`, `gold`, `quarantine` and `ledger`. */
  query(sql: string, options?: QueryOptions): Promise<QueryResult>
  /** The models of gold tables, in the order in which they are derived. */
  models(): Promise<ModelSummary[]>
  /** Where the columns of a table come from, or what comes from them, by the SQL of the models; see `LineageOptions`. */
  lineage(table: string, options?: LineageOptions): Promise<LineageReport>
  /** Runs the tests of models in `tests/`, or those that patterns name. */
  test(patterns?: readonly string[]): Promise<TestOutcome[]>
  tables(): Promise<TableSummary[]>
  table(name: string, options?: { readonly files: boolean }): Promise<TableDescription>
  runs(): Promise<RunRecord[]>
  readRun(runId: string): Promise<RunRecord>
  /** What runs used, by pipe unless told otherwise, and what the same would cost on AWS. */
  cost(options?: CostOptions): Promise<CostReport>
  doctor(): Promise<Finding[]>
  /** What the runs booked about the quality of data: the newest figures with their trend over 10 runs, unless told otherwise. */
  quality(options?: Partial<QualityOptions>): Promise<QualityReport>
  readonly quarantine: LakeQuarantine
  readonly breakers: LakeBreakers
}

/** The options of a run that asks for nothing special. */
export const PLAIN_RUN: RunOptions = {
  select: [],
  params: {},
  input: [],
  allowDqBreach: false,
  replace: false,
  dryRun: false,
}

/**
 * Opens the lake of a project: `folder` is the project's or one inside it. Reads the project's files, not the lake.
 * Throws SLUICE_PROJECT_MISSING, SLUICE_CONFIG_INVALID, SLUICE_CONTRACT_INVALID, SLUICE_PIPE_INVALID, SLUICE_MODEL_INVALID.
 */
export async function openLake(options: LoadOptions): Promise<OpenLake> {
  const project = await loadProject({ ...options, folder: findProject(options.folder) })
  return {
    project,
    run: given => run(project, { ...PLAIN_RUN, ...given }),
    backfill: request => backfill(project, request),
    derive: given => derive(project, { select: [], full: false, ...given }),
    replay: given => replay(project, { datasets: [], select: [], dryRun: false, allowDqBreach: false, ...given }),
    verify: given => verify(project, given ?? {}),
    diff: (before, after, given) => diff(project, { limit: 100, ...given, before, after }),
    query: (sql, given) => query(project, sql, given),
    models: () => listModels(project),
    lineage: (table, given) => lineage(project, table, given),
    test: patterns => testModels(project, patterns),
    tables: () => listTables(project),
    table: (name, given) => describeTable(project, name, given ?? { files: false }),
    runs: () => listRuns(project),
    readRun: runId => readRun(project, runId),
    cost: given => costReport(project, given),
    doctor: () => doctor(project),
    quality: given => qualityReport(project, { runs: 10, failed: false, ...given }),
    quarantine: lakeQuarantine(project),
    breakers: lakeBreakers(project),
  }
}
