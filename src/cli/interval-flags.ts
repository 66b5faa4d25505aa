import { SluiceError } from '../core/errors.js'
import { parseInstant } from '../core/instant.js'
import type { Interval } from '../core/interval.js'

/** Milliseconds of a date (its start in UTC) or an RFC 3339 time with its zone. Throws SLUICE_ARGUMENT_INVALID. */
export function timeOf(flag: string, text: string): number {
  const ms = parseInstant(text)
  if (ms !== undefined) return ms
  const next = 'Write a date as 2026-11-22, or a time with its zone as 2026-11-22T12:15:00Z.'
  throw new SluiceError('SLUICE_ARGUMENT_INVALID', `${flag} is no time: "${text}". Nothing was done.`, { next })
}

/** The half-open interval of `--from` and `--to`, which is now when it is left out; undefined without both. Throws SLUICE_ARGUMENT_INVALID. */
export function intervalOf(from: string | undefined, to: string | undefined, nowMs: number): Interval | undefined {
  if (from === undefined && to === undefined) return undefined
  if (from === undefined) throw refused('--to needs --from.')
  const interval = { startMs: timeOf('--from', from), endMs: to === undefined ? nowMs : timeOf('--to', to) }
  if (interval.startMs < interval.endMs) return interval
  throw refused(`--from ${from} is not before ${to === undefined ? 'now' : `--to ${to}`}: the interval is empty.`)
}

export interface PastFlags {
  readonly startDate?: string
  readonly endDate?: string
  readonly start?: string
  readonly end?: string
}

/**
 * The interval of `--start-date` and `--end-date`, both days included, or of `--start` and `--end`, whose end is not: one pair of them.
 * Throws SLUICE_ARGUMENT_INVALID.
 */
export function pastIntervalOf({ startDate, endDate, start, end }: PastFlags): Interval {
  const byDays = startDate !== undefined || endDate !== undefined
  const byTimes = start !== undefined || end !== undefined
  if (byDays && byTimes)
    throw refused('--start-date and --end-date name whole days, --start and --end times: use one pair.')
  if (!byDays && !byTimes)
    throw refused('Say which time to backfill: --start-date and --end-date, or --start and --end.')
  if (byDays) {
    if (startDate === undefined || endDate === undefined) throw refused('--start-date and --end-date go together.')
    const interval = { startMs: dayOf('--start-date', startDate), endMs: dayOf('--end-date', endDate) + DAY_MS }
    if (interval.startMs < interval.endMs) return interval
    throw refused(`--start-date ${startDate} is after --end-date ${endDate}, which is included.`)
  }
  if (start === undefined || end === undefined) throw refused('--start and --end go together.')
  const interval = { startMs: timeOf('--start', start), endMs: timeOf('--end', end) }
  if (interval.startMs < interval.endMs) return interval
  throw refused(`--start ${start} is not before --end ${end}, which is not included: the interval is empty.`)
}

const DAY_MS = 86_400_000

/** The start of a day. A time would leave it open which part of the day is meant. */
function dayOf(flag: string, text: string): number {
  const ms = timeOf(flag, text)
  if (text.includes('T'))
    throw refused(`${flag} is a day, as 2026-11-22, not "${text}"; for times use --start and --end.`)
  return ms
}

function refused(message: string): SluiceError {
  return new SluiceError('SLUICE_ARGUMENT_INVALID', `${message} Nothing was done.`)
}
