import { gunzipSync } from 'node:zlib'
import type { CaptureRecord } from '../../bronze/capture-record.js'
import { readSegment } from '../../bronze/segment.js'
import { SluiceError } from '../../core/errors.js'
import { groupBy } from '../../core/group-by.js'
import type { ObjectStore } from '../../storage/object-store.js'
import type { WaitingCapture } from './pipe-book.js'

/** Reads captures that were fetched and never published, a segment at a time. Throws SLUICE_CAPTURE_CORRUPT when one is gone. */
export async function* waitingCaptures(
  waiting: readonly WaitingCapture[],
  store: ObjectStore,
): AsyncGenerator<{ readonly record: CaptureRecord; readonly body: Buffer }> {
  for (const [segment, wanted] of groupBy(waiting, capture => capture.segment)) {
    const bytes = await store.get(segment)
    if (bytes === undefined) throw gone(segment)
    const records = new Map(readSegment(bytes, segment).map(record => [record.id, record]))
    for (const { id } of wanted) {
      const record = records.get(id)
      if (record === undefined) throw gone(segment)
      yield { record, body: await captureBody(record, store) }
    }
  }
}

/** The exact bytes of a capture. Throws SLUICE_CAPTURE_CORRUPT when the lake does not hold them. */
export async function captureBody({ id, response: { body } }: CaptureRecord, store: ObjectStore): Promise<Buffer> {
  if (body.kind === 'text') return Buffer.from(body.text, 'utf8')
  if (body.kind === 'base64') return Buffer.from(body.base64, 'base64')
  if (body.kind === 'reference') {
    const message = `The lake holds only the hash of capture ${id}: its bytes are in ${body.path}.`
    throw new SluiceError('SLUICE_CAPTURE_CORRUPT', message, { place: { file: body.path } })
  }
  const bytes = await store.get(body.key)
  if (bytes === undefined) throw gone(body.key)
  return body.encoding === 'gzip' ? gunzipSync(bytes) : bytes
}

function gone(key: string): SluiceError {
  const message = `The captures in ${key} are gone. Nothing was changed.`
  return new SluiceError('SLUICE_CAPTURE_CORRUPT', message, { place: { file: key } })
}
