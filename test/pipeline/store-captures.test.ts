import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSegment } from '../../src/bronze/segment.js'
import { fixedClock } from '../../src/core/clock.js'
import { seededIds } from '../../src/core/ids.js'
import { fileCatalog } from '../../src/lake/file-catalog.js'
import { type Lake, openLakeOn } from '../../src/lake/lake.js'
import { type CaptureStorage, storeCaptures } from '../../src/pipeline/captures/store-captures.js'
import type { FetchedFile } from '../../src/pipeline/fetch/fetched.js'
import { PLAIN_DIALECT } from '../../src/sources/pipe.js'
import { memoryStore } from '../../src/storage/memory-store.js'
import type { ObjectStore } from '../../src/storage/object-store.js'
import { NOW } from '../support/lakes.js'
import { lossyStore } from '../support/lossy-store.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-captures-'))
})
afterAll(() => rm(folder, { recursive: true }))

const PIPE: FetchedFile['pipe'] = {
  name: 'p',
  source: 'file',
  contract: 'market_events',
  group: 'g',
  tags: [],
  params: {},
  input: [],
  dialect: PLAIN_DIALECT,
  map: {},
  universe: 'closed',
  empty: 'refuse',
  capture: 'copy',
  declaredIn: { file: 'p.yaml', line: 1, column: 1 },
}

let spooled = 0

/** A capture of a text; a large one has its body in a spool file. */
async function captureOf(text: string, size: 'small' | 'large' = 'small', receivedAtMs = NOW): Promise<FetchedFile> {
  const bytes = Buffer.from(text)
  const path = join(folder, `body-${spooled++}`)
  await writeFile(path, bytes)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const traits = { utf8: true, longNumbers: { in: 'none' as const }, longestLineBytes: bytes.length, empty: false }
  const body =
    size === 'small' ? ({ kind: 'inline', bytes } as const) : ({ kind: 'spooled', path, encoding: 'identity' } as const)
  const readable = { path, compression: 'none', container: 'text', traits } as const
  const facts = { name: text, sha256, sizeBytes: bytes.length }
  const request = { method: 'READ', url: `file:${text}` }
  const file = { path, ...facts, body, readable }
  return { kind: 'file', id: sha256.slice(0, 32), pipe: PIPE, request, ...facts, file, receivedAtMs }
}

function storageOn(store: ObjectStore): CaptureStorage & { readonly lake: Lake } {
  const clock = fixedClock(NOW)
  const lake = openLakeOn({ store, catalog: fileCatalog({ store, clock }), clock, ids: seededIds('x') })
  return { lake, runId: 'run', mayResume: true }
}

/** The texts in each segment, by its key; large bodies by their key. */
async function storedIn(store: ObjectStore): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {}
  for await (const { key } of store.list('bronze/captures/')) {
    if (!key.endsWith('.ndjson.gz')) continue
    const bodies = readSegment((await store.get(key))!, key).map(record => record.response.body)
    found[key.slice(key.indexOf('date='))] = await Promise.all(
      bodies.map(async body => {
        if (body.kind === 'text') return body.text
        return body.kind === 'object' ? `object ${(await store.get(body.key))!}` : body.kind
      }),
    )
  }
  return found
}

const FIRST = 'date=2026-02-01/run_id=run-0.ndjson.gz'
const SECOND = 'date=2026-02-01/run_id=run-1.ndjson.gz'

describe('captures', () => {
  it('go into further segments when one is full', async () => {
    const store = memoryStore()
    const captures = [await captureOf('a'), await captureOf('b', 'large'), await captureOf('c')]
    const times = await storeCaptures(captures, { ...storageOn(store), segmentBytes: 400 })
    expect(await storedIn(store)).toEqual({ [FIRST]: ['a', 'object b'], [SECOND]: ['c'] })
    expect([...times.values()]).toEqual([NOW, NOW, NOW])
  })

  it('of a process that died between two segments are completed, and keep their first time', async () => {
    const store = memoryStore()
    const storage = { ...storageOn(store), segmentBytes: 1 }
    await storeCaptures([await captureOf('a')], storage)
    const later = NOW + 86_400_000
    const captures = [await captureOf('a', 'small', later), await captureOf('b', 'large', later)]
    const times = await storeCaptures(captures, storage)
    expect(await storedIn(store)).toEqual({ [FIRST]: ['a'], [SECOND]: ['object b'] })
    expect(captures.map(({ id }) => times.get(id))).toEqual([NOW, later])
  })

  it('of two processes at once are each stored once', async () => {
    const store = memoryStore()
    const storage = storageOn(store)
    const both = [
      ['a', 'b'],
      ['a', 'b'],
    ].map(texts => Promise.all(texts.map(text => captureOf(text, 'large'))))
    await Promise.all((await Promise.all(both)).map(captures => storeCaptures(captures, storage)))
    expect(await storedIn(store)).toEqual({ [FIRST]: ['object a', 'object b'] })
  })

  it('that a process with other segments was first with are not lost', async () => {
    const store = memoryStore()
    const storage = storageOn(store)
    await storeCaptures([await captureOf('b', 'large')], storage)
    const captures = [await captureOf('a', 'large'), await captureOf('b', 'large')]
    const times = await storeCaptures(captures, { ...storage, mayResume: false })
    expect(await storedIn(store)).toEqual({ [FIRST]: ['object b'], [SECOND]: ['object a'] })
    expect(times.size).toBe(2)
  })

  it('of other work under the same run id are refused, and nothing is stored', async () => {
    const store = memoryStore()
    await storeCaptures([await captureOf('a')], storageOn(store))
    const other = [await captureOf('b', 'large')]
    await expect(storeCaptures(other, storageOn(store))).rejects.toMatchObject({ code: 'SLUICE_RUN_ID_TAKEN' })
    expect(await storedIn(store)).toEqual({ [FIRST]: ['a'] })
  })

  it.each([
    ['that was carried out', ['done'] as const],
    ['that was not, and is asked again', ['not done'] as const],
  ])('survive a lost answer %s', async (_, losses) => {
    const lossy = lossyStore(memoryStore())
    lossy.lose(losses)
    await storeCaptures([await captureOf('a')], storageOn(lossy.store))
    expect(await storedIn(lossy.store)).toEqual({ [FIRST]: ['a'] })
  })

  it('whose answers stay lost end the run, which does not build on them', async () => {
    const lossy = lossyStore(memoryStore())
    lossy.lose(['not done', 'not done'])
    const storing = storeCaptures([await captureOf('a')], storageOn(lossy.store))
    await expect(storing).rejects.toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
  })

  it('in a damaged segment are reported with its file', async () => {
    const store = memoryStore()
    const key = `bronze/captures/provider=file/${FIRST}`
    await store.create(key, Buffer.from('no gzip'))
    await expect(storeCaptures([await captureOf('a')], storageOn(store))).rejects.toMatchObject({
      code: 'SLUICE_CAPTURE_CORRUPT',
      details: { place: { file: key } },
    })
  })
})
