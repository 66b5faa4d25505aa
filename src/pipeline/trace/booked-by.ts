import type { Engine } from '../../engine/engine.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { findRun, runKey } from '../record/runs.js'
import { traced } from './traced-rows.js'

/** A run that booked traced rows of a table that no model makes. What is null its record does not say, or there is none. */
export interface BookedBy {
  readonly run_id: string
  readonly started_at: string | null
  readonly status: string | null
  /** The key of its record in the lake. */
  readonly record: string
}

/** The runs that booked the traced rows of a table of the engine's own, by their ids in the rows. */
export async function bookedBy(table: string, store: ObjectStore, engine: Engine): Promise<BookedBy[]> {
  const rows = await engine.rows(`SELECT DISTINCT run_id FROM ${traced(table)} ORDER BY run_id`)
  return Promise.all(
    rows.map(async row => {
      const runId = String(row['run_id'])
      const found = await findRun(store, runId)
      return {
        run_id: runId,
        started_at: found?.started_at ?? null,
        status: found?.status ?? null,
        record: runKey(runId),
      }
    }),
  )
}
