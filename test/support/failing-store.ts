import { SluiceError } from '../../src/core/errors.js'
import type { ObjectStore } from '../../src/storage/object-store.js'

/**
 * What becomes of the chosen operation of a store. `fails`: it alone, without effect. `dies`: it and all after it, as of a process that was
 * killed before it. `dies after`: the same, but it has taken effect.
 */
export type Fault = 'fails' | 'dies' | 'dies after'

export interface FailingStore {
  readonly store: ObjectStore
  /** Operations that were asked for so far. */
  asked(): number
}

/** A store whose operation number `at`, from 1, goes wrong. */
export function failingStore(inner: ObjectStore, at: number, fault: Fault): FailingStore {
  let asked = 0

  async function act<Result>(work: () => Promise<Result>): Promise<Result> {
    const own = ++asked
    const isHit = own === at || (own > at && fault !== 'fails')
    if (isHit && own === at && fault === 'dies after') await work()
    if (isHit) throw new SluiceError('SLUICE_STORE_UNAVAILABLE', `operation ${own} went wrong`)
    return work()
  }

  return {
    asked: () => asked,
    store: {
      ...inner,
      get: key => act(() => inner.get(key)),
      getRange: (key, start, end) => act(() => inner.getRange(key, start, end)),
      head: key => act(() => inner.head(key)),
      put: (key, body) => act(() => inner.put(key, body)),
      create: (key, body) => act(() => inner.create(key, body)),
      adopt: (path, key) => act(() => inner.adopt(path, key)),
      delete: key => act(() => inner.delete(key)),
      listFolders: prefix => act(() => inner.listFolders(prefix)),
      localPath: key => act(() => inner.localPath(key)),
      async *list(prefix) {
        await act(async () => undefined)
        yield* inner.list(prefix)
      },
    },
  }
}
