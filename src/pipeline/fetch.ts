import { join } from 'node:path'
import { type CapturedFile, captureFile } from '../bronze/capture-file.js'
import { type CaptureBody, type CaptureRecord, captureId } from '../bronze/capture-record.js'
import { bodyKey, segmentKey, segmentMember } from '../bronze/segment.js'
import { isoTime } from '../core/clock.js'
import { SluiceError } from '../core/errors.js'
import type { Engine } from '../engine/engine.js'
import type { Lake } from '../lake/lake.js'
import type { Pipe } from '../sources/pipe.js'
import { sampleCopySql, sampleInterval } from '../sources/sample/sample.js'

/** An answer of a source or an input file, copied and hashed, not parsed and not yet in the lake. */
export interface Fetched {
  readonly id: string
  readonly pipe: Pipe
  readonly request: { readonly method: string; readonly url: string }
  readonly file: CapturedFile
  readonly receivedAtMs: number
}

/** Copies and hashes the inputs of all pipes. Nothing is in the lake yet. */
export async function fetchAll(pipes: readonly Pipe[], lake: Lake, spool: string, engine: Engine): Promise<Fetched[]> {
  const fetched: Fetched[] = []
  for (const pipe of pipes) {
    for (const { path, url, method } of await bodiesOf(pipe, spool, engine)) {
      const file = await captureFile(path, {
        mode: pipe.capture,
        encoding: pipe.dialect.encoding,
        spool,
        ordinal: fetched.length,
      })
      refuseEmpty(pipe, file)
      const request = { method, url: url ?? `file:${file.name}` }
      fetched.push({ id: captureId(request, file.sha256), pipe, request, file, receivedAtMs: lake.clock.now() })
    }
  }
  return fetched
}

interface Body {
  readonly path: string
  readonly method: string
  /** Undefined: the file's own name. */
  readonly url: string | undefined
}

async function bodiesOf(pipe: Pipe, spool: string, engine: Engine): Promise<Body[]> {
  if (pipe.source === 'file') return pipe.input.map(path => ({ path, method: 'READ', url: undefined }))
  const kind = pipe.source === 'sample.bars' ? 'bars' : pipe.source === 'sample.events' ? 'events' : undefined
  if (kind === undefined)
    throw new SluiceError(
      'SLUICE_PIPE_INVALID',
      `The pipe ${pipe.name} names a source that there is not: ${pipe.source}.`,
    )
  const { startMs, endMs } = sampleInterval(kind)
  const seed = Number(pipe.params['seed'] ?? 1)
  const path = join(spool, `sample-${kind}.ndjson`)
  await engine.run(sampleCopySql(kind, { seed, startMs, endMs }, path))
  return [{ path, method: 'GET', url: `sample://${kind}?seed=${seed}&start=${isoTime(startMs)}&end=${isoTime(endMs)}` }]
}

function refuseEmpty(pipe: Pipe, file: CapturedFile): void {
  const empty =
    file.sizeBytes === 0 ||
    (file.readable.container === 'text' && file.readable.compression === 'none' && file.readable.traits.empty)
  if (!empty || pipe.empty === 'allow') return
  throw new SluiceError('SLUICE_INPUT_EMPTY', `${file.path} is empty.`, { place: { file: file.path } })
}

/** Puts the captures of a run into the lake: large bodies under their own names, the records in one segment per provider. */
export async function storeCaptures(fetched: readonly Fetched[], lake: Lake, runId: string): Promise<void> {
  const providers = [...new Set(fetched.map(capture => providerOf(capture.pipe)))]
  for (const provider of providers) {
    const own = fetched.filter(capture => providerOf(capture.pipe) === provider)
    const members: Buffer[] = []
    for (const [at, capture] of own.entries()) {
      const body = await storeBody(capture, provider, lake, runId, at)
      members.push(segmentMember(recordOf(capture, body)))
    }
    const receivedAt = isoTime(own[0]!.receivedAtMs)
    await lake.store.create(segmentKey(provider, receivedAt, runId, 0), Buffer.concat(members))
  }
}

async function storeBody(
  capture: Fetched,
  provider: string,
  lake: Lake,
  runId: string,
  at: number,
): Promise<CaptureBody> {
  const { body, readable, path } = capture.file
  if (body.kind === 'reference') return { kind: 'reference', path }
  if (body.kind === 'inline') {
    const isText = readable.path === path && readable.container === 'text' && readable.traits.utf8
    return isText
      ? { kind: 'text', text: body.bytes.toString('utf8') }
      : { kind: 'base64', base64: body.bytes.toString('base64') }
  }
  const key = bodyKey(provider, isoTime(capture.receivedAtMs), runId, at, body.encoding)
  await lake.store.adopt(body.path, key)
  return { kind: 'object', key, encoding: body.encoding }
}

function recordOf(capture: Fetched, body: CaptureBody): CaptureRecord {
  const receivedAt = isoTime(capture.receivedAtMs)
  return {
    id: capture.id,
    pipe: capture.pipe.name,
    params: capture.pipe.params,
    request: { ...capture.request, headers: {} },
    response: { status: 200, headers: {}, body },
    requestedAt: receivedAt,
    receivedAt,
    sha256: capture.file.sha256,
    sizeBytes: capture.file.sizeBytes,
    classification: capture.file.sizeBytes === 0 ? 'empty' : 'data',
  }
}

export function providerOf(pipe: Pipe): string {
  return pipe.source.split('.')[0]!
}
