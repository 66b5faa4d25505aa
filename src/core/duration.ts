const DURATION = /^P(?:(\d+)W|(?=[\dT])(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?)$/
const SECOND = 1000
const DAY = 86_400 * SECOND

/** A length of time: calendar months, whose length depends on where they begin, and a fixed rest in milliseconds. */
export interface Duration {
  readonly months: number
  readonly ms: number
}

/** An ISO 8601 duration of whole numbers (`P93D`, `P1Y`, `P1M`, `PT5M`, `P2W`), or undefined when it is none. */
export function parseDuration(text: string): Duration | undefined {
  const match = DURATION.exec(text)
  if (match === null) return undefined
  const [weeks, years, months, days, hours, minutes, seconds] = match.slice(1).map(digits => Number(digits ?? 0))
  const duration = {
    months: years! * 12 + months!,
    ms: weeks! * 7 * DAY + days! * DAY + hours! * 3_600 * SECOND + minutes! * 60 * SECOND + seconds! * SECOND,
  }
  return Number.isSafeInteger(duration.months) && Number.isSafeInteger(duration.ms) ? duration : undefined
}

/**
 * Milliseconds of an ISO 8601 duration of weeks, days, hours, minutes and seconds, or undefined when it is none.
 * Years and months have no fixed length and are none.
 */
export function durationMs(text: string): number | undefined {
  const duration = /^P[^T]*[YM]/.test(text) ? undefined : parseDuration(text)
  return duration?.ms
}

/** Whole milliseconds as an ISO 8601 duration of days, hours, minutes and seconds: `P400D`, `PT5M`, `P0D`. */
export function formatDuration(ms: number): string {
  const parts = [
    ['D', Math.floor(ms / DAY)],
    ['H', Math.floor((ms % DAY) / (3_600 * SECOND))],
    ['M', Math.floor((ms % (3_600 * SECOND)) / (60 * SECOND))],
    ['S', (ms % (60 * SECOND)) / SECOND],
  ] as const
  const texts = parts.map(([unit, count]) => (count === 0 ? '' : `${count}${unit}`))
  const time = texts.slice(1).join('')
  if (time === '') return `P${texts[0] === '' ? '0D' : texts[0]}`
  return `P${texts[0]}T${time}`
}

/**
 * The moment that lies `times` durations after `startMs`, in UTC. Months are counted from the start, not from step to step,
 * and end on the last day of a shorter month: from 31 January, one month is 28 or 29 February and two are 31 March.
 * Infinity when that is later than any date.
 */
export function addDuration(startMs: number, { months, ms }: Duration, times = 1): number {
  const movedMs = months === 0 ? startMs : addMonths(startMs, months * times)
  return (Number.isNaN(movedMs) ? Number.POSITIVE_INFINITY : movedMs) + ms * times
}

function addMonths(startMs: number, months: number): number {
  const from = new Date(startMs)
  const [year, month] = [from.getUTCFullYear(), from.getUTCMonth() + months]
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  return Date.UTC(year, month, Math.min(from.getUTCDate(), lastDay)) + (((startMs % DAY) + DAY) % DAY)
}
