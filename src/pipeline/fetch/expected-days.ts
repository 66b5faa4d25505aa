import { isoTime } from '../../core/clock.js'
import { durationMs } from '../../core/duration.js'
import type { Interval } from '../../core/interval.js'
import { calendar } from '../../market/calendar/calendar.js'
import type { Judgement } from '../../sources/answers/meaning.js'
import { type PipeOutcome, rejudged } from './requests.js'

/** A provider may miss a day, and a calendar may not know of it. */
const DAYS_MISSED = 3

/**
 * An empty answer for days on which the provider published is none: it was asked for something that it does not know, or it is not
 * well. Days that the calendar's rules do not cover are not expected. Where there is no calendar, a long silence up to now counts;
 * one further back may be the time before the first record.
 */
export function judgedByDays(outcome: PipeOutcome): PipeOutcome {
  const { pipe } = outcome.asked.from
  if (outcome.meaning !== 'empty' || pipe.empty === 'allow') return outcome
  const judged = byCalendar(outcome) ?? bySilence(outcome)
  return judged === undefined ? outcome : rejudged(outcome, judged)
}

function byCalendar({ asked: { from, ask } }: PipeOutcome): Judgement | undefined {
  const name = from.source.calendar
  if (name === undefined || ask.settles === undefined) return undefined
  const days = publicationDays(name, ask.settles)
  if (days < DAYS_MISSED) return undefined
  return { meaning: 'mismatch', why: `nothing came for an interval with ${days} days of the calendar ${name}` }
}

function bySilence({ asked: { from, ask, page } }: PipeOutcome): Judgement | undefined {
  const longest = from.source.longestSilence
  const { interval, settles } = ask
  // Only the newest interval reaches beyond what is over.
  if (longest === undefined || interval === undefined || settles === undefined || page > 1) return undefined
  if (interval.endMs === settles.endMs || settles.endMs - settles.startMs < durationMs(longest)!) return undefined
  const times = `${isoTime(settles.startMs).slice(0, 10)} and ${isoTime(settles.endMs).slice(0, 10)}`
  return { meaning: 'mismatch', why: `nothing came between ${times}; \`empty: allow\` in the pipe takes that` }
}

function publicationDays(name: string, { startMs, endMs }: Interval): number {
  const days = calendar(name)
  const [from, to] = [isoTime(startMs), isoTime(endMs - 1)].map(time => time.slice(0, 10)) as [string, string]
  const first = [from, days.from].sort()[1]!
  const last = [to, days.until].sort()[0]!
  return first > last ? 0 : days.sessions(first, last).length
}
