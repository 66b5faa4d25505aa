import type { ObjectEntry, ObjectStore } from './object-store.js'

export interface Overlay {
  /** What is read where nothing was written since. Never written to. */
  readonly base: ObjectStore
  /** Takes every write. */
  readonly top: ObjectStore
  /** Whether an object of `base` is out of sight: for a reader it was never there. */
  readonly hides: (key: string) => boolean
}

/**
 * A store in which work can be done as in `base`, and nothing of it reaches `base`. Objects have the addresses that they would have there.
 * What is deleted must have been written here.
 */
export function overlayStore({ base, top, hides }: Overlay): ObjectStore {
  const below = (key: string): ObjectStore | undefined => (hides(key) ? undefined : base)
  const isOnTop = async (key: string): Promise<boolean> => (await top.head(key)) !== undefined
  const isThere = async (key: string): Promise<boolean> =>
    (await isOnTop(key)) || (await below(key)?.head(key)) !== undefined
  return {
    capabilities: base.capabilities,
    root: base.root,
    get: async key => (await top.get(key)) ?? (await below(key)?.get(key)),
    getRange: async (key, start, end) =>
      (await top.getRange(key, start, end)) ?? (await below(key)?.getRange(key, start, end)),
    head: async key => (await top.head(key)) ?? (await below(key)?.head(key)),
    put: (key, body) => top.put(key, body),
    create: async (key, body) => ((await isThere(key)) ? { outcome: 'exists' } : top.create(key, body)),
    adopt: async (path, key, content) => ((await isThere(key)) ? { outcome: 'exists' } : top.adopt(path, key, content)),
    outer: key => base.outer(key),
    delete: key => top.delete(key),
    unfinished: (beforeMs, then) => top.unfinished(beforeMs, then),
    localPath: async key => ((await isOnTop(key)) || hides(key) ? top.localPath(key) : base.localPath(key)),
    async *list(prefix) {
      const found = new Map<string, ObjectEntry>()
      for await (const entry of base.list(prefix)) if (!hides(entry.key)) found.set(entry.key, entry)
      for await (const entry of top.list(prefix)) found.set(entry.key, entry)
      const order = [...found.values()].map(entry => ({ entry, bytes: Buffer.from(entry.key) }))
      order.sort((a, b) => Buffer.compare(a.bytes, b.bytes))
      for (const { entry } of order) yield entry
    },
    listFolders: async prefix => {
      const seen = (await base.listFolders(prefix)).filter(name => !hides(`${prefix}${name}/`))
      return [...new Set([...seen, ...(await top.listFolders(prefix))])].sort()
    },
  }
}
