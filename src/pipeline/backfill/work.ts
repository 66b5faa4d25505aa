import { formatInterval, type Interval } from '../../core/interval.js'
import { countPieces, intervalSet } from '../../core/interval-set.js'
import type { BackfillRecord } from './backfill-record.js'
import { type Part, partsOf, requestsFor } from './lanes.js'
import type { PastPipe } from './past-pipes.js'
import type { BackfillPlan } from './plan-backfill.js'

/** What one lane has to do. */
export interface LaneWork {
  readonly lane: number
  readonly pipes: readonly PastPipe[]
  /** Requests and waiting intervals: 0 when there is nothing to do. */
  readonly total: number
  /** So many parts it has at most. */
  readonly windows: number
  /** In order of time, made as they are asked for. */
  parts(): Generator<Part>
}

/** The work of all lanes. A part that a dead process was at is done again although nothing of it is missing: its run has no end yet. */
export function laneWork(
  { lanes, pipes, range }: Pick<BackfillPlan, 'lanes' | 'pipes' | 'range'>,
  record?: BackfillRecord,
): LaneWork[] {
  const begun = new Set(
    record?.intervals.filter(({ state }) => state === 'running').map(({ lane, interval }) => `${lane} ${interval}`),
  )
  return lanes.map(({ pipes: names, window }, lane) => {
    const own = names.flatMap(name => pipes.get(name) ?? [])
    const wasBegun = (interval: Interval): boolean => begun.has(`${lane} ${formatInterval(interval)}`)
    return {
      lane,
      pipes: own,
      total: own.reduce((sum, pipe) => sum + requestsFor(pipe.missing, pipe) + pipe.waits.length, 0),
      windows: own.length === 0 ? 0 : window === null ? 1 : countPieces(intervalSet([range]), window),
      parts: () => partsOf({ lane, window }, own, range, wasBegun),
    }
  })
}
