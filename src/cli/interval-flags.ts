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

function refused(message: string): SluiceError {
  return new SluiceError('SLUICE_ARGUMENT_INVALID', `${message} Nothing was done.`)
}
