import { SluiceError } from '../core/errors.js'
import type { CreateOutcome, ObjectStore } from '../storage/object-store.js'
import type { FileContent } from '../storage/read-content.js'

/** The store as one run writes to it: it knows what the run has moved into the lake, and can be shut. */
export interface RunStore {
  readonly store: ObjectStore
  /** A write that is done for this run by others of the process: a commit of several runs together. Refused when the store is shut. */
  through<Result>(work: () => Promise<Result>): Promise<Result>
  /** Refuses every further write, waits for those under way, and says what the run has left in the lake. */
  shut(): Promise<RunWrites>
}

export interface RunWrites {
  /** Files that this run, and nobody before it, moved into the lake and did not delete. */
  readonly adopted: readonly string[]
  /** Whether the outcome of every exclusive creation, and so of every commit, is known. */
  readonly certain: boolean
  /** Whether any commit of the run stands. */
  readonly committed: boolean
}

/** Failures of a creation that say that it did not happen. */
const NOT_DONE: ReadonlySet<string> = new Set([
  'SLUICE_STORE_FULL',
  'SLUICE_STORE_READ_ONLY',
  'SLUICE_STORE_KEY_INVALID',
])

export function runStore(inner: ObjectStore): RunStore {
  const adopted = new Set<string>()
  const underWay = new Set<Promise<unknown>>()
  let open = true
  let certain = true
  let committed = false

  async function write<Result>(work: () => Promise<Result>): Promise<Result> {
    if (!open) throw new SluiceError('SLUICE_CANCELLED', 'Another part of this run failed: it writes nothing more.')
    const done = work()
    underWay.add(done)
    try {
      return await done
    } finally {
      underWay.delete(done)
    }
  }

  async function create(key: string, body: Buffer): Promise<CreateOutcome> {
    try {
      const created = await inner.create(key, body)
      if (created.outcome === 'unknown') certain = false
      return created
    } catch (cause) {
      if (!(cause instanceof SluiceError && NOT_DONE.has(cause.code))) certain = false
      throw cause
    }
  }

  async function adopt(localPath: string, key: string, content?: FileContent): Promise<CreateOutcome> {
    const taken = await inner.adopt(localPath, key, content)
    if (taken.outcome === 'created') adopted.add(key)
    return taken
  }

  async function remove(key: string): Promise<void> {
    await inner.delete(key)
    adopted.delete(key)
  }

  async function commit<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      const result = await work()
      committed = true
      return result
    } catch (cause) {
      if (cause instanceof SluiceError && cause.code === 'SLUICE_COMMIT_UNKNOWN') certain = false
      throw cause
    }
  }

  return {
    through: work => write(() => commit(work)),
    store: {
      ...inner,
      put: (key, body) => write(() => inner.put(key, body)),
      create: (key, body) => write(() => create(key, body)),
      adopt: (localPath, key, content) => write(() => adopt(localPath, key, content)),
      delete: key => write(() => remove(key)),
    },
    shut: async () => {
      open = false
      await Promise.allSettled(underWay)
      return { adopted: [...adopted], certain, committed }
    },
  }
}
