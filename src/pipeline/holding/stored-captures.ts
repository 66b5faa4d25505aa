import { eachCapture } from '../../bronze/each-capture.js'
import { isoTime } from '../../core/clock.js'
import { SluiceError } from '../../core/errors.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { captureDays, segmentsOf } from '../captures/captures.js'

/** Where a capture stands, and whose it is. */
export interface StoredCapture {
  readonly id: string
  readonly segment: string
  readonly receivedAtMs: number
  readonly pipe: string
  readonly params: Readonly<Record<string, string>>
}

const ID_AT = '{"id":"'.length
const ID_LENGTH = 32
const DAY_MS = 86_400_000

/**
 * Finds captures by id; of several with one id, which have the same bytes, the one that was received at the given time, else the newest.
 * Reads the segments of the days on which they were received, and of all others only for what is not there. Throws
 * SLUICE_CAPTURE_CORRUPT when one is gone.
 */
export async function locateCaptures(
  store: ObjectStore,
  wanted: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, StoredCapture>> {
  const found = new Map<string, StoredCapture>()
  if (wanted.size === 0) return found
  const days = await captureDays(store)
  const near = nearDays(wanted.values())
  const likely = days.filter(({ startMs }) => near.has(startMs))
  for (const part of [likely, days.filter(day => !likely.includes(day))]) {
    if (found.size === wanted.size) break
    for (const day of part)
      for await (const { key, bytes } of segmentsOf(store, day))
        await eachCapture(
          bytes,
          ({ id, pipe, params, receivedAt }) => {
            const capture = { id, segment: key, receivedAtMs: Date.parse(receivedAt), pipe, params }
            const known = found.get(id)
            if (known === undefined || isBetter(capture, known, wanted.get(id)!)) found.set(id, capture)
          },
          line => wanted.has(line.subarray(ID_AT, ID_AT + ID_LENGTH).toString('latin1')),
        )
  }
  const gone = [...wanted.keys()].filter(id => !found.has(id))
  if (gone.length > 0) {
    const message = `${gone.length} captures are in no segment that can be read: ${gone.slice(0, 3).join(', ')}. Nothing was changed.`
    throw new SluiceError('SLUICE_CAPTURE_CORRUPT', message, { captures: gone.slice(0, 100) })
  }
  return found
}

/** A segment is named for the day on which it was begun. */
function nearDays(times: Iterable<number>): ReadonlySet<number> {
  const days = new Set<number>()
  for (const ms of times) {
    const startMs = Date.parse(`${isoTime(ms).slice(0, 10)}T00:00:00Z`)
    days.add(startMs)
    days.add(startMs - DAY_MS)
  }
  return days
}

function isBetter(capture: StoredCapture, known: StoredCapture, receivedAtMs: number): boolean {
  if (known.receivedAtMs === receivedAtMs) return false
  return capture.receivedAtMs === receivedAtMs || capture.receivedAtMs > known.receivedAtMs
}
