import { availableParallelism, tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { byteSize } from '../../core/byte-size.js'
import { durationMs } from '../../core/duration.js'
import { SluiceError } from '../../core/errors.js'
import { sha256Hex } from '../../core/ids.js'
import { didYouMean } from '../../core/nearest-name.js'
import { parseYaml } from '../../core/yaml-document.js'
import { FX_CONVENTIONS, NORMALIZED } from '../../market/currency/fx-conventions.js'
import { resolveAddress } from '../../storage/store-address.js'
import { type Settings, settingsSchema } from './config-schema.js'
import { type RawSettings, settingsOfEnv, settingsOfEnvFile, variableOf } from './env-settings.js'
import type { Config, ProviderSettings } from './project.js'
import { readOptional } from './read-text.js'

export interface ConfigSources {
  /** Absolute path of the project. */
  readonly folder: string
  /** Settings from flags; a relative `lake` is relative to the project, like the others. */
  readonly flags?: Settings
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * The configuration: flag, else environment, else `.env`, else sluice.yaml, else default.
 * Throws SLUICE_CONFIG_INVALID with file:line:column, variable or flag, and SLUICE_PROJECT_MISSING.
 */
export async function loadConfig({ folder, flags = {}, env }: ConfigSources): Promise<Config> {
  const text = await readOptional(join(folder, 'sluice.yaml'))
  if (text === undefined) throw new SluiceError('SLUICE_PROJECT_MISSING', `There is no sluice.yaml in ${folder}.`)
  const declared = parseYaml(text, 'sluice.yaml', settingsSchema).value
  const dotEnv = settingsOfEnvFile((await readOptional(join(folder, '.env'))) ?? '')
  const layers = [
    declared,
    checked(dotEnv, path => `${variableOf(path)} in .env`),
    checked(settingsOfEnv(env, ' in the environment'), variableOf),
    checked(flags, path => `--${String(path.at(-1)).replaceAll('_', '-')}`),
  ]
  return resolveConfig(folder, layers.reduce(merge))
}

/** sha256 of a configuration. It holds no secrets. */
export function hashConfig(config: Config): string {
  return sha256Hex(JSON.stringify(config))
}

function checked(settings: RawSettings, nameOf: (path: readonly PropertyKey[]) => string): Settings {
  const result = settingsSchema.safeParse(settings)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  throw new SluiceError('SLUICE_CONFIG_INVALID', `${nameOf(issue.path)}: ${issue.message}. Nothing was changed.`, {
    setting: issue.path.join('.'),
  })
}

function merge(lower: Settings, upper: Settings): Settings {
  return {
    ...lower,
    ...upper,
    engine: { ...lower.engine, ...upper.engine },
    input: { ...lower.input, ...upper.input },
    providers: {
      ...lower.providers,
      ...mapValues(upper.providers ?? {}, (own, name) => ({ ...lower.providers?.[name], ...own })),
    },
    network: { ...lower.network, ...upper.network },
    fetch: { ...lower.fetch, ...upper.fetch },
    fx: {
      ...lower.fx,
      ...upper.fx,
      conventions: { ...lower.fx?.conventions, ...upper.fx?.conventions },
    },
    store: { ...lower.store, ...upper.store },
    cache: { ...lower.cache, ...upper.cache },
    maintenance: { ...lower.maintenance, ...upper.maintenance },
    cost: { ...lower.cost, ...upper.cost, budget: { ...lower.cost?.budget, ...upper.cost?.budget } },
    lineage: { ...lower.lineage, ...upper.lineage },
    events: { ...lower.events, ...upper.events, webhook: { ...lower.events?.webhook, ...upper.events?.webhook } },
  }
}

function resolveConfig(folder: string, settings: Settings): Config {
  const lake = settings.lake ?? 'data_lake'
  return {
    lake: resolveAddress(folder, lake),
    engine: {
      threads: settings.engine?.threads ?? availableParallelism(),
      memoryLimit: settings.engine?.memory_limit ?? '1GB',
      tempFolder: resolve(folder, settings.engine?.temp_folder ?? userTempFolder()),
    },
    input: { contract: settings.input?.contract },
    providers: mapValues(settings.providers ?? {}, providerSettings),
    network: {
      allowHosts: settings.network?.allow_hosts ?? [],
      userAgentContact: settings.network?.user_agent_contact,
    },
    fetch: {
      deadlineMs: durationMs(settings.fetch?.deadline ?? 'PT10M')!,
      timeoutMs: durationMs(settings.fetch?.timeout ?? 'PT30S')!,
      maxBodyBytes: byteSize(settings.fetch?.max_body ?? '256MB'),
      attempts: settings.fetch?.attempts ?? 4,
    },
    fx: fxOf(settings.fx?.conventions, settings.fx?.normalize),
    ...writersOf(settings.store ?? {}),
    ...maintenanceOf(settings.maintenance ?? {}),
    ...costOf(settings.cost ?? {}),
    ...eventsOf(folder, settings.events ?? {}),
    ...lineageOf(folder, settings.lineage ?? {}),
    ...storeOf(folder, settings),
  }
}

function fxOf(
  own: NonNullable<Settings['fx']>['conventions'] = {},
  normalize: readonly string[] = NORMALIZED,
): Config['fx'] {
  const conventions = {
    ...FX_CONVENTIONS,
    ...mapValues(own, ({ source, days_before: daysBefore = 0 }) => ({ source, daysBefore })),
  }
  const unknown = normalize.find(name => !Object.hasOwn(conventions, name))
  if (unknown === undefined) return { conventions, normalize }
  const known = Object.keys(conventions)
  const message = `fx.normalize: there is no convention "${unknown}".${didYouMean(unknown, known)} Nothing was changed.`
  throw new SluiceError('SLUICE_CONFIG_INVALID', message, { known })
}

/** As `maintenanceOf`. */
function writersOf({ writers }: NonNullable<Settings['store']>): Pick<Config, 'writers'> {
  return writers === 'one' ? { writers } : {}
}

/** A project that says nothing of it has the hash that it had before there was such a setting. */
function maintenanceOf({ after_runs: afterRuns, max_snapshots: maxSnapshots }: NonNullable<Settings['maintenance']>) {
  if (afterRuns === undefined && maxSnapshots === undefined) return {}
  return { maintenance: { afterRuns: afterRuns ?? true, ...(maxSnapshots !== undefined && { maxSnapshots }) } }
}

/** As `maintenanceOf`. */
function storeOf(folder: string, { store = {}, cache = {} }: Settings): Pick<Config, 'store' | 'cache'> {
  const { endpoint, region, path_style: pathStyle, encryption, kms_key: kmsKey, storage_class: storageClass } = store
  if (kmsKey !== undefined && encryption !== 'sse-kms')
    throw new SluiceError(
      'SLUICE_CONFIG_INVALID',
      'store.kms_key goes with store.encryption: sse-kms. Nothing was changed.',
    )
  const bucket = {
    ...(endpoint !== undefined && { endpoint: endpoint.replace(/\/+$/, '') }),
    ...(region !== undefined && { region }),
    ...(pathStyle !== undefined && { pathStyle }),
    ...(encryption !== undefined && { encryption }),
    ...(kmsKey !== undefined && { kmsKey }),
    ...(storageClass !== undefined && { storageClass }),
  }
  const kept = {
    ...(cache.folder !== undefined && { folder: resolve(folder, cache.folder) }),
    ...(cache.max_size !== undefined && { maxBytes: byteSize(cache.max_size) }),
  }
  return {
    ...(Object.keys(bucket).length > 0 && { store: bucket }),
    ...(Object.keys(kept).length > 0 && { cache: kept }),
  }
}

/** As `maintenanceOf`. */
function costOf({ prices, architecture, memory_gb: memoryGb, budget = {} }: NonNullable<Settings['cost']>) {
  const { currency = 'USD', action = 'warn' } = budget
  const limits = LIMITS.flatMap(({ key, ...limit }) => {
    const most = budget[key]
    return most === undefined ? [] : [{ ...limit, most: String(most) }]
  })
  const cost: NonNullable<Config['cost']> = {
    ...(prices !== undefined && { prices }),
    ...(architecture !== undefined && { architecture }),
    ...(memoryGb !== undefined && { memoryGb: String(memoryGb) }),
    ...(limits.length > 0 && { budget: { currency, action, limits } }),
  }
  return Object.keys(cost).length === 0 ? {} : { cost }
}

const LIMITS = [
  { key: 'per_run', span: 'run', of: 'money' },
  { key: 'per_month', span: 'month', of: 'money' },
  { key: 'credits_per_run', span: 'run', of: 'credits' },
  { key: 'credits_per_month', span: 'month', of: 'credits' },
  { key: 'requests_per_run', span: 'run', of: 'requests' },
  { key: 'requests_per_month', span: 'month', of: 'requests' },
] as const

/** Without somebody to tell there are no events. */
function eventsOf(
  folder: string,
  { webhook = {}, ...events }: NonNullable<Settings['events']>,
): Pick<Config, 'events'> {
  const { url, secret, header } = webhook
  if (url === undefined && (secret ?? header) !== undefined)
    throw new SluiceError('SLUICE_CONFIG_INVALID', 'events.webhook has no url. Nothing was changed.')
  if (url === undefined && events.command === undefined) return {}
  return {
    events: {
      source: events.source ?? `urn:sluice:${encodeURIComponent(basename(folder))}`,
      deadlineMs: durationMs(events.deadline ?? 'PT10S')!,
      attempts: events.attempts ?? 4,
      ...(url !== undefined && { webhook: { url, ...(secret && { secret }), ...(header && { header }) } }),
      ...(events.command !== undefined && { command: events.command }),
    },
  }
}

/** Without a file or an address there is no lineage to tell. */
function lineageOf(
  folder: string,
  { file, url, secret, ...lineage }: NonNullable<Settings['lineage']>,
): Pick<Config, 'lineage'> {
  if (url === undefined && secret !== undefined)
    throw new SluiceError('SLUICE_CONFIG_INVALID', 'lineage.secret goes with lineage.url. Nothing was changed.')
  if (file === undefined && url === undefined) return {}
  return {
    lineage: {
      namespace: lineage.namespace ?? `sluice:${encodeURIComponent(basename(folder))}`,
      deadlineMs: durationMs(lineage.deadline ?? 'PT10S')!,
      attempts: lineage.attempts ?? 2,
      ...(file !== undefined && { file: resolve(folder, file) }),
      ...(url !== undefined && { url, ...(secret !== undefined && { secret }) }),
    },
  }
}

function providerSettings(settings: NonNullable<Settings['providers']>[string]): ProviderSettings {
  const { url, per_second: perSecond, burst, concurrency, per_month: perMonth } = settings
  return {
    ...(url !== undefined && { url: url.replace(/\/+$/, '') }),
    ...(perSecond !== undefined && { perSecond }),
    ...(burst !== undefined && { burst }),
    ...(concurrency !== undefined && { concurrency }),
    ...(perMonth !== undefined && { perMonth }),
  }
}

function mapValues<A, B>(
  values: Readonly<Record<string, A>>,
  change: (value: A, name: string) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value, name)]))
}

/** Users of one machine share the system's folder for temporary files, so each gets an own folder in it. */
function userTempFolder(): string {
  return join(tmpdir(), `sluice-${process.getuid?.() ?? 'user'}`)
}
