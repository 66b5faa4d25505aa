import type { TextPlace } from '../../core/yaml-document.js'
import type { Pipe } from '../../sources/pipe.js'

/** A pipe as it is declared: `{name}` still stands in `input`, `map` and `params`, input paths may be patterns. */
export interface PipeDeclaration extends Omit<Pipe, 'params'> {
  /** Parameters with their defaults; null means that a run must give the value. */
  readonly params: Readonly<Record<string, string | null>>
  /** The parameters that `for_each` gave: the pipe is named by them, so a run cannot give others. Left out: none. */
  readonly fixed?: readonly string[]
  /** False: checked, but never run. Left out: true. */
  readonly enabled?: boolean
  /** The name before `for_each` filled it, one for all pipes of a declaration. */
  readonly template?: string
  /** Where the SQL of each mapped field starts. */
  readonly mapPlaces: Readonly<Record<string, TextPlace>>
}

/** The parameters that a run must give. */
export function requiredParams(pipe: PipeDeclaration): string[] {
  return Object.keys(pipe.params).filter(name => pipe.params[name] === null)
}

/** A fault in a pipe, with the place of its declaration. */
export function pipePlace(pipe: Pick<Pipe, 'declaredIn'>): { readonly place: Pipe['declaredIn'] } {
  return { place: pipe.declaredIn }
}
