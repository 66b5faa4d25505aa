import { parseEnv } from 'node:util'
import { z } from 'zod'
import { SluiceError } from '../../core/errors.js'
import { didYouMean } from '../../core/nearest-name.js'
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
    const setting = settingOf(variable)
    if (setting === undefined) throw unknownVariable(variable, where)
    place(settings, setting.path, settingValue(setting, text))
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
  readonly type: 'text' | 'number' | 'list' | 'flag'
}

interface SchemaNode {
  readonly type?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly additionalProperties?: boolean | SchemaNode
}

/** Stands in a path for a name that a project chooses. */
const ANY_NAME = '<name>'

/** Every setting with what it means, in the order of the schema; `providers.<name>.url` stands for one of each provider. */
export function listSettings(): readonly (SettingPath & { readonly description: string })[] {
  return leaves(z.toJSONSchema(settingsSchema) as SchemaNode, [])
}

const SETTINGS: readonly SettingPath[] = listSettings()
const KNOWN: ReadonlyMap<string, SettingPath> = new Map(SETTINGS.map(leaf => [variableOf(leaf.path), leaf]))

function leaves(node: SchemaNode, path: readonly string[]): (SettingPath & { description: string })[] {
  const { properties, additionalProperties: others, type, description = '' } = node
  if (properties !== undefined)
    return Object.entries(properties).flatMap(([key, child]) => leaves(child, [...path, key]))
  if (typeof others === 'object') return leaves(others, [...path, ANY_NAME])
  if (type === 'array') return [{ path, type: 'list', description }]
  if (type === 'boolean') return [{ path, type: 'flag', description }]
  return [{ path, type: type === 'integer' || type === 'number' ? 'number' : 'text', description }]
}

/** `SLUICE__PROVIDERS__COINGECKO_PRO__URL` is `providers.coingecko-pro.url`. */
function settingOf(variable: string): SettingPath | undefined {
  const known = KNOWN.get(variable)
  if (known !== undefined) return known
  const parts = variable.slice(PREFIX.length).split('__')
  const fits = ({ path }: SettingPath) =>
    path.length === parts.length && path.every((key, at) => key === ANY_NAME || key.toUpperCase() === parts[at])
  const named = SETTINGS.find(fits)
  if (named === undefined) return undefined
  const path = named.path.map((key, at) => (key === ANY_NAME ? parts[at]!.toLowerCase().replaceAll('_', '-') : key))
  return { ...named, path }
}

/** Lists are written with commas. */
function settingValue({ type }: SettingPath, text: string): unknown {
  if (type === 'flag' && /^(true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  if (type === 'list') return text.split(',').map(item => item.trim())
  return type === 'number' && text.trim() !== '' ? Number(text) : text
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
