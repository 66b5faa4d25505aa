import { createHash } from 'node:crypto'
import { appendFile, mkdir, readdir, readFile, rename, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CaptureRecord, captureId } from '../../src/bronze/capture-record.js'
import { segmentMember } from '../../src/bronze/segment.js'
import { runProgram } from '../../src/cli/run-program.js'
import { DAY, lakeOn, NOW, nbpPipe } from '../pipeline/fetch/nbp-server.js'
import { serve } from '../sources/http/loopback.js'
import { fakeTerminal } from '../support/fake-terminal.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

/** A command line on a lake; `bytes` is what standard output took as a stream. */
async function sluice(lake: TestLake, ...args: string[]) {
  const chunks: Uint8Array[] = []
  const terminal = fakeTerminal({
    stream: async part => {
      for await (const chunk of part) chunks.push(chunk)
    },
  })
  const code = await runProgram([...args, '--project', folder.folder, '--lake', lake.root], terminal)
  return { code, out: terminal.out(), err: terminal.err(), bytes: Buffer.concat(chunks) }
}

async function listed(lake: TestLake, ...args: string[]) {
  return JSON.parse((await sluice(lake, 'captures', 'ls', '--output', 'json', ...args)).out)
}

const BODY = Buffer.from(JSON.stringify([{ effectiveDate: '2026-01-28', table: 'A', rates: [] }]))

/** A lake with an answer of `good` and two refusals of `bad`, both pipes of NBP. */
async function asked(): Promise<TestLake> {
  const server = await serve((request, response) => {
    if (request.url!.includes('/B/')) response.writeHead(403, { 'content-type': 'text/html' }).end('<html>no')
    else response.writeHead(200, { 'content-type': 'application/json', etag: '"x"' }).end(BODY)
  })
  const since = { sinceMs: NOW - 3 * DAY }
  const lake = lakeOn(folder, server, [nbpPipe('good', since), nbpPipe('bad', { ...since, params: { table: 'B' } })])
  const config = { ...lake.project.config, fetch: { ...lake.project.config.fetch, attempts: 1 } }
  await lake.with({ config }).run({ nowMs: NOW })
  return lake
}

async function segments(lake: TestLake): Promise<string[]> {
  const names = await readdir(join(lake.root, 'bronze/captures'), { recursive: true })
  return names.filter(name => name.endsWith('.ndjson.gz')).map(name => join(lake.root, 'bronze/captures', name))
}

function capture(
  pipe: string,
  receivedAt: string,
  body: CaptureRecord['response']['body'],
  bytes: Buffer,
): CaptureRecord {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const request = { method: 'GET', url: `https://example.com/${pipe}`, headers: {} }
  const response = { status: 200, headers: {}, body }
  const times = { requestedAt: receivedAt, receivedAt }
  const id = captureId(request, sha256)
  return { id, pipe, params: {}, request, response, ...times, sha256, sizeBytes: bytes.length, classification: 'data' }
}

/** A lake that holds these captures of the provider `x`, each in a segment of its day. */
async function holding(...records: readonly CaptureRecord[]): Promise<TestLake> {
  const lake = folder.lake()
  for (const [at, record] of records.entries()) {
    const day = join(lake.root, `bronze/captures/provider=x/date=${record.receivedAt.slice(0, 10)}`)
    await mkdir(day, { recursive: true })
    await writeFile(join(day, `run_id=r-${at}.ndjson.gz`), segmentMember(record))
  }
  return lake
}

describe('sluice captures ls', () => {
  it('lists what came with its meaning, and only what is asked for', async () => {
    const lake = await asked()
    const { code, out } = await sluice(lake, 'captures', 'ls')
    expect(code).toBe(0)
    expect(out).toMatch(/[0-9a-f]{12} +2026-01-30T13:00:00.000Z +good +data +200 +\d+ B +http:/)
    expect(out).toMatch(/bad +blocked +403/)
    const only = await listed(lake, '--meaning', 'blocked', '--provider', 'nbp')
    expect(only.captures).toMatchObject([{ pipe: 'bad', meaning: 'blocked', body: 'text' }])
    expect((await listed(lake, '--pipe', 'g*d')).captures).toHaveLength(1)
    expect((await listed(lake, '--provider', 'other')).captures).toEqual([])
    expect((await listed(lake, '--since', '2026-01-31')).captures).toEqual([])
  })

  it('reads no further back than it needs, and says that there is more', async () => {
    const of = (day: string) =>
      capture(`p${day}`, `2026-01-${day}T12:00:00.000Z`, { kind: 'text', text: 'x' }, Buffer.from('x'))
    const lake = await holding(of('10'), of('11'), of('12'))
    await truncate((await segments(lake)).find(name => name.includes('01-10'))!, 5)
    const { captures, more, broken } = await listed(lake, '--limit', '2')
    expect(captures).toMatchObject([{ pipe: 'p12' }, { pipe: 'p11' }])
    expect({ more, broken }).toEqual({ more: true, broken: [] })
    expect((await listed(lake, '--since', '2026-01-12')).captures).toMatchObject([{ pipe: 'p12' }])
  })

  it.each([
    ['a torn tail', (path: string, size: number) => truncate(path, size - 7)],
    ['foreign bytes at its end', (path: string) => appendFile(path, 'not gzip at all')],
    ['zeros at its end', (path: string) => appendFile(path, Buffer.alloc(64))],
  ])('lists what stands before %s, and reports the segment', async (_, damage) => {
    const text = (pipe: string) =>
      capture(pipe, '2026-01-10T12:00:00.000Z', { kind: 'text', text: pipe }, Buffer.from(pipe))
    const lake = await holding(text('a'), text('c'))
    const [path] = (await segments(lake)).sort()
    await appendFile(path!, segmentMember(text('b')))
    await damage(path!, (await readFile(path!)).length)
    const { code, out, err } = await sluice(lake, 'captures', 'ls')
    expect(code).toBe(7)
    expect(err).toContain('1 segment cannot be read to the end')
    expect(err).toContain('bronze/captures/provider=x/date=2026-01-10/run_id=r-0.ndjson.gz')
    expect(out).toMatch(/ a +data/)
    expect(out).toMatch(/ c +data/)
  })

  it.each([
    ['a meaning that there is not', ['--meaning', 'nice']],
    ['no limit', ['--limit', '0']],
    ['a time without a zone', ['--since', '2026-01-10T12:00:00']],
  ])('refuses %s', async (_, args) => {
    const { code, err } = await sluice(folder.lake(), 'captures', 'ls', ...args)
    expect(code).toBe(2)
    expect(err).toContain(`SLUICE_ARGUMENT_INVALID: ${args[0]}`)
  })

  it('says that an empty lake has none', async () => {
    expect(await sluice(folder.lake(), 'captures', 'ls')).toMatchObject({ code: 0, out: 'No capture fits.\n' })
  })
})

describe('sluice captures show', () => {
  it('writes the exact bytes for the beginning of an id', async () => {
    const lake = await asked()
    const [{ id }] = (await listed(lake, '--pipe', 'good')).captures
    const { code, bytes, out } = await sluice(lake, 'captures', 'show', id.slice(0, 8))
    expect({ code, out }).toEqual({ code: 0, out: '' })
    expect(bytes).toEqual(BODY)
  })

  it('prints request, headers and hash without the body', async () => {
    const lake = await asked()
    const [{ id }] = (await listed(lake, '--pipe', 'bad')).captures
    const { out, bytes } = await sluice(lake, 'captures', 'show', id, '--headers')
    expect(bytes).toHaveLength(0)
    expect(out).toContain(`${id}  blocked`)
    expect(out).toContain('pipe bad (table=B)')
    expect(out).toContain('status 403\n')
    expect(out).toContain('content-type: text/html')
    const record = JSON.parse((await sluice(lake, 'captures', 'show', id, '--headers', '--output', 'json')).out)
    expect(record).toMatchObject({ id, response: { status: 403 } })
    expect(record.response).not.toHaveProperty('body')
  })

  it('gives binary bodies, those in objects of their own and those that are only referred to', async () => {
    const binary = Buffer.from([0, 255, 10, 13, 128, 0])
    const large = await folder.write('large.csv', `a,b\n${'1,2\n'.repeat(300_000)}`)
    const at = '2026-01-10T12:00:00.000Z'
    const packed = capture('packed', at, { kind: 'base64', base64: binary.toString('base64') }, binary)
    const own = await readFile(large)
    const elsewhere = capture('elsewhere', at, { kind: 'reference', path: large }, own)
    const key = 'bronze/captures/provider=x/date=2026-01-10/run_id=r-1.body'
    const object = capture('object', at, { kind: 'object', key, encoding: 'identity' }, own)
    const lake = await holding(packed, elsewhere, object)
    await writeFile(join(lake.root, key), own)
    const show = (record: CaptureRecord) => sluice(lake, 'captures', 'show', record.id)
    expect((await show(packed)).bytes).toEqual(binary)
    expect((await show(elsewhere)).bytes.equals(own)).toBe(true)
    expect((await show(object)).bytes.equals(own)).toBe(true)
    await rename(large, `${large}.gone`)
    const gone = await show(elsewhere)
    expect(gone).toMatchObject({ code: 7, bytes: Buffer.alloc(0) })
    expect(gone.err).toContain('put the file back')
    await appendFile(join(lake.root, key), 'x')
    expect(await show(object)).toMatchObject({ code: 7, bytes: Buffer.alloc(0) })
  })

  it('gives a body that a run has packed into an object of its own', async () => {
    const lines = Array.from({ length: 30_000 }, (_, at) => JSON.stringify({ at, text: `row ${at * 7919}` }))
    const path = await folder.write('events.json', `${lines.join('\n')}\n`)
    const lake = folder.lake()
    await lake.run({ input: [path], contract: 'market_events', allowDqBreach: true })
    const [{ id, body }] = (await listed(lake)).captures
    expect(body).toBe('object')
    expect((await sluice(lake, 'captures', 'show', id)).bytes.equals(await readFile(path))).toBe(true)
  })

  it.each([
    ['no id at all', 'xyz!', 'is no id of a capture'],
    ['too short an id', 'abc', 'is no id of a capture'],
    ['an id that nothing has', 'ffff0000', 'There is no capture ffff0000'],
  ])('refuses %s', async (_, id, message) => {
    const { code, err } = await sluice(folder.lake(), 'captures', 'show', id)
    expect(code).toBe(2)
    expect(err).toContain('SLUICE_CAPTURE_UNKNOWN')
    expect(err).toContain(message)
    expect(err).toContain('sluice captures ls')
  })

  it('names the captures that a beginning could mean', async () => {
    const one = capture('p', '2026-01-10T12:00:00.000Z', { kind: 'text', text: 'x' }, Buffer.from('x'))
    const lake = await holding({ ...one, id: `abcd${'0'.repeat(28)}` }, { ...one, id: `abcd${'1'.repeat(28)}` })
    const { code, err } = await sluice(lake, 'captures', 'show', 'abcd')
    expect(code).toBe(2)
    expect(err).toContain('2 captures begin with abcd')
    expect(err).toContain('Write more digits')
  })
})
