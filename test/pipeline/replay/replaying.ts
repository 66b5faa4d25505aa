import { describeTable } from '../../../src/pipeline/read/tables.js'
import { type Replayed, replay } from '../../../src/pipeline/replay/replay-lake.js'
import type { ReplayOptions } from '../../../src/pipeline/replay/replay-options.js'
import type { TestLake } from '../../support/lakes.js'
import { LATER } from './ticks-lake.js'

export function again({ project }: TestLake, options: Partial<ReplayOptions> = {}): Promise<Replayed> {
  const plain = { datasets: [], select: [], dryRun: false, allowDqBreach: false, nowMs: LATER }
  return replay(project, { ...plain, ...options })
}

/** Hashes of the data files that tables are made of now: the partition and the content, without what names the run. */
export async function liveBytes(lake: TestLake, tables: readonly string[]): Promise<string[]> {
  const hashes = await lake.files()
  const described = await Promise.all(tables.map(table => describeTable(lake.project, table, { files: true })))
  const paths = described.flatMap(({ dataFiles }) => dataFiles.map(({ path }) => path))
  return paths.map(path => `${path.replace(/run_id=.*$/, '')} ${hashes[path]}`).sort()
}
