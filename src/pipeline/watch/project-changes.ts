import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { asSluiceError, type SluiceError } from '../../core/errors.js'
import type { Project } from '../project/project.js'

export type ProjectChange =
  | { readonly outcome: 'same' }
  | { readonly outcome: 'changed'; readonly project: Project }
  | { readonly outcome: 'broken'; readonly fault: SluiceError }

export interface ChangeOptions {
  readonly folder: string
  /** The mark of the files from before they were first read. */
  readonly mark: string
  readonly load: () => Promise<Project>
}

/** Reads a project again when its files are others than at the last look. A fault is told once, until the files change again. */
export function projectChanges({ folder, mark, load }: ChangeOptions): () => Promise<ProjectChange> {
  let seen = mark
  return async () => {
    const found = await projectMark(folder)
    if (found === seen) return { outcome: 'same' }
    // Before they are read: what changes meanwhile is seen at the next look.
    seen = found
    try {
      return { outcome: 'changed', project: await load() }
    } catch (thrown) {
      return { outcome: 'broken', fault: asSluiceError(thrown) }
    }
  }
}

const FOLDERS = ['pipes', 'contracts', 'models']
const OWN_FILES = /^(sluice\.ya?ml|\.env|[^/]+\.csv)$/

/** Names, sizes and times of the files that make a project: settings, pipes, contracts, models and its tables. No content is read. */
export async function projectMark(folder: string): Promise<string> {
  const own = (await namesIn(folder)).filter(({ name, isFolder }) => !isFolder && OWN_FILES.test(name))
  const below = await Promise.all(FOLDERS.map(name => filesBelow(join(folder, name))))
  const files = [...own.map(({ name }) => join(folder, name)), ...below.flat()].sort()
  return (await Promise.all(files.map(markOf))).join('\n')
}

async function markOf(file: string): Promise<string> {
  const found = await stat(file, { bigint: true }).catch(() => undefined)
  return found === undefined ? `${file} gone` : `${file} ${found.size} ${found.mtimeNs} ${found.ino}`
}

async function filesBelow(folder: string): Promise<string[]> {
  const found = (await namesIn(folder)).filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
  const files = found.map(({ name, isFolder }) => (isFolder ? filesBelow(join(folder, name)) : [join(folder, name)]))
  return (await Promise.all(files)).flat()
}

async function namesIn(folder: string): Promise<{ name: string; isFolder: boolean }[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries.map(entry => ({ name: entry.name, isFolder: entry.isDirectory() }))
}
