import { SluiceError } from '../core/errors.js'
import { didYouMean } from '../core/nearest-name.js'
import { quoteText } from '../engine/sql-text.js'
import type { Pipe } from '../sources/pipe.js'
import { type PipeDeclaration, pipePlace } from './pipe-declaration.js'

const PLACEHOLDER = /\{([a-z][a-z0-9_]*)\}/g
/** A SQL text or quoted name, or a placeholder outside of both. */
const SQL_PART = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\{([a-z][a-z0-9_]*)\}/g

/** A declaration whose placeholders are filled in; its input paths may still be patterns. */
export type FilledPipe = Omit<PipeDeclaration, 'params' | 'mapPlaces'> & Pick<Pipe, 'params'>

/**
 * Puts parameters in the place of `{name}`: as they are in `input` and in the defaults of other parameters, as a quoted
 * text in SQL. Given values that the pipe does not declare are ignored: they may be meant for another pipe.
 * A missing value throws SLUICE_ARGUMENT_INVALID, an undeclared placeholder SLUICE_PIPE_INVALID.
 */
export function fillParameters(pipe: PipeDeclaration, given: Readonly<Record<string, string>>): FilledPipe {
  const raw = Object.fromEntries(
    Object.entries(pipe.params).map(([name, fallback]) => [
      name,
      ownValue(given, name) ?? required(pipe, name, fallback),
    ]),
  )
  const inText = (text: string) => text.replace(PLACEHOLDER, (_, name: string) => valueFor(pipe, raw, name))
  const params = Object.fromEntries(
    Object.entries(raw).map(([name, value]) => [name, ownValue(given, name) === undefined ? inText(value) : value]),
  )
  const inPath = (text: string) => text.replace(PLACEHOLDER, (_, name: string) => valueFor(pipe, params, name))
  const { mapPlaces: _, ...rest } = pipe
  return {
    ...rest,
    params,
    input: pipe.input.map(inPath),
    map: Object.fromEntries(Object.entries(pipe.map).map(([field, sql]) => [field, inSql(pipe, field, sql, params)])),
  }
}

/** SQL with a text literal of the same length in the place of each placeholder, so that it can be parsed and positions stay true. */
export function withoutPlaceholders(sql: string): string {
  return sql.replace(SQL_PART, (part, name: string | undefined) => (name === undefined ? part : `'${name}'`))
}

/** Placeholders become text literals, so a value can never change the expression round it. */
function inSql(pipe: PipeDeclaration, field: string, sql: string, params: Readonly<Record<string, string>>): string {
  return sql.replace(SQL_PART, (part, name: string | undefined) => {
    if (name !== undefined) return quoteText(valueFor(pipe, params, name))
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
