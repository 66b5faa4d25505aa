import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.js'
import { probeStore } from '../../src/storage/probe/probe-store.js'
import { type Abandon, objectStoreBehaviour } from '../behaviour/object-store.js'
import { abandonUpload, storeOn } from '../support/s3-stores.js'
import { REAL_STORES, type RealStore, realPrograms, startRealStore } from './stores/real-store.js'

const programs = realPrograms()
for (const name of Object.keys(REAL_STORES))
  if (programs[name] === undefined)
    console.warn(`INTEROP NOT RUN: SLUICE_STORES has no ${name}, so no lake was kept in it`)

describe.skipIf(Object.keys(programs).length === 0).each(Object.entries(programs))('%s', (name, program) => {
  let store: RealStore
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-stores-'))
    store = await startRealStore(name, program)
  })
  afterAll(async () => {
    await store?.close()
    await rm(folder, { recursive: true })
  })

  let count = 0
  const makeStore = async () => storeOn(store, join(folder, String(count)), `lake-${count++}/`)
  const abandon: Abandon = (own, key) => abandonUpload(store, own, key)
  const { listsUploads } = REAL_STORES[name]!
  objectStoreBehaviour(`S3 of ${name}`, makeStore, listsUploads ? abandon : undefined)

  it.runIf(!listsUploads)('lists no uploads below a prefix: what is left of them is its own to delete', async () => {
    const own = await makeStore()
    await abandon(own, 'a/b')
    expect(await own.unfinished(Number.POSITIVE_INFINITY, 'discard')).toEqual([])
  })

  it('has what a lake needs, through all its addresses', async () => {
    const stores = [...store.urls, ...store.urls].map((url, at) =>
      storeOn({ ...store, url }, join(folder, `probe-${at}`), 'probe/', {
        sizes: { wholeBytes: 5 << 20, partBytes: 5 << 20 },
      }),
    )
    const options = { prefix: '_probe/1/', ways: 32, races: 60, uploadBytes: 11 << 20, clock: systemClock }
    const probed = await probeStore({ ...options, stores, folder })
    expect(probed.filter(({ isMet }) => !isMet)).toEqual([])
  })
})
