import { dirname, resolve } from 'node:path'
import { type DiskAction, diskError } from './disk-error.js'
import { type DurableFolders, durableFolders, realRoot } from './durable.js'
import { foldersBelow, listFolder } from './list-folder.js'
import { findObject, headObject, readObject, readRange } from './local-read.js'
import { discardFiles, unfinishedFiles } from './local-unfinished.js'
import { adoptFile, createObject, putObject, removeObject } from './local-write.js'
import { checkFolder, checkKey, checkPrefix } from './object-key.js'
import type { ObjectStore } from './object-store.js'

/**
 * A lake in a folder of this machine, which is made at the first write. Objects are files; symbolic links below the root
 * are refused. Throws SLUICE_STORE_FULL, SLUICE_STORE_READ_ONLY, SLUICE_STORE_UNAVAILABLE and SLUICE_STORE_KEY_INVALID.
 */
export function localStore(root: string): ObjectStore {
  const shown = resolve(root)
  let folders: Promise<DurableFolders> | undefined

  async function open(): Promise<DurableFolders> {
    folders ??= realRoot(shown).then(durableFolders)
    try {
      return await folders
    } catch (cause) {
      folders = undefined
      throw cause
    }
  }

  async function act<T>(verb: DiskAction['verb'], key: string, work: (on: DurableFolders) => Promise<T>): Promise<T> {
    checkKey(key)
    try {
      return await work(await open())
    } catch (cause) {
      throw diskError(cause, { verb, key, root: shown })
    }
  }

  return {
    capabilities: {
      reach: 'local',
      exclusiveCreate: true,
      keySpace: 'folders',
      workFolder: shown,
      workFolderOf: 'lake',
      workers: 'all',
    },
    root: shown,
    get: key => act('read', key, on => readObject(on.root, key)),
    getRange: (key, start, end) => act('read', key, on => readRange(on.root, key, start, end)),
    head: key => act('read', key, on => headObject(on.root, key)),
    localPath: key => act('read', key, on => findObject(on.root, key)),
    put: (key, body) => act('write', key, on => putObject(on, key, body)),
    create: (key, body) => act('write', key, on => createObject(on, key, body)),
    adopt: (localPath, key) => act('write', key, on => adoptFile(on, localPath, key)),
    delete: key => act('delete', key, on => removeObject(on.root, key)),
    async listFolders(prefix) {
      checkFolder(prefix)
      try {
        return await foldersBelow((await open()).root, prefix)
      } catch (cause) {
        throw diskError(cause, { verb: 'list', key: prefix, root: shown })
      }
    },
    async outer(key) {
      for (let folder = dirname(shown); ; folder = dirname(folder)) {
        if ((await headObject(folder, key).catch(() => undefined)) !== undefined) return folder
        if (folder === dirname(folder)) return undefined
      }
    },
    async unfinished(beforeMs, then) {
      try {
        const { root: real } = await open()
        const files = await unfinishedFiles(real, beforeMs)
        if (then === 'discard') await discardFiles(real, files)
        return files
      } catch (cause) {
        const verb = then === 'discard' ? 'delete' : 'list'
        throw diskError(cause, { verb, key: 'unfinished files', root: shown })
      }
    },
    async *list(prefix) {
      checkPrefix(prefix)
      try {
        yield* listFolder((await open()).root, prefix)
      } catch (cause) {
        throw diskError(cause, { verb: 'list', key: prefix, root: shown })
      }
    },
  }
}
