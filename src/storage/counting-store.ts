import { stat } from 'node:fs/promises'
import type { CreateOutcome, ObjectStore } from './object-store.js'
import { newCounts, type StoreCounts } from './store-counts.js'

/**
 * A store that counts. `counts()` is a copy, so that two of them can be subtracted. `open` are the objects whose `localPath` was asked for:
 * bytes that are read through it are not seen. Of a store that counts what it sends, those are the counts.
 */
export function countingStore(inner: ObjectStore): { store: ObjectStore; counts: () => StoreCounts } {
  if (inner.sent !== undefined) return { store: inner, counts: () => inner.sent!() }
  const { requests, bytes, counts } = newCounts()
  const opened = new Set<string>()

  function countRead(body: Buffer | undefined): Buffer | undefined {
    bytes.read += body?.length ?? 0
    return body
  }
  function countWrite(created: CreateOutcome, sizeBytes: number): CreateOutcome {
    if (created.outcome !== 'exists') bytes.written += sizeBytes
    return created
  }

  const store: ObjectStore = {
    capabilities: inner.capabilities,
    root: inner.root,
    async get(key) {
      requests.get++
      return countRead(await inner.get(key))
    },
    async getRange(key, start, end) {
      requests.range++
      return countRead(await inner.getRange(key, start, end))
    },
    head(key) {
      requests.head++
      return inner.head(key)
    },
    async put(key, body) {
      requests.put++
      await inner.put(key, body)
      bytes.written += body.length
    },
    async create(key, body) {
      requests.create++
      return countWrite(await inner.create(key, body), body.length)
    },
    async adopt(localPath, key, content) {
      requests.adopt++
      const sizeBytes = content?.sizeBytes ?? (await sizeOf(localPath))
      return countWrite(await inner.adopt(localPath, key, content), sizeBytes)
    },
    list(prefix) {
      requests.list++
      return inner.list(prefix)
    },
    listFolders(prefix) {
      requests.list++
      return inner.listFolders(prefix)
    },
    outer(key) {
      requests.head++
      return inner.outer(key)
    },
    delete(key) {
      requests.delete++
      return inner.delete(key)
    },
    async unfinished(beforeMs, then) {
      requests.list++
      const found = await inner.unfinished(beforeMs, then)
      if (then === 'discard') requests.delete += found.length
      return found
    },
    localPath(key) {
      // A remote store fetches an object once and then has it in its cache.
      if (!opened.has(key)) requests.open++
      opened.add(key)
      return inner.localPath(key)
    },
  }
  return { store, counts }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    status => status.size,
    () => 0,
  )
}
