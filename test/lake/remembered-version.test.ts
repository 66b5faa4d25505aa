import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { fixedClock } from '../../src/core/clock.js'
import type { Catalog, TableName } from '../../src/lake/catalog.js'
import { fileCatalog } from '../../src/lake/file-catalog.js'
import { readState, writeState } from '../../src/lake/state.js'
import type { ObjectStore } from '../../src/storage/object-store.js'
import { emptyTable } from '../behaviour/catalog.js'
import { type S3Server, startS3Server } from '../support/s3-server/s3-server.js'
import { storeOn } from '../support/s3-stores.js'

const name: TableName = { layer: 'silver', dataset: 'bars', major: 1 }
const folder = 'silver/bars/contract_version=v1/metadata'
const clock = fixedClock(1_767_225_600_000)
const base = mkdtempSync(join(tmpdir(), 'sluice-remembered-'))

let server: S3Server
beforeAll(async () => {
  server = await startS3Server()
})
afterAll(async () => {
  await server.close()
  rmSync(base, { recursive: true })
})

let lakes = 0
let prefix: string
beforeEach(async () => {
  server.plan([])
  prefix = `lake-${lakes++}/`
  await on('writer').create('_layout.json', Buffer.from('{"layout":2}'))
})

/** A new process of a machine. */
const on = (machine: string): ObjectStore => storeOn(server, join(base, machine), prefix)
const catalogOf = (machine: string): Catalog => fileCatalog({ store: on(machine), clock })

async function make(): Promise<void> {
  const store = on('writer')
  expect(await fileCatalog({ store, clock }).create(name, emptyTable(store, name))).toMatchObject({
    outcome: 'committed',
  })
}

async function commit(text: string): Promise<void> {
  const catalog = catalogOf('writer')
  const base = (await catalog.load(name))!
  const updates = [{ action: 'set-properties', updates: { text } }] as const
  expect(await catalog.commit(base, [], updates)).toMatchObject({ outcome: 'committed' })
}

async function read(machine = 'reader') {
  const from = server.requests().length
  const table = await catalogOf(machine).load(name)
  const requests = server.requests().slice(from)
  return {
    version: table?.version,
    text: table?.metadata.properties['text'],
    asked: requests.map(({ class: kind, key }) => `${kind} ${key.slice(key.lastIndexOf('/') + 1)}`).sort(),
  }
}

it('looks twice at a table that is as this machine saw it last, and fetches nothing', async () => {
  await make()
  await commit('one')
  expect(await read()).toMatchObject({ version: 2, text: 'one' })
  expect(await read()).toEqual({
    version: 2,
    text: 'one',
    asked: ['head v3.metadata.json', 'head version-hint.text'],
  })
})

it('sees at once what another machine commits, also where the hint could not be written', async () => {
  await make()
  await commit('one')
  await read()
  await commit('two')
  expect(await read()).toMatchObject({ version: 3, text: 'two' })
  server.plan([{ fault: 'error 500', on: 'put', keys: 'version-hint', times: 99 }])
  await commit('three')
  await commit('four')
  expect(await read()).toMatchObject({ version: 5, text: 'four' })
})

it('does not take a table that was removed and made anew for the one that it saw', async () => {
  await make()
  await commit('old')
  await read()
  await commit('older')
  await read()
  const store = on('writer')
  for (const file of ['version-hint.text', 'v1.metadata.json', 'v2.metadata.json', 'v3.metadata.json'])
    await store.delete(`${folder}/${file}`)
  expect(await read()).toMatchObject({ version: undefined })
  await make()
  await commit('new')
  expect(await read()).toMatchObject({ version: 2, text: 'new' })
  await commit('newer')
  expect(await read()).toMatchObject({ version: 3, text: 'newer' })
})

it('refuses a table that has lost versions since it was seen', async () => {
  await make()
  await commit('one')
  await read()
  await commit('two')
  await on('writer').delete(`${folder}/v3.metadata.json`)
  await expect(read()).rejects.toMatchObject({ code: 'SLUICE_METADATA_CORRUPT' })
})

it.each(['', '0', '2', 'x'.repeat(100), `99 ${'0'.repeat(64)} "etag" 0 `])(
  'takes a note that says %j for none',
  async text => {
    await make()
    await commit('one')
    await read()
    await on('reader').memory!.write(`newest ${folder}/v0.metadata.json`, text)
    expect(await read()).toMatchObject({ version: 2, text: 'one' })
  },
)

it('reads a state from the number on that it saw last, and never an older one than there is', async () => {
  const writer = on('writer')
  for (let n = 0; n < 60; n++) {
    expect(await writeState(writer, 'counter', n, n + 1)).toEqual({ outcome: 'written', n: n + 1 })
    // Each of these machines saw another number last; the early ones are dropped meanwhile.
    if (n % 9 === 0) expect(await readState(on(`saw-${n}`), 'counter')).toEqual({ n: n + 1, value: n + 1 })
  }
  for (let n = 0; n < 60; n += 9) {
    expect(await readState(on(`saw-${n}`), 'counter')).toEqual({ n: 60, value: 60 })
    const from = server.requests().length
    expect(await readState(on(`saw-${n}`), 'counter')).toEqual({ n: 60, value: 60 })
    // The layout, the hint, the number and the next.
    expect(server.requests().length - from).toBeLessThanOrEqual(4)
  }
})
