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
      const body = record === undefined ? undefined : bodyOf(record)
      if (record === undefined || body === undefined) throw gone(segment)
      yield { record, body }
    }
  }
}

/** The bytes of an answer: its record holds them. Only files stand beside their segment, and they never wait. */
function bodyOf({ response: { body } }: CaptureRecord): Buffer | undefined {
  if (body.kind === 'text') return Buffer.from(body.text, 'utf8')
  return body.kind === 'base64' ? Buffer.from(body.base64, 'base64') : undefined
}

function gone(key: string): SluiceError {
  const message = `The captures in ${key} are gone. Nothing was changed.`
  return new SluiceError('SLUICE_CAPTURE_CORRUPT', message, { place: { file: key } })
}
