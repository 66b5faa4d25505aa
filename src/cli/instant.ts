import { SluiceError } from '../core/errors.js'
import { parseInstant } from '../core/instant.js'

/** Milliseconds of an RFC 3339 time or of a date in UTC. A time without a zone is refused: it would mean this machine's. */
export function instantOf(text: string, consequence = 'Nothing was written.'): number {
  const ms = parseInstant(text)
  if (ms !== undefined) return ms
  const next = 'Write a time with its zone, as 2026-11-22T12:15:00Z, or a date.'
  throw new SluiceError('SLUICE_ARGUMENT_INVALID', `--now is no time: "${text}". ${consequence}`, { next })
}
