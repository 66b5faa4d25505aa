import { estimateUsage, type PipePast, type PipeWork, type UsageEstimate } from '../../finops/estimate-usage.js'
import { sumUsage } from '../../finops/usage.js'
import { type Part, requestsFor } from '../backfill/lanes.js'
import { lacksIn, type PastPipe } from '../backfill/past-pipes.js'
import type { LaneWork } from '../backfill/work.js'
import { creditsOfCall } from '../fetch/demand.js'
import type { EstimateRecord, RunRecord } from '../record/run-record.js'
import { pricedEstimate } from './expect-usage.js'
import type { Pricing } from './load-prices.js'
import { pastUsage } from './past-usage.js'

/** What the lanes of a backfill will use together: a run for each of their windows, as those of its pipes were before. Pure. */
export function estimateLanes(
  lanes: readonly LaneWork[],
  records: readonly RunRecord[],
  seconds: number,
  pricing: Pricing,
): EstimateRecord {
  const past = pastUsage(records)
  const parts = lanes
    .filter(({ total }) => total > 0)
    .map(({ pipes, windows }) =>
      estimateUsage(
        pipes.map(pipe => workOf(pipe)),
        past,
        { seconds: 0, runs: windows },
      ),
    )
  const sum = sumUsage(parts.map(({ usage }) => usage))
  const usage = { ...sum, wall_ms: Math.max(sum.wall_ms, Math.round(seconds * 1000)) }
  const [basis = 'history', ...others] = new Set(parts.map(part => part.basis))
  return pricedEstimate({ usage, basis: others.length === 0 ? basis : 'part' }, pricing)
}

/** So many parts of a lane are looked at: its windows are equally long. */
const MOST_PARTS = 100

/** What the run of each lane will use that asks the most. Pure. */
export function largestRuns(lanes: readonly LaneWork[], records: readonly RunRecord[]): UsageEstimate[] {
  const past = pastUsage(records)
  return lanes.flatMap(lane => {
    const largest = largestPart(lane)
    return largest === undefined ? [] : [estimatePart(largest, past)]
  })
}

function largestPart({ parts }: LaneWork): Part | undefined {
  let largest: Part | undefined
  let seen = 0
  for (const part of parts()) {
    if (largest === undefined || part.requests > largest.requests) largest = part
    seen++
    if (seen === MOST_PARTS) break
  }
  return largest
}

function estimatePart({ pipes, interval, requests }: Part, past: ReadonlyMap<string, PipePast>): UsageEstimate {
  const work = pipes
    .map(pipe => ({ ...pipe, ...lacksIn(pipe, interval) }))
    .filter(({ from, missing, waits }) => from === undefined || missing.length > 0 || waits.length > 0)
    .map(pipe => workOf(pipe))
  const perSecond = pipes[0]?.from?.provider.limits.perSecond
  return estimateUsage(work, past, { seconds: perSecond === undefined ? 0 : requests / perSecond, runs: 1 })
}

function workOf({ pipe, from, missing, longest }: PastPipe): PipeWork {
  return from === undefined
    ? { pipe: pipe.name, asks: 0, creditsPerAsk: 0 }
    : { pipe: pipe.name, asks: requestsFor(missing, { longest }), creditsPerAsk: creditsOfCall(from.provider) }
}
