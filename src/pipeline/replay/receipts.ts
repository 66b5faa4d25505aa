import type { CaptureRecord } from '../../bronze/capture-record.js'
import { eachCapture } from '../../bronze/each-capture.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { captureDays, segmentsOf } from '../captures/captures.js'

/** One time that a capture came: the same bytes may have come again later, which counts where the last word stands. */
export interface Receipt {
  readonly record: CaptureRecord
  readonly provider: string
  /** Whether the capture came before. */
  readonly again: boolean
}

/**
 * Shows every receipt of the captures that are wanted by id, from the oldest day on, one at a time: a segment is in memory, never all
 * of them. Gives the keys of segments of which a part cannot be read.
 */
export async function eachReceipt(
  wanted: ReadonlySet<string>,
  store: ObjectStore,
  visit: (receipt: Receipt) => Promise<void>,
): Promise<string[]> {
  const seen = new Map<string, Set<string>>()
  const broken: string[] = []
  for (const day of (await captureDays(store)).reverse()) {
    for await (const { key, bytes } of segmentsOf(store, day)) {
      const take = async (record: CaptureRecord): Promise<void> => {
        const moments = seen.get(record.id) ?? new Set()
        const own = `${record.pipe} ${record.receivedAt}`
        if (moments.has(own)) return
        seen.set(record.id, moments.add(own))
        await visit({ record, provider: day.provider, again: moments.size > 1 })
      }
      if (!(await eachCapture(bytes, take, line => wanted.has(idOf(line))))) broken.push(key)
    }
  }
  return broken
}

const START = '{"id":"'.length
const DIGITS = 32

/** Writers put the id first, so that a line need not be parsed. */
function idOf(line: Buffer): string {
  return line.subarray(START, START + DIGITS).toString('latin1')
}
