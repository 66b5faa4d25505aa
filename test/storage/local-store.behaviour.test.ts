import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeTemp } from '../../src/storage/durable.js'
import { localStore } from '../../src/storage/local-store.js'
import { type Abandon, objectStoreBehaviour } from '../behaviour/object-store.js'

let base: string
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'sluice-local-'))
})
afterAll(() => rm(base, { recursive: true }))

let count = 0
const abandon: Abandon = async ({ root }, key) => void (await writeTemp(dirname(join(root, key)), Buffer.from('half')))
objectStoreBehaviour('local disk', async () => localStore(join(base, String(count++), 'lake')), abandon)

it('leaves what others keep under temporary names, and files that are no leftovers of ours', async () => {
  const root = join(base, 'others')
  const store = localStore(root)
  await store.put('a/b', Buffer.from('x'))
  await mkdir(join(root, '.tmp-run-1'))
  const inSpool = await writeTemp(join(root, '.tmp-run-1'), Buffer.from('of a run'))
  await writeFile(join(root, 'a/.tmp-notes'), 'mine')
  expect(await store.unfinished(Number.POSITIVE_INFINITY, 'discard')).toEqual([])
  expect([existsSync(inSpool), existsSync(join(root, 'a/.tmp-notes'))]).toEqual([true, true])
})
