import { join } from 'node:path'
import { CreateMultipartUploadCommand, S3Client, UploadPartCommand } from '@aws-sdk/client-s3'
import { lifeOf } from '../../src/lake/object-life.js'
import { readCache } from '../../src/storage/cache/read-cache.js'
import type { ObjectStore } from '../../src/storage/object-store.js'
import { type S3StoreOptions, s3Store } from '../../src/storage/s3/s3-store.js'
import type { S3Server } from './s3-server/s3-server.js'

type Server = Pick<S3Server, 'url' | 'bucket' | 'region' | 'credentials'>

/** A store on a test server, its cache in `folder`. It waits for nothing before it asks again. */
export function storeOn(
  server: Server,
  folder: string,
  prefix = '',
  options: Partial<S3StoreOptions> = {},
): ObjectStore {
  useCredentials(server)
  const scope = `${server.url} ${prefix}`
  return s3Store({
    bucket: server.bucket,
    prefix,
    settings: { endpoint: server.url, region: server.region },
    cache: readCache({ folder: join(folder, 'cache'), scope, lifeOf, maxBytes: 1e9 }),
    workFolder: join(folder, 'work'),
    wait: async () => undefined,
    random: () => 0.5,
    ...options,
  })
}

/** Puts a server's credentials where AWS looks for them first. */
export function useCredentials({ credentials }: Pick<Server, 'credentials'>): void {
  process.env['AWS_ACCESS_KEY_ID'] = credentials.accessKeyId
  process.env['AWS_SECRET_ACCESS_KEY'] = credentials.secretAccessKey
}

/** What a process leaves that dies while it uploads a file in parts: the upload, and a part of it. */
export async function abandonUpload(server: Server, { root }: ObjectStore, key: string): Promise<void> {
  const { url: endpoint, region, credentials } = server
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
  const prefix = root.slice(`s3://${server.bucket}/`.length)
  const target = { Bucket: server.bucket, Key: `${prefix}/${key}` }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target))
  await client.send(new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: Buffer.from('half') }))
  client.destroy()
}
