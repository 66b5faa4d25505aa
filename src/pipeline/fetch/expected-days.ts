import { isoTime } from '../../core/clock.js'
import type { Interval } from '../../core/interval.js'
import { calendar } from '../../market/calendar/calendar.js'
import { type PipeOutcome, rejudged } from './requests.js'

/** A provider may miss a day, and a calendar may not know of it. */
const DAYS_MISSED = 3

/**
 * An empty answer for days on which the provider published is none: it was asked for something that it does not know, or it is not
 * well. Days that the calendar's rules do not cover are not expected.
 */
export function judgedByCalendar(outcome: PipeOutcome): PipeOutcome {
  const { source, pipe } = outcome.asked.from
  const { settles } = outcome.asked.ask
  if (outcome.meaning !== 'empty' || source.calendar === undefined || settles === undefined || pipe.empty === 'allow')
    return outcome
  const days = publicationDays(source.calendar, settles)
  if (days < DAYS_MISSED) return outcome
  const why = `nothing came for an interval with ${days} days of the calendar ${source.calendar}`
  return rejudged(outcome, { meaning: 'mismatch', why })
}

function publicationDays(name: string, { startMs, endMs }: Interval): number {
  const days = calendar(name)
  const [from, to] = [isoTime(startMs), isoTime(endMs - 1)].map(time => time.slice(0, 10)) as [string, string]
  const first = [from, days.from].sort()[1]!
  const last = [to, days.until].sort()[0]!
  return first > last ? 0 : days.sessions(first, last).length
}
