import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { lakeStore } from '../../../src/pipeline/lake-store.js'
import { listRows } from '../../../src/pipeline/ledger/list-runs.js'
import { findRun } from '../../../src/pipeline/record/runs.js'
import { errorOf, type ProjectFolder, projectFolder, type TestLake, testLake } from '../../support/lakes.js'
import { ndjson, trades } from '../../support/records.js'
import type { Fault } from '../../support/s3-server/fault.js'
import { type S3Server, startS3Server } from '../../support/s3-server/s3-server.js'
import { useCredentials } from '../../support/s3-stores.js'

/** Nothing was done, and all was done. */
const FAULTS: readonly Fault[] = ['slow down', 'lost answer']

let server: S3Server
let folder: ProjectFolder
let input: string
beforeAll(async () => {
  server = await startS3Server()
  useCredentials(server)
  folder = await projectFolder()
  input = await folder.write('in.ndjson', ndjson(trades(2)))
})
afterEach(() => server.plan([]))
afterAll(async () => {
  await server.close()
  await folder.remove()
})

/** A lake in the bucket that has one run already. */
async function lakeOf(name: string): Promise<TestLake> {
  const lake = `s3://${server.bucket}/${name.replaceAll(' ', '-')}`
  const store = { endpoint: server.url, region: server.region }
  const cache = { folder: join(folder.folder, `cache-${name}`) }
  const made = testLake({ ...folder.project, config: { ...folder.project.config, lake, store, cache }, models: [] })
  await made.run({ runId: 'before', input: [input] })
  return made
}

const listed = async ({ project }: TestLake): Promise<string[]> =>
  (await listRows(project, { limit: 10 })).rows.map(row => `${row.run_id} ${row.status}`).sort()
const BOTH = ['before published', 'own published']

describe.each(FAULTS)('a store that says of the last writes of a run no more than "%s"', fault => {
  it.each([
    ['its record', '/_runs/own'],
    ['its line in the list of runs', '/_ledger/rows/'],
  ])('once, of %s: the run has it', async (_, keys) => {
    const lake = await lakeOf(`${fault} once ${keys.length}`)
    server.plan([{ fault, on: 'create', keys, times: 1 }])
    expect((await lake.run({ runId: 'own', input: [input] })).status).toBe('published')
    server.plan([])
    expect(await findRun(await lakeStore(lake.project), 'own')).toMatchObject({ run_id: 'own' })
    expect(await listed(lake)).toEqual(BOTH)
  })

  it('every time, of its line: the list finds the run by its note', async () => {
    const lake = await lakeOf(`${fault} line`)
    server.plan([{ fault, on: 'create', keys: '/_ledger/rows/', times: 1_000 }])
    expect((await lake.run({ runId: 'own', input: [input] })).status).toBe('published')
    server.plan([])
    expect(await listed(lake)).toEqual(BOTH)
  })
})

it('a run that fails after it has published says what stays, and how it goes on', async () => {
  const lake = await lakeOf('half done')
  const own = { runId: 'own', input: [await folder.write('more.ndjson', ndjson(trades(4)))] }
  server.plan([{ fault: 'error 500', on: 'create', keys: '/silver/.*parquet$', times: 1_000 }])
  const { code, message, next } = await errorOf(lake.run(own))
  expect(code).toMatch(/^SLUICE_STORE_/)
  expect(message).toMatch(/What the run had published by then stays\.$/)
  expect(message).not.toContain('Nothing was')
  expect(next).toContain('--run-id own')
  server.plan([])
  expect((await lake.run(own)).status).toBe('published')
})

it('a run whose record is never stored says so, and has it after the same command', async () => {
  const lake = await lakeOf('no record')
  server.plan([{ fault: 'error 500', on: 'create', keys: '/_runs/own', times: 1_000 }])
  expect(await errorOf(lake.run({ runId: 'own', input: [input] }))).toMatchObject({
    code: 'SLUICE_STORE_UNAVAILABLE',
    message: 'Whether _runs/own.json was stored cannot be said. What the run published stays.',
    next: expect.stringContaining('--run-id own'),
  })
  server.plan([])
  expect((await lake.run({ runId: 'own', input: [input] })).status).toBe('published')
  expect(await listed(lake)).toEqual(BOTH)
})
