import type { ObjectStore } from '../storage/object-store.js'

export type ClaimOutcome =
  | { readonly outcome: 'ours' }
  | { readonly outcome: 'taken' }
  | { readonly outcome: 'unknown'; readonly cause: unknown }

/**
 * Creates an object, and finds out who did when the answer is lost: an object with exactly our bytes is ours, so they should
 * name a random id. Safe to call again with the same bytes.
 */
export async function claim(store: ObjectStore, key: string, body: Buffer): Promise<ClaimOutcome> {
  const first = await store.create(key, body)
  // Not a blind retry: whichever attempt takes effect, it writes these bytes, once.
  const settled = first.outcome === 'unknown' ? await store.create(key, body) : first
  if (settled.outcome === 'created') return { outcome: 'ours' }
  const found = await store.get(key)
  if (found !== undefined && !found.equals(body)) return { outcome: 'taken' }
  // Visible is not yet durable: only an answered call vouches for that.
  if (settled.outcome === 'unknown') return settled
  return { outcome: found === undefined ? 'taken' : 'ours' }
}
