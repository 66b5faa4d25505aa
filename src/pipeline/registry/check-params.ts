import type { ZodObject } from 'zod'
import { SluiceError } from '../../core/errors.js'
import { zodFaults } from '../../core/yaml-document.js'
import { sourceNamed } from '../../sources/provider-list.js'
import { type PipeDeclaration, pipePlace } from '../pipes/pipe-declaration.js'

/**
 * Parameters as the source wants them, with its defaults; an empty text is a value that is not given, and
 * templates leave it out.
 * A value that a run must give (null), or that is made of such, is not looked at. Throws SLUICE_PIPE_INVALID with the place of the pipe.
 */
export function checkedParams(pipe: PipeDeclaration): PipeDeclaration['params'] {
  refuseCircles(pipe)
  const schema = sourceNamed(pipe.source)?.source.params
  return schema === undefined ? pipe.params : paramsFor(schema, pipe)
}

function paramsFor(schema: ZodObject, pipe: PipeDeclaration): PipeDeclaration['params'] {
  const { shape } = schema
  const open = Object.keys(pipe.params).filter(name => isOpen(pipe.params[name]!) && Object.hasOwn(shape, name))
  const given = Object.entries(pipe.params).filter(([name, value]) => !open.includes(name) && value !== '')
  const due = open.length === 0 ? schema : schema.partial(Object.fromEntries(open.map(name => [name, true])) as never)
  const result = due.safeParse(Object.fromEntries(given))
  if (!result.success) {
    const faults = zodFaults(schema, result.error).map(({ message }) => message)
    const message = `Pipe ${pipe.name}, params of ${pipe.source}: ${faults.join('; ')}`
    throw new SluiceError('SLUICE_PIPE_INVALID', message, pipePlace(pipe))
  }
  const values: Readonly<Record<string, unknown>> = result.data
  return Object.fromEntries(
    Object.keys(shape).map(name => {
      if (open.includes(name)) return [name, pipe.params[name] ?? null]
      return [name, values[name] === undefined || values[name] === null ? '' : String(values[name])]
    }),
  )
}

/** A value that only a run knows. */
function isOpen(value: string | null): boolean {
  return value === null || /\{[a-z][a-z0-9_]*\}/.test(value)
}

/** Defaults may be made of other parameters, but not of themselves. */
function refuseCircles({ params, ...pipe }: PipeDeclaration): void {
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name)) {
      const round = [...path.slice(path.indexOf(name)), name].join(' is made of ')
      throw new SluiceError(
        'SLUICE_PIPE_INVALID',
        `Pipe ${pipe.name} has params in a circle: ${round}.`,
        pipePlace(pipe),
      )
    }
    for (const [, inner] of params[name]?.matchAll(/\{([a-z][a-z0-9_]*)\}/g) ?? [])
      if (inner !== undefined && Object.hasOwn(params, inner)) visit(inner, [...path, name])
  }
  for (const name of Object.keys(params)) if (params[name]?.includes('{')) visit(name, [])
}
