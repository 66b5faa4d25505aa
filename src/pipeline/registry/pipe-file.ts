import type { Place } from '../../core/errors.js'
import { type Path, readYaml, type TextPlace, type YamlSource } from '../../core/yaml-document.js'

/** The pipes of one file, not yet checked, and where each of their values stands. */
export interface PipeFile {
  /** Relative to the project. */
  readonly file: string
  readonly entries: readonly unknown[]
  /** Where the value at a path in an entry starts, or its key when `key` is named. */
  place(entry: number, path: Path, key?: string): Required<Place>
  textPlace(entry: number, path: Path): TextPlace
}

/** What a file holds when its form is not `pipes: [...]`: the caller's schema says what is wrong with it. */
export type YamlPipes = { readonly ok: true; readonly pipes: PipeFile } | { readonly ok: false }

/** Reads a YAML file of pipes. Throws SLUICE_PIPE_INVALID with the place of a fault in its syntax. */
export function readPipeFile(source: YamlSource): YamlPipes {
  const document = readYaml(source)
  const value = document.value
  const isList = typeof value === 'object' && value !== null && Object.keys(value).join() === 'pipes'
  const entries = isList ? (value as { pipes: unknown }).pipes : undefined
  if (!Array.isArray(entries) || entries.length === 0) return { ok: false }
  return {
    ok: true,
    pipes: {
      file: source.file,
      entries,
      place: (entry, path, key) => document.place(['pipes', entry, ...path], key),
      textPlace: (entry, path) => document.textPlace(['pipes', entry, ...path]),
    },
  }
}
