import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { parse, resolve, sep } from 'node:path'
import { SluiceError } from '../../core/errors.js'

/**
 * The files that a path names, absolute and in order of their names: `*` and `?` stand for any text within one part of
 * the path. A path without them, or one that exists as it is written, stands for itself. No match throws SLUICE_INPUT_MISSING.
 */
export async function expandInput(path: string, folder: string): Promise<string[]> {
  const absolute = resolve(folder, path)
  if (!isPattern(absolute) || existsSync(absolute)) return [absolute]
  const { root } = parse(absolute)
  const files = await matches(root, absolute.slice(root.length).split(sep))
  if (files.length > 0) return files
  throw new SluiceError('SLUICE_INPUT_MISSING', `No file matches ${absolute}. Nothing was written.`, { path: absolute })
}

/** A test for names by a pattern in which `*` and `?` stand for any text. */
export function globTest(pattern: string): (name: string) => boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  const expression = new RegExp(`^${source}$`, 'su')
  return name => expression.test(name)
}

export function isPattern(text: string): boolean {
  return /[*?]/.test(text)
}

async function matches(folder: string, parts: readonly string[]): Promise<string[]> {
  const [part, ...rest] = parts
  if (part === undefined) return []
  if (!isPattern(part)) {
    const next = resolve(folder, part)
    return rest.length === 0 ? existing(folder, part) : matches(next, rest)
  }
  const test = globTest(part)
  const names = (await namesIn(folder)).filter(name => test(name) && (part.startsWith('.') || !name.startsWith('.')))
  if (rest.length === 0) return names.map(name => resolve(folder, name))
  return (await Promise.all(names.map(name => matches(resolve(folder, name), rest)))).flat()
}

async function existing(folder: string, name: string): Promise<string[]> {
  return (await namesIn(folder)).includes(name) ? [resolve(folder, name)] : []
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch {
    return []
  }
}
