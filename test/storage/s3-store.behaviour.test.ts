import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { objectStoreBehaviour } from '../behaviour/object-store.js'
import { type S3Server, startS3Server } from '../support/s3-server/s3-server.js'
import { storeOn } from '../support/s3-stores.js'

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
objectStoreBehaviour('S3', async () => storeOn(server, join(folder, String(count)), `lake ${count++}/`))
