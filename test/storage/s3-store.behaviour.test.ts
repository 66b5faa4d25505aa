import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { objectStoreBehaviour } from '../behaviour/object-store.js'
import { type S3Server, startS3Server } from '../support/s3-server/s3-server.js'
import { abandonUpload, storeOn } from '../support/s3-stores.js'

let server: S3Server
let folder: string
beforeAll(async () => {
  server = await startS3Server()
  folder = await mkdtemp(join(tmpdir(), 'sluice-s3-'))
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

let count = 0
objectStoreBehaviour(
  'S3',
  async () => storeOn(server, join(folder, String(count)), `lake ${count++}/`),
  (store, key) => abandonUpload(server, store, key),
)

it('finds uploads on several pages, and none of another prefix', async () => {
  const small = await startS3Server({ pageKeys: 2 })
  const [store, other] = ['lake/', 'lake-2/'].map(prefix => storeOn(small, join(folder, prefix), prefix))
  for (const key of ['a', 'a', 'a', 'b', 'c/d']) await abandonUpload(small, store!, key)
  await abandonUpload(small, other!, 'a')
  const found = await store!.unfinished(Number.POSITIVE_INFINITY, 'discard')
  expect(found.map(({ key }) => key)).toEqual(['a', 'a', 'a', 'b', 'c/d'])
  expect(await store!.unfinished(Number.POSITIVE_INFINITY, 'list')).toEqual([])
  expect(await other!.unfinished(Number.POSITIVE_INFINITY, 'list')).toHaveLength(1)
  await small.close()
})
