import { quoteText } from '../../engine/sql-text.js'
import type { Fetched } from '../fetch/fetched.js'
import type { RunContext } from '../run-context.js'
import type { PipeBatch } from './judge-pipes.js'

/** `_batch`, the number of the batch, and `_received_at` of each `_capture_id`. */
export const BATCHES = 'work.batches'

/** Notes which captures are judged together. A capture that two pipes brought belongs to the first. One text literal for all: there may be thousands. */
export async function noteBatches(
  batches: readonly PipeBatch[],
  fetched: readonly Fetched[],
  { workspace }: RunContext,
): Promise<void> {
  const received = new Map(fetched.map(({ id, receivedAtMs }) => [id, receivedAtMs]))
  const rows = batches.flatMap(({ captures }, at) =>
    captures.map(id => [id, String(at), String(Math.round((received.get(id) ?? 0) * 1000))]),
  )
  await workspace.engines[0]!.run(`CREATE OR REPLACE TABLE ${BATCHES} AS
    SELECT r[1] AS _capture_id, r[2]::INTEGER AS _batch, make_timestamptz(r[3]::BIGINT) AS _received_at
    FROM (SELECT unnest(from_json(${quoteText(JSON.stringify(rows))}, '[["VARCHAR"]]')) AS r)
    QUALIFY row_number() OVER (PARTITION BY r[1] ORDER BY r[2]::INTEGER) = 1`)
}
