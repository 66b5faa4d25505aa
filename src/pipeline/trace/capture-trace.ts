import type { CaptureRecord } from '../../bronze/capture-record.js'
import { eachCapture } from '../../bronze/each-capture.js'
import { asNumber } from '../../engine/duckdb.js'
import type { Engine } from '../../engine/engine.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { captureDays, segmentsOf } from '../captures/captures.js'
import { traced } from './traced-rows.js'

/** An answer or a file that traced rows of silver were read from. What is null could not be found in the lake. */
export interface CaptureTrace {
  readonly id: string
  readonly dataset: string
  /** Traced rows that were read from it, and where in it the first and the last of them stand. */
  readonly rows: number
  readonly first_position: number
  readonly last_position: number
  readonly pipe: string | null
  readonly url: string | null
  readonly received_at: string | null
  readonly size_bytes: number | null
  readonly sha256: string | null
  /** The key of the segment that holds it. */
  readonly segment: string | null
}

/** The captures of the traced rows of silver tables. Every segment is read once at most. */
export async function capturesOf(
  tables: readonly string[],
  store: ObjectStore,
  engine: Engine,
): Promise<CaptureTrace[]> {
  if (tables.length === 0) return []
  const parts = tables.map(
    table => `SELECT '${table.replace(/^silver\./, '')}' AS dataset, _capture_id, _position FROM ${traced(table)}`,
  )
  const rows = await engine.rows(`SELECT _capture_id AS id, dataset, count(*) AS rows, min(_position) AS first_position,
      max(_position) AS last_position FROM (${parts.join(' UNION ALL ')}) GROUP BY ALL ORDER BY rows DESC, id`)
  const found = await captureRecords(new Set(rows.map(row => String(row['id']))), store)
  return rows.map(row => {
    const capture = found.get(String(row['id']))
    return {
      id: String(row['id']),
      dataset: String(row['dataset']),
      rows: asNumber(row['rows']),
      first_position: asNumber(row['first_position']),
      last_position: asNumber(row['last_position']),
      pipe: capture?.record.pipe ?? null,
      url: capture?.record.request.url ?? null,
      received_at: capture?.record.receivedAt ?? null,
      size_bytes: capture?.record.sizeBytes ?? null,
      sha256: capture?.record.sha256 ?? null,
      segment: capture?.segment ?? null,
    }
  })
}

interface Found {
  readonly record: CaptureRecord
  readonly segment: string
}

/** Only lines that begin with a wanted id are parsed: writers put it first. Of several with one id, the newest. */
async function captureRecords(ids: ReadonlySet<string>, store: ObjectStore): Promise<Map<string, Found>> {
  const found = new Map<string, Found>()
  const isWanted = (line: Buffer): boolean =>
    ids.has(/^\{"id":"([0-9a-f]+)"/.exec(line.toString('latin1', 0, 64))?.[1] ?? '')
  for (const day of await captureDays(store)) {
    if (found.size === ids.size) break
    for await (const { key, bytes } of segmentsOf(store, day)) {
      const take = (record: CaptureRecord): void => {
        const other = found.get(record.id)?.record
        if (other === undefined || other.receivedAt < record.receivedAt) found.set(record.id, { record, segment: key })
      }
      await eachCapture(bytes, take, isWanted)
    }
  }
  return found
}
