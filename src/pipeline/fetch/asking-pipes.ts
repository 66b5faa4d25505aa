import { SluiceError } from '../../core/errors.js'
import { httpSource } from '../../sources/generic/http-source.js'
import { readKey } from '../../sources/http/read-key.js'
import type { Pipe } from '../../sources/pipe.js'
import { sourceNamed } from '../../sources/provider-list.js'
import type { Provider } from '../../sources/source.js'
import type { Config, ProviderSettings } from '../project/project.js'
import { keyOfPipe } from './pipe-book.js'
import type { AskingPipe } from './requests.js'

export type Env = Readonly<Record<string, string | undefined>>

/** Whether a pipe asks a provider; the others read files or make their own data. */
export function asksProvider({ source }: Pick<Pipe, 'source'>): boolean {
  return source !== 'file' && !source.startsWith('sample.')
}

/**
 * Pipes with the provider behind their source, as the project's settings have it, and the key from the environment. Each setting is
 * read once; one that cannot be used is the fault of its pipes alone.
 */
export async function askingPipes(pipes: readonly Pipe[], config: Config, env: Env): Promise<AskingPipe[]> {
  const providers = new Map<Provider, Provider>()
  const blocks = new Map<string, ReturnType<typeof httpSource>>()
  const secrets = new Map<string, Pick<AskingPipe, 'secret' | 'keyFault'>>()
  const asking: AskingPipe[] = []
  for (const pipe of pipes) {
    const { provider: declared, source } = declarationOf(pipe, blocks)
    const provider = providers.get(declared) ?? adjusted(declared, config.providers[declared.name])
    providers.set(declared, provider)
    const setting = pipe.key ?? provider.key?.setting
    if (setting !== undefined && !secrets.has(setting)) secrets.set(setting, await secretOf(setting, env))
    const found = setting === undefined ? { secret: undefined } : secrets.get(setting)!
    asking.push({ pipe, key: keyOfPipe(pipe), provider, source, ...found })
  }
  return asking
}

async function secretOf(setting: string, env: Env): Promise<Pick<AskingPipe, 'secret' | 'keyFault'>> {
  try {
    return { secret: await readKey(setting, env) }
  } catch (cause) {
    if (!(cause instanceof SluiceError)) throw cause
    return { secret: undefined, keyFault: cause.message.replace(/ Nothing was changed\.$/, '') }
  }
}

/** Pipes of one declaration share one source, so that their answers are read together. */
function declarationOf(pipe: Pipe, blocks: Map<string, ReturnType<typeof httpSource>>) {
  if (pipe.http !== undefined) {
    const key = JSON.stringify(pipe.http)
    const block = blocks.get(key) ?? httpSource(pipe.http)
    blocks.set(key, block)
    return block
  }
  const named = sourceNamed(pipe.source)
  if (named !== undefined) return named
  const message = `The pipe ${pipe.name} names a source that there is not: ${pipe.source}.`
  throw new SluiceError('SLUICE_PIPE_INVALID', message, { place: pipe.declaredIn })
}

function adjusted(provider: Provider, settings: ProviderSettings | undefined): Provider {
  if (settings === undefined) return provider
  const { url = provider.url, ...limits } = settings
  return { ...provider, url, limits: { ...provider.limits, ...limits } }
}
