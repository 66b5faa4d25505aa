import { isoTime } from '../core/clock.js'
import { SluiceError } from '../core/errors.js'
import { plural } from './figures.js'
import { instantOf } from './instant.js'
import { wantsJson, writeJson } from './output-kind.js'
import { type SandboxProcess, startSandbox } from './sandbox-process.js'
import type { Terminal } from './terminal.js'
import { untilInterrupted } from './until-interrupted.js'

export interface SandboxOptions {
  readonly port?: string
  readonly seed?: string
  readonly now?: string
  readonly fault?: readonly string[]
  readonly output?: string
}

/** Those that are providers of Sluice, and so have a setting; the others only answer. */
const SETTABLE = ['nbp', 'coingecko', 'coingecko-pro', 'fred', 'stooq', 'ecb', 'binance'] as const
const LARGEST_PORT = 65_535

/** `sluice sandbox`: answers until it is interrupted, or the signal is aborted; then 0. */
export async function sandboxCommand(
  options: SandboxOptions,
  terminal: Terminal,
  start: typeof startSandbox = startSandbox,
  stop?: AbortSignal,
): Promise<number> {
  const json = wantsJson(options.output)
  const port = wholeNumber('--port', options.port, 0, LARGEST_PORT)
  const seed = wholeNumber('--seed', options.seed, 1, 2 ** 32 - 1)
  const now = options.now === undefined ? {} : { nowMs: instantOf(options.now, 'Nothing was started.') }
  const sandbox = await start({ port, seed, ...now, faults: options.fault ?? [] })
  const ending = new AbortController()
  stop?.addEventListener('abort', () => ending.abort(), { once: true })
  void sandbox.gone.then(() => ending.abort())
  const facts = factsOf(sandbox, seed, now.nowMs)
  if (json) writeJson(terminal, facts)
  else terminal.write(renderFacts(facts, terminal))
  await untilInterrupted(ending.signal)
  terminal.note(`stopped after ${plural(await sandbox.stop(), 'request')}\n`)
  return 0
}

interface Facts {
  readonly url: string
  readonly seed: number
  /** Null when it is the time that it is. */
  readonly now: string | null
  readonly addresses: Readonly<Record<string, string>>
  /** For the project's sluice.yaml. */
  readonly settings: {
    readonly providers: Readonly<Record<string, { readonly url: string }>>
    readonly network: { readonly allow_hosts: readonly string[] }
  }
}

function factsOf({ url, port, addresses }: SandboxProcess, seed: number, nowMs: number | undefined): Facts {
  return {
    url,
    seed,
    now: nowMs === undefined ? null : isoTime(nowMs),
    addresses,
    settings: {
      providers: Object.fromEntries(SETTABLE.map(name => [name, { url: addresses[name] ?? url }])),
      network: { allow_hosts: [`127.0.0.1:${port}`] },
    },
  }
}

function renderFacts({ url, seed, now, addresses, settings }: Facts, { colors }: Pick<Terminal, 'colors'>): string {
  const width = Math.max(...Object.keys(addresses).map(name => name.length))
  const providers = Object.entries(settings.providers).flatMap(([name, provider]) => [
    `  ${name}:`,
    `    url: ${provider.url}`,
  ])
  const lines = [
    `${colors.green('ready')}  ${url}  seed ${seed}, ${now === null ? 'the time that it is' : now}`,
    '',
    ...Object.entries(addresses).map(([name, address]) => `${name.padEnd(width)}  ${address}`),
    '',
    colors.bold('For sluice.yaml of a project that asks here'),
    'providers:',
    ...providers,
    'network:',
    `  allow_hosts: ["${settings.network.allow_hosts.join('", "')}"]`,
    '',
    'Stop with Ctrl-C.',
  ]
  return `${lines.join('\n')}\n`
}

function wholeNumber(flag: string, text: string | undefined, otherwise: number, most: number): number {
  if (text === undefined) return otherwise
  if (/^\d+$/.test(text) && Number(text) <= most) return Number(text)
  throw new SluiceError(
    'SLUICE_ARGUMENT_INVALID',
    `${flag} is a whole number up to ${most}, not "${text}". Nothing was started.`,
  )
}
