import { parseEnv } from 'node:util'
import { z } from 'zod'
import { SluiceError } from '../core/errors.js'
import { didYouMean } from '../core/nearest-name.js'
import { settingsSchema } from './config-schema.js'

const PREFIX = 'SLUICE__'

/** Settings by their keys, before they are checked: `{ engine: { threads: 4 } }`. */
export type RawSettings = Readonly<Record<string, unknown>>

/**
 * The settings among environment variables: `SLUICE__ENGINE__MEMORY_LIMIT` is `engine.memory_limit`.
 * An unknown `SLUICE__` variable throws SLUICE_CONFIG_INVALID; other variables are not looked at.
 */
export function settingsOfEnv(env: Readonly<Record<string, string | undefined>>, where: string): RawSettings {
  const settings: Record<string, unknown> = {}
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || text === undefined || text === '') continue
    const setting = KNOWN.get(variable)
    if (setting === undefined) throw unknownVariable(variable, where)
    place(settings, setting.path, setting.numeric && text.trim() !== '' ? Number(text) : text)
  }
  return settings
}

/** The settings of a `.env` file. Quotes, comments and `export` are read as Node reads them. */
export function settingsOfEnvFile(text: string): RawSettings {
  return settingsOfEnv(parseEnv(text) as Record<string, string>, ' in .env')
}

/** `engine.memory_limit` as its environment variable. */
export function variableOf(path: readonly PropertyKey[]): string {
  return PREFIX + path.map(part => String(part).toUpperCase()).join('__')
}

interface SettingPath {
  readonly path: readonly string[]
  readonly numeric: boolean
}

interface SchemaNode {
  readonly type?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
}

const KNOWN: ReadonlyMap<string, SettingPath> = new Map(
  leaves(z.toJSONSchema(settingsSchema) as SchemaNode, []).map(leaf => [variableOf(leaf.path), leaf]),
)

function leaves(node: SchemaNode, path: readonly string[]): SettingPath[] {
  if (node.properties === undefined) return [{ path, numeric: node.type === 'integer' || node.type === 'number' }]
  return Object.entries(node.properties).flatMap(([key, child]) => leaves(child, [...path, key]))
}

function place(settings: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path
  if (key === undefined) return
  if (rest.length > 0) settings[key] ??= {}
  if (rest.length > 0) place(settings[key] as Record<string, unknown>, rest, value)
  else settings[key] = value
}

function unknownVariable(variable: string, where: string): SluiceError {
  return new SluiceError(
    'SLUICE_CONFIG_INVALID',
    `The variable ${variable}${where} is not a setting.${didYouMean(variable, KNOWN.keys())} Nothing was changed.`,
    { known: [...KNOWN.keys()] },
  )
}
