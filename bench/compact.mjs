// What reading costs after a thousand small appends and one compaction, beside one append of the same rows.
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { benchOptions, judge, median } from './measure.mjs'
import { benchPath, MEMORY_LIMIT, makeProject, requireBuild, THREADS } from './workplace.mjs'

const APPENDS = 1000
const DAYS = 4
const NAME = { layer: 'gold', dataset: 'appends', major: 1 }

requireBuild()
const { systemClock } = await import('../dist/core/clock.js')
const { randomIds } = await import('../dist/core/ids.js')
const { openDuckDb } = await import('../dist/engine/duckdb.js')
const { commitFiles } = await import('../dist/lake/commit-files.js')
const { fileCatalog } = await import('../dist/lake/file-catalog.js')
const { openLakeOn } = await import('../dist/lake/lake.js')
const { openTable } = await import('../dist/lake/open-table.js')
const { writePartitions } = await import('../dist/lake/write-files.js')
const { compactIn } = await import('../dist/pipeline/maintain/compact.js')
const { localStore } = await import('../dist/storage/local-store.js')
const { openLake: openProject } = await import('../dist/index.js')

const { runs, rows } = benchOptions({ runs: 15, rows: 1_000_000 })
const spool = benchPath('compact-spool')
rmSync(spool, { recursive: true, force: true })
mkdirSync(spool)
const db = await openDuckDb({ threads: THREADS, memoryLimit: MEMORY_LIMIT, tempFolder: spool })
const engine = await db.connect()

/** A lake without anything that earlier ones have read. */
function openLake(root) {
  const store = localStore(root)
  return openLakeOn({ store, catalog: fileCatalog({ store, clock: systemClock }), clock: systemClock, ids: randomIds })
}

/** A fresh lake with the rows in so many commits, each with its part of every day. */
async function fill(name, commits) {
  const root = join(makeProject(name), 'data_lake')
  const lake = openLake(root)
  let table = await openTable(lake, {
    name: NAME,
    columns: [
      { name: 'id', type: 'long', sqlType: 'BIGINT' },
      { name: 'event_time', type: 'timestamptz', sqlType: 'TIMESTAMPTZ' },
      { name: 'price', type: 'double', sqlType: 'DOUBLE' },
    ],
    partition: { column: 'event_time', grain: 'day' },
    order: ['id'],
    contractVersion: 'v1.0.0',
  })
  for (let commit = 0; commit < commits; commit++) {
    const runId = `run-${commit}`
    const select =
      async day => `SELECT i AS id, make_timestamptz(${day} * 86400000000 + i) AS event_time, i / 7 AS price
      FROM range(${day}, ${rows}, ${DAYS}) r(i) WHERE (i // ${DAYS}) % ${commits} = ${commit} ORDER BY id`
    const days = Array.from({ length: DAYS }, (_, day) => day)
    const written = await writePartitions({ lake, table, runId, spool }, [engine], days, select)
    const added = written.map(({ file }) => file)
    table = (await commitFiles(lake, table, { added, removed: [], runId, inputHash: '', keys: 'free' })).table
  }
  return root
}

/** A read as users have it: a query over a lake that was just opened. */
async function read(root) {
  const started = performance.now()
  const sql = 'SELECT count(*) AS rows, sum(price) AS sum, max(event_time) AS last FROM gold.appends'
  const { rows: found } = await (await openProject({ folder: join(root, '..'), env: {} })).query(sql)
  if (Number(found[0].rows) !== rows) throw new Error(`${root} has ${found[0].rows} rows, not ${rows}.`)
  return performance.now() - started
}

const small = await fill('compact-small', APPENDS)
const before = await read(small)
const started = performance.now()
const lake = openLake(small)
const [done] = await compactIn(
  { lake, engines: [engine], spool },
  { contracts: [] },
  { tables: [], dryRun: false, runId: 'compact-bench' },
)
const seconds = ((performance.now() - started) / 1000).toFixed(1)
console.log(
  `joined ${done.files_before} files to ${done.files_after} in ${seconds} s; a read took ${before.toFixed(0)} ms before`,
)
const once = await fill('compact-once', 1)
const times = { small: [], once: [] }
for (let run = 0; run < runs + 3; run++) {
  times.small.push(await read(small))
  times.once.push(await read(once))
}
const [after, plain] = [median(times.small.slice(3)), median(times.once.slice(3))]
console.log(`median of ${runs}: ${after.toFixed(1)} ms after the compaction, ${plain.toFixed(1)} ms after one append`)
judge(`a read after ${APPENDS} appends and one compaction against one after one append`, after / plain, 1.2, ' x')
engine.close()
db.close()
