// A commit that adds no data file, on local disk: what every published table pays beside its files.
import { rmSync } from 'node:fs'
import { benchOptions, judge, timeCalls } from './measure.mjs'
import { benchPath, requireBuild } from './workplace.mjs'

requireBuild()
const { systemClock } = await import('../dist/core/clock.js')
const { randomIds } = await import('../dist/core/ids.js')
const { commitFiles } = await import('../dist/lake/commit-files.js')
const { fileCatalog } = await import('../dist/lake/file-catalog.js')
const { openLakeOn } = await import('../dist/lake/lake.js')
const { openTable } = await import('../dist/lake/open-table.js')
const { localStore } = await import('../dist/storage/local-store.js')

const { runs } = benchOptions({ runs: 100 })
const root = benchPath('commit-lake')
rmSync(root, { recursive: true, force: true })
const store = localStore(root)
const lake = openLakeOn({
  store,
  catalog: fileCatalog({ store, clock: systemClock }),
  clock: systemClock,
  ids: randomIds,
})
let table = await openTable(lake, {
  name: { layer: 'silver', dataset: 'commits', major: 1 },
  columns: [{ name: 'event_time', type: 'timestamptz', sqlType: 'TIMESTAMPTZ' }],
  partition: { column: 'event_time', grain: 'day' },
  order: ['event_time'],
  contractVersion: 'v1.0.0',
})

const { median, fastest } = await timeCalls(runs, async run => {
  const change = { added: [], removed: [], runId: `run-${run}`, inputHash: '', keys: 'free' }
  const commit = await commitFiles(lake, table, change)
  if (commit.outcome !== 'committed') throw new Error(`The commit ended as ${commit.outcome}.`)
  table = commit.table
})
console.log(`       fastest of ${runs}: ${fastest.toFixed(2)} ms`)
judge(`a commit without data, median of ${runs}`, median, 10, ' ms')
