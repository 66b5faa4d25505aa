import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { sha256Hex } from '../../src/core/ids.js'
import { claim } from '../../src/lake/claim.js'
import type { ObjectStore } from '../../src/storage/object-store.js'
import type { S3StoreOptions } from '../../src/storage/s3/s3-store.js'
import type { PlannedFault } from '../support/s3-server/fault.js'
import { type S3Server, startS3Server } from '../support/s3-server/s3-server.js'
import { storeOn, useCredentials } from '../support/s3-stores.js'

const bytes = (text: string): Buffer => Buffer.from(text)

let server: S3Server
let folder: string
let count = 0
beforeAll(async () => {
  server = await startS3Server({ minPartBytes: 1 })
  folder = await mkdtemp(join(tmpdir(), 'sluice-s3-faults-'))
})
afterEach(() => {
  server.plan([])
  useCredentials(server)
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

function newStore(options: Partial<S3StoreOptions> = {}): ObjectStore {
  return storeOn(server, join(folder, String(count)), `${count++}/`, options)
}

/** Requests of some kinds since `from`. */
function sent(from: number, ...kinds: string[]): number {
  return server
    .requests()
    .slice(from)
    .filter(request => kinds.includes(request.class)).length
}

async function localFile(body: Buffer): Promise<string> {
  const path = join(folder, `file-${count++}`)
  await writeFile(path, body)
  return path
}

describe('exclusive creation over a network', () => {
  it.each(['lost answer', 'error 500 after', 'gateway 503 after'] as const)(
    'is sent once, and after `%s` nobody says how it ended; who reads back finds the own bytes',
    async fault => {
      const store = newStore()
      server.plan([{ fault, on: 'create' }])
      const from = server.requests().length
      expect(await store.create('v1', bytes('ours'))).toMatchObject({ outcome: 'unknown' })
      expect(sent(from, 'create')).toBe(1)
      expect(await claim(store, 'v1', bytes('ours'))).toEqual({ outcome: 'ours' })
      expect(await claim(store, 'v1', bytes('theirs'))).toEqual({ outcome: 'taken' })
    },
  )

  it.each(['reset', 'error 500', 'slow down'] as const)('is claimed in the end when `%s` came first', async fault => {
    const store = newStore()
    server.plan([{ fault, on: 'create' }])
    expect(await claim(store, 'v1', bytes('ours'))).toEqual({ outcome: 'ours' })
    expect(String(await store.get('v1'))).toBe('ours')
  })

  it('knows its own bytes when something on the way repeated the request', async () => {
    const store = newStore()
    server.plan([{ fault: 'refused after effect', on: 'create' }])
    expect(await claim(store, 'v1', bytes('ours'))).toEqual({ outcome: 'ours' })
  })

  it('is sent again after a conflict, which says that nothing happened', async () => {
    const store = newStore()
    server.plan([{ fault: 'conflict', on: 'create', times: 3 }])
    expect(await store.create('v1', bytes('ours'))).toEqual({ outcome: 'created' })
  })
})

describe('what may be sent again', () => {
  const again: PlannedFault['fault'][] = ['reset', 'error 500', 'slow down', 'truncated', 'short', 'flipped bit']

  it.each(again)('is, after `%s`: readers see the whole object', async fault => {
    const store = newStore()
    await store.put('k', bytes('the bytes that were written'))
    server.plan([{ fault, on: 'get', times: 3 }])
    expect(String(await store.get('k'))).toBe('the bytes that were written')
    server.plan([{ fault, on: 'get', times: 3 }])
    expect(String(await readFile(await store.localPath('k')))).toBe('the bytes that were written')
  })

  it('is sent so often and no more, and the error says who did not answer', async () => {
    const store = newStore({ attempts: 3 })
    server.plan([{ fault: 'slow down', times: 99 }])
    const from = server.requests().length
    await expect(store.get('k')).rejects.toMatchObject({
      code: 'SLUICE_STORE_UNREACHABLE',
      message: expect.stringContaining('asks to be asked less'),
    })
    expect(sent(from, 'get')).toBe(3)
  })

  it('is a listing, a deletion and a put, too', async () => {
    const store = newStore()
    server.plan([
      { fault: 'lost answer', on: 'put' },
      { fault: 'error 500', on: 'list' },
      { fault: 'lost answer', on: 'delete' },
    ])
    await store.put('a/k', bytes('x'))
    expect(await store.listFolders('')).toEqual(['a'])
    await store.delete('a/k')
    expect(await store.head('a/k')).toBeUndefined()
  })

  it('says that an object is damaged when no reading gives the bytes that were written', async () => {
    const store = newStore({ attempts: 2 })
    await store.put('k', bytes('the bytes'))
    server.plan([{ fault: 'flipped bit', on: 'get', times: 99 }])
    await expect(store.get('k')).rejects.toMatchObject({ code: 'SLUICE_OBJECT_CORRUPT' })
  })
})

describe('a file that is adopted', () => {
  it.each(['lost answer', 'error 500 after', 'reset', 'slow down', 'conflict', 'refused after effect'] as const)(
    'is there once, and ours, after `%s`',
    async fault => {
      const store = newStore()
      server.plan([{ fault, on: 'create' }])
      expect(await store.adopt(await localFile(bytes('rows')), 'x')).toEqual({ outcome: 'created' })
      expect(String(await store.get('x'))).toBe('rows')
    },
  )

  it.each([
    { fault: 'reset', on: 'upload-part', from: 2 },
    { fault: 'lost answer', on: 'upload-complete' },
    { fault: 'error in 200', on: 'upload-complete' },
    { fault: 'error 500', on: 'upload-start' },
  ] as const)('goes in parts when it is large, also with `$fault` on $on', async plan => {
    const store = newStore({ sizes: { wholeBytes: 1000, partBytes: 300 } })
    const body = bytes('0123456789'.repeat(125))
    server.plan([plan])
    const from = server.requests().length
    expect(await store.adopt(await localFile(body), 'large')).toEqual({ outcome: 'created' })
    expect(sent(from, 'upload-part')).toBeGreaterThanOrEqual(5)
    expect(await store.get('large')).toEqual(body)
    expect(await store.adopt(await localFile(body), 'large')).toEqual({ outcome: 'exists' })
    expect(store.sent?.().requests.adopt).toBe(sent(from, 'upload-start', 'upload-part', 'upload-complete'))
  })

  it('is sent as it was read before, and is refused when that is not what its hash says', async () => {
    const store = newStore()
    const path = await localFile(bytes('rows'))
    const content = { sizeBytes: 4, sha256: sha256Hex('rows'), bytes: bytes('rows') }
    const refused = store.adopt(path, 'x', { ...content, bytes: bytes('ROWS') })
    await expect(refused).rejects.toMatchObject({ details: { fault: 'XAmzContentSHA256Mismatch' } })
    expect([await store.head('x'), String(await readFile(path))]).toEqual([undefined, 'rows'])
    await writeFile(path, 'later')
    expect(await store.adopt(path, 'x', content)).toEqual({ outcome: 'created' })
    expect(String(await store.get('x'))).toBe('rows')
  })

  it('leaves no parts behind when it cannot be sent', async () => {
    const store = newStore({ sizes: { wholeBytes: 10, partBytes: 10 }, attempts: 2 })
    server.plan([{ fault: 'error 500', on: 'upload-part', times: 99 }])
    const path = await localFile(bytes('0123456789'.repeat(5)))
    const from = server.requests().length
    await expect(store.adopt(path, 'large')).resolves.toMatchObject({ outcome: 'unknown' })
    expect(sent(from, 'upload-abort')).toBe(sent(from, 'upload-start'))
    expect(await store.head('large')).toBeUndefined()
    expect(await readFile(path)).toHaveLength(50)
  })
})

describe('the error of a bucket that cannot be used', () => {
  it('tells of credentials that are none', async () => {
    const store = newStore()
    delete process.env['AWS_ACCESS_KEY_ID']
    delete process.env['AWS_SECRET_ACCESS_KEY']
    process.env['AWS_EC2_METADATA_DISABLED'] = 'true'
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = join(folder, 'none')
    process.env['AWS_CONFIG_FILE'] = join(folder, 'none')
    await expect(store.get('k')).rejects.toMatchObject({ code: 'SLUICE_STORE_CREDENTIALS' })
  })

  it('tells of a secret that is wrong, and does not show it', async () => {
    const store = newStore()
    process.env['AWS_SECRET_ACCESS_KEY'] = 'not-the-secret'
    const failure = (await store.get('k').catch((cause: unknown) => cause)) as Error
    expect(failure).toMatchObject({ code: 'SLUICE_STORE_CREDENTIALS' })
    expect(JSON.stringify(failure)).not.toContain('not-the-secret')
  })

  it('tells of a secret that is wrong also where the first request is HEAD, whose answer has no body', async () => {
    const store = newStore()
    process.env['AWS_SECRET_ACCESS_KEY'] = 'not-the-secret'
    await expect(store.head('k')).rejects.toMatchObject({
      code: 'SLUICE_STORE_CREDENTIALS',
      message: expect.stringContaining('SignatureDoesNotMatch'),
    })
  })

  it('tells of a region that nobody named, at once', async () => {
    const store = newStore({ settings: {} })
    process.env['AWS_CONFIG_FILE'] = join(folder, 'none')
    for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION']) delete process.env[name]
    await expect(store.head('k')).rejects.toMatchObject({
      code: 'SLUICE_CONFIG_INVALID',
      next: expect.stringContaining('store.region'),
    })
  })

  it.each([
    [501, 'NotImplemented', /the server answered 501 NotImplemented/, 'store.encryption'],
    [400, undefined, /the server answered 400/, 'console'],
    [404, 'Not Found', /the server answered 404/, 'console'],
  ])('tells of a server that answers a write with %i %s, and sends it once', async (status, code, message, next) => {
    let asked = 0
    const other = createServer((request, response) => {
      asked++
      request.resume().on('end', () => {
        response.writeHead(status, { 'content-type': 'application/xml' })
        response.end(code && `<Error><Code>${code}</Code><Message>no</Message></Error>`)
      })
    })
    await new Promise<void>(done => other.listen(0, '127.0.0.1', done))
    try {
      const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
      const store = storeOn({ ...server, url }, join(folder, `other-${status}`))
      await expect(store.create('k', bytes('x'))).rejects.toMatchObject({
        code: 'SLUICE_CONFIG_INVALID',
        message: expect.stringMatching(message),
        next: expect.stringContaining(next),
      })
      expect(asked).toBe(1)
    } finally {
      other.close()
    }
  })

  it('names the action that a policy denies, and what of', async () => {
    const open =
      '<Upload><Key>lakes/one/k</Key><UploadId>u</UploadId><Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload>'
    let mayListUploads = false
    const strict = createServer((request, response) => {
      request.resume().on('end', () => {
        const isListed = mayListUploads && request.url?.includes('uploads')
        response.writeHead(isListed ? 200 : 403, { 'content-type': 'application/xml' })
        if (isListed) response.end(`<ListMultipartUploadsResult>${open}</ListMultipartUploadsResult>`)
        else response.end('<Error><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>')
      })
    })
    await new Promise<void>(done => strict.listen(0, '127.0.0.1', done))
    try {
      const url = `http://127.0.0.1:${(strict.address() as AddressInfo).port}`
      const store = storeOn({ ...server, url }, join(folder, 'denied'), 'lakes/one/')
      const said = (work: Promise<unknown>) =>
        work.then(
          () => 'no error',
          (cause: { code: string; message: string; next: string }) =>
            `${cause.code} ${/denied (.*) \(AccessDenied\)/.exec(cause.message)?.[1]}; ${/these credentials (\S+ on \S+?)[.,] /.exec(cause.next)?.[1]}`,
        )
      const read = 'SLUICE_STORE_DENIED s3:GetObject on lake/lakes/one/k; s3:GetObject on lake/lakes/one/*'
      const write = 'SLUICE_STORE_DENIED s3:PutObject on lake/lakes/one/k; s3:PutObject on lake/lakes/one/*'
      const list = 'SLUICE_STORE_DENIED s3:ListBucket on lake; s3:ListBucket on lake'
      expect(await said(store.get('k'))).toBe(read)
      expect(await said(store.getRange('k', 0, 1))).toBe(read)
      expect(await said(store.head('k'))).toBe(read)
      expect(await said(store.localPath('k.parquet'))).toBe(read.replaceAll('/k;', '/k.parquet;'))
      expect(await said(store.put('k', bytes('x')))).toBe(write)
      expect(await said(store.create('k', bytes('x')))).toBe(write)
      expect(await said(store.adopt(await localFile(bytes('x')), 'k'))).toBe(write)
      expect(await said(store.listFolders(''))).toBe(list)
      expect(await said(store.list('')[Symbol.asyncIterator]().next())).toBe(list)
      expect(await said(store.delete('k'))).toBe(
        'SLUICE_STORE_DENIED s3:DeleteObject on lake/lakes/one/k; s3:DeleteObject on lake/lakes/one/*',
      )
      const uploads = 's3:ListBucketMultipartUploads on lake'
      expect(await said(store.unfinished(Date.UTC(2026, 5), 'list'))).toBe(`SLUICE_STORE_DENIED ${uploads}; ${uploads}`)
      mayListUploads = true
      const abort = 's3:AbortMultipartUpload on lake/lakes/one/*'
      expect(await said(store.unfinished(Date.UTC(2026, 5), 'discard'))).toBe(`SLUICE_STORE_DENIED ${abort}; ${abort}`)
    } finally {
      strict.close()
    }
  })

  it('tells of a bucket that is not there, also to who only lists or writes', async () => {
    const store = newStore({ bucket: 'no-such-bucket' })
    const missing = { code: 'SLUICE_BUCKET_MISSING' }
    await expect(store.get('k')).rejects.toMatchObject(missing)
    await expect(store.listFolders('')).rejects.toMatchObject(missing)
    await expect(store.create('k', bytes('x'))).rejects.toMatchObject(missing)
  })

  it('tells of another region, and which', async () => {
    const store = newStore()
    server.plan([{ fault: 'other region', times: 99 }])
    await expect(store.get('k')).rejects.toMatchObject({
      code: 'SLUICE_CONFIG_INVALID',
      next: expect.stringContaining('eu-other-1'),
    })
  })

  it('sets its clock by the server, and tells of one that cannot be set', async () => {
    const store = newStore({ attempts: 3 })
    server.plan([{ fault: 'skewed clock' }])
    expect(await store.get('k')).toBeUndefined()
    server.plan([{ fault: 'skewed clock', times: 99 }])
    await expect(store.get('k')).rejects.toMatchObject({ message: expect.stringContaining('the clock') })
  })

  it('tells of a server that is not there', async () => {
    const store = storeOn({ ...server, url: 'http://127.0.0.1:9' }, join(folder, 'nobody'), '', { attempts: 2 })
    await expect(store.get('k')).rejects.toMatchObject({
      code: 'SLUICE_STORE_UNREACHABLE',
      message: expect.stringContaining('http://127.0.0.1:9'),
    })
  })
})

describe('a cache that cannot be used', () => {
  it('is named, not the store, and what needs no file is read all the same', async () => {
    await newStore().put('silver/x.parquet', bytes('rows'))
    const prefix = `${count - 1}/`
    const file = await localFile(bytes('a file where a folder was meant'))
    const store = storeOn(server, join(file, 'below'), prefix)
    expect(String(await store.get('silver/x.parquet'))).toBe('rows')
    const from = server.requests().length
    await expect(store.localPath('silver/x.parquet')).rejects.toMatchObject({
      code: 'SLUICE_CACHE_UNUSABLE',
      message: expect.stringContaining(file),
    })
    expect(sent(from, 'get')).toBe(0)
  })
})
