import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { SluiceError } from '../../core/errors.js'
import { makeFolders } from '../../storage/durable.js'
import { PACKAGE_FOLDER } from '../package-folder.js'
import { type Template, templateNamed, withPartition } from './templates.js'

/** What `initProject` did, as paths relative to the new project. */
export interface InitOutcome {
  readonly folder: string
  readonly written: readonly string[]
  /** Files that were there before; they are untouched. */
  readonly kept: readonly string[]
}

const GIT_IGNORE = '# The lake and secrets stay out of the repository.\ndata_lake/\n.env\n'

/**
 * Makes a project in `folder`, of the template of that name. Never overwrites a file; an interrupted call can be repeated. An unknown
 * template throws SLUICE_ARGUMENT_INVALID.
 */
export async function initProject(folder: string, template = 'sample'): Promise<InitOutcome> {
  const target = resolve(folder)
  const source = PACKAGE_FOLDER
  const { partitions = {}, ...parts } = templateNamed(template)
  const files = await templateFiles(source, parts)
  const written: string[] = []
  const kept: string[] = []
  const put = async (name: string, body: Buffer | string) => {
    ;((await createFile(join(target, name), body)) ? written : kept).push(name)
  }
  for (const [name, path] of files) {
    const partition = partitions[name]
    await put(
      name,
      partition === undefined ? await readFile(path) : withPartition(await readFile(path, 'utf8'), partition),
    )
  }
  await put('.gitignore', GIT_IGNORE)
  return { folder: target, written, kept }
}

/** What goes into a project, by name there: where it lies in the package. */
async function templateFiles(
  source: string,
  { own = '', shared }: Pick<Template, 'own' | 'shared'>,
): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  const add = async (root: string, parts: readonly string[]) => {
    for (const name of (await Promise.all(parts.map(part => filesBelow(root, part)))).flat())
      files.set(name, join(root, name))
  }
  await add(source, shared)
  if (own !== '') await add(join(source, own), await readdir(join(source, own)))
  // npm packs no file whose name begins with `.env`.
  files.delete('env.example')
  return files.set('.env.example', join(source, own, 'env.example'))
}

/** The files at or below a part of the package, `/`-separated and in order of their names. */
async function filesBelow(root: string, part: string): Promise<string[]> {
  if ((await stat(join(root, part))).isFile()) return [part]
  const names = (await readdir(join(root, part))).sort()
  return (await Promise.all(names.map(name => filesBelow(root, `${part}/${name}`)))).flat()
}

async function createFile(path: string, body: Buffer | string): Promise<boolean> {
  try {
    await makeFolders(dirname(path))
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
