import { SluiceError } from '../core/errors.js'
import type { FileContent } from './read-content.js'
import type { StoreCounts } from './store-counts.js'

/**
 * Where a lake keeps its bytes. Keys are relative, `/`-separated, without empty, `.` or `..` parts.
 * Every write is atomic: a reader sees the whole object or none. What `put` and `create` acknowledged is durable
 * (on disk: fsynced, with its directory). Implementations pass `test/behaviour/object-store.ts`.
 */
export interface ObjectStore {
  readonly capabilities: StoreCapabilities
  /** Where the store is, for messages: a folder or an s3:// address. */
  readonly root: string
  /** The whole object, or undefined when there is none. */
  get(key: string): Promise<Buffer | undefined>
  /** Bytes `[start, end)` of an object, fewer where it ends before, or undefined when there is none. */
  getRange(key: string, start: number, end: number): Promise<Buffer | undefined>
  head(key: string): Promise<ObjectHead | undefined>
  /** Writes or replaces the object. */
  put(key: string, body: Buffer): Promise<void>
  /**
   * Writes the object only if there is none: the commit primitive. `unknown` means that the answer was lost:
   * read the object back and compare before deciding anything.
   */
  create(key: string, body: Buffer): Promise<CreateOutcome>
  /**
   * Takes over a finished local file under `key`, if there is none. Durable on return. The local file is gone when it was
   * taken, and untouched when it was not. With its `content` a store need not read it again.
   */
  adopt(localPath: string, key: string, content?: FileContent): Promise<CreateOutcome>
  /** All objects below a prefix (`''` for all), in order of the keys' UTF-8 bytes. A prefix ends at a `/` or is a whole key. */
  list(prefix: string): AsyncIterable<ObjectEntry>
  /** The names directly below a prefix (`''` or with a `/` at its end) that keys go on from with a `/`, sorted; maybe some without objects. */
  listFolders(prefix: string): Promise<string[]>
  /**
   * The nearest place around this store, as an address, that has an object under a key: a folder or prefix above the root. What may not be looked at
   * there is not seen.
   */
  outer(key: string): Promise<string | undefined>
  /** Deletes an object; no error when there is none. */
  delete(key: string): Promise<void>
  /**
   * Writes that were begun before a time, by the store's own clock, and never finished, because their process died: nobody sees them, and they take
   * room. `discard` takes them away, so choose a time from which no living process can still be writing. None where a server cannot say which there are.
   */
  unfinished(beforeMs: number, then: 'list' | 'discard'): Promise<readonly UnfinishedWrite[]>
  /**
   * A path that DuckDB can read for this object. On a remote store this fetches the object into a local cache.
   * Throws SLUICE_OBJECT_MISSING when there is none.
   */
  localPath(key: string): Promise<string>
  /** The requests that were really sent so far, where a call is not one request. */
  sent?(): StoreCounts
  /** What this machine remembers of the store, where looking at it costs a request. */
  readonly memory?: StoreMemory
}

/**
 * What one machine keeps of a store on its own disk. Any of it may be gone, or be of long ago, of a lake even that was removed and made anew since:
 * believe it where something that was asked just now vouches for it.
 */
export interface StoreMemory {
  read(name: string): Promise<string | undefined>
  /** Best effort. */
  write(name: string, text: string): Promise<void>
  /** The bytes that were read or written last under a key that is written once, unasked. */
  body(key: string): Promise<Buffer | undefined>
}

/** `created` and `exists` are durable. */
export type CreateOutcome =
  | { readonly outcome: 'created' }
  | { readonly outcome: 'exists' }
  | { readonly outcome: 'unknown'; readonly cause: unknown }

export interface ObjectHead {
  readonly sizeBytes: number
  /** Tells this write of the object from every other one; not of stores that have no memory. */
  readonly stamp?: string
}

export interface ObjectEntry {
  readonly key: string
  readonly sizeBytes: number
  /** When it was written last, by the store's own clock, in milliseconds since the epoch. An adopted file has the time of the local one. */
  readonly modifiedMs: number
}

export interface UnfinishedWrite {
  /** Of the object that it was to become, or, on a disk, of the file that is left; no object has the latter. */
  readonly key: string
  readonly begunMs: number
  /** Of what had come; undefined where the server does not say. */
  readonly sizeBytes: number | undefined
}

export interface StoreCapabilities {
  /** `local` objects can be read in place; `remote` ones are fetched first. */
  readonly reach: 'memory' | 'local' | 'remote'
  /** Whether concurrent `create` calls for one key have exactly one winner. */
  readonly exclusiveCreate: boolean
  /** `folders`: `a` and `a/b` cannot both be objects. `flat`: keys are independent. */
  readonly keySpace: 'folders' | 'flat' | 'as the server'
  /** A folder of this machine for unfinished files: what is adopted from it is not copied. */
  readonly workFolder: string
  /** What `workFolder` is a part of: who cannot write there is told what to change. */
  readonly workFolderOf: 'lake' | 'cache'
  /** Whose unfinished files show in `workFolder`: those of everybody who writes to the store, or not of other machines. */
  readonly workers: 'all' | 'of this machine'
}

/** Throws again what says that a store was not heard: that tells nothing of what is in it. */
export function passUnreachable(cause: unknown): undefined {
  if (cause instanceof SluiceError && UNHEARD.has(cause.code)) throw cause
  return undefined
}

const UNHEARD: ReadonlySet<string> = new Set([
  'SLUICE_STORE_UNREACHABLE',
  'SLUICE_STORE_CREDENTIALS',
  'SLUICE_CACHE_UNUSABLE',
])
