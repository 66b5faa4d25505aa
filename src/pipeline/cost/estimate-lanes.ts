import { estimateUsage } from '../../finops/estimate-usage.js'
import { sumUsage } from '../../finops/usage.js'
import { requestsFor } from '../backfill/lanes.js'
import type { LaneWork } from '../backfill/work.js'
import { creditsOfCall } from '../fetch/demand.js'
import type { EstimateRecord, RunRecord } from '../run-record.js'
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
    .map(({ pipes, windows }) => {
      const work = pipes.map(({ pipe, from, missing, longest }) => ({
        pipe: pipe.name,
        asks: from === undefined ? 0 : requestsFor(missing, { longest }),
        creditsPerAsk: from === undefined ? 0 : creditsOfCall(from.provider),
      }))
      return estimateUsage(work, past, { seconds: 0, runs: windows })
    })
  const sum = sumUsage(parts.map(({ usage }) => usage))
  const usage = { ...sum, wall_ms: Math.max(sum.wall_ms, Math.round(seconds * 1000)) }
  const [basis = 'history', ...others] = new Set(parts.map(part => part.basis))
  return pricedEstimate({ usage, basis: others.length === 0 ? basis : 'part' }, pricing)
}
