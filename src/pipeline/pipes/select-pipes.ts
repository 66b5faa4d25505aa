import { SluiceError } from '../../core/errors.js'
import { didYouMean } from '../../core/nearest-name.js'
import { feedersOf, type Making, madeNames } from '../registry/feeders.js'
import { globTest } from './expand-input.js'
import { type PipeDeclaration, requiredParams } from './pipe-declaration.js'

export interface Selection {
  /** Each value adds pipes; what stands with commas in one value has to hold together. */
  readonly select: readonly string[]
  readonly exclude?: readonly string[] | undefined
}

const NOTHING_MADE: Making = { contracts: [], models: [] }

/**
 * The pipes that are selected and not excluded, in declared order. A term is a pipe's name or a pattern with `*` and `?`, a group (the stem
 * of the declaring file), a path such as `pipes/fx/*`, `tag:x`, `source:nbp`, `source:nbp.rates`, `contract:x`, or `+x`: the pipes that feed
 * the table x, through all models. `x+` means x and what it feeds, which are the same pipes. Without `select`: every pipe that needs no
 * parameter from the run. Disabled pipes are never among them.
 * A term that names nothing, and a selection that leaves nothing, throw SLUICE_PIPE_UNKNOWN.
 */
export function selectPipes(
  pipes: readonly PipeDeclaration[],
  { select, exclude = [] }: Selection,
  making: Making = NOTHING_MADE,
): PipeDeclaration[] {
  const of = (value: string) => pipesOf(pipes, value, making)
  const excluded = new Set(exclude.flatMap(of))
  const ready = (pipe: PipeDeclaration) => pipe.enabled !== false && !excluded.has(pipe)
  if (select.length === 0) return pipes.filter(pipe => ready(pipe) && requiredParams(pipe).length === 0)
  const selected = new Set(select.flatMap(of))
  const found = pipes.filter(pipe => selected.has(pipe) && ready(pipe))
  if (found.length > 0) return found
  const reason = [...selected].every(pipe => pipe.enabled === false) ? 'disabled: `enabled: false`' : 'excluded'
  throw unknown(`Every pipe that ${select.join(' ')} selects is ${reason}.`, select.join(' '))
}

/** The pipes for which every term of a value holds. */
function pipesOf(pipes: readonly PipeDeclaration[], value: string, making: Making): PipeDeclaration[] {
  const terms = value.split(',').map(term => term.trim())
  const found = terms.map(term => new Set(pipesOfTerm(pipes, term, making)))
  const together = pipes.filter(pipe => found.every(set => set.has(pipe)))
  if (together.length > 0) return together
  throw unknown(`No pipe is in all of ${terms.join(' and ')}.`, value)
}

function pipesOfTerm(pipes: readonly PipeDeclaration[], term: string, making: Making): PipeDeclaration[] {
  const bare = term.replace(/^\+|\+$/g, '')
  const feeders = bare === term ? undefined : feedersOf(bare, making)
  const test = testOf(bare)
  const found = pipes.filter(pipe => test(pipe) || feeders?.has(pipe.contract))
  if (found.length > 0) return found
  if (feeders !== undefined) throw unknown(`No pipe feeds "${bare}".`, term)
  const known = bare === term ? [] : madeNames(making)
  throw unknown(
    `No pipe, group or tag is called "${bare}".${didYouMean(bare, new Set([...namesFor(pipes, bare), ...known]))}`,
    term,
  )
}

type Test = (pipe: PipeDeclaration) => boolean

/** What a method looks at, in each pipe. */
const METHODS: Readonly<Record<string, (pipe: PipeDeclaration) => readonly string[]>> = {
  tag: pipe => pipe.tags,
  source: ({ source }) => [source, source.split('.')[0]!],
  contract: pipe => [pipe.contract],
  group: pipe => [pipe.group],
  path: ({ declaredIn }) => pathsOf(declaredIn.file),
}

function testOf(term: string): Test {
  const { method, text } = methodOf(term)
  const test = globTest(text)
  if (method !== undefined) return pipe => method(pipe).some(test)
  return pipe => test(pipe.name) || test(pipe.group)
}

function methodOf(term: string): { method: ((pipe: PipeDeclaration) => readonly string[]) | undefined; text: string } {
  const [, name = '', rest = ''] = /^([a-z]+):(.*)$/s.exec(term) ?? []
  if (Object.hasOwn(METHODS, name)) return { method: METHODS[name], text: name === 'path' ? trimPath(rest) : rest }
  return term.includes('/') ? { method: METHODS['path'], text: trimPath(term) } : { method: undefined, text: term }
}

function trimPath(path: string): string {
  return path.replace(/^\.\//, '').replace(/\/$/, '')
}

/** A file and the folders that it is in. */
function pathsOf(file: string): string[] {
  const parts = file.split('/')
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'))
}

/** What a mistyped term may have meant, spelled as terms are. */
function namesFor(pipes: readonly PipeDeclaration[], term: string): string[] {
  const { method } = methodOf(term)
  const prefix = /^[a-z]+:/.exec(term)?.[0] ?? ''
  if (method !== undefined) return pipes.flatMap(pipe => method(pipe).map(name => `${prefix}${name}`))
  return pipes.flatMap(pipe => [pipe.name, pipe.group, ...pipe.tags.map(tag => `tag:${tag}`)])
}

function unknown(message: string, pattern: string): SluiceError {
  return new SluiceError('SLUICE_PIPE_UNKNOWN', `${message} Nothing was written.`, { pattern })
}
