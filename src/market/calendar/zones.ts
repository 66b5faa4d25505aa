import { type DayRule, daysIn, lastOn, nth } from './day-rules.js'

/**
 * The clock of a place. Its changes are rules, as holidays are, and are not asked of Intl (ADR-0016).
 */
interface Zone {
  /** Minutes ahead of UTC in winter; summer adds an hour. */
  readonly winter: number
  /** Days on which summer time starts and ends, always at night. */
  readonly summer?: { readonly starts: readonly DayRule[]; readonly ends: readonly DayRule[] }
}

/** From a day on, a zone is so many minutes ahead of UTC. */
export interface OffsetChange {
  readonly day: number
  readonly offset: number
}

/** United States and Ontario, from 1976. */
const american = (winter: number): Zone => ({
  winter,
  summer: {
    starts: [
      lastOn('Sun', '04-30', { until: 1986 }),
      nth(1, 'Sun', 4, { from: 1987, until: 2006 }),
      nth(2, 'Sun', 3, { from: 2007 }),
    ],
    ends: [lastOn('Sun', '10-31', { until: 2006 }), nth(1, 'Sun', 11, { from: 2007 })],
  },
})

/** The European Union and Switzerland, from 1988. */
const CENTRAL_EUROPE: Zone = {
  winter: 60,
  summer: {
    starts: [lastOn('Sun', '03-31')],
    ends: [lastOn('Sun', '09-30', { until: 1995 }), lastOn('Sun', '10-31', { from: 1996 })],
  },
}

/** The United Kingdom, from 1981. */
const LONDON: Zone = {
  winter: 0,
  summer: {
    starts: [lastOn('Sun', '03-31')],
    ends: [nth(4, 'Sun', 10, { until: 1995 }), lastOn('Sun', '10-31', { from: 1996 })],
  },
}

/** New South Wales, from 1990. The Olympic Games began its summer of 2000 early, the Commonwealth Games ended that of 2006 late. */
const SYDNEY: Zone = {
  winter: 600,
  summer: {
    starts: [
      lastOn('Sun', '10-31', { until: 2007, except: [2000] }),
      lastOn('Sun', '08-31', { from: 2000, until: 2000 }),
      nth(1, 'Sun', 10, { from: 2008 }),
    ],
    ends: [
      nth(1, 'Sun', 3, { until: 1995 }),
      lastOn('Sun', '03-31', { from: 1996, until: 2007, except: [2006] }),
      nth(1, 'Sun', 4, { from: 2006, until: 2006 }),
      nth(1, 'Sun', 4, { from: 2008 }),
    ],
  },
}

/** The zones of the calendars, by their IANA names. */
const ZONES = {
  UTC: { winter: 0 },
  'America/Chicago': american(-360),
  'America/New_York': american(-300),
  'America/Toronto': american(-300),
  'Asia/Hong_Kong': { winter: 480 },
  'Asia/Tokyo': { winter: 540 },
  'Australia/Sydney': SYDNEY,
  'Europe/Berlin': CENTRAL_EUROPE,
  'Europe/London': LONDON,
  'Europe/Paris': CENTRAL_EUROPE,
  'Europe/Warsaw': CENTRAL_EUROPE,
  'Europe/Zurich': CENTRAL_EUROPE,
} as const satisfies Record<string, Zone>

export type ZoneName = keyof typeof ZONES

/**
 * The offsets of a zone in some years, each with the day on which it begins; the first begins before them. The clock changes at
 * night, so that a whole session has the offset of its date.
 */
export function offsetChanges(name: ZoneName, firstYear: number, lastYear: number): readonly OffsetChange[] {
  const { winter, summer }: Zone = ZONES[name]
  const changes: OffsetChange[] = [{ day: Number.NEGATIVE_INFINITY, offset: winter }]
  if (summer === undefined) return changes
  for (let year = firstYear - 1; year <= lastYear; year++) {
    for (const rule of summer.starts) for (const day of daysIn(rule, year)) changes.push({ day, offset: winter + 60 })
    for (const rule of summer.ends) for (const day of daysIn(rule, year)) changes.push({ day, offset: winter })
  }
  return changes.sort((a, b) => a.day - b.day)
}
