import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SluiceError } from '../core/errors.js'

/** What `initProject` did, as paths relative to the new project. */
export interface InitOutcome {
  readonly folder: string
  readonly written: readonly string[]
  /** Files that were there before; they are untouched. */
  readonly kept: readonly string[]
}

/** The package ships as a project of its own: these parts of it are what a new one starts with. */
const STARTER = ['sluice.yaml', 'instruments.csv', 'instrument_aliases.csv', 'contracts', 'pipes', 'models', 'schemas']

const GIT_IGNORE = '# The lake and secrets stay out of the repository.\ndata_lake/\n.env\n'

/** Makes a project in `folder`. Never overwrites a file; an interrupted call can be repeated. */
export async function initProject(folder: string): Promise<InitOutcome> {
  const target = resolve(folder)
  const source = fileURLToPath(new URL('../../', import.meta.url))
  const written: string[] = []
  const kept: string[] = []
  const put = async (name: string, body: Buffer | string) => {
    ;((await createFile(join(target, name), body)) ? written : kept).push(name)
  }
  for (const name of (await Promise.all(STARTER.map(part => filesBelow(source, part)))).flat()) {
    await put(name, await readFile(join(source, name)))
  }
  await put('.env.example', await readFile(join(source, 'env.example')))
  await put('.gitignore', GIT_IGNORE)
  return { folder: target, written, kept }
}

/** The files at or below a part of the package, `/`-separated and in order of their names. */
async function filesBelow(root: string, part: string): Promise<string[]> {
  if ((await stat(join(root, part))).isFile()) return [part]
  const names = (await readdir(join(root, part))).sort()
  return (await Promise.all(names.map(name => filesBelow(root, `${part}/${name}`)))).flat()
}

async function createFile(path: string, body: Buffer | string): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, body, { flag: 'wx' })
    return true
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST' && (await isFile(path))) return false
    const reason = cause instanceof Error ? cause.message : String(cause)
    const next = 'Choose another folder, or run the command again: files that exist are kept.'
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', `${path} cannot be written: ${reason}`, { next }, cause)
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    entry => entry.isFile(),
    () => false,
  )
}
