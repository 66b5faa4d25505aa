import type { Progress } from '../timeline.js'
import type { DatasetPlan } from './plan-dataset.js'

export interface ReplayOptions {
  /** Datasets of pipes; empty, and no `select`: all that have captures. */
  readonly datasets: readonly string[]
  /** Pipes by terms, see `selectPipes`: the datasets that they fill. A dataset is replayed as a whole: rows of its pipes compete for keys. */
  readonly select: readonly string[]
  /** Replaces only partitions from the one on that holds this time, in milliseconds since the epoch. */
  readonly fromMs?: number | undefined
  /** Makes everything again and compares; writes nothing. */
  readonly dryRun: boolean
  /** Publishes the accepted rows although a threshold is broken. */
  readonly allowDqBreach: boolean
  /** As that of `run`; without one, equal work that never ended has an equal id. */
  readonly runId?: string | undefined
  /** The wall clock of the run, in milliseconds since the epoch. */
  readonly nowMs?: number | undefined
  readonly onProgress?: ((event: Progress) => void) | undefined
  /** Is told what would be replaced, and what cannot be read again, before anything is written. */
  readonly onPlan?: ((plans: readonly DatasetPlan[]) => void | Promise<void>) | undefined
}
