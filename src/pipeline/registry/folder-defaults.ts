import { dirname } from 'node:path/posix'
import { parseYaml } from '../../core/yaml-document.js'
import { pipeDefaultsSchema } from '../pipes/pipe-schema.js'

/** What a folder says for its pipes and those below it, as it is written. */
export interface FolderDefaults {
  /** Relative to the project. */
  readonly folder: string
  readonly values: Readonly<Record<string, unknown>>
}

export const DEFAULTS_FILE = /(^|\/)_defaults\.ya?ml$/

/** Maps that a pipe fills up rather than replaces; of `http` also the maps in it. */
const FILLED_UP = ['params', 'map', 'http']

/** Reads a `_defaults.yaml`. Throws SLUICE_PIPE_INVALID with the place of every fault. */
export function parseDefaults(text: string, file: string): FolderDefaults {
  const { document } = parseYaml(text, file, pipeDefaultsSchema, 'SLUICE_PIPE_INVALID')
  return { folder: dirname(file), values: (document.value ?? {}) as Record<string, unknown> }
}

/** The defaults of a file's folder: those of folders above it, filled up and overruled by those below. */
export function defaultsFor(file: string, all: readonly FolderDefaults[]): Readonly<Record<string, unknown>> {
  return all
    .filter(({ folder }) => file.startsWith(`${folder}/`))
    .toSorted((a, b) => a.folder.length - b.folder.length)
    .reduce<Readonly<Record<string, unknown>>>((lower, { values }) => withDefaults(values, lower), {})
}

/** An entry with what it leaves out. Tags add up; `params`, `map` and `http` are filled up key by key, and so are the maps in `http`. */
export function withDefaults(
  entry: Readonly<Record<string, unknown>>,
  defaults: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const names = Object.keys(defaults)
  if (names.length === 0) return entry
  const filled: Record<string, unknown> = { ...defaults, ...entry }
  for (const name of names) {
    const [lower, upper] = [defaults[name], entry[name]]
    if (name === 'tags' && Array.isArray(lower) && Array.isArray(upper))
      filled[name] = [...new Set([...lower, ...upper])]
    if (FILLED_UP.includes(name) && isMap(lower) && isMap(upper))
      filled[name] = name === 'http' ? filledUp(lower, upper, 1) : filledUp(lower, upper, 0)
  }
  return filled
}

/** Keys of both, the upper ones first; maps that both have are filled up too, as deep as told. */
function filledUp(lower: Values, upper: Values, depth: number): Values {
  const inner = Object.keys(upper).filter(key => depth > 0 && isMap(lower[key]) && isMap(upper[key]))
  const filled = inner.map(key => [key, filledUp(lower[key] as Values, upper[key] as Values, depth - 1)] as const)
  return { ...lower, ...upper, ...Object.fromEntries(filled) }
}

type Values = Readonly<Record<string, unknown>>

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
