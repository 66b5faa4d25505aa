import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { systemClock } from '../core/clock.js'
import { SluiceError } from '../core/errors.js'
import { diskError } from './disk-error.js'
import { checkFolder, checkKey, checkPrefix, sortByName } from './object-key.js'
import type { CreateOutcome, ObjectEntry, ObjectStore } from './object-store.js'

/** An object store that must be closed, because it spooled objects for `localPath` into a temporary folder. */
export interface MemoryStore extends ObjectStore {
  close(): Promise<void>
}

/** A lake in this process, gone with it. Same promises as any other store, save that nothing is durable. */
export function memoryStore(): MemoryStore {
  const objects = new Map<string, Buffer>()
  const spool = spoolFolder()

  function store(key: string, body: Buffer): void {
    objects.set(key, body)
    WRITTEN.set(body, systemClock.now())
  }

  function create(key: string, body: Buffer): CreateOutcome {
    if (objects.has(key)) return { outcome: 'exists' }
    store(key, body)
    return { outcome: 'created' }
  }

  return {
    capabilities: {
      reach: 'memory',
      exclusiveCreate: true,
      keySpace: 'flat',
      workFolder: tmpdir(),
      workFolderOf: 'lake',
      workers: 'all',
    },
    root: 'memory:',
    async get(key) {
      const body = read(objects, key)
      return body && Buffer.from(body)
    },
    async getRange(key, start, end) {
      const body = read(objects, key)
      return body && Buffer.from(body.subarray(start, Math.max(start, end)))
    },
    async head(key) {
      const body = read(objects, key)
      return body && { sizeBytes: body.length }
    },
    async put(key, body) {
      checkKey(key)
      store(key, Buffer.from(body))
    },
    async create(key, body) {
      checkKey(key)
      return create(key, Buffer.from(body))
    },
    async adopt(localPath, key) {
      checkKey(key)
      const adopted = create(key, await readLocal(localPath, key))
      if (adopted.outcome === 'created') await rm(localPath)
      return adopted
    },
    async *list(prefix) {
      checkPrefix(prefix)
      yield* entriesBelow(objects, prefix)
    },
    async listFolders(prefix) {
      checkFolder(prefix)
      const rests = entriesBelow(objects, prefix).map(entry => entry.key.slice(prefix.length))
      const names = new Set(rests.filter(rest => rest.includes('/')).map(rest => rest.slice(0, rest.indexOf('/'))))
      return sortByName([...names], name => name)
    },
    async delete(key) {
      checkKey(key)
      objects.delete(key)
    },
    outer: async () => undefined,
    // A write is one step: none is ever unfinished.
    unfinished: async () => [],
    async localPath(key) {
      const body = read(objects, key)
      if (body === undefined) throw new SluiceError('SLUICE_OBJECT_MISSING', `${key} is not in memory.`, { key })
      return spool.pathFor(body, basename(key))
    },
    close: () => spool.remove(),
  }
}

/** When each version of an object was written. */
const WRITTEN = new WeakMap<Buffer, number>()

function read(objects: ReadonlyMap<string, Buffer>, key: string): Buffer | undefined {
  checkKey(key)
  return objects.get(key)
}

/** The listing as of now: objects that come or go while it is read do not disturb it. */
function entriesBelow(objects: ReadonlyMap<string, Buffer>, prefix: string): ObjectEntry[] {
  const isFolder = prefix === '' || prefix.endsWith('/')
  const entries = [...objects]
    .filter(([key]) => (isFolder ? key.startsWith(prefix) : key === prefix))
    .map(([key, body]) => ({ key, sizeBytes: body.length, modifiedMs: WRITTEN.get(body)! }))
  return sortByName(entries, entry => entry.key)
}

async function readLocal(localPath: string, key: string): Promise<Buffer> {
  try {
    return await readFile(localPath)
  } catch (cause) {
    throw diskError(cause, { verb: 'write', key, root: 'memory:' })
  }
}

/** Files for bytes that a reader wants as a path: one for each version of an object, so that none changes under its reader. */
function spoolFolder() {
  const paths = new WeakMap<Buffer, Promise<string>>()
  let folder: Promise<string> | undefined
  let count = 0

  async function write(body: Buffer, name: string): Promise<string> {
    folder ??= mkdtemp(join(tmpdir(), 'sluice-memory-'))
    const own = join(await folder, String(count++))
    await mkdir(own)
    await writeFile(join(own, name), body)
    return join(own, name)
  }

  return {
    pathFor(body: Buffer, name: string): Promise<string> {
      const path = paths.get(body) ?? write(body, name)
      paths.set(body, path)
      return path
    },
    async remove(): Promise<void> {
      if (folder !== undefined) await rm(await folder, { recursive: true, force: true })
    },
  }
}
