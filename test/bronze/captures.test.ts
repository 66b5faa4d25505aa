import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CaptureRecord } from '../../src/bronze/capture-record.js'
import { parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { ndjson, trade, trades } from '../support/records.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

/** The captures that a lake keeps, by the name of their file. */
async function capturesOf(lake: TestLake): Promise<Map<string, CaptureRecord>> {
  const segments = Object.keys(await lake.files('bronze/captures')).filter(path => path.endsWith('.ndjson.gz'))
  const lines = await Promise.all(
    segments.map(async path =>
      gunzipSync(await readFile(join(lake.root, path)))
        .toString('utf8')
        .trim()
        .split('\n'),
    ),
  )
  const records = lines.flat().map(line => JSON.parse(line) as CaptureRecord)
  return new Map(records.map(record => [/^file:([^?]+)/.exec(record.request.url)![1]!, record]))
}

async function bodyOf(lake: TestLake, { response: { body } }: CaptureRecord): Promise<Buffer> {
  if (body.kind === 'text') return Buffer.from(body.text)
  if (body.kind === 'base64') return Buffer.from(body.base64, 'base64')
  if (body.kind === 'reference') return readFile(body.path)
  const stored = await readFile(join(lake.root, body.key))
  return body.encoding === 'gzip' ? gunzipSync(stored) : stored
}

const LARGE = ndjson(trades(5000, { event_time: '2026-01-05T10:00:00Z', venue: 'x'.repeat(60) }))

describe('a capture', () => {
  it.each<[string, string, string | Uint8Array, string]>([
    ['text as text', 'text.ndjson', ndjson(trades(2)), 'text'],
    ['text with its byte order mark', 'mark.ndjson', `\uFEFF${ndjson(trades(2))}`, 'text'],
    ['gzip as bytes', 'packed.ndjson.gz', gzipSync(ndjson(trades(2))), 'base64'],
    ['a large text as an object of its own, packed', 'large.ndjson', LARGE, 'object'],
  ])('keeps the exact bytes with their hash: %s', async (_, name, body, kind) => {
    const lake = folder.lake()
    const record = await lake.run({ input: [await folder.write(name, body)] })
    const capture = (await capturesOf(lake)).get(name)!
    const kept = await bodyOf(lake, capture)
    expect(capture.response.body.kind).toBe(kind)
    expect(kept.equals(Buffer.from(body))).toBe(true)
    expect(capture).toMatchObject({
      sha256: createHash('sha256').update(body).digest('hex'),
      sizeBytes: kept.length,
      receivedAt: '2026-02-01T00:00:00.000Z',
      classification: 'data',
    })
    expect(record.inputs).toMatchObject([{ capture_id: capture.id, sha256: capture.sha256, name, capture: 'copy' }])
  })

  it('by reference keeps path and hash, and no bytes', async () => {
    await folder.write('referred.ndjson', ndjson(trades(2)))
    const pipes = parsePipes(
      'pipes:\n  - { name: r, source: file, contract: market_events, input: referred.ndjson, capture: reference }\n',
      'pipes/r.yaml',
    )
    const lake = folder.lake({ models: [], pipes })
    expect(await lake.run()).toMatchObject({ inputs: [{ name: 'referred.ndjson', capture: 'reference' }] })
    expect((await capturesOf(lake)).get('referred.ndjson')?.response.body).toEqual({
      kind: 'reference',
      path: `${folder.folder}/referred.ndjson`,
    })
  })

  it('has an id of what was asked and answered: the same in any lake, another for other bytes', async () => {
    const ids = []
    for (const rows of [trades(2), trades(2), trades(3)]) {
      const lake = folder.lake()
      await lake.run({ input: [await folder.write('same-name.ndjson', ndjson(rows))] })
      ids.push((await capturesOf(lake)).get('same-name.ndjson')?.id)
    }
    expect(ids[0]).toBe(ids[1])
    expect(ids[2]).not.toBe(ids[0])
  })
})

const TWO_PIPES = `pipes:
  - name: as-it-is
    source: file
    contract: market_events
    input: shared.ndjson
  - name: spoilt
    source: file
    contract: market_events
    input: shared.ndjson
    map: { event_id: "'x-' || event_id", price: "'-' || price" }
`

describe('one file through two pipes of one contract', () => {
  it('is two captures: each pipe is counted, and judged, by itself', async () => {
    await folder.write('shared.ndjson', ndjson(trades(4)))
    const lake = folder.lake({ models: [], pipes: parsePipes(TWO_PIPES, 'pipes/two.yaml') })
    const record = await lake.run({ select: ['*'] })
    expect(record).toMatchObject({
      status: 'partial',
      pipes: [
        { pipe: 'as-it-is', in: 4, accepted: 4, held: 0, quarantined: 0 },
        { pipe: 'spoilt', in: 4, accepted: 0, quarantined: 4 },
      ],
    })
    const [first, second] = record.inputs
    expect(first!.sha256).toBe(second!.sha256)
    expect(first!.capture_id).not.toBe(second!.capture_id)
  })

  it('is one capture per parameter that the pipe puts into records, and not per folder that it lies in', async () => {
    const text = `pipes:
  - name: p
    source: file
    contract: market_events
    input: "{path}"
    params: { path: null, venue: null }
    map: { venue: "{venue}" }
`
    const pipes = parsePipes(text, 'pipes/p.yaml')
    const path = await folder.write('asked.ndjson', ndjson(trades(2)))
    await mkdir(join(folder.folder, 'elsewhere'))
    const elsewhere = await folder.write('elsewhere/asked.ndjson', ndjson(trades(2)))
    const ids = []
    for (const params of [
      { path, venue: 'a' },
      { path: elsewhere, venue: 'a' },
      { path, venue: 'b' },
    ]) {
      const record = await folder.lake({ models: [], pipes }).run({ select: ['p'], params, dryRun: true })
      ids.push(record.inputs[0]!.capture_id)
    }
    expect(ids[1]).toBe(ids[0])
    expect(ids[2]).not.toBe(ids[0])
  })
})

describe('a bronze record', () => {
  it('holds values as they came, fields that the contract does not know, and where its bytes are', async () => {
    const lake = folder.lake()
    const rows = [trade('a', { price: '001.50', odd: { x: 1 } }), trade('b', { event_time: 'noon' })]
    const record = await lake.run({ input: [await folder.write('bronze.ndjson', ndjson(rows))], allowDqBreach: true })
    const bronze = await lake.rows(
      'SELECT event_id, event_time, price, _extra, _capture_id, _position, _partition_time FROM bronze.market_events ORDER BY event_id',
    )
    const capture = record.inputs[0]?.capture_id
    expect(bronze).toEqual([
      {
        event_id: 'a',
        event_time: '2026-01-05T10:00:00Z',
        price: '001.50',
        _extra: '{"odd":{"x":1}}',
        _capture_id: capture,
        _position: '0',
        _partition_time: '2026-01-05 10:00:00+00',
      },
      {
        event_id: 'b',
        event_time: 'noon',
        price: '100.5',
        _extra: null,
        _capture_id: capture,
        _position: '1',
        _partition_time: '2026-02-01 00:00:00+00',
      },
    ])
  })
})

describe('the record of a run', () => {
  it('names every published file with the hash of its bytes, and no value of a row', async () => {
    const lake = folder.lake({})
    const record = await lake.run({
      runId: 'told',
      input: [await folder.write('told.ndjson', ndjson(trades(3, { venue: 'secret-venue' })))],
    })
    const files = await lake.files()
    const told = record.tables.flatMap(table => table.files)
    expect(told.length).toBeGreaterThan(4)
    for (const { path, sha256 } of told) expect(files[path]).toBe(sha256)
    const published = Object.keys(files).filter(path => path.endsWith('.parquet'))
    expect(told.map(({ path }) => path).sort()).toEqual(published)
    const stored = await readFile(join(lake.root, '_runs/told.json'), 'utf8')
    expect(JSON.parse(stored)).toEqual(record)
    expect(stored).not.toContain('secret-venue')
    const steps = [...new Set(record.steps.map(({ step }) => step))]
    expect(steps).toEqual(['fetch', 'capture', 'land', 'conform', 'publish', 'derive', 'metrics'])
    expect(record).toMatchObject({
      config_hash: expect.stringMatching(/^\w{64}$/),
      contracts: { market_events: expect.stringMatching(/^\w{64}$/) },
      engine_version: expect.stringMatching(/^DuckDB v/),
    })
    expect(record.usage.bytes_written).toBeGreaterThan(1000)
  })
})
