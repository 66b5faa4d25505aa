import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the checkout, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Made by tools or by runs: never part of the repository. */
const GENERATED = new Set(['.git', '.cache', 'node_modules', 'dist', 'coverage', 'data_lake', 'demo', '__pycache__'])

export interface TextFile {
  /** Relative to the checkout, with `/`. */
  readonly path: string
  readonly text: string
}

/** The files at or below a folder of the checkout, by path. Reads the disk, not git: a copy without `.git` is guarded too. */
export function filesBelow(folder: string, extension: string): TextFile[] {
  return pathsBelow(folder)
    .filter(path => path.endsWith(extension))
    .map(path => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
}

function pathsBelow(folder: string): string[] {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true }).filter(entry => !GENERATED.has(entry.name))
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      return entry.isDirectory() ? pathsBelow(path) : entry.isFile() ? [path] : []
    })
}
