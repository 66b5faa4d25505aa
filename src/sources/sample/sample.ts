import { quoteText } from '../../engine/sql-text.js'
import { barLines } from './bar-lines.js'
import { EVENTS_PER_HOUR, eventLines } from './event-lines.js'
import { SAMPLE_INSTRUMENTS } from './sample-instruments.js'
import { checkSampleOptions, type SampleOptions } from './sample-options.js'

export type SampleKind = 'bars' | 'events'

/** The sample's reference clock: 2026-01-01T00:00Z, a fixed present, so that a fresh project gives the same lake on any day. */
const REFERENCE_MS = 1_767_225_600_000
const DAY_MS = 86_400_000

/** The interval a sample covers unless another is asked for: two years of daily bars, three days of events. Half-open, UTC. */
export function sampleInterval(kind: SampleKind): { readonly startMs: number; readonly endMs: number } {
  const days = kind === 'bars' ? 731 : 3
  return { startMs: REFERENCE_MS - days * DAY_MS, endMs: REFERENCE_MS }
}

/** Bytes of a line, rounded. */
const LINE_BYTES = 250

/** About how large the sample of so many days is: its market knows weekends and no holidays. */
export function sampleSize(kind: SampleKind, days: number): { readonly rows: number; readonly bytes: number } {
  const perDay = SAMPLE_INSTRUMENTS.reduce((sum, { hours }) => {
    const hoursOpen = hours.closeHour - hours.openHour
    const perSession = kind === 'bars' ? 1 : hoursOpen * EVENTS_PER_HOUR
    return sum + perSession * (hours.days === 'all' ? 1 : 5 / 7)
  }, 0)
  const rows = Math.round(perDay * days)
  return { rows, bytes: rows * LINE_BYTES }
}

/**
 * A SELECT of one VARCHAR column `line`: the body of the sample's answer for an interval, one NDJSON line a row, in order. The same
 * seed and instant give the same line whatever the interval and the threads. A few lines are wrong on purpose, at fixed places
 * (`sample-defects.ts`). Throws SLUICE_ARGUMENT_INVALID for numbers that are not whole.
 */
export function sampleSql(kind: SampleKind, options: SampleOptions): string {
  checkSampleOptions(options)
  return kind === 'bars' ? barLines(options) : eventLines(options)
}

/** A COPY of the same lines into a local file: exactly their bytes, a newline after each. */
export function sampleCopySql(kind: SampleKind, options: SampleOptions, file: string): string {
  const verbatim = `FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER E'\\x01', COMPRESSION none`
  return `COPY (${sampleSql(kind, options)}) TO ${quoteText(file)} (${verbatim})`
}
