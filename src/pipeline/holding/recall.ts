import type { RowCondition } from '../../silver/decided-rows.js'
import type { Pipe } from '../../sources/pipe.js'
import type { DecidedBatch } from '../record/run-record.js'

/** A capture of the lake whose records are to be landed again, by today's extraction and contract. */
export interface RecalledCapture {
  readonly id: string
  readonly segment: string
  readonly receivedAtMs: number
  readonly pipe: Pipe
}

/** Who decided what, and why. */
export interface Decision {
  /** `replay`: judged again. `release`: published although something was wrong. `discard`: not to be published. */
  readonly move: 'replay' | 'release' | 'discard'
  readonly by: string
  readonly reason?: string | undefined
}

/** A run over captures that the lake has: it asks nobody. */
export interface Recall {
  readonly decision: Decision
  readonly captures: readonly RecalledCapture[]
  /** Held batches that the decision is about. */
  readonly batches: readonly DecidedBatch[]
  /** Quarantined rows to publish although they broke rules, by dataset. */
  readonly release?: ReadonlyMap<string, RowCondition> | undefined
  /** How many quarantined rows the decision is about. */
  readonly rows: number
}
