import { fixedClock } from '../../src/core/clock.js'
import type { SqlRow } from '../../src/engine/engine.js'
import { systemDeps } from '../../src/pipeline/deps.js'
import { fetchFiles } from '../../src/pipeline/fetch/fetch-files.js'
import { NO_HOLDS } from '../../src/pipeline/holding/hold-stage.js'
import { PLAIN_RUN } from '../../src/pipeline/open-lake.js'
import { contractNamed, resolvePipes } from '../../src/pipeline/pipes/resolve-pipes.js'
import { loadReferences } from '../../src/pipeline/project/references.js'
import { createViews } from '../../src/pipeline/read/lake-views.js'
import { recordRun } from '../../src/pipeline/record/record-run.js'
import type { RunRecord } from '../../src/pipeline/record/run-record.js'
import type { RunContext } from '../../src/pipeline/run-context.js'
import { readingOf } from '../../src/pipeline/settle/reading.js'
import { settleDataset } from '../../src/pipeline/settle/settle-dataset.js'
import { startTimeline } from '../../src/pipeline/timeline.js'
import { openWorkspace } from '../../src/pipeline/workspace.js'
import { NOW, type TestLake } from './lakes.js'

/** A file, and when it was received: what a run takes its own clock for, a test says for each. */
export interface Received {
  readonly path: string
  readonly atMs: number
}

/** Bronze, silver and quarantine of a lake of one contract, open over several runs. Close it. */
export interface Settling extends AsyncDisposable {
  run(received: readonly Received[], replace?: boolean): Promise<RunRecord>
  /** Rows of a query over tables named with their layer. */
  rows(sql: string, ...tables: readonly string[]): Promise<SqlRow[]>
  /** The same of what was known at a moment, in milliseconds. */
  rowsKnownAt(atMs: number, sql: string, ...tables: readonly string[]): Promise<SqlRow[]>
}

export async function openSettling(lake: TestLake): Promise<Settling> {
  const { project } = lake
  const dataset = project.contracts[0]!.dataset
  const deps = { ...systemDeps, clock: fixedClock(NOW) }
  const workspace = await openWorkspace(project, deps, { runId: 'settling', connections: 1 })
  const engine = workspace.engines[0]!
  await loadReferences(project, engine)
  let runs = 0
  return {
    run: async (received, replace = false) => {
      const runId = `run-${runs++}`
      const options = { ...PLAIN_RUN, input: received.map(({ path }) => path), contract: dataset, replace }
      const pipes = await resolvePipes(project, options)
      const found = await fetchFiles(pipes, workspace.lake, workspace.spool, engine)
      const fetched = found.map(capture => {
        const { atMs } = received.find(({ path }) => path === capture.file.path)!
        return { ...capture, receivedAtMs: atMs }
      })
      const context: RunContext = {
        project,
        options,
        deps,
        wallClock: deps.clock,
        workspace,
        timeline: startTimeline(deps.clock, undefined),
        runId,
        inputHash: runId,
        holding: NO_HOLDS,
        writer: table => ({ lake: workspace.lake, table, runId, spool: workspace.spool }),
      }
      const reading = await readingOf(contractNamed(project.contracts, dataset), fetched, engine, workspace.spool)
      const datasets = [await settleDataset(reading, context)]
      const parts = {
        context,
        startedMs: NOW,
        cpu: process.cpuUsage(),
        fetched,
        datasets,
        derived: [],
        sources: [],
        workHash: runId,
      }
      return recordRun({ ...parts, store: true })
    },
    rows: async (sql, ...tables) => {
      await createViews(new Set(tables), workspace.lake, project, engine, { kind: 'now' })
      return engine.rows(sql)
    },
    rowsKnownAt: async (atMs, sql, ...tables) => {
      await createViews(new Set(tables), workspace.lake, project, engine, { kind: 'now' }, { atMs })
      return engine.rows(sql)
    },
    [Symbol.asyncDispose]: () => workspace[Symbol.asyncDispose](),
  }
}
