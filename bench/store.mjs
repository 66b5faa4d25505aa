// A lake in MinIO on this machine against one on local disk: a run, a query that has read before, and one that has not; and sixteen writers to one
// table. SLUICE_STORES names the folder with the program `minio`.
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createJiti } from 'jiti'
import { generateEvents } from './generate-events.mjs'
import { benchOptions, judge, measureNode, megabytes, summarise } from './measure.mjs'
import { readRecord } from './run-records.mjs'
import { benchPath, CLI, makeProject, REPOSITORY, requireBuild } from './workplace.mjs'

const WRITERS = 16
const APPENDS = 50

requireBuild()
const { runs, rows } = benchOptions({ runs: 3 })
const program = join(process.env.SLUICE_STORES ?? '', 'minio')
if (!existsSync(program)) {
  console.log('NOT RUN: SLUICE_STORES names no folder with the program minio.')
  process.exit()
}
const { startRealStore } = await createJiti(import.meta.url).import(
  join(REPOSITORY, 'test/interop/stores/real-store.ts'),
)
const minio = await startRealStore('minio', program)
process.env.AWS_ACCESS_KEY_ID = minio.credentials.accessKeyId
process.env.AWS_SECRET_ACCESS_KEY = minio.credentials.secretAccessKey
const cache = benchPath('store-cache')
try {
  await measureRuns()
  await measureAppends()
} finally {
  await minio.close()
}

async function measureRuns() {
  const input = await generateEvents({ rows })
  const query = 'SELECT instrument_id, count(*), sum(size) FROM silver.market_events GROUP BY 1 ORDER BY 1'
  const [local, remote] = [
    { run: [], warm: [] },
    { run: [], warm: [] },
  ]
  let cold
  for (let at = 0; at < runs; at++) {
    for (const [place, measured] of [
      ['local', local],
      ['remote', remote],
    ]) {
      const project = makeProject(`store-${place}`)
      if (place === 'remote') keepInBucket(project, `run-${at}`)
      const on = ['--project', project]
      measured.run.push(
        await measureNode([CLI, 'run', ...on, '--input', input, '--contract', 'market_events', '--run-id', 'bench']),
      )
      if (place === 'remote') rmSync(cache, { recursive: true, force: true })
      const first = await measureNode([CLI, 'query', query, ...on])
      if (place === 'remote') cold = first
      for (let again = 0; again < 3; again++) measured.warm.push(await measureNode([CLI, 'query', query, ...on]))
    }
  }
  const [ofLocal, ofRemote] = [summarise(local.run), summarise(remote.run)]
  console.log(`${rows} events: local ${text(ofLocal)}; MinIO ${text(ofRemote)}`)
  console.table(readRecord(benchPath('store-local'), 'bench').steps)
  judge('a run against local disk', ofRemote.seconds / ofLocal.seconds, 1.3, ' x')
  const [warmLocal, warmRemote] = [summarise(local.warm), summarise(remote.warm)]
  console.log(`a query again: local ${text(warmLocal)}; MinIO ${text(warmRemote)}`)
  judge('a warm query against local disk', warmRemote.seconds / warmLocal.seconds, 1.1, ' x')
  console.log(`       the first query, with an empty cache: ${text(cold)}`)
}

function keepInBucket(project, name) {
  rmSync(cache, { recursive: true, force: true })
  const engine = `engine:\n  threads: 2\n  memory_limit: 1GB\n  temp_folder: ${benchPath('temp')}\n`
  const store = `store:\n  endpoint: ${minio.url}\n  region: ${minio.region}\n`
  writeFileSync(
    join(project, 'sluice.yaml'),
    `lake: s3://${minio.bucket}/${name}\n${store}cache:\n  folder: ${cache}\n${engine}`,
  )
}

/** Commits without data files, by writers of one process that each have the lake open for themselves. */
async function measureAppends() {
  const { systemClock } = await import('../dist/core/clock.js')
  const { randomIds } = await import('../dist/core/ids.js')
  const { commitFiles } = await import('../dist/lake/commit-files.js')
  const { commitGroups } = await import('../dist/lake/commit-groups.js')
  const { fileCatalog } = await import('../dist/lake/file-catalog.js')
  const { openLakeOn } = await import('../dist/lake/lake.js')
  const { openTable } = await import('../dist/lake/open-table.js')
  const { lifeOf } = await import('../dist/lake/object-life.js')
  const { openStore } = await import('../dist/storage/open-store.js')
  const commits = commitGroups()
  const open = () => {
    const bucket = { endpoint: minio.url, region: minio.region }
    const address = `s3://${minio.bucket}/appends`
    const store = openStore({ address, bucket, cache: { folder: cache }, lifeOf })
    const catalog = fileCatalog({ store, clock: systemClock })
    return openLakeOn({ store, catalog, clock: systemClock, ids: randomIds, commits })
  }
  const shape = {
    name: { layer: 'silver', dataset: 'appends', major: 1 },
    columns: [{ name: 'event_time', type: 'timestamptz', sqlType: 'TIMESTAMPTZ' }],
    partition: { column: 'event_time', grain: 'day' },
    order: ['event_time'],
    contractVersion: 'v1.0.0',
  }
  const first = await openTable(open(), shape)
  const started = performance.now()
  const write = async writer => {
    const lake = open()
    let table = first
    for (let at = 0; at < APPENDS; at++) {
      const change = { added: [], removed: [], runId: `w${writer}-${at}`, inputHash: '', keys: 'free' }
      table = (await commitFiles(lake, table, change)).table
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)))
  const seconds = (performance.now() - started) / 1000
  const after = await open().catalog.load(shape.name)
  const found = new Set(after.metadata.snapshots.map(({ summary }) => summary['sluice.run-id'])).size
  console.log(`${WRITERS} writers x ${APPENDS}: ${found} commits in ${after.version - first.version} versions`)
  judge('commits that were lost', WRITERS * APPENDS - found, 0)
  judge('seconds for each append', seconds / (WRITERS * APPENDS), 0.1, ' s')
}

function text({ seconds, cpuSeconds, peakBytes }) {
  return `${seconds.toFixed(2)} s (${cpuSeconds.toFixed(2)} CPU s), ${megabytes(peakBytes)}`
}
