import type { Answer } from './answer.js'
import type { Bucket } from './bucket.js'
import { invalid } from './s3-error.js'
import type { S3Request } from './s3-request.js'
import { element, xmlAnswer } from './xml.js'

/** ListObjectsV2, at most `pageKeys` keys and common prefixes a page. */
export function listObjects({ objects }: Bucket, { query, bucket }: S3Request, pageKeys: number): Answer {
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter') ?? '']
  const asked = Number(query.get('max-keys') ?? 1000)
  if (!Number.isInteger(asked) || asked < 0) throw invalid('max-keys is not a number')
  const maxKeys = Math.min(asked, pageKeys)
  const token = query.get('continuation-token')
  const after = token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString()

  const entries: string[] = []
  const folders = new Set<string>()
  let last = ''
  let isTruncated = false
  for (const key of sorted(objects.keys())) {
    if (!key.startsWith(prefix)) continue
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    const name = cut < 0 ? key : key.slice(0, cut + delimiter.length)
    if (folders.has(name) || (after !== '' && Buffer.compare(Buffer.from(name), Buffer.from(after)) <= 0)) continue
    if (entries.length + folders.size === maxKeys) {
      isTruncated = maxKeys > 0
      break
    }
    last = name
    if (cut < 0) entries.push(key)
    else folders.add(name)
  }

  const encode = query.get('encoding-type') === 'url' ? encodeURIComponent : (text: string) => text
  const shown = entries.map(key => {
    const { bytes, etag, modifiedMs } = objects.get(key)!
    const times = element('LastModified', new Date(modifiedMs).toISOString())
    const what = `${element('ETag', etag)}${element('Size', bytes.length)}${element('StorageClass', 'STANDARD')}`
    return `<Contents>${element('Key', encode(key))}${times}${what}</Contents>`
  })
  const grouped = [...folders].map(name => `<CommonPrefixes>${element('Prefix', encode(name))}</CommonPrefixes>`)
  const parts = [element('Name', bucket), element('Prefix', encode(prefix)), element('MaxKeys', maxKeys)]
  parts.push(element('KeyCount', entries.length + folders.size), element('IsTruncated', isTruncated))
  if (delimiter !== '') parts.push(element('Delimiter', encode(delimiter)))
  if (query.has('encoding-type')) parts.push(element('EncodingType', 'url'))
  if (isTruncated) parts.push(element('NextContinuationToken', Buffer.from(last).toString('base64url')))
  return xmlAnswer(`<ListBucketResult>${[...parts, ...shown, ...grouped].join('')}</ListBucketResult>`)
}

/** In the order of their bytes as UTF-8; JavaScript's own order differs beyond U+D7FF. */
function sorted(keys: Iterable<string>): string[] {
  return [...keys]
    .map(key => ({ key, bytes: Buffer.from(key) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ key }) => key)
}
