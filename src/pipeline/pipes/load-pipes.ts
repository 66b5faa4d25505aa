import { basename } from 'node:path'
import { documentError, type Fault, parseYaml, zodFaults } from '../../core/yaml-document.js'
import { expandPipe } from '../registry/expand-pipe.js'
import { withDefaults } from '../registry/folder-defaults.js'
import { ForEachFault, type ValueTables } from '../registry/for-each.js'
import { type PipeFile, readPipeFile } from '../registry/pipe-file.js'
import type { PipeDeclaration } from './pipe-declaration.js'
import { type PipeEntry, pipeFileSchema, pipeSchema } from './pipe-schema.js'

export { checkPipes } from '../registry/check-pipes.js'

/** A pipe as it is written, its form checked, with its place in the file. */
export interface ReadEntry {
  readonly entry: PipeEntry
  readonly file: PipeFile
  readonly at: number
}

type Defaults = Readonly<Record<string, unknown>>

/**
 * The pipes that a YAML file of `pipes/` declares; the file's stem is their group.
 * Throws SLUICE_PIPE_INVALID with file:line:column.
 */
export function parsePipes(text: string, file: string): PipeDeclaration[] {
  return expandEntries(readEntries(parsePipeFile(text, file), {}), new Map())
}

/** A YAML file of pipes with at least one in it. Throws SLUICE_PIPE_INVALID with file:line:column. */
export function parsePipeFile(text: string, file: string): PipeFile {
  const read = readPipeFile({ text, file, code: 'SLUICE_PIPE_INVALID' })
  if (read.ok) return read.pipes
  parseYaml(text, file, pipeFileSchema, 'SLUICE_PIPE_INVALID')
  throw new TypeError('the schema takes a file that is none')
}

/** Fills in what entries leave out and checks their form. Throws SLUICE_PIPE_INVALID with the places of all faults. */
export function readEntries(file: PipeFile, defaults: Defaults): ReadEntry[] {
  const faults: Fault[] = []
  const read: ReadEntry[] = []
  for (const [at, raw] of file.entries.entries()) {
    const isMap = typeof raw === 'object' && raw !== null && !Array.isArray(raw)
    const result = pipeSchema.safeParse(isMap ? withDefaults(raw as Defaults, defaults) : raw)
    if (result.success) read.push({ entry: result.data, file, at })
    else faults.push(...zodFaults(pipeSchema, result.error).map(fault => ({ ...fault, path: [at, ...fault.path] })))
  }
  if (faults.length > 0) throw entryError(file, faults)
  return read
}

/** The pipes of entries, in order. Throws SLUICE_PIPE_INVALID with the place of the first fault. */
export function expandEntries(entries: readonly ReadEntry[], tables: ValueTables): PipeDeclaration[] {
  return entries.flatMap(({ entry, file, at }) => {
    const group = basename(file.file).replace(/\.\w+$/, '')
    const mapPlaces = Object.fromEntries(
      Object.keys(entry.map).map(field => [field, file.textPlace(at, ['map', field])]),
    )
    try {
      return expandPipe(entry, { group, place: file.place(at, []), mapPlaces }, tables)
    } catch (thrown) {
      if (!(thrown instanceof ForEachFault)) throw thrown
      throw entryError(file, [{ path: [at, ...thrown.path], message: `pipe ${entry.name}: ${thrown.message}` }])
    }
  })
}

function entryError(file: PipeFile, faults: readonly Fault[]) {
  const place = ([at, ...path]: Fault['path'], key?: string) => file.place(Number(at), path, key)
  return documentError({ code: 'SLUICE_PIPE_INVALID' }, { place }, faults)
}
