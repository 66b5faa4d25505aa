import { SluiceError } from '../../core/errors.js'

/** What the sample is asked for: the half-open interval `[startMs, endMs)` since the epoch, UTC, of the market that `seed` names. */
export interface SampleOptions {
  readonly seed: number
  readonly startMs: number
  readonly endMs: number
}

/** Throws SLUICE_ARGUMENT_INVALID when a number is not whole; an interval that is empty or ends before it starts is legitimate. */
export function checkSampleOptions(options: SampleOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (Number.isSafeInteger(value)) continue
    throw new SluiceError(
      'SLUICE_ARGUMENT_INVALID',
      `The sample's ${name} must be a whole number, not ${value}. Nothing was written.`,
    )
  }
}
