type Headers = Readonly<Record<string, string>>

/** Headers with the time at which the limit is new, in seconds from now, or since 1970 when so large. */
const RESETS = ['x-ratelimit-reset', 'x-rate-limit-reset', 'ratelimit-reset', 'x-ratelimit-reset-after']
const REMAINDERS = ['x-ratelimit-remaining', 'x-rate-limit-remaining', 'ratelimit-remaining']
const LARGEST_SPAN = 1e9
const LARGEST_SECONDS = 1e11

/**
 * How long the provider asks us to wait, in milliseconds from `nowMs`, or undefined when it says nothing that can be understood.
 * `Retry-After` counts always; a reset only when the answer was a refusal (`limited`) or nothing remains until then.
 */
export function statedPauseMs(headers: Headers, nowMs: number, limited: boolean): number | undefined {
  const after = retryAfterMs(headers, nowMs)
  if (after !== undefined) return after
  const spent = REMAINDERS.some(name => headers[name] !== undefined && Number(headers[name]) <= 0)
  if (!limited && !spent) return undefined
  const reset = RESETS.map(name => headers[name]).find(value => value !== undefined)
  return reset === undefined ? undefined : resetMs(reset, nowMs)
}

/** Seconds, or a date. A date is held against the provider's own clock where it shows it: ours may be wrong. */
function retryAfterMs(headers: Headers, nowMs: number): number | undefined {
  const value = headers['retry-after']?.trim() ?? ''
  if (/^\d{1,9}(\.\d+)?$/.test(value)) return Number(value) * 1000
  // A date has letters: Date.parse would also take `-5` for one.
  const atMs = /[a-z]/i.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(atMs)) return undefined
  const theirs = Date.parse(headers['date'] ?? '')
  return Math.max(0, atMs - (Number.isNaN(theirs) ? nowMs : theirs))
}

function resetMs(value: string, nowMs: number): number | undefined {
  const number = /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : Number.NaN
  if (Number.isNaN(number)) return undefined
  if (number < LARGEST_SPAN) return number * 1000
  return Math.max(0, (number < LARGEST_SECONDS ? number * 1000 : number) - nowMs)
}
