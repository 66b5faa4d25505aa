import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Readable } from 'node:stream'
import { type Clock, systemClock } from '../../core/clock.js'
import { SluiceError } from '../../core/errors.js'
import { randomIds, sha256Hex } from '../../core/ids.js'
import { permits } from '../../core/permits.js'
import { errnoOf } from '../disk-error.js'
import { makeFolders, removeQuietly } from '../durable.js'
import { TEMP_PREFIX } from '../object-key.js'
import type { Digest } from '../read-content.js'
import { type CacheEntry, dropEntry, entryName, stampMark, useEntry } from './cache-entry.js'
import { cacheUnusable } from './cache-unusable.js'
import { type StoreNotes, storeNotes } from './store-notes.js'
import { sweepCache } from './sweep-cache.js'
import { takeStream } from './take-stream.js'

/** Objects of a remote store on local disk, shared by all processes of this machine. */
export interface ReadCache {
  /** Of this store alone. */
  readonly folder: string
  lifeOf(key: string): ObjectLife
  /** The kept bytes of a key that is not changing, checked against their hash, and whether they are those of a stamp. */
  get(key: string): Promise<KeptBody | undefined>
  /** Keeps the bytes of such a key, under the stamp of one that is not fixed. Best effort. */
  keep(key: string, body: Buffer, stamp?: string): Promise<void>
  /** Takes a local file for the bytes of a fixed key; else removes it. Best effort. */
  take(key: string, localPath: string, digest: Digest): Promise<void>
  /**
   * The file of a key, whole: the kept one, or what `fetch` gives to its argument. Undefined when `fetch` finds nothing. `stamp` tells bodies of one
   * key apart; empty for a fixed key. Throws SLUICE_CACHE_UNUSABLE.
   */
  pathOf(key: string, stamp: string, fetch: Fetch): Promise<string | undefined>
  forget(key: string): Promise<void>
  /** Texts about this store; what is kept of it goes with its folder, and they do. */
  readonly notes: StoreNotes
}

/** How long what was read of a key holds: for good, as long as its stamp, the server's name of a body, is the same, or not at all. */
export type ObjectLife = 'fixed' | 'once' | 'changing'

export interface KeptBody {
  readonly body: Buffer
  isOf(stamp: string): boolean
}

/** Gives an object's bytes to `take`, from the start if it has to begin again; undefined when there is no object. */
export type Fetch = (take: (body: Readable) => Promise<Digest>) => Promise<unknown>

export interface ReadCacheOptions {
  readonly folder: string
  /** What lake the objects are of: two lakes have equal keys. */
  readonly scope: string
  readonly lifeOf: (key: string) => ObjectLife
  /** About so many bytes stay; see `sweepCache`. */
  readonly maxBytes: number
  /** What was used in this time stays in any case: somebody may be about to read it. */
  readonly graceMs?: number
  readonly clock?: Clock
}

const GRACE_MS = 3_600_000
/** Fetched side by side. Each streams to disk. */
const FETCHES = 16

export function readCache(options: ReadCacheOptions): ReadCache {
  const { lifeOf, maxBytes, graceMs = GRACE_MS, clock = systemClock } = options
  const own = join(options.folder, sha256Hex(options.scope).slice(0, 16))
  const folder = join(own, 'objects')
  const underWay = new Map<string, Promise<string | undefined>>()
  const gate = permits(FETCHES)
  let unswept = Number.POSITIVE_INFINITY

  /** An eighth of what may stay comes before one looks again; a new process looks at its first. */
  async function grown(bytes: number): Promise<void> {
    unswept += bytes
    if (unswept < maxBytes / 8) return
    unswept = 0
    await sweepCache(folder, { maxBytes, graceMs, nowMs: clock.now() }).catch(() => undefined)
  }

  /** Puts a finished file of this disk into its place. Another process may have put the same there. */
  async function place(slot: string, key: string, from: string, digest: Digest, stamp = ''): Promise<string> {
    const mtimeMs = clock.now()
    const own = join(folder, TEMP_PREFIX + randomIds.uuid())
    const entry = join(slot, entryName({ ...digest, mtimeMs, stamp }))
    try {
      await makeFolders(own)
      await rename(from, join(own, basename(key)))
      await utimes(join(own, basename(key)), mtimeMs / 1000, mtimeMs / 1000)
      await utimes(own, mtimeMs / 1000, mtimeMs / 1000)
      await makeFolders(slot)
      await rename(own, entry)
    } catch (cause) {
      await rm(own, { recursive: true, force: true })
      if ((await stat(entry).catch(() => undefined)) === undefined) throw cause
    }
    await grown(digest.sizeBytes)
    return join(entry, basename(key))
  }

  const fault = (cause: unknown): SluiceError => cacheUnusable(cause, options.folder)

  async function onDisk<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      throw fault(cause)
    }
  }

  async function fetchTo(slot: string, key: string, fetch: Fetch): Promise<string | undefined> {
    const temp = join(folder, TEMP_PREFIX + randomIds.uuid())
    await onDisk(() => makeFolders(folder))
    try {
      let written: Digest | undefined
      const found = await fetch(async body => {
        written = await takeStream(body, temp, fault)
        return written
      })
      const taken = written
      if (found === undefined || taken === undefined) return undefined
      return await onDisk(() => place(slot, key, temp, taken))
    } finally {
      await removeQuietly(temp)
    }
  }

  /** Again where somebody has deleted the folder meanwhile, and where the disk was full and something old could go. */
  async function fetchAgain(slot: string, key: string, fetch: Fetch): Promise<string | undefined> {
    try {
      return await fetchTo(slot, key, fetch)
    } catch (cause) {
      const errno = cause instanceof SluiceError && cause.code === 'SLUICE_CACHE_UNUSABLE' ? errnoOf(cause.cause) : ''
      if (errno !== 'ENOENT' && errno !== 'ENOSPC') throw cause
      if (errno === 'ENOSPC') await sweepCache(folder, { maxBytes: 0, graceMs, nowMs: clock.now() })
      return fetchTo(slot, key, fetch)
    }
  }

  const kept = (slot: string, key: string): Promise<CacheEntry | undefined> =>
    useEntry(slot, basename(key), clock.now())

  async function pathOf(key: string, stamp: string, fetch: Fetch): Promise<string | undefined> {
    const slot = slotOf(folder, key, stamp)
    const present = await kept(slot, key)
    if (present !== undefined) return present.path
    const running = underWay.get(slot) ?? gate.with(() => fetchAgain(slot, key, fetch))
    underWay.set(slot, running)
    try {
      return await running
    } finally {
      underWay.delete(slot)
    }
  }

  return {
    folder: own,
    lifeOf,
    async get(key) {
      if (lifeOf(key) === 'changing') return undefined
      const entry = await kept(slotOf(folder, key), key)
      const body = entry && (await readFile(entry.path).catch(() => undefined))
      if (entry === undefined || body === undefined) return undefined
      if (sha256Hex(body) === entry.sha256) return { body, isOf: stamp => entry.stamp === stampMark(stamp) }
      await dropEntry(entry)
      return undefined
    },
    async keep(key, body, stamp = '') {
      if (lifeOf(key) === 'changing' || (lifeOf(key) === 'once' && stamp === '')) return
      const temp = join(folder, TEMP_PREFIX + randomIds.uuid())
      try {
        await makeFolders(folder)
        await writeFile(temp, body)
        const slot = slotOf(folder, key)
        if (stamp !== '') await rm(slot, { recursive: true, force: true })
        await place(slot, key, temp, { sizeBytes: body.length, sha256: sha256Hex(body) }, stamp)
      } catch {
        await removeQuietly(temp)
      }
    },
    async take(key, localPath, digest) {
      if (lifeOf(key) !== 'fixed') return removeQuietly(localPath)
      await place(slotOf(folder, key), key, localPath, digest).catch(() => removeQuietly(localPath))
    },
    pathOf,
    notes: storeNotes(join(own, 'notes')),
    forget: key => rm(slotOf(folder, key), { recursive: true, force: true }).catch(() => undefined),
  }
}

function slotOf(folder: string, key: string, stamp = ''): string {
  const name = sha256Hex(`${key}\0${stamp}`).slice(0, 32)
  return join(folder, name.slice(0, 2), name)
}
