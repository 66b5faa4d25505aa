import type { RunRecord, RunStatus } from '../record/run-record.js'

/** What the runs of a watch add up to. */
export interface WatchFigures {
  /** `error`: ended in one, so there is no record. */
  readonly runs: Readonly<Partial<Record<RunStatus | 'error', number>>>
  /** By dataset and outcome. */
  readonly rows: Readonly<Record<string, Readonly<Record<RowOutcome, number>>>>
  /** By provider; beyond the hundredth, under `other`. */
  readonly requests: Readonly<Record<string, number>>
  readonly seconds: {
    readonly sum: number
    readonly count: number
    /** How many took no longer than the bound of `DURATION_BOUNDS` at the same place. */
    readonly within: readonly number[]
  }
}

export const ROW_OUTCOMES = ['accepted', 'duplicate', 'quarantined', 'held', 'not_final'] as const
export type RowOutcome = (typeof ROW_OUTCOMES)[number]

/** Seconds. */
export const DURATION_BOUNDS = [1, 5, 15, 60, 300, 900, 3600] as const

export const NO_FIGURES: WatchFigures = {
  runs: {},
  rows: {},
  requests: {},
  seconds: { sum: 0, count: 0, within: DURATION_BOUNDS.map(() => 0) },
}

const MOST_PROVIDERS = 100

/** The figures after one more run. `record` is undefined for one that ended in an error. Pure. */
export function addRun(figures: WatchFigures, record: RunRecord | undefined, seconds: number): WatchFigures {
  const status = record?.status ?? 'error'
  const { sum, count, within } = figures.seconds
  return {
    runs: { ...figures.runs, [status]: (figures.runs[status] ?? 0) + 1 },
    rows: addRows(figures.rows, record),
    requests: addRequests(figures.requests, record),
    seconds: {
      sum: sum + seconds,
      count: count + 1,
      within: within.map((times, at) => (seconds <= DURATION_BOUNDS[at]! ? times + 1 : times)),
    },
  }
}

function addRows(rows: WatchFigures['rows'], record: RunRecord | undefined): WatchFigures['rows'] {
  const next: Record<string, Record<RowOutcome, number>> = { ...rows }
  for (const pipe of record?.pipes ?? []) {
    const old = next[pipe.dataset]
    const added = ROW_OUTCOMES.map(outcome => [outcome, (old?.[outcome] ?? 0) + pipe[outcome]])
    next[pipe.dataset] = Object.fromEntries(added)
  }
  return next
}

function addRequests(requests: WatchFigures['requests'], record: RunRecord | undefined): WatchFigures['requests'] {
  const next: Record<string, number> = { ...requests }
  for (const source of record?.sources ?? []) {
    const isKnown = Object.hasOwn(next, source.provider) || Object.keys(next).length < MOST_PROVIDERS
    const provider = isKnown ? source.provider : 'other'
    next[provider] = (next[provider] ?? 0) + source.requests
  }
  return next
}
