import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CaptureRecord } from '../../src/bronze/capture-record.js'
import { wholeCaptures } from '../../src/bronze/salvage.js'
import { readSegment, segmentMember } from '../../src/bronze/segment.js'
import { segmentWriter } from '../../src/bronze/segment-writer.js'
import { sha256Hex } from '../../src/core/ids.js'
import { memoryStore } from '../../src/storage/memory-store.js'

let spool: string
beforeEach(async () => {
  spool = await mkdtemp(join(tmpdir(), 'sluice-segments-'))
})
afterEach(() => rm(spool, { recursive: true }))

function capture(text: string): CaptureRecord {
  return {
    id: sha256Hex(text).slice(0, 32),
    pipe: 'p',
    params: {},
    request: { method: 'GET', url: `https://a.example/${text.slice(0, 8)}`, headers: {} },
    response: { status: 200, headers: {}, body: { kind: 'text', text } },
    requestedAt: '2026-01-30T13:00:00.000Z',
    receivedAt: '2026-01-30T13:00:01.000Z',
    sha256: sha256Hex(text),
    sizeBytes: text.length,
    classification: 'data',
  }
}

/** Writes texts as captures, a minute after each other; the texts of each segment, and what `onStored` was told. */
async function written(texts: readonly string[], limits: { bytes?: number; plainBytes?: number; ms?: number }) {
  const store = memoryStore()
  let minute = 0
  const told: string[] = []
  const writer = segmentWriter({
    store,
    provider: 'nbp',
    runId: 'run',
    spool,
    clock: { now: () => minute * 60_000, monotonicMs: () => 0 },
    onStored: async (captures, key) => void told.push(`${key.slice(-11)} ${captures.length}`),
    limits: { bytes: 1e9, plainBytes: 1e9, ms: 1e9, ...limits },
  })
  for (const text of texts) {
    await writer.add(capture(text))
    minute++
  }
  await writer.close()
  const segments: string[][] = []
  for await (const { key } of store.list('bronze/captures/provider=nbp/date=2026-01-30/'))
    segments.push(
      readSegment((await store.get(key))!, key).map(({ response: { body } }) =>
        body.kind === 'text' ? body.text : '',
      ),
    )
  return { segments, told, left: await readdir(spool) }
}

describe('a segment of captures', () => {
  it('holds all of them in order, and leaves nothing behind', async () => {
    const { segments, told, left } = await written(['a', 'b', 'c'], {})
    expect(segments).toEqual([['a', 'b', 'c']])
    expect(told).toEqual(['0.ndjson.gz 3'])
    expect(left).toEqual([])
  })

  it.each([
    ['its age', { ms: 60_000 }],
    ['its size unpacked', { plainBytes: 700 }],
  ])('is closed by %s', async (_, limits) => {
    const { segments } = await written(['a', 'b', 'c', 'd'], limits)
    expect(segments).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ])
  })

  it('with a torn end gives every capture before it', () => {
    const whole = ['a', 'b', 'c'].map(text => segmentMember(capture(text)))
    const bytes = Buffer.concat(whole)
    const firstTwo = whole[0]!.length + whole[1]!.length
    for (let end = 0; end <= bytes.length; end++) {
      const { records, torn } = wholeCaptures(bytes.subarray(0, end))
      expect(records.length).toBeGreaterThanOrEqual(
        end >= bytes.length ? 3 : end >= firstTwo ? 2 : end >= whole[0]!.length ? 1 : 0,
      )
      const atEdge = [0, whole[0]!.length, firstTwo, bytes.length].includes(end)
      expect([end, torn]).toEqual([end, !atEdge])
    }
  })

  it('with bytes that are no gzip behind it gives what is before them', () => {
    const bytes = Buffer.concat([segmentMember(capture('a')), Buffer.from('not gzip at all')])
    expect(wholeCaptures(bytes)).toMatchObject({ records: [{ sha256: sha256Hex('a') }], torn: true })
  })
})
