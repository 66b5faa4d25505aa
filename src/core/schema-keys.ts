import { z } from 'zod'

/** The part of JSON Schema that says which keys an object may have. */
export interface JsonSchema {
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: boolean | JsonSchema
  readonly items?: boolean | JsonSchema
  readonly prefixItems?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly then?: JsonSchema
  readonly else?: JsonSchema
  readonly [keyword: string]: unknown
}

/** All keys that a JSON Schema knows for the object at `path`, over every branch of it. */
export function keysAt(schema: JsonSchema, path: readonly PropertyKey[]): string[] {
  let here = branches(schema, schema)
  for (const step of path) here = here.flatMap(branch => stepInto(branch, step).flatMap(next => branches(schema, next)))
  return [...new Set(here.flatMap(branch => Object.keys(branch.properties ?? {})))]
}

/** All keys that a zod schema knows for the object at `path`. */
export function zodKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  return keysAt(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema, path)
}

function stepInto(schema: JsonSchema, step: PropertyKey): JsonSchema[] {
  if (typeof step === 'number') {
    const item = schema.prefixItems?.[step] ?? schema.items
    return typeof item === 'object' ? [item] : []
  }
  const own = schema.properties?.[String(step)]
  if (own !== undefined) return [own]
  return typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []
}

/** A schema with all that it refers to, joins or chooses from. */
function branches(root: JsonSchema, schema: JsonSchema, seen: ReadonlySet<JsonSchema> = new Set()): JsonSchema[] {
  if (seen.has(schema)) return []
  const visited = new Set([...seen, schema])
  const parts = [schema.allOf, schema.anyOf, schema.oneOf].flatMap(list => list ?? [])
  const chosen = [schema.then, schema.else].filter(branch => branch !== undefined)
  const target = schema.$ref === undefined ? [] : [resolve(root, schema.$ref)]
  return [schema, ...[...parts, ...chosen, ...target].flatMap(part => branches(root, part, visited))]
}

function resolve(root: JsonSchema, ref: string): JsonSchema {
  const steps = ref.replace(/^#\/?/, '').split('/').filter(Boolean)
  return steps.reduce<JsonSchema>((schema, step) => (schema[step] as JsonSchema | undefined) ?? {}, root)
}
