import { isoTime } from '../../core/clock.js'
import type { EndedRun, WatchStatus } from './watch-status.js'
import { nextWakeMs, type WatchedPipe } from './watched-pipes.js'

/** What `/healthz` says, as JSON. Times are ISO 8601. */
export interface Health {
  /**
   * `starting`: no run has ended yet. `ok`. `degraded`: it works, but pipes fail or the project's files are broken. `failing`: the newest
   * run ended in an error, or every pipe fails.
   */
  readonly status: 'starting' | 'ok' | 'degraded' | 'failing'
  readonly running_since: string | null
  readonly last_run: {
    readonly run_id: string | null
    readonly status: EndedRun['status']
    readonly started_at: string
    readonly finished_at: string
    readonly error: EndedRun['fault'] | null
  } | null
  readonly next_due: string | null
  readonly pipes: { readonly watched: number; readonly failing: number }
  /** At most a hundred, the longest failing first. */
  readonly failing_pipes: readonly {
    readonly pipe: string
    readonly since: string
    readonly failures: number
    readonly why: string
    readonly again_at: string | null
  }[]
  readonly project_fault: string | null
}

const MOST_PIPES = 100

/** The health of a watch. Only `failing` is a reason to call somebody now. Pure. */
export function healthOf(status: WatchStatus): Health {
  const failing = [...status.pipes].filter(([, { failures }]) => failures > 0)
  const since = ([, { failingSinceMs = 0 }]: [string, WatchedPipe]): number => failingSinceMs
  const { last, projectFault } = status
  return {
    status: wordFor(status, failing.length),
    running_since: status.runningSinceMs === undefined ? null : isoTime(status.runningSinceMs),
    last_run:
      last === undefined
        ? null
        : {
            run_id: last.record?.run_id ?? null,
            status: last.status,
            started_at: isoTime(last.startedMs),
            finished_at: isoTime(last.endedMs),
            error: last.fault ?? null,
          },
    next_due: timeOrNull(nextWakeMs(status.pipes)),
    pipes: { watched: status.pipes.size, failing: failing.length },
    failing_pipes: failing
      .toSorted((a, b) => since(a) - since(b))
      .slice(0, MOST_PIPES)
      .map(([pipe, { failures, failingSinceMs = 0, why = '', nextMs }]) => ({
        pipe,
        since: isoTime(failingSinceMs),
        failures,
        why,
        again_at: timeOrNull(nextMs),
      })),
    project_fault: projectFault ?? null,
  }
}

function wordFor({ pipes, last, projectFault }: WatchStatus, failing: number): Health['status'] {
  if (last === undefined) return 'starting'
  if (last.status === 'error' || failing === pipes.size) return 'failing'
  return failing > 0 || projectFault !== undefined ? 'degraded' : 'ok'
}

function timeOrNull(ms: number): string | null {
  return Number.isFinite(ms) ? isoTime(ms) : null
}
