import type { RunRecord, RunStatus } from '../record/run-record.js'
import type { WatchFigures } from './figures.js'
import type { WatchedPipes } from './watched-pipes.js'

/** Everything that can be told of a watch at one moment. */
export interface WatchStatus {
  readonly pipes: WatchedPipes
  readonly figures: WatchFigures
  /** Undefined between runs. */
  readonly runningSinceMs: number | undefined
  /** The newest run that has ended. */
  readonly last: EndedRun | undefined
  /** Why the project's files cannot be taken as they are now; the project that was read before goes on. */
  readonly projectFault: string | undefined
}

export interface EndedRun {
  readonly startedMs: number
  readonly endedMs: number
  /** How many pipes were due. */
  readonly due: number
  readonly status: RunStatus | 'error'
  /** Undefined for a run that ended in an error. */
  readonly record: RunRecord | undefined
  readonly fault: { readonly code: string; readonly message: string } | undefined
}
