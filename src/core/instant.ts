const SHAPE = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/

/**
 * Milliseconds of a date (its start in UTC) or of an RFC 3339 time, as people write them in options and declarations; undefined for anything
 * else: a day that its month lacks, and a time without a zone, which would be another one on every machine.
 */
export function parseInstant(text: string): number | undefined {
  const day = SHAPE.exec(text)?.[1]
  const ms = day === undefined ? Number.NaN : Date.parse(text)
  // A day that a month lacks is carried into the next one by some engines.
  return Number.isNaN(ms) || !isDay(day!) ? undefined : ms
}

function isDay(day: string): boolean {
  const ms = Date.parse(`${day}T00:00:00Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day)
}
