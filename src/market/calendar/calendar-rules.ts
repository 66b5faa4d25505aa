import type { DayRule } from './day-rules.js'
import type { ZoneName } from './zones.js'

/** What an exchange publishes about its trading days, as rules. Times are local wall times, `HH:MM`; `24:00` ends a day. */
export interface CalendarRules {
  /** The MIC, or the name for what is no exchange: `24/7`, `NBP`. */
  readonly mic: string
  readonly name: string
  /** Other MICs and names for the same sessions. */
  readonly aliases: readonly string[]
  readonly zone: ZoneName
  /** First and last date for which the rules are known, both included. */
  readonly from: string
  readonly until: string
  /** Weekdays without sessions. Most calendars: `Sat Sun`. */
  readonly weekend: string
  /** Each holds from its date until the next; the first from the beginning. */
  readonly hours: readonly Hours[]
  /** Days without a session. */
  readonly closed: readonly DayRule[]
  /** Days whose session ends early; ones that are closed anyway count for nothing. The first that names a day wins. */
  readonly early: readonly EarlyClose[]
  /** Whether a day between two closed days of the rules is closed too (Japan's citizens' holiday). */
  readonly sandwiched?: boolean
}

/** Regular hours. An open after the close lies on the day before. */
export interface Hours {
  readonly from?: string
  readonly open: string
  readonly close: string
  /** `from` and `to` of the break. */
  readonly pause?: readonly [string, string]
}

export interface EarlyClose {
  readonly close: string
  readonly days: readonly DayRule[]
}

/** The last date of rules that end nowhere by themselves: a fixed one, so that tables of sessions are always the same. */
export const FAR = '2050-12-31'
