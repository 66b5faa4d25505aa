import { fixedClock, isoTime } from '../../core/clock.js'
import { SluiceError } from '../../core/errors.js'
import { didYouMean } from '../../core/nearest-name.js'
import { type PipeBreaker, reset, trip } from '../../quality/pipe-breaker.js'
import { type Deps, systemDeps } from '../deps.js'
import type { Seen } from '../events/freshness.js'
import { tellBreakers } from '../events/tell.js'
import { lakeStore } from '../lake-store.js'
import { globTest } from '../pipes/expand-input.js'
import type { Project } from '../project/project.js'
import type { BreakerRecord, RunRecord } from '../record/run-record.js'
import { type BreakerEntry, breakerKey, breakerTerms, openPipeBreakers, withBreakers } from './breaker-book.js'
import { noteDecision } from './decision-notes.js'
import { recordDecision } from './decision-record.js'
import { type Hold, heldNow, openHolds } from './hold-book.js'

/** Which breakers: of a pipe by its name or a pattern, and of a dataset. */
export interface BreakerFilter {
  readonly pipe?: string | undefined
  readonly dataset?: string | undefined
}

/** A breaker with what waits for it. */
export interface BreakerSummary {
  readonly dataset: string
  readonly pipe: string
  readonly state: PipeBreaker['state']
  readonly why: string
  /** From then on a run may probe; of one that is not closed. */
  readonly open_until: string | undefined
  readonly openings: number
  /** Failed batches in a row that did not open it. */
  readonly strikes: number
  readonly held_captures: number
  readonly held_rows: number
}

/** The breakers of pipes that ever failed, those that are not closed first. */
export async function listBreakers(
  project: Project,
  filter: BreakerFilter = {},
  deps: Deps = systemDeps,
): Promise<BreakerSummary[]> {
  const sharing = { store: await lakeStore(project), wait: deps.wait, random: deps.random }
  const book = await openPipeBreakers(sharing).read()
  const holds = heldNow(await openHolds(sharing).read())
  const found = Object.values(book)
    .filter(fits(filter))
    .map(({ dataset, pipe, breaker }) => {
      const { state, why, openUntilMs, openings, strikes } = breaker
      const captures = holds
        .filter(hold => hold.dataset === dataset && hold.pipe === pipe && hold.by === 'breaker')
        .flatMap(hold => hold.captures)
      return {
        ...{ dataset, pipe, state, why, openings, strikes },
        open_until: openUntilMs === undefined ? undefined : isoTime(openUntilMs),
        held_captures: captures.length,
        held_rows: captures.reduce((sum, { rows }) => sum + rows, 0),
      }
    })
  return found.sort(
    (a, b) => Number(a.state === 'closed') - Number(b.state === 'closed') || (nameOf(a) < nameOf(b) ? -1 : 1),
  )
}

export interface BreakerDecision {
  readonly move: 'trip' | 'reset'
  readonly by: string
  readonly reason?: string | undefined
}

/** What came of a decision about breakers. Without changes there is no record: nothing was decided. */
export interface BreakersDecided {
  readonly changes: readonly BreakerRecord[]
  readonly record: RunRecord | undefined
}

/**
 * Opens or closes breakers by hand, and tells those whom the project tells. A pipe that never failed has one, too; what waits for a breaker
 * that is closed is looked at in the pipe's next run. A breaker that is closed stays so in silence. Throws SLUICE_BREAKER_UNKNOWN.
 */
export async function decideBreakers(
  project: Project,
  filter: BreakerFilter,
  decision: BreakerDecision,
  { nowMs }: { readonly nowMs?: number | undefined } = {},
  given: Deps = systemDeps,
): Promise<BreakersDecided> {
  const deps = nowMs === undefined ? given : { ...given, clock: fixedClock(nowMs) }
  const store = await lakeStore(project)
  const breakers = openPipeBreakers({ store, wait: deps.wait, random: deps.random })
  const startedMs = deps.clock.now()
  const runId = deps.ids.runId(startedMs)
  const { move, by, reason } = decision
  const targets = targetsOf(Object.values(await breakers.read()), filter, decision.move, project)
  if (targets.length === 0) return { changes: [], record: undefined }
  const told = { move, by, ...(reason !== undefined && { reason }), rows: 0, holds: [], captures: [] }
  const unique = (names: readonly string[]): string[] => [...new Set(names)].sort()
  await noteDecision(store, {
    ...{ run_id: runId, decided_at: isoTime(startedMs), ...told },
    datasets: unique(targets.map(({ dataset }) => dataset)),
    pipes: unique(targets.map(({ pipe }) => pipe)),
  })
  const changes = await breakers.change(book => {
    // The time at which it is changed: another process may have done so since this one began.
    const nowMs = deps.clock.now()
    const next = targets.flatMap(({ dataset, pipe }): BreakerEntry[] => {
      const known = book[breakerKey(dataset, pipe)]?.breaker
      const moment = { runId, nowMs, random: deps.random, terms: breakerTerms(project, dataset) }
      const why = `${by}: ${reason ?? move}`
      if (move === 'trip') return [{ dataset, pipe, breaker: trip(known, why, moment) }]
      return known === undefined ? [] : [{ dataset, pipe, breaker: reset(known, why, moment) }]
    })
    return { value: withBreakers(book, next), result: next }
  })
  const records = changes.flatMap(({ dataset, pipe, breaker }) =>
    breaker.changes.map(({ at, from, to, why }) => ({ dataset, pipe, at, from, to, why })),
  )
  const holds = heldNow(await openHolds({ store, wait: deps.wait, random: deps.random }).read())
  const events = await tellBreakers(records, seenOf(changes, holds, project), { project, deps, store, runId })
  const record = await recordDecision({
    ...{ project, deps, runId, startedMs, store, breakers: records, datasets: [], commits: [], events },
    decision: { ...told, rows_moved: 0 },
  })
  return { changes: records, record }
}

/** A pipe with a closed breaker that holds nothing is as it should be; what is held is published by the pipe's next run, which tells. */
function seenOf(changes: readonly BreakerEntry[], holds: readonly Hold[], { pipes }: Project): Seen[] {
  const isHeld = (dataset: string, pipe: string): boolean =>
    holds.some(hold => hold.dataset === dataset && hold.pipe === pipe)
  const declared = new Set(pipes.map(({ name }) => name))
  return changes
    .filter(({ dataset, pipe, breaker }) => declared.has(pipe) && breaker.state === 'closed' && !isHeld(dataset, pipe))
    .map(({ dataset, pipe }) => ({ dataset: `silver.${dataset}`, part: pipe, stale: undefined }))
}

type Target = Pick<BreakerEntry, 'dataset' | 'pipe'>

function targetsOf(
  known: readonly BreakerEntry[],
  filter: BreakerFilter,
  move: BreakerDecision['move'],
  project: Project,
): Target[] {
  const declared = project.pipes.map(pipe => ({ dataset: pipe.contract, pipe: pipe.name }))
  const all = new Map([...declared, ...known].map(target => [breakerKey(target.dataset, target.pipe), target]))
  const found = [...all.values()].filter(fits(filter))
  if (found.length === 0) {
    const names = [...new Set([...all.values()].map(({ pipe }) => pipe))]
    const what = [filter.pipe && `the pipe ${filter.pipe}`, filter.dataset && `the dataset ${filter.dataset}`]
    const hint = filter.pipe === undefined ? '' : didYouMean(filter.pipe, names)
    const message = `There is no breaker of ${what.filter(Boolean).join(' and ') || 'any pipe'}.${hint} Nothing was changed.`
    throw new SluiceError('SLUICE_BREAKER_UNKNOWN', message)
  }
  if (move === 'trip') return found
  const open = new Set(
    known
      .filter(({ breaker }) => breaker.state !== 'closed' || breaker.strikes > 0)
      .map(({ dataset, pipe }) => breakerKey(dataset, pipe)),
  )
  return found.filter(({ dataset, pipe }) => open.has(breakerKey(dataset, pipe)))
}

function fits({ pipe, dataset }: BreakerFilter): (entry: Target) => boolean {
  const isPipe = pipe === undefined ? () => true : globTest(pipe)
  return entry => isPipe(entry.pipe) && (dataset ?? entry.dataset) === entry.dataset
}

function nameOf({ dataset, pipe }: Target): string {
  return breakerKey(dataset, pipe)
}
