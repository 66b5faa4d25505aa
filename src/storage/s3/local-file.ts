import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { type FileContent, readContent } from '../read-content.js'

/** A finished file of this machine that is to become an object. */
export interface LocalFile extends FileContent {
  readonly path: string
  /** All of its bytes, each time anew. */
  body(): Buffer | Readable
}

/** A file with what is known of it, or else with what is found. Throws what the disk says. */
export async function localFile(path: string, known: FileContent | undefined): Promise<LocalFile> {
  const content = known ?? (await readContent(path))
  return { ...content, path, body: () => content.bytes ?? createReadStream(path) }
}
