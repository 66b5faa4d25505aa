import { isoTime } from '../../core/clock.js'
import { sha256Hex } from '../../core/ids.js'
import type { Interval } from '../../core/interval.js'

const PREFIX = 'bf-'
const DAY_MS = 86_400_000

/** `backfill-2024-01-01-2024-01-31`, both days included, or the times where an end is no midnight; with a hash of what narrows it. */
export function backfillName({ startMs, endMs }: Interval, narrowedBy?: string): string {
  const areDays = startMs % DAY_MS === 0 && endMs % DAY_MS === 0
  const [first, last] = areDays
    ? [dayText(startMs), dayText(endMs - DAY_MS)]
    : [instantText(startMs), instantText(endMs)]
  return `backfill-${first}-${last}${narrowedBy === undefined ? '' : `-${hash8(narrowedBy)}`}`
}

/** The id of the run that does a part of a backfill: the same work has the same id, and each further attempt at it one more. */
export function partRunId(name: string, work: unknown, attempt: number): string {
  const id = `${PREFIX}${name.replace(/^backfill-/, '')}-${hash8(JSON.stringify(work))}`
  return attempt === 1 ? id : `${id}.${attempt}`
}

/** Whether a run, or a segment of its captures, is of a backfill. */
export function isBackfillRun(runId: string): boolean {
  return runId.startsWith(PREFIX)
}

function dayText(ms: number): string {
  return isoTime(ms).slice(0, 10)
}

/** `20240101T103000Z`: a run id holds no colon. */
function instantText(ms: number): string {
  return isoTime(ms).replace(/[-:]|\.000/g, '')
}

function hash8(text: string): string {
  return sha256Hex(text).slice(0, 8)
}
