import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { localStore } from '../../src/storage/local-store.js'
import { objectStoreBehaviour } from '../behaviour/object-store.js'

let base: string
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'sluice-local-'))
})
afterAll(() => rm(base, { recursive: true }))

let count = 0
objectStoreBehaviour('local disk', async () => localStore(join(base, String(count++), 'lake')))
