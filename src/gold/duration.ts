const DURATION = /^P(?:(\d+)W|(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?)$/
const SECOND = 1000
const UNITS_MS = [7 * 86_400 * SECOND, 86_400 * SECOND, 3_600 * SECOND, 60 * SECOND, SECOND] as const

/**
 * Milliseconds of an ISO 8601 duration of weeks, days, hours, minutes and seconds, or undefined when it is none.
 * Years and months have no fixed length and are none.
 */
export function durationMs(text: string): number | undefined {
  const match = text === 'P' ? null : DURATION.exec(text)
  if (match === null) return undefined
  const ms = UNITS_MS.reduce((sum, unit, i) => sum + unit * Number(match[i + 1] ?? 0), 0)
  return Number.isSafeInteger(ms) ? ms : undefined
}
