import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../../core/errors.js'

/** The text of a file of the project, or undefined when there is none. Not UTF-8 or unreadable throws SLUICE_CONFIG_INVALID. */
export async function readOptional(file: string): Promise<string | undefined> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file))
  } catch (cause) {
    if (isMissing(cause)) return undefined
    const reason = cause instanceof TypeError ? 'it is not UTF-8' : String((cause as Error).message)
    throw new SluiceError('SLUICE_CONFIG_INVALID', `${file} cannot be read: ${reason}.`, { place: { file } }, cause)
  }
}

/** The files of a folder whose names end so, absolute and in order of their names; none when there is no such folder. */
export async function filesIn(folder: string, ending: RegExp): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    const names = entries.filter(entry => !entry.isDirectory() && ending.test(entry.name)).map(entry => entry.name)
    return names.sort().map(name => join(folder, name))
  } catch (cause) {
    if (isMissing(cause)) return []
    throw cause
  }
}

/** The files of a folder and its folders, absolute and in no order; none when there is no such folder. Names with a dot in front are passed over. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(cause => {
    if (isMissing(cause)) return []
    throw cause
  })
  const found = entries
    .filter(entry => !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .map(async entry => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return filesBelow(path)
      return [path]
    })
  return (await Promise.all(found)).flat()
}

/** Each of these files with its text. */
export async function readAll(files: readonly string[]): Promise<{ file: string; text: string }[]> {
  return Promise.all(files.map(async file => ({ file, text: (await readOptional(file)) ?? '' })))
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')
}
