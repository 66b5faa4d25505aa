import { createRequire } from 'node:module'
import type { ValidateFunction } from 'ajv'
import type { Ajv2019 as Ajv } from 'ajv/dist/2019.js'
import type { JsonSchema } from '../core/schema-keys.js'

const require = createRequire(import.meta.url)

/** The published ODCS v3.1.0 schema. */
export function odcsJsonSchema(): JsonSchema {
  return require('../../schemas/odcs-json-schema-v3.1.0.json')
}

/** A validator of the schema. Compiling takes longer than all else at the start of a command, so the build puts compiled code in the place of this file. */
export function odcsValidator(): ValidateFunction {
  return ajvForOdcs({}).compile(odcsJsonSchema())
}

/** The options cut the compilation, of a schema that is used a few times and known to be sound, to a third. */
export function ajvForOdcs(code: { readonly source?: boolean }): Ajv {
  const { Ajv2019 } = require('ajv/dist/2019.js') as typeof import('ajv/dist/2019.js')
  const addFormats = (require('ajv-formats') as typeof import('ajv-formats')).default
  const ajv = new Ajv2019({
    allErrors: true,
    strict: false,
    validateSchema: false,
    inlineRefs: false,
    code: { optimize: false, ...code },
  })
  addFormats(ajv)
  return ajv
}
