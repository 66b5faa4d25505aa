import { cp } from 'node:fs/promises'
import { dataFiles } from '../../src/lake/scan.js'
import { systemDeps } from '../../src/pipeline/deps.js'
import { listTables, openMetadata } from '../../src/pipeline/read/tables.js'
import type { RunRecord } from '../../src/pipeline/record/run-record.js'
import type { ProjectFolder, TestLake } from './lakes.js'
import { type InputRow, ndjson, trade } from './records.js'

/** Tables that runs of events fill, each with several small files after several runs. */
export const FILLED = [
  'bronze.market_events',
  'silver.market_events',
  'quarantine.market_events',
  'gold.data_quality_metrics',
]

/** One run over some records of events. */
export async function feed(
  folder: ProjectFolder,
  lake: TestLake,
  rows: readonly InputRow[],
  runId: string,
): Promise<RunRecord> {
  const input = await folder.write(`feed-${runId}.ndjson`, ndjson(rows))
  return lake.run({ input: [input], contract: 'market_events', runId, allowDqBreach: true })
}

/** A lake after so many runs of three events in one hour each: two good ones and a bad one. */
export async function smallFiles(folder: ProjectFolder, runs: number, lake = folder.lake()): Promise<TestLake> {
  for (let at = 0; at < runs; at++)
    await feed(
      folder,
      lake,
      [trade(`a${at}`), trade(`b${at}`, { price: 200 + at }), trade(`c${at}`, { price: -1 })],
      `run-${at}`,
    )
  return lake
}

/** Another lake with the same objects. */
export async function copyOf(folder: ProjectFolder, lake: TestLake): Promise<TestLake> {
  const copy = folder.lake()
  await cp(lake.root, copy.root, { recursive: true, preserveTimestamps: true })
  return copy
}

/** Files of each table, as its head names them. */
export async function fileCounts(lake: TestLake): Promise<Record<string, number>> {
  const tables = await listTables(lake.project)
  return Object.fromEntries(tables.map(({ table, files }) => [table, files]))
}

/** The hashes in the names of a table's files: what the files hold, whoever wrote them. */
export async function contentHashes(lake: TestLake): Promise<Record<string, string[]>> {
  const { catalog, ...own } = await openMetadata(lake.project, systemDeps)
  const hashes: Record<string, string[]> = {}
  for (const name of await catalog.list()) {
    const table = (await catalog.load(name))!
    const files = await dataFiles({ catalog, ...own }, table)
    hashes[`${name.layer}.${name.dataset}`] = files
      .map(file => /-([0-9a-f]{8})\.parquet$/.exec(file['file-path'])![1]!)
      .sort()
  }
  return hashes
}
