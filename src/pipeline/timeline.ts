import type { Clock } from '../core/clock.js'
import { type StoreCounts, storeCountsSince } from '../storage/store-counts.js'
import type { StepRecord } from './record/run-record.js'

export interface Progress {
  readonly step: string
  readonly detail: string
  readonly done?: number
  readonly total?: number
}

/** Times the steps of a run, for its record and for whoever watches. */
export interface Timeline {
  readonly steps: readonly StepRecord[]
  /** The first step that ended in an error. */
  readonly failed: Pick<StepRecord, 'step' | 'detail'> | undefined
  measure<Result>(
    step: string,
    detail: string,
    work: () => Promise<Result>,
    rows?: (result: Result) => number,
  ): Promise<Result>
}

/** `counts` says what the store was asked for so far; without it steps do not tell. */
export function startTimeline(
  clock: Clock,
  onProgress: ((event: Progress) => void) | undefined,
  counts?: () => StoreCounts,
): Timeline {
  const steps: StepRecord[] = []
  const beganMs = clock.monotonicMs()
  let failed: Timeline['failed']
  return {
    steps,
    get failed() {
      return failed
    },
    measure: async (step, detail, work, rows) => {
      onProgress?.({ step, detail })
      const started = clock.monotonicMs()
      const cpu = process.cpuUsage()
      const before = counts?.()
      const result = await work().catch(cause => {
        failed ??= { step, detail }
        throw cause
      })
      const used = process.cpuUsage(cpu)
      steps.push({
        step,
        detail,
        after_seconds: round((started - beganMs) / 1000),
        seconds: round((clock.monotonicMs() - started) / 1000),
        cpu_seconds: round((used.user + used.system) / 1e6),
        rows: rows === undefined ? 0 : rows(result),
        ...(before !== undefined && counts !== undefined && askedOf(storeCountsSince(before, counts()))),
      })
      return result
    },
  }
}

/** Classes of requests that a step made none of are left out. */
function askedOf({ requests, bytesRead, bytesWritten }: StoreCounts): Partial<StepRecord> {
  const made = Object.fromEntries(Object.entries(requests).filter(([, count]) => count > 0))
  return { store_requests: made, bytes_read: bytesRead, bytes_written: bytesWritten }
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}
