import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomIds, sha256Hex } from '../../core/ids.js'
import { makeFolders, removeQuietly } from '../durable.js'

/** Short texts in files of their own, by name. A text that cannot be read is none, and one that cannot be written is not kept. */
export interface StoreNotes {
  read(name: string): Promise<string | undefined>
  write(name: string, text: string): Promise<void>
}

export function storeNotes(folder: string): StoreNotes {
  const pathOf = (name: string): string => join(folder, `${sha256Hex(name).slice(0, 32)}.txt`)
  return {
    read: name => readFile(pathOf(name), 'utf8').catch(() => undefined),
    async write(name, text) {
      const temp = join(folder, `${randomIds.uuid()}.tmp`)
      try {
        await makeFolders(folder)
        await writeFile(temp, text)
        await rename(temp, pathOf(name))
      } catch {
        await removeQuietly(temp)
      }
    },
  }
}
