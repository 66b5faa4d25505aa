import { durationMs } from '../core/duration.js'
import { SluiceError } from '../core/errors.js'

/** Milliseconds of a flag that takes an ISO 8601 duration, zero too. Throws SLUICE_ARGUMENT_INVALID. */
export function durationOf(flag: string, text: string): number {
  const ms = durationMs(text)
  if (ms !== undefined) return ms
  throw new SluiceError(
    'SLUICE_ARGUMENT_INVALID',
    `${flag} ${text.slice(0, 80)} is no duration of days or less, as P30D or PT12H. Nothing was changed.`,
  )
}

/** A flag that takes a whole number from 1. Throws SLUICE_ARGUMENT_INVALID. */
export function countOf(flag: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new SluiceError(
    'SLUICE_ARGUMENT_INVALID',
    `${flag} ${text.slice(0, 80)} is no whole number from 1. Nothing was changed.`,
  )
}
