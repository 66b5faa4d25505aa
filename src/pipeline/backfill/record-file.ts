import { SluiceError } from '../../core/errors.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { RUNS_FOLDER } from '../record/runs.js'
import { type BackfillRecord, backfillRecord } from './backfill-record.js'

/** The record of a backfill, or undefined when it never began. Throws SLUICE_METADATA_CORRUPT. */
export async function readBackfill(store: ObjectStore, name: string): Promise<BackfillRecord | undefined> {
  const key = keyOf(name)
  const body = await store.get(key)
  if (body === undefined) return undefined
  const parsed = backfillRecord.safeParse(jsonOf(body))
  if (parsed.success) return parsed.data
  const message = `${key} is no record of a backfill. Nothing was changed.`
  const next = 'Move the file away and run the same command again: what is fetched stands in the books of the pipes.'
  throw new SluiceError('SLUICE_METADATA_CORRUPT', message, { place: { file: key }, next })
}

/** Replaces the record: whoever has the lease of the backfill is the only writer. */
export async function writeBackfill(store: ObjectStore, record: BackfillRecord): Promise<void> {
  await store.put(keyOf(record.backfill), Buffer.from(`${JSON.stringify(record, null, 2)}\n`))
}

function keyOf(name: string): string {
  return `${RUNS_FOLDER}${name}.json`
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}
