import { SluiceError } from '../core/errors.js'
import type { CreateOutcome, ObjectStore } from '../storage/object-store.js'

export type ClaimOutcome =
  | { readonly outcome: 'ours' }
  | { readonly outcome: 'taken' }
  | { readonly outcome: 'unknown'; readonly cause: unknown }

/** The second is no blind repetition: whichever takes effect, it writes these bytes, once. */
const TRIES = 2

/**
 * Creates an object, and finds out who did when the answer is lost: an object with exactly our bytes is ours, so they should
 * name a random id. Safe to call again with the same bytes.
 */
export async function claim(store: ObjectStore, key: string, body: Buffer): Promise<ClaimOutcome> {
  let unknown: unknown
  for (let tries = 0; tries < TRIES; tries++) {
    const created = await store.create(key, body)
    if (created.outcome === 'created') return { outcome: 'ours' }
    const found = await readBack(store, key, created)
    if (found !== undefined && !found.equals(body)) return { outcome: 'taken' }
    if (created.outcome === 'exists') return { outcome: found === undefined ? 'taken' : 'ours' }
    // Visible is not yet durable: only an answered call vouches for that.
    unknown = created.cause
  }
  return { outcome: 'unknown', cause: unknown }
}

/** The same, where nothing goes on unless it is known whose the object is: whether it is ours. Throws SLUICE_STORE_UNAVAILABLE, which says `effect`. */
export async function claimSurely(store: ObjectStore, key: string, body: Buffer, effect: string): Promise<boolean> {
  const claimed = await claim(store, key, body)
  if (claimed.outcome === 'unknown') throw uncertain(key, claimed.cause, effect)
  return claimed.outcome === 'ours'
}

/** A write whose answer was lost, and that could not be read back. */
export function uncertain(key: string, cause: unknown, effect: string, next?: string): SluiceError {
  const message = `Whether ${key} was stored cannot be said. ${effect}`
  return new SluiceError('SLUICE_STORE_UNAVAILABLE', message, { ...(next !== undefined && { next }) }, cause)
}

/** After a lost answer a failure to read says no more than that nothing is known yet. */
async function readBack(store: ObjectStore, key: string, created: CreateOutcome): Promise<Buffer | undefined> {
  if (created.outcome !== 'unknown') return store.get(key)
  return store.get(key).catch(() => undefined)
}
