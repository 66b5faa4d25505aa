import type { Progress } from '../timeline.js'
import type { PartRecord } from './backfill-record.js'

/** How far a backfill is. */
export interface BackfillProgress {
  /** What it is at: a step of a run, or of the derivation at the end. */
  readonly step: string
  readonly detail: string
  /** Requests that have their answers, of all that were planned. */
  readonly done: number
  readonly total: number
  /** Rows that were accepted. */
  readonly rows: number
  /** A part came to its end. */
  readonly ended?: PartRecord
}

/** Adds up what the parts of a backfill have done, those that are under way too. */
export function openProgress(total: number, tell: ((progress: BackfillProgress) => void) | undefined) {
  const underWay = new Set<{ done: number }>()
  let ended = 0
  let rows = 0
  const report = (step: string, detail: string, part?: PartRecord): void => {
    const done = Math.min(total, ended + [...underWay].reduce((sum, own) => sum + own.done, 0))
    tell?.({ step, detail, done, total, rows, ...(part && { ended: part }) })
  }
  return {
    /** Counts the requests of a part; its retries are none of them. */
    part: (requests: number, interval: string) => {
      const own = { done: 0 }
      underWay.add(own)
      return {
        report: ({ step, detail, done }: Progress): void => {
          // A second run of the part counts from the start again.
          if (step === 'ask' && done !== undefined) own.done = Math.max(own.done, Math.min(done, requests))
          report(step, `${interval} ${detail}`.trimEnd())
        },
        end: (part: PartRecord): void => {
          underWay.delete(own)
          // One that ended early has not sent them all.
          ended += part.state === 'done' ? requests : own.done
          rows += part.rows
          report('ended', interval, part)
        },
      }
    },
    step: ({ step, detail }: Progress): void => report(step, detail),
  }
}
