import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { fixedClock } from '../../src/core/clock.js'
import { seededIds } from '../../src/core/ids.js'
import { fileCatalog } from '../../src/lake/file-catalog.js'
import { localStore } from '../../src/storage/local-store.js'
import { memoryStore } from '../../src/storage/memory-store.js'
import type { ObjectStore } from '../../src/storage/object-store.js'
import { catalogBehaviour } from '../behaviour/catalog.js'
import { pointerCatalog } from '../behaviour/pointer-catalog.js'
import { lossyStore } from '../support/lossy-store.js'

const base = mkdtempSync(join(tmpdir(), 'sluice-catalog-'))
afterAll(() => rmSync(base, { recursive: true }))

const clock = fixedClock(1_767_225_600_000)
let count = 0

function onFiles(inner: ObjectStore) {
  const { store, lose } = lossyStore(inner)
  return { catalog: fileCatalog({ store, clock }), store, lose }
}

catalogBehaviour('files in memory', async () => onFiles(memoryStore()))
catalogBehaviour('files on local disk', async () => onFiles(localStore(join(base, String(count++)))))
catalogBehaviour('pointers', async () => {
  const store = memoryStore()
  return { store, ...pointerCatalog({ store, clock, uuid: seededIds('pointers').uuid }) }
})
