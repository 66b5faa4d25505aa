import type { ErrorObject, ValidateFunction } from 'ajv'
import type { JsonSchema } from '../core/schema-keys.js'
import { type Fault, type Path, unknownKeyFault } from '../core/yaml-document.js'
import { odcsJsonSchema, odcsValidator } from './odcs-validator.js'

interface OdcsSchema {
  readonly schema: JsonSchema
  readonly validate: ValidateFunction
}

let compiled: OdcsSchema | undefined

/** What the published ODCS v3.1.0 schema finds wrong with a document; empty when it is valid. */
export function odcsFaults(value: unknown): Fault[] {
  compiled ??= { schema: odcsJsonSchema(), validate: odcsValidator() }
  const { schema, validate } = compiled
  if (validate(value)) return []
  return (validate.errors ?? []).flatMap(error => faultsOf(error, schema, value))
}

/**
 * One fault, or none for an error that only repeats another: a failed branch reports itself, its `if`, and every key that the
 * branch would have known.
 */
function faultsOf(error: ErrorObject, schema: JsonSchema, value: unknown): Fault[] {
  const path = pathOf(error.instancePath, value)
  const { keyword, params } = error
  const key = params['additionalProperty'] ?? params['unevaluatedProperty']
  if (typeof key === 'string') {
    const fault = unknownKeyFault(schema, path, key)
    return fault === undefined ? [] : [fault]
  }
  if (keyword === 'if' || /\/(oneOf|anyOf)\/\d+\//.test(error.schemaPath)) return []
  return [{ path, message: message(error, path) }]
}

function message(error: ErrorObject, path: Path): string {
  const { keyword, params } = error
  if (keyword === 'oneOf' && path.at(-2) === 'quality')
    return 'needs exactly one operator: mustBe, mustBeLessThan, mustBeBetween, …'
  const name = path.at(-1)
  const subject = typeof name === 'string' ? `\`${name}\`` : 'this entry'
  if (keyword === 'required') return `${subject} lacks the key \`${params['missingProperty']}\``
  if (keyword === 'enum') return `${subject} must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`
  if (keyword === 'anyOf' || keyword === 'oneOf') return `${subject} has none of the forms that ODCS allows here`
  return `${subject} ${error.message ?? 'is not valid'}`
}

/** A JSON pointer as a path, with numbers where the document has lists. */
function pathOf(pointer: string, value: unknown): Path {
  const path: (string | number)[] = []
  let here = value
  for (const step of pointer.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
    path.push(Array.isArray(here) ? Number(key) : key)
    here = (here as Record<string, unknown> | undefined)?.[key]
  }
  return path
}
