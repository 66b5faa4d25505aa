import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { randomIds } from '../../src/core/ids.js'
import { systemDeps } from '../../src/pipeline/deps.js'
import { isCaretaker } from '../../src/pipeline/ledger/attempt.js'
import { PLAIN_RUN } from '../../src/pipeline/open-lake.js'
import { describeTable } from '../../src/pipeline/read/tables.js'
import type { RunRecord } from '../../src/pipeline/record/run-record.js'
import { type RunOptions, run } from '../../src/pipeline/run.js'
import { verify } from '../../src/pipeline/verify/verify.js'
import { errorOf, NOW, type ProjectFolder, projectFolder, type TestLake, testLake } from '../support/lakes.js'
import { ndjson, trades } from '../support/records.js'
import { type S3Server, startS3Server } from '../support/s3-server/s3-server.js'
import { storeOn, useCredentials } from '../support/s3-stores.js'

const events = join(import.meta.dirname, '../fixtures/sample_events.json')
const TABLES = ['bronze.market_events', 'silver.market_events', 'quarantine.market_events', 'gold.price_bars']

let server: S3Server
let folder: ProjectFolder
let local: TestLake
let remote: TestLake
beforeAll(async () => {
  server = await startS3Server()
  useCredentials(server)
  folder = await projectFolder()
  const models = folder.project.models.filter(({ table }) => table === 'price_bars')
  local = folder.lake({ models })
  remote = inBucket('one', { models })
  for (const lake of [local, remote]) await lake.run({ runId: 'first', input: [events] })
}, 60_000)
afterEach(() => server.plan([]))
afterAll(async () => {
  await server.close()
  await folder.remove()
})

/** A lake in the bucket of the server; its cache is its own. */
function inBucket(prefix: string, parts: Parameters<ProjectFolder['lake']>[0] = { models: [] }): TestLake {
  const { config } = folder.project
  const lake = `s3://${server.bucket}/${prefix}`
  const store = { endpoint: server.url, region: server.region }
  const cache = { folder: join(folder.folder, `cache-${prefix}`) }
  return testLake({ ...folder.project, config: { ...config, lake, store, cache }, ...parts })
}

const caretaker = Array.from({ length: 200 }, (_, at) => `run-${at}`).find(isCaretaker)!

/** A run that was given no id, and gets this one: one with `--run-id` looks for captures of an earlier attempt. */
function runAs({ project }: TestLake, runId: string, options: Partial<RunOptions>): Promise<RunRecord> {
  const deps = { ...systemDeps, ids: { ...randomIds, runId: () => runId } }
  return run(project, { ...PLAIN_RUN, input: [events], ...options }, deps)
}

/** Requests that are made meanwhile, by class. */
async function countOf(work: () => Promise<unknown>): Promise<{ readonly [kind: string]: number }> {
  const from = server.requests().length
  await work()
  const counts: Record<string, number> = { get: 0, head: 0, list: 0, put: 0, create: 0 }
  for (const request of server.requests().slice(from)) counts[request.class] = (counts[request.class] ?? 0) + 1
  return counts
}

it('holds the same rows in the same files as a lake in a folder', async () => {
  expect(await remote.contents(TABLES)).toEqual(await local.contents(TABLES))
  for (const table of TABLES) {
    const [there, here] = await Promise.all(
      [remote, local].map(lake => describeTable(lake.project, table, { files: true })),
    )
    expect(there!.dataFiles).toEqual(here!.dataFiles)
    expect(there!.dataFiles.length).toBeGreaterThan(0)
  }
})

/** What a record calls the requests of the server's classes. */
const BOOKED: Readonly<Record<string, readonly string[]>> = {
  get: ['get', 'range', 'open'],
  head: ['head'],
  list: ['list'],
  put: ['put', 'create', 'adopt'],
  delete: ['delete'],
}
const SERVED: Readonly<Record<string, string>> = { range: 'get', create: 'put' }

it('books every request that reached the server, those that had to be sent again too, but its own record and what comes after', async () => {
  const lake = inBucket('booked')
  server.plan([
    { fault: 'slow down', on: 'put', times: 2 },
    { fault: 'error 500', on: 'head', keys: 'v1.metadata', times: 2 },
    { fault: 'truncated', on: 'get', keys: 'newest.text', times: 1 },
    { fault: 'lost answer', on: 'create', keys: 'parquet$', times: 1 },
  ])
  const from = server.requests().length
  const { usage, steps } = await lake.run({ runId: 'booked', input: [events] })
  server.plan([])
  const sent = server.requests().slice(from)
  const end = sent.findIndex(({ class: kind, key }) => kind === 'create' && key === 'booked/_runs/booked.json')
  const before = sent.slice(0, end)
  for (const [kind, classes] of Object.entries(BOOKED)) {
    const reached = before.filter(({ class: own }) => (SERVED[own] ?? own) === kind).length
    const booked = classes.reduce((sum, name) => sum + (usage.store_requests[name] ?? 0), 0)
    expect(`${booked} ${kind}`).toBe(`${reached} ${kind}`)
  }
  // The record, its line in the list of runs, the mark that the list knows all, once, and the note of the attempt.
  const after = sent.slice(end).map(({ class: kind, key }) => `${kind} ${key.replace(/\d+-[0-9a-f]{8}/, 'ATTEMPT')}`)
  expect(after).toEqual([
    'create booked/_runs/booked.json',
    'create booked/_ledger/rows/ATTEMPT.json',
    'create booked/_ledger/whole.json',
    'delete booked/_ledger/begun/ATTEMPT.json',
  ])
  // Each step has its own: the captures are one object, the bronze files as many as there are.
  const ofStep = (name: string) => steps.find(({ step }) => step === name)?.store_requests ?? {}
  expect(ofStep('capture')).toMatchObject({ create: 1 })
  expect(ofStep('land')['adopt']).toBeGreaterThan(0)
  const adopted = steps.reduce((sum, step) => sum + (step.store_requests?.['adopt'] ?? 0), 0)
  expect(adopted).toBe(usage.store_requests['adopt'])
})

it('writes at most six objects a table, one a partition and one a segment, and lists nothing', async () => {
  let tables: RunRecord['tables'] = []
  const counts = await countOf(async () => {
    tables = (await runAs(remote, 'run-1', { nowMs: NOW + 60_000 })).tables
  })
  const files = tables.reduce((sum, { files: own }) => sum + own.length, 0)
  expect(tables.length).toBeGreaterThan(0)
  expect(counts['put']! + counts['create']!).toBeLessThanOrEqual(6 * tables.length + files + 1)
  expect(counts['list']).toBe(0)
})

it('lists what attempts left in one run of sixteen: ADR-0051', async () => {
  const counts = await countOf(() => runAs(remote, caretaker, { nowMs: NOW + 120_000 }))
  expect(counts['list']).toBe(2)
})

/** What a lake is given once: the race that admits its store, three marks, and each contract before its table is made. */
const ONCE = /^fresh\/(?:_probe\/|_layout\.json$|_state\/tables\/|_ledger\/whole\.json$|_contracts\/)/

it('writes no more in the first run of a lake, but for what a lake is given once, and looks less than ten times for each table', async () => {
  const lake = inBucket('fresh', { models: folder.project.models })
  const asked = async (runId: string, nowMs: number) => {
    const from = server.requests().length
    const { tables } = await lake.run({ runId, input: [events], nowMs })
    const sent = server.requests().slice(from)
    const ofClass = (...kinds: string[]) => sent.filter(({ class: kind }) => kinds.includes(kind)).map(({ key }) => key)
    const files = tables.reduce((sum, { files: own }) => sum + own.length, 0)
    return { tables, ofClass, allowed: 6 * tables.length + files + 1 }
  }
  const { tables, ofClass, allowed } = await asked('fresh', NOW)
  const written = ofClass('put', 'create')
  const once = written.filter(key => ONCE.test(key))
  const isTouched = (key: string) => tables.some(({ table }) => key.startsWith(`fresh/${table.replace('.', '/')}/`))
  // Gold without rows: two versions of its metadata, and the hint.
  const empty = written.filter(key => key.startsWith('fresh/gold/') && !isTouched(key))
  const gold = lake.project.contracts.filter(({ layer }) => layer === 'gold').length
  expect(empty.length).toBeLessThanOrEqual(3 * (gold - tables.filter(({ table }) => table.startsWith('gold.')).length))
  expect(written.length - once.length - empty.length).toBeLessThanOrEqual(allowed)
  expect(once.filter(key => key.startsWith('fresh/_probe/'))).toHaveLength(27)
  const contracts = lake.project.contracts.length
  expect(once.filter(key => !key.startsWith('fresh/_probe/')).length).toBeLessThanOrEqual(contracts + 3)
  // Whether the lake is new, what lies where it is made, and whether it had runs; and the days of captures, because the run was given an id.
  expect(ofClass('list').length).toBeLessThanOrEqual(4)
  expect(ofClass('head').length).toBeLessThan(10 * (gold + 3))
  expect(ofClass('get').length).toBeLessThan(3 * (gold + 3))

  const later = await asked('fresh-2', NOW + 60_000)
  expect(later.ofClass('put', 'create').filter(key => ONCE.test(key))).toEqual([])
  expect(later.ofClass('put', 'create').length).toBeLessThanOrEqual(later.allowed)
  expect(later.ofClass('list').length).toBeLessThanOrEqual(1)
  expect(later.ofClass('head').length).toBeLessThan(7 * (gold + 3))
  expect(later.ofClass('get').length).toBeLessThan(2 * (gold + 3))
}, 60_000)

const ONE = ['silver.market_events']

it.each([
  ['one table', ONE, () => undefined],
  ['a join', ['gold.price_bars', 'silver.market_events'], () => undefined],
  ['four tables', TABLES, () => undefined],
  ['as of a run', ONE, () => 'first'],
  ['four tables as of a run', TABLES, () => 'first'],
  ['as of a snapshot', ONE, snapshotOf],
  ['as of a time', ONE, () => '2099-01-01T00:00:00Z'],
])(
  'answers a warm query of %s by one GET, or two, and looks twice at each table that it names',
  async (_, tables, asOf) => {
    const sql = `SELECT ${tables.map(name => `(SELECT count(*) FROM ${name})`).join(', ')}`
    const when = await asOf()
    const ask = () => remote.rows(sql, when)
    const first = await ask()
    const from = server.requests().length
    expect(await ask()).toEqual(first)
    const asked = server.requests().slice(from)
    const of = (kind: string) => asked.filter(({ class: own }) => own === kind)
    // A snapshot id might be that of a run.
    expect(of('get').length).toBeLessThanOrEqual(2)
    // The layout, the run, the names of the tables and whether there are newer ones; then each table, and whether it has a newer version.
    expect(of('head').length).toBeLessThanOrEqual(4 + 2 * tables.length)
    expect(of('get').length + of('head').length).toBe(asked.length)
    const named = tables.map(name => `one/${name.replace('.', '/')}/`)
    const others = asked.filter(({ key }) => !/^one\/_/.test(key) && !named.some(folder => key.startsWith(folder)))
    expect(others).toEqual([])
  },
)

async function snapshotOf(): Promise<string> {
  return (await describeTable(remote.project, ONE[0]!, { files: false })).snapshotLog.at(-1)!.id
}

it('commits once when the answers of commits and of files are lost', async () => {
  const lake = inBucket('lossy')
  server.plan([
    { fault: 'lost answer', on: 'create', keys: 'metadata/v2', times: 99 },
    { fault: 'error 500 after', on: 'create', keys: 'parquet$', times: 5 },
    { fault: 'reset', on: 'create', keys: '_runs/' },
  ])
  const failure = await lake.run({ runId: 'lossy', input: [events] }).catch((cause: unknown) => cause)
  server.plan([])
  // Both answers of a claim were lost: the outcome is unknown, nothing is deleted, and the same run finishes its work.
  if (failure instanceof Error) expect(failure).toMatchObject({ code: 'SLUICE_COMMIT_UNKNOWN' })
  await lake.run({ runId: 'lossy', input: [events] })
  const plain = folder.lake()
  await plain.run({ runId: 'lossy', input: [events] })
  const tables = TABLES.slice(0, 3)
  expect(await lake.contents(tables)).toEqual(await plain.contents(tables))
  expect((await verify(lake.project, {})).verdict).toBe('ok')
})

it('is verified by what is in the bucket, not by what this machine remembers', async () => {
  const lake = inBucket('damaged')
  await lake.run({ runId: 'damaged', input: [events] })
  expect(await verify(lake.project, {})).toMatchObject({ verdict: 'ok', faults: [] })
  const { dataFiles } = await describeTable(lake.project, 'silver.market_events', { files: true })
  const [file] = dataFiles
  const bucket = storeOn(server, join(folder.folder, 'other'), 'damaged/')
  const body = (await bucket.get(file!.path))!
  body[Math.floor(body.length / 2)]! ^= 1
  await bucket.put(file!.path, body)
  const verification = await verify(lake.project, { what: 'silver.market_events' })
  expect(verification.verdict).toBe('damaged')
  expect(verification.faults.map(({ code }) => code)).toContain('data_file_hash')
})

it('refuses a bucket that is not there, and a server that does not answer, and writes nothing', async () => {
  const { config } = remote.project
  const elsewhere = testLake({ ...remote.project, config: { ...config, lake: 's3://no-such-bucket/one' } })
  expect((await errorOf(elsewhere.run({ input: [events] }))).code).toBe('SLUICE_BUCKET_MISSING')
  const nowhere = testLake({ ...remote.project, config: { ...config, lake: 's3://Not A Bucket' } })
  expect((await errorOf(nowhere.run({ input: [events] }))).code).toBe('SLUICE_CONFIG_INVALID')
})

it('writes to a lake that was copied into the bucket under its new address, reads what was written before, and says where that was', async () => {
  const store = storeOn(server, join(folder.folder, 'copying'), 'copy/')
  for (const path of Object.keys(await local.files())) await store.put(path, await readFile(join(local.root, path)))
  const copy = inBucket('copy')
  expect(await copy.contents(TABLES)).toEqual(await local.contents(TABLES))
  const original = await local.files()
  const more = await folder.write('copied.ndjson', ndjson(trades(3, {}, 'copied')))
  await copy.run({ runId: 'copied', input: [more], nowMs: NOW + 60_000 })
  expect(await local.files()).toEqual(original)
  const table = await describeTable(copy.project, 'silver.market_events', { files: true })
  expect(table!.location).toBe(`${copy.project.config.lake}/silver/market_events/contract_version=v1`)
  const { verdict, faults } = await verify(copy.project, { level: 'files' })
  expect(verdict).toBe('ok')
  expect(new Set(faults.map(({ kind, code }) => `${kind} ${code}`))).toEqual(new Set(['odd location_former']))
  expect(faults[0]!.what).toContain(local.root)
})
