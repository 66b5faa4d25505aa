import { join, relative } from 'node:path'
import { SluiceError } from '../../core/errors.js'
import { expandEntries, parsePipeFile, type ReadEntry, readEntries } from '../pipes/load-pipes.js'
import type { PipeDeclaration } from '../pipes/pipe-declaration.js'
import { filesBelow, readAll } from '../project/read-text.js'
import { DEFAULTS_FILE, defaultsFor, type FolderDefaults, parseDefaults } from './folder-defaults.js'
import { tablesOf, type ValueTable } from './for-each.js'
import type { PipeFile } from './pipe-file.js'
import { readValueTable } from './value-tables.js'

const YAML = /\.ya?ml$/
const SCRIPT = /(?<!\.d)\.(ts|mts|js|mjs)$/
/** Files that look as if they held pipes, and would be passed over. */
const NOT_READ = /\.(jsonc?|cjs|cts|toml)$/

/**
 * The pipes of a project: of every YAML, TypeScript and JavaScript file in `pipes/` and its folders, in order of their paths, with the
 * defaults of their folders and one pipe for each combination of `for_each`. Throws SLUICE_PIPE_INVALID with file:line:column.
 */
export async function readRegistry(folder: string): Promise<PipeDeclaration[]> {
  const found = (await filesBelow(join(folder, 'pipes'))).sort()
  const shown = (file: string) => relative(folder, file).replaceAll('\\', '/')
  const strange = found.find(file => NOT_READ.test(file))
  if (strange !== undefined) {
    const message = `${shown(strange)} is no file of pipes: these are .yaml, .yml, .ts, .mts, .js and .mjs.`
    throw new SluiceError('SLUICE_PIPE_INVALID', message, { place: { file: shown(strange) } })
  }
  const files = found.filter(file => YAML.test(file) || SCRIPT.test(file))
  const texts = await readAll(files.filter(file => YAML.test(file)))
  const isDefaults = ({ file }: { file: string }) => DEFAULTS_FILE.test(shown(file))
  const defaults = texts.filter(isDefaults).map(({ text, file }) => parseDefaults(text, shown(file)))
  const byFile = new Map(texts.map(({ file, text }) => [file, text]))
  const entries: ReadEntry[] = []
  for (const file of files.filter(path => !isDefaults({ file: path }))) {
    const text = byFile.get(file)
    const read = text === undefined ? await scriptFile(file, shown(file)) : parsePipeFile(text, shown(file))
    entries.push(...withDefaultsOf(read, defaults))
  }
  return expandEntries(entries, await readTables(entries, folder))
}

function withDefaultsOf(file: PipeFile, defaults: readonly FolderDefaults[]): ReadEntry[] {
  return readEntries(file, defaultsFor(file.file, defaults))
}

/** The compiler is loaded only where there is a file for it. */
async function scriptFile(path: string, file: string): Promise<PipeFile> {
  const { loadScript } = await import('./script-pipes.js')
  return loadScript(path, file)
}

async function readTables(entries: readonly ReadEntry[], folder: string): Promise<Map<string, ValueTable>> {
  const tables = new Map<string, ValueTable>()
  for (const { entry, file, at } of entries) {
    for (const from of entry.for_each === undefined ? [] : tablesOf(entry.for_each)) {
      if (tables.has(from)) continue
      const table = await readValueTable(from, folder).catch(thrown => {
        if (!(thrown instanceof SluiceError) || thrown.details.place !== undefined) throw thrown
        const place = file.place(at, ['for_each'])
        throw new SluiceError(thrown.code, `Pipe ${entry.name}: ${thrown.message}`, { ...thrown.details, place })
      })
      if (table !== undefined) tables.set(from, table)
    }
  }
  return tables
}
