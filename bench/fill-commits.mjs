// Commits as many runs would have made them, without their work: the tables, records and histories grow, the engine rests.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Adds to every table of a lake what `count` more runs would add: a copy of its newest file, in the partition of the run's own time, in a
 * commit of its own, with a run record; and keeps the tables as runs keep them. `timeOf` gives the time of a run in milliseconds.
 */
export async function fillCommits(project, first, count, timeOf) {
  const { systemDeps } = await import('../dist/pipeline/deps.js')
  const { fixedClock } = await import('../dist/core/clock.js')
  const { openWorkspace } = await import('../dist/pipeline/workspace.js')
  const { commitFiles } = await import('../dist/lake/commit-files.js')
  const { dataFiles } = await import('../dist/lake/scan.js')
  const { keyOf } = await import('../dist/lake/table-location.js')
  const { transformOrdinal } = await import('../dist/iceberg/transforms.js')
  const { partitionPath } = await import('../dist/iceberg/partition.js')
  const { keepSmall } = await import('../dist/pipeline/maintain/keep-small.js')
  const root = project.config.lake
  const records = join(root, '_runs')
  const record = JSON.parse(readFileSync(join(records, readdirSync(records)[0]), 'utf8'))
  let clock = fixedClock(timeOf(first))
  const deps = { ...systemDeps, clock: { now: () => clock.now(), monotonicMs: () => clock.monotonicMs() } }
  const workspace = await openWorkspace(project, deps, { runId: 'fill', connections: 1 })
  try {
    const { lake } = workspace
    const tables = []
    for (const name of await lake.catalog.list()) {
      const table = await lake.catalog.load(name)
      tables.push({ name, file: (await dataFiles(lake, table)).at(-1) })
    }
    for (let at = first; at < first + count; at++) {
      const nowMs = timeOf(at)
      clock = fixedClock(nowMs)
      const runId = deps.ids.runId(nowMs)
      const commits = []
      for (const { name, file } of tables) {
        if (file === undefined) continue
        const table = await lake.catalog.load(name)
        const [spec] = table.metadata['partition-specs']
        const [field] = spec.fields
        const partition = { [field['field-id']]: transformOrdinal(field.transform, BigInt(nowMs) * 1000n) }
        const hash = /-([0-9a-f]{8})\.parquet$/.exec(file['file-path'])[1]
        const path = `${table.metadata.location}/${partitionPath(spec, partition)}/run_id=${runId}-${hash}.parquet`
        const own = { ...file, partition, 'file-path': path }
        const target = join(root, keyOf(table, path))
        mkdirSync(dirname(target), { recursive: true })
        copyFileSync(join(root, keyOf(table, file['file-path'])), target)
        const change = { added: [own], removed: [], runId, inputHash: '', keys: 'free' }
        commits.push({ commit: await commitFiles(lake, table, change), added: [], removed: [] })
      }
      writeFileSync(join(records, `${runId}.json`), JSON.stringify({ ...record, run_id: runId, inputs: [] }))
      await keepSmall(commits, { project, workspace, deps })
      lake.manifests.lists.clear()
      lake.manifests.entries.clear()
    }
  } finally {
    await workspace[Symbol.asyncDispose]()
  }
}
