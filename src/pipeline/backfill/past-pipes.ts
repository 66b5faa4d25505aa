import { isoTime } from '../../core/clock.js'
import { SluiceError } from '../../core/errors.js'
import { formatInterval, type Interval } from '../../core/interval.js'
import { type IntervalSet, intersect, intervalSet, NO_INTERVALS, within } from '../../core/interval-set.js'
import { calendar as calendarNamed, type Session } from '../../market/calendar/calendar.js'
import type { Pipe } from '../../sources/pipe.js'
import type { Source } from '../../sources/source.js'
import { keyOfPipe, type PipeBook, type PipeEntry, waitingIn } from '../fetch/pipe-book.js'
import { askedTimes, missingOf, type SourceTimes, whyOutOfReach } from '../fetch/plan-pipe.js'
import type { AskingPipe } from '../fetch/requests.js'

/** A pipe that can answer for the past, and what of an interval it lacks. */
export interface PastPipe {
  readonly pipe: Pipe
  /** See `pipeKey`. */
  readonly key: string
  /** Undefined: a sample, which asks nobody. */
  readonly from: AskingPipe | undefined
  /** ISO 8601: the longest interval of one request; undefined: any. */
  readonly longest: string | undefined
  /** Over, and never fetched. */
  readonly missing: IntervalSet
  /** Some of it is fetched and waits to be published. */
  readonly waits: IntervalSet
}

export interface Skipped {
  readonly pipe: string
  readonly interval: string
  readonly why: string
}

/** Pipes by what they can do about an interval. `pipes`: also those that lack nothing. */
export interface PastPipes {
  readonly pipes: readonly PastPipe[]
  readonly skipped: readonly Skipped[]
}

/** A sample is made, not asked: so much of it at a time. */
const SAMPLES: Readonly<Record<string, string>> = { 'sample.bars': 'P366D', 'sample.events': 'P31D' }
/** One could be made of any day; a year that was mistyped should not be. */
const FIRST_SAMPLE = '2000-01-01'
const DAY_MS = 86_400_000

/** What each pipe lacks of an interval, and what cannot be had of it at all. `entryOf`: what the lake knows of a pipe. Pure. */
export function pastPipes(
  pipes: readonly Pipe[],
  asking: ReadonlyMap<string, AskingPipe>,
  entryOf: (provider: string, key: string) => PipeEntry | undefined,
  { range, nowMs }: { readonly range: Interval; readonly nowMs: number },
): PastPipes {
  const found: PastPipe[] = []
  const skipped: Skipped[] = []
  const skip = (pipe: Pipe, part: Interval, why: string): void =>
    void skipped.push({ pipe: pipe.name, interval: formatInterval(part), why })
  for (const pipe of pipes) {
    const from = asking.get(pipe.name)
    const declared: PastSource | undefined = from?.source ?? sampleSource(pipe)
    const source = declared && askedTimes(declared, pipe)
    const key = from?.key ?? keyOfPipe(pipe)
    if (source === undefined) {
      skip(pipe, range, 'it reads files: `sluice run` takes them')
      continue
    }
    const entry = entryOf(from?.provider.name ?? 'sample', key)
    const times = { nowMs, dueMs: undefined, sinceMs: range.startMs, only: range, past: true, named: true }
    const { missing = NO_INTERVALS, idle, overMs = range.endMs } = missingOf(source, entry, times)
    const closed = idle === undefined ? closedBy(pipe.calendar ?? source.calendar, range) : undefined
    if (idle === 'only the present') skip(pipe, range, 'its source knows only the present')
    else if (idle === 'out of reach') skip(pipe, range, whyOutOfReach(source, nowMs))
    else if (closed !== undefined) skip(pipe, range, closed)
    else {
      const lost = firstReached(source, range, nowMs)
      if (lost !== undefined) skip(pipe, lost, whyOutOfReach(source, nowMs))
      const waits = intersect(
        intervalSet(waitingIn(entry, range).map(({ settled: [startMs, endMs] = [0, 0] }) => ({ startMs, endMs }))),
        intervalSet([range]),
      )
      if (overMs < range.endMs) {
        const open = { startMs: Math.max(range.startMs, overMs), endMs: range.endMs }
        skip(pipe, open, from === undefined ? 'it is not over yet' : 'it is not over yet: `sluice run` asks for it')
        if (overMs <= range.startMs && waits.length === 0) continue
      }
      found.push({ pipe, key, from, longest: source.longest, missing, waits })
    }
  }
  return { pipes: found, skipped }
}

/** What a book says of the pipes of one provider. */
export function entriesIn(books: ReadonlyMap<string, PipeBook>) {
  return (provider: string, key: string): PipeEntry | undefined => books.get(provider)?.[key]
}

type PastSource = SourceTimes & Pick<Source, 'longest' | 'calendar'>

function sampleSource({ source }: Pipe): PastSource | undefined {
  const longest = SAMPLES[source]
  return longest === undefined ? undefined : { asks: 'interval', grain: 'P1D', longest, since: FIRST_SAMPLE }
}

/** The part of the range, if any, that lies before what the provider still answers. */
function firstReached(source: PastSource, range: Interval, nowMs: number): Interval | undefined {
  const times = { nowMs, dueMs: undefined, sinceMs: range.startMs, only: range, past: true, named: true }
  const { missing = NO_INTERVALS } = missingOf(source, undefined, times)
  const startMs = missing[0]?.startMs ?? range.startMs
  return startMs > range.startMs ? { startMs: range.startMs, endMs: startMs } : undefined
}

/** Why a calendar leaves nothing to ask for; undefined: it has a session, or does not say. */
function closedBy(name: string | undefined, { startMs, endMs }: Interval): string | undefined {
  if (name === undefined) return undefined
  const days = calendarNamed(name)
  // A session is named by its own date, which may begin on the day before in UTC.
  const [first, last] = [dayOf(startMs), dayOf(endMs - 1)]
  const [before, after] = [dayOf(startMs - DAY_MS), dayOf(endMs - 1 + DAY_MS)]
  if (before < days.from || after > days.until) return undefined
  const isIn = ({ date, open, close }: Session): boolean =>
    (date >= first && date <= last) || (open < endMs && close > startMs)
  return days.sessions(before, after).some(isIn) ? undefined : `its calendar ${name} has no session in this time`
}

function dayOf(ms: number): string {
  return isoTime(ms).slice(0, 10)
}

/** Refuses what leaves no pipe at all. Throws SLUICE_BACKFILL_NOTHING. */
export function refuseNothing({ pipes, skipped }: PastPipes, range: Interval): void {
  if (pipes.length > 0) return
  const reasons = [...new Set(skipped.map(({ pipe, why }) => `${pipe}: ${why}`))]
  const told = reasons.slice(0, 5).join('; ')
  const more = reasons.length > 5 ? `; and ${reasons.length - 5} more` : ''
  const message = `No selected pipe can be backfilled for ${formatInterval(range)}: ${told}${more}. Nothing was asked.`
  throw new SluiceError('SLUICE_BACKFILL_NOTHING', message, { skipped })
}

/** What a pipe lacks or has waiting in a window. */
export function lacksIn({ missing, waits }: PastPipe, window: Interval): { missing: IntervalSet; waits: IntervalSet } {
  return { missing: within(missing, window), waits: within(waits, window) }
}
