import { sortByName } from '../object-key.js'
import type { ObjectEntry } from '../object-store.js'
import { type Resending, resending } from './resend.js'
import type { BucketClient } from './s3-client.js'
import { headRemote } from './s3-read.js'

/** The objects below a folder, or the one under a whole key, page by page as the server lists them. */
export async function* listRemote(bucket: BucketClient, prefix: string, again: Resending): AsyncIterable<ObjectEntry> {
  if (prefix !== '' && !prefix.endsWith('/')) {
    const head = await resending(() => headRemote(bucket, prefix), again)
    if (head !== undefined) yield { key: prefix, sizeBytes: head.sizeBytes, modifiedMs: head.modifiedMs }
    return
  }
  for await (const page of pagesOf(bucket, prefix, undefined, again)) {
    for (const { Key, Size, LastModified } of page.Contents ?? []) {
      const key = Key?.slice(bucket.prefix.length) ?? ''
      // Consoles make objects that stand for folders.
      if (key === '' || key.endsWith('/')) continue
      yield { key, sizeBytes: Size ?? 0, modifiedMs: LastModified?.getTime() ?? 0 }
    }
  }
}

/** The names directly below a folder that keys go on from, sorted. */
export async function foldersRemote(bucket: BucketClient, prefix: string, again: Resending): Promise<string[]> {
  const names: string[] = []
  for await (const page of pagesOf(bucket, prefix, '/', again)) {
    for (const { Prefix = '' } of page.CommonPrefixes ?? [])
      names.push(Prefix.slice(bucket.prefix.length + prefix.length, -1))
  }
  return sortByName(names, name => name)
}

async function* pagesOf(bucket: BucketClient, prefix: string, delimiter: string | undefined, again: Resending) {
  let token: string | undefined
  do {
    const ContinuationToken = token
    const page = await resending(
      () =>
        bucket.send('list', (client, sdk) =>
          client.send(
            new sdk.ListObjectsV2Command({
              Bucket: bucket.bucket,
              Prefix: bucket.prefix + prefix,
              ...(delimiter !== undefined && { Delimiter: delimiter }),
              ...(ContinuationToken !== undefined && { ContinuationToken }),
            }),
          ),
        ),
      again,
    )
    yield page
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined
  } while (token !== undefined)
}
