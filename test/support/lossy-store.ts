import type { CreateOutcome, ObjectStore } from '../../src/storage/object-store.js'

/** What happens to a request whose answer is lost. */
export type Loss = 'done' | 'not done'

export interface LossyStore {
  readonly store: ObjectStore
  /** Loses the answers of the next creations whose key passes. */
  lose(losses: readonly Loss[], keys?: RegExp): void
}

/** A store over a network that loses answers on demand; all else is the inner store's. */
export function lossyStore(inner: ObjectStore): LossyStore {
  let pending: readonly Loss[] = []
  let affected = /./

  async function create(key: string, body: Buffer): Promise<CreateOutcome> {
    const loss = affected.test(key) ? pending[0] : undefined
    if (loss === undefined) return inner.create(key, body)
    pending = pending.slice(1)
    if (loss === 'done') await inner.create(key, body)
    return { outcome: 'unknown', cause: new Error('the connection was cut') }
  }

  return {
    store: { ...inner, create },
    lose(losses, keys = /./) {
      pending = losses
      affected = keys
    },
  }
}
