import { formatInterval } from '../../core/interval.js'
import type { BackfillOptions } from './backfill.js'
import type { BackfillRecord, PartRecord } from './backfill-record.js'
import { isSamePart } from './journal.js'
import type { BackfillPlan } from './plan-backfill.js'
import { newPart } from './run-part.js'
import { laneWork } from './work.js'

/** So many intervals that have not begun are listed. */
const MOST_LISTED = 1000

/**
 * The record of a plan. Of a backfill that goes on, what was done stays listed and what was open is done when nothing of it is missing any more;
 * of one under another project, only what was done stays. Pure.
 */
export function firstRecord(plan: BackfillPlan, options: BackfillOptions, now: string): BackfillRecord {
  const { name, range, skipped, lanes, estimate, makings, goesOn, known } = plan
  const { listed, unlisted } = listParts(plan)
  const before = goesOn === undefined ? [] : goesOn.intervals.filter(({ attempts }) => attempts > 0)
  const isOpen = (part: PartRecord): boolean => listed.some(one => isSamePart(one, part))
  const kept = before.map(part => (isOpen(part) || part.state === 'done' ? part : settled(part)))
  const fresh = listed.filter(part => !before.some(one => isSamePart(one, part)))
  return {
    record_version: 1,
    backfill: name,
    status: 'running',
    interval: formatInterval(range),
    select: [...options.select],
    exclude: [...(options.exclude ?? [])],
    params: { ...options.params },
    started_at: goesOn?.started_at ?? now,
    updated_at: now,
    made_of: makings,
    estimate,
    lanes: [...lanes],
    skipped: [...skipped],
    intervals: [...kept, ...fresh].sort((a, b) => a.lane - b.lane || (a.interval < b.interval ? -1 : 1)),
    intervals_unlisted: unlisted,
    gold: known?.gold.state === 'owed' || goesOn !== undefined ? known!.gold : { state: 'none', run_id: null },
  }
}

/** The parts that wait. Of very many only the first are made and listed: windows may be hundreds of thousands. */
function listParts(plan: BackfillPlan): { readonly listed: readonly PartRecord[]; readonly unlisted: number } {
  const listed: PartRecord[] = []
  let unlisted = 0
  for (const { parts, windows } of laneWork(plan, plan.goesOn)) {
    let made = 0
    const most = MOST_LISTED - listed.length
    if (most > 0)
      for (const part of parts()) {
        listed.push(newPart(part))
        made++
        if (made === most) break
      }
    if (made === most) unlisted += windows - made
  }
  return { listed, unlisted }
}

/** Somebody else has brought what it lacked. */
function settled({ open: _, ...part }: PartRecord): PartRecord {
  return { ...part, state: 'done' }
}

/** How a backfill ended whose lanes are through. Pure. */
export function statusOf({ intervals, gold }: BackfillRecord): BackfillRecord['status'] {
  const open = intervals.filter(({ state }) => state !== 'done')
  if (open.length === 0) return gold.state === 'held' || gold.state === 'owed' ? 'partial' : 'complete'
  if (intervals.some(({ rows, state }) => state === 'done' || rows > 0)) return 'partial'
  const states = new Set(open.map(({ state }) => state))
  if (states.size > 1) return 'partial'
  return states.has('held') ? 'held' : states.has('failed') ? 'failed' : 'partial'
}

/** Whether nothing of what was begun is open. */
export function isSettled({ intervals, gold }: BackfillRecord): boolean {
  return intervals.every(({ state }) => state === 'done') && gold.state !== 'owed' && gold.state !== 'held'
}
