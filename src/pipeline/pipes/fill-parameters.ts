import { SluiceError } from '../../core/errors.js'
import { didYouMean } from '../../core/nearest-name.js'
import { quoteText } from '../../engine/sql-text.js'
import type { Pipe } from '../../sources/pipe.js'
import { type PipeDeclaration, pipePlace } from './pipe-declaration.js'

const PLACEHOLDER = /\{([a-z][a-z0-9_]*)\}/g
/** A SQL text or quoted name, or a placeholder outside of both. */
const SQL_PART = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\{([a-z][a-z0-9_]*)\}/g

/** A declaration whose placeholders are filled in; its input paths may still be patterns. */
export type FilledPipe = Omit<PipeDeclaration, 'params' | 'mapPlaces' | 'fixed' | 'enabled' | 'template'> &
  Pick<Pipe, 'params'>

/**
 * Puts parameters in the place of `{name}`: as they are in `input` and in the defaults of other parameters; in SQL as a quoted text,
 * or as `(params->>'name')` where answers of many pipes are read by one statement. Given values that the pipe does not declare are
 * ignored: they may be meant for another pipe.
 * A missing value throws SLUICE_ARGUMENT_INVALID, an undeclared placeholder SLUICE_PIPE_INVALID.
 */
export function fillParameters(pipe: PipeDeclaration, given: Readonly<Record<string, string>>): FilledPipe {
  const params: Record<string, string> = {}
  const inText = (text: string) => text.replace(PLACEHOLDER, (_, name: string) => valueFor(pipe, params, name))
  for (const name of inOrder(pipe.params)) {
    const own = ownValue(given, name)
    params[name] = own ?? inText(required(pipe, name, pipe.params[name]!))
  }
  const { mapPlaces: _, fixed: __, enabled: ___, template: ____, ...rest } = pipe
  const declared = Object.fromEntries(Object.keys(pipe.params).map(name => [name, params[name]!]))
  return { ...rest, params: declared, input: pipe.input.map(inText), map: filledMap(pipe, params) }
}

/** The parameters, each after those that its default is made of. A circle ends where it began: loading refuses it. */
function inOrder(params: PipeDeclaration['params']): Iterable<string> {
  const ordered = new Set<string>()
  const started = new Set<string>()
  const visit = (name: string): void => {
    if (started.has(name)) return
    started.add(name)
    for (const [, inner] of params[name]?.matchAll(PLACEHOLDER) ?? [])
      if (inner !== undefined && Object.hasOwn(params, inner)) visit(inner)
    ordered.add(name)
  }
  for (const name of Object.keys(params)) visit(name)
  return ordered
}

/** Maps in which parameters are columns: the pipes of a declaration share one. */
const shared = new WeakMap<PipeDeclaration['map'], Pipe['map']>()

function filledMap(pipe: PipeDeclaration, params: Readonly<Record<string, string>>): Pipe['map'] {
  const known = shared.get(pipe.map)
  if (known !== undefined) return known
  const isShared = pipe.source !== 'file' && !pipe.source.startsWith('sample.')
  const write = isShared ? (_: string, name: string) => `(params->>${quoteText(name)})` : quoteText
  const map = Object.fromEntries(
    Object.entries(pipe.map).map(([field, sql]) => [field, inSql(pipe, field, sql, params, write)]),
  )
  if (isShared) shared.set(pipe.map, map)
  return map
}

/** SQL with a text literal of the same length in the place of each placeholder, so that it can be parsed and positions stay true. */
export function withoutPlaceholders(sql: string): string {
  return sql.replace(SQL_PART, (part, name: string | undefined) => (name === undefined ? part : `'${name}'`))
}

/** Placeholders become values of their own, so that none can change the expression round it. */
function inSql(
  pipe: PipeDeclaration,
  field: string,
  sql: string,
  params: Readonly<Record<string, string>>,
  write: (value: string, name: string) => string,
): string {
  return sql.replace(SQL_PART, (part, name: string | undefined) => {
    if (name !== undefined) return write(valueFor(pipe, params, name), name)
    const quoted = [...part.matchAll(PLACEHOLDER)].find(match => Object.hasOwn(params, match[1]!))
    if (quoted === undefined) return part
    const message = `The map of ${field} in pipe ${pipe.name} has ${quoted[0]} within quotes, where it would stand for itself.`
    throw new SluiceError('SLUICE_PIPE_INVALID', message, {
      ...pipePlace(pipe),
      next: `Write it outside: 'text' || ${quoted[0]}. The value is quoted for you.`,
    })
  })
}

function valueFor(pipe: PipeDeclaration, params: Readonly<Record<string, string>>, name: string): string {
  const value = ownValue(params, name)
  if (value !== undefined) return value
  const message = `Pipe ${pipe.name} uses {${name}}, which is not one of its params.${didYouMean(name, Object.keys(params))}`
  throw new SluiceError('SLUICE_PIPE_INVALID', message, pipePlace(pipe))
}

function required(pipe: PipeDeclaration, name: string, fallback: string | null): string {
  if (fallback !== null) return fallback
  throw new SluiceError(
    'SLUICE_ARGUMENT_INVALID',
    `Pipe ${pipe.name} needs the parameter ${name}. Nothing was written.`,
    { ...pipePlace(pipe), next: `Add --param ${name}=VALUE.` },
  )
}

function ownValue<T>(values: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined
}
