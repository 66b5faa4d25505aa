import { createHash } from 'node:crypto'
import type { LookupAddress } from 'node:dns'
import { Agent } from 'node:http'
import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { FAULTS, type Fault } from './s3-server/fault.js'
import { type S3Server, startS3Server } from './s3-server/s3-server.js'
import { spawnS3Server } from './s3-server/spawn-s3-server.js'

// The judge of the server is a client that we did not write.
let server: S3Server
let client: S3Client
const clients: S3Client[] = []
beforeAll(async () => {
  server = await startS3Server({ pageKeys: 3, endpoints: 2 })
  client = clientOf(server)
})
afterEach(() => server.plan([]))
afterAll(async () => {
  for (const each of clients) each.destroy()
  await server.close()
})

function clientOf(
  { url, region, credentials }: Pick<S3Server, 'url' | 'region' | 'credentials'>,
  more: S3ClientConfig = {},
) {
  const made = new S3Client({ endpoint: url, region, credentials, forcePathStyle: true, maxAttempts: 1, ...more })
  clients.push(made)
  return made
}

const at = (Key: string) => ({ Bucket: server.bucket, Key })
const put = (key: string, Body: string | Buffer, more = {}) =>
  client.send(new PutObjectCommand({ ...at(key), Body, ...more }))
const create = (key: string, body: string, by = client) =>
  by.send(new PutObjectCommand({ ...at(key), Body: body, IfNoneMatch: '*' }))
const read = async (key: string, more = {}) => {
  const answer = await client.send(new GetObjectCommand({ ...at(key), ...more }))
  return Buffer.from(await answer.Body!.transformToByteArray())
}
const status = (httpStatusCode: number, name?: string) => ({ $metadata: { httpStatusCode }, ...(name && { name }) })

describe('objects', () => {
  it('come back byte for byte, under odd keys too, with what S3 says about them', async () => {
    const body = Buffer.from([0, 255, 13, 10, 128])
    for (const key of ['a/b', "it's (1)!*", 'a b+c%25&=?#', 'Zażółć/日本/😀']) {
      await put(key, body, { ContentType: 'application/x-test', Metadata: { commit: 'c1' } })
      expect(await read(key)).toEqual(body)
      const head = await client.send(new HeadObjectCommand(at(key)))
      expect(head).toMatchObject({ ContentLength: 5, ContentType: 'application/x-test', Metadata: { commit: 'c1' } })
      expect(head.ETag).toBe(`"${createHash('md5').update(body).digest('hex')}"`)
      expect(head.$metadata.requestId).toMatch(/^[0-9A-F]{16}$/)
      expect(Math.abs(head.LastModified!.getTime() - Date.now())).toBeLessThan(60_000)
      await client.send(new DeleteObjectCommand(at(key)))
      await expect(read(key)).rejects.toMatchObject(status(404, 'NoSuchKey'))
    }
  })

  it('are written from a stream, with the checksum behind the body', async () => {
    const chunks = ['one ', 'two ', 'three'].map(text => Buffer.from(text))
    await put('streamed', Readable.from(chunks) as never, { ContentLength: 13 })
    expect(String(await read('streamed'))).toBe('one two three')
    expect(
      (await client.send(new HeadObjectCommand({ ...at('streamed'), ChecksumMode: 'ENABLED' }))).ChecksumCRC32,
    ).toBeDefined()
  })

  it('give any range, and refuse one beyond the end', async () => {
    await put('range', '0123456789')
    const ranges = { 'bytes=2-4': '234', 'bytes=7-': '789', 'bytes=-2': '89', 'bytes=8-100': '89' }
    for (const [Range, expected] of Object.entries(ranges))
      expect(String(await read('range', { Range }))).toBe(expected)
    const { ContentRange } = await client.send(new GetObjectCommand({ ...at('range'), Range: 'bytes=2-4' }))
    expect(ContentRange).toBe('bytes 2-4/10')
    await expect(read('range', { Range: 'bytes=10-11' })).rejects.toMatchObject(status(416, 'InvalidRange'))
  })

  it('are not written when the bytes are not those that were signed or summed', async () => {
    await expect(put('sum', 'x', { ChecksumSHA256: `${'A'.repeat(43)}=` })).rejects.toMatchObject(
      status(400, 'BadDigest'),
    )
    const bent = clientOf(server)
    bent.middlewareStack.add(
      next => args => {
        Object.assign(args.request as object, { body: Buffer.from('y') })
        return next(args)
      },
      { step: 'finalizeRequest', priority: 'low' },
    )
    await expect(bent.send(new PutObjectCommand({ ...at('sum'), Body: 'x' }))).rejects.toMatchObject(
      status(400, 'XAmzContentSHA256Mismatch'),
    )
    await expect(read('sum')).rejects.toMatchObject({ name: 'NoSuchKey' })
  })

  it('are found under the host of their bucket', async () => {
    const port = Number(new URL(server.url).port)
    const lookup = (_host: string, _options: object, done: (error: null, found: LookupAddress[]) => void) =>
      done(null, [{ address: '127.0.0.1', family: 4 }])
    const requestHandler = { httpAgent: new Agent({ lookup: lookup as never }) }
    const virtual = clientOf({ ...server, url: `http://localhost:${port}` }, { forcePathStyle: false, requestHandler })
    await virtual.send(new PutObjectCommand({ ...at('virtual'), Body: 'host' }))
    expect(String(await read('virtual'))).toBe('host')
    virtual.destroy()
  })
})

describe('conditions', () => {
  it('let one of 32 creations win through two endpoints, and refuse to create what is there', async () => {
    const other = clientOf({ ...server, url: server.urls[1]! })
    for (let key = 0; key < 5; key++) {
      const tries = Array.from({ length: 32 }, (_, i) => create(`race/${key}`, `writer ${i}`, i % 2 ? client : other))
      const results = await Promise.allSettled(tries)
      expect(results.filter(result => result.status === 'fulfilled')).toHaveLength(1)
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toMatchObject(status(412, 'PreconditionFailed'))
      expect(String(await read(`race/${key}`))).toBe(
        `writer ${results.findIndex(({ status }) => status === 'fulfilled')}`,
      )
    }
  })

  it('replace only the object that is named', async () => {
    const { ETag } = await put('match', 'one')
    await put('match', 'two', { IfMatch: ETag })
    await expect(put('match', 'three', { IfMatch: ETag })).rejects.toMatchObject(status(412))
    await expect(put('no match', 'three', { IfMatch: ETag })).rejects.toMatchObject(status(404, 'NoSuchKey'))
    expect(String(await read('match'))).toBe('two')
  })

  it.each(['raced', 'ignored'] as const)('are %s where the test wants a store that lies', async conditions => {
    const lying = await startS3Server({ conditions })
    const liar = clientOf(lying)
    const results = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => create('k', String(i), liar)))
    expect(results.filter(result => result.status === 'fulfilled').length).toBeGreaterThan(1)
    const late = create('k', 'late', liar)
    if (conditions === 'raced') await expect(late).rejects.toMatchObject(status(412))
    else await expect(late).resolves.toMatchObject(status(200))
    liar.destroy()
    await lying.close()
  })
})

describe('lists', () => {
  const list = (more: object) => client.send(new ListObjectsV2Command({ Bucket: server.bucket, ...more }))

  async function all(more: object): Promise<string[]> {
    const found: string[] = []
    for (let token: string | undefined; ; ) {
      const page = await list({ ...more, ...(token && { ContinuationToken: token }) })
      expect(page.KeyCount).toBeLessThanOrEqual(3)
      found.push(...(page.Contents ?? []).map(({ Key, Size }) => `${decodeURIComponent(Key!)} ${Size}`))
      found.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => decodeURIComponent(Prefix!)))
      token = page.NextContinuationToken
      expect(page.IsTruncated).toBe(token !== undefined)
      if (token === undefined) return found
    }
  }

  it('turn pages in the order of the bytes, by prefix, start and delimiter', async () => {
    const keys = ['l/a-b', 'l/a/1', 'l/a/2', 'l/a/3/x', 'l/a0', 'l/é', 'l/～', 'l/😀', 'l/<&>']
    for (const key of keys) await put(key, key)
    const size = (key: string) => `${key} ${Buffer.byteLength(key)}`
    const sorted = ['l/<&>', ...keys.slice(0, -1)].map(size)
    expect(await all({ Prefix: 'l/' })).toEqual(sorted)
    expect(await all({ Prefix: 'l/', EncodingType: 'url' })).toEqual(sorted)
    expect(await all({ Prefix: 'l/', StartAfter: 'l/a/2' })).toEqual(sorted.slice(4))
    // A page has its objects before its folders.
    const paged = [...['l/<&>', 'l/a-b', 'l/a0'].map(size), 'l/a/', ...['l/é', 'l/～', 'l/😀'].map(size)]
    expect(await all({ Prefix: 'l/', Delimiter: '/', MaxKeys: 2 })).toEqual(paged)
    expect(await all({ Prefix: 'nothing/' })).toEqual([])
  })
})

describe('uploads in parts', () => {
  const start = async (key: string) => (await client.send(new CreateMultipartUploadCommand(at(key)))).UploadId!
  const part = (key: string, UploadId: string, PartNumber: number, Body: Buffer) =>
    client.send(new UploadPartCommand({ ...at(key), UploadId, PartNumber, Body }))
  const complete = (key: string, UploadId: string, Parts: object[], more = {}) =>
    client.send(new CompleteMultipartUploadCommand({ ...at(key), UploadId, MultipartUpload: { Parts }, ...more }))

  it('become one object when they are complete, and none before', async () => {
    const id = await start('big')
    const [first, second] = [Buffer.alloc(5 << 20, 'a'), Buffer.from('end')]
    const etags = [await part('big', id, 1, first), await part('big', id, 2, second)]
    await expect(read('big')).rejects.toMatchObject({ name: 'NoSuchKey' })
    const listed = await client.send(new ListPartsCommand({ ...at('big'), UploadId: id }))
    expect(listed.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
      [1, 5 << 20],
      [2, 3],
    ])
    const parts = etags.map(({ ETag }, i) => ({ ETag, PartNumber: i + 1 }))
    expect((await complete('big', id, parts)).ETag).toMatch(/^"[0-9a-f]{32}-2"$/)
    expect((await read('big')).equals(Buffer.concat([first, second]))).toBe(true)
  })

  it('are refused when parts are too small, foreign or out of order, or the key is taken', async () => {
    await put('taken', 'there')
    const id = await start('taken')
    const [a, b] = [await part('taken', id, 1, Buffer.from('a')), await part('taken', id, 2, Buffer.from('b'))]
    const parts = [
      { ETag: a.ETag, PartNumber: 1 },
      { ETag: b.ETag, PartNumber: 2 },
    ]
    const refused = (list: object[], name: string, more = {}) =>
      expect(complete('taken', id, list, more)).rejects.toMatchObject({ name })
    await refused(parts, 'EntityTooSmall')
    await refused(parts.toReversed(), 'InvalidPartOrder')
    await refused([{ ETag: '"other"', PartNumber: 1 }], 'InvalidPart')
    await refused(parts.slice(1), 'PreconditionFailed', { IfNoneMatch: '*' })
    await client.send(new AbortMultipartUploadCommand({ ...at('taken'), UploadId: id }))
    await refused(parts, 'NoSuchUpload')
    expect(String(await read('taken'))).toBe('there')
  })
})

describe('signatures', () => {
  const refusedOf = (more: object, name: string, code = 403) =>
    expect(clientOf({ ...server, ...more }).send(new GetObjectCommand(at('x')))).rejects.toMatchObject(
      status(code, name),
    )

  it('are refused with a wrong secret, an unknown key and another region', async () => {
    const { accessKeyId } = server.credentials
    await refusedOf({ credentials: { accessKeyId, secretAccessKey: 'wrong' } }, 'SignatureDoesNotMatch')
    await refusedOf({ credentials: { accessKeyId: 'nobody', secretAccessKey: 'x' } }, 'InvalidAccessKeyId')
    await refusedOf({ region: 'eu-other-1' }, 'AuthorizationHeaderMalformed', 400)
  })

  it('are refused of a changed request and of none', async () => {
    const bent = clientOf(server)
    bent.middlewareStack.add(
      next => args => {
        Object.assign(args.request as object, { path: `/${server.bucket}/other` })
        return next(args)
      },
      { step: 'finalizeRequest', priority: 'low' },
    )
    await expect(bent.send(new GetObjectCommand(at('x')))).rejects.toMatchObject(status(403, 'SignatureDoesNotMatch'))
    const unsigned = await fetch(`${server.url}/${server.bucket}/x`)
    expect([unsigned.status, await unsigned.text()]).toEqual([
      403,
      expect.stringContaining('<Code>AccessDenied</Code>'),
    ])
  })

  it('are refused when the clocks are too far apart; the client then goes by the clock of the server', async () => {
    const ahead = await startS3Server({ clockSkewMs: 3_600_000 })
    const once = clientOf(ahead)
    const late = once.send(new PutObjectCommand({ ...at('x'), Body: 'x' }))
    await expect(late).rejects.toMatchObject(status(403, 'RequestTimeTooSkewed'))
    const twice = clientOf(ahead, { maxAttempts: 2 })
    await twice.send(new PutObjectCommand({ ...at('x'), Body: 'x' }))
    expect(ahead.requests().map(({ status: code }) => code)).toEqual([403, 403, 200])
    once.destroy()
    twice.destroy()
    await ahead.close()
  })
})

describe('faults', () => {
  const there = async (key: string) => (await read(key).catch(() => undefined))?.toString()

  /** What a creation comes to, and whether it was done. */
  const CREATIONS: Partial<Record<Fault, [object, string | undefined]>> = {
    reset: [{ code: 'ECONNRESET' }, undefined],
    'lost answer': [{ code: 'ECONNRESET' }, 'x'],
    'error 500': [status(500, 'InternalError'), undefined],
    'error 500 after': [status(500, 'InternalError'), 'x'],
    'gateway 503 after': [status(503), 'x'],
    'slow down': [status(503, 'SlowDown'), undefined],
    conflict: [status(409, 'ConditionalRequestConflict'), undefined],
    'refused after effect': [status(412, 'PreconditionFailed'), 'x'],
    'other region': [status(301, 'PermanentRedirect'), undefined],
    'skewed clock': [status(403, 'RequestTimeTooSkewed'), undefined],
  }

  it.each(Object.entries(CREATIONS))('%s of a creation', async (fault, [error, kept]) => {
    server.plan([{ fault: fault as Fault, on: 'create' }])
    const key = `fault/${fault}`
    await expect(create(key, 'x')).rejects.toMatchObject(error)
    expect(await there(key)).toBe(kept)
    expect(server.requests().find(seen => seen.key === key)).toMatchObject({ class: 'create', fault })
  })

  it('an ignored condition overwrites', async () => {
    await put('fault/lie', 'first')
    server.plan([{ fault: 'ignored condition' }])
    await create('fault/lie', 'second')
    expect(await there('fault/lie')).toBe('second')
  })

  it('truncated, short and bent bodies are seen by a client that counts and sums', async () => {
    await put('fault/body', 'x'.repeat(1000))
    for (const fault of ['truncated', 'short', 'flipped bit'] as const) {
      server.plan([{ fault, on: 'get' }])
      await expect(read('fault/body')).rejects.toThrow()
    }
    expect(await read('fault/body')).toHaveLength(1000)
  })

  it('a slow answer comes after its effect', async () => {
    server.plan([{ fault: 'slow', on: 'create', slowMs: 10_000 }])
    const impatient = clientOf(server, { requestHandler: { requestTimeout: 50, throwOnRequestTimeout: true } })
    await expect(create('fault/slow', 'x', impatient)).rejects.toThrow(/time/i)
    expect(await there('fault/slow')).toBe('x')
  })

  it('an error in a 200 is an error, and nothing was done', async () => {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(at('fault/200')))
    const { ETag } = await client.send(
      new UploadPartCommand({ ...at('fault/200'), UploadId, PartNumber: 1, Body: 'x' }),
    )
    server.plan([{ fault: 'error in 200' }])
    const finish = () =>
      client.send(
        new CompleteMultipartUploadCommand({
          ...at('fault/200'),
          UploadId,
          MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] },
        }),
      )
    await expect(finish()).rejects.toMatchObject({ name: 'InternalError' })
    await finish()
    expect(await there('fault/200')).toBe('x')
  })

  it('happen to the requests that are planned, in their number', async () => {
    server.plan([{ fault: 'error 500', on: 'put', keys: '^planned/', from: 2, times: 2 }])
    const codes: number[] = []
    for (let i = 0; i < 5; i++) {
      await put('unplanned', 'x')
      codes.push(
        await put('planned/x', 'x').then(
          ({ $metadata }) => $metadata.httpStatusCode!,
          error => error.$metadata.httpStatusCode,
        ),
      )
    }
    expect(codes).toEqual([200, 500, 500, 200, 200])
  })

  it('have a class that they happen to for each kind of request that a client makes', () => {
    const kinds = new Set(server.requests().map(seen => seen.class))
    expect([...kinds].toSorted()).toEqual(
      expect.arrayContaining(
        Object.values(FAULTS)
          .flat()
          .filter(kind => kind !== 'bucket'),
      ),
    )
  })
})

it('counts requests and bytes in a process of its own, and answers while this one is busy', async () => {
  const spawned = await spawnS3Server()
  const other = clientOf(spawned)
  await spawned.plan([{ fault: 'lost answer' }])
  await expect(create('k', '12345', other)).rejects.toMatchObject({ code: 'ECONNRESET' })
  await other.send(new GetObjectCommand(at('k')))
  expect(await spawned.requests()).toMatchObject([
    { class: 'create', key: 'k', receivedBytes: 5, sentBytes: 0, status: 0, fault: 'lost answer' },
    { class: 'get', key: 'k', receivedBytes: 0, sentBytes: 5, status: 200 },
  ])
  other.destroy()
  await spawned.close()
  await expect(fetch(spawned.url)).rejects.toThrow()
})
