import { type Clock, isoTime } from '../../core/clock.js'
import type { ObjectStore } from '../../storage/object-store.js'
import type { BackfillRecord, PartRecord } from './backfill-record.js'
import { writeBackfill } from './record-file.js'

/** The record of a backfill while it goes on. Changes are written one after another. */
export interface Journal {
  record(): BackfillRecord
  /** Resolves when the change is durable. */
  change(decide: (record: BackfillRecord) => BackfillRecord): Promise<void>
}

export function openJournal(first: BackfillRecord, store: ObjectStore, clock: Clock): Journal {
  let record = first
  let writing: Promise<void> = Promise.resolve()
  return {
    record: () => record,
    change: decide => {
      record = { ...decide(record), updated_at: isoTime(clock.now()) }
      writing = writing.catch(() => undefined).then(() => writeBackfill(store, record))
      return writing
    },
  }
}

/** The record with an interval as it is now, in the order of lanes and times. Pure. */
export function withPart(record: BackfillRecord, part: PartRecord): BackfillRecord {
  const at = record.intervals.findIndex(other => isSamePart(other, part))
  if (at !== -1) return { ...record, intervals: record.intervals.with(at, part) }
  // Intervals are written so that they sort as texts.
  const intervals = [...record.intervals, part].sort((a, b) => a.lane - b.lane || (a.interval < b.interval ? -1 : 1))
  return { ...record, intervals, intervals_unlisted: Math.max(0, record.intervals_unlisted - 1) }
}

export function isSamePart(
  a: Pick<PartRecord, 'lane' | 'interval'>,
  b: Pick<PartRecord, 'lane' | 'interval'>,
): boolean {
  return a.lane === b.lane && a.interval === b.interval
}
