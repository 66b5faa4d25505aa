import { binance } from './providers/binance.js'
import { coingecko, coingeckoPro } from './providers/coingecko.js'
import { ecb } from './providers/ecb.js'
import { fred } from './providers/fred.js'
import { nbp } from './providers/nbp.js'
import { stooq } from './providers/stooq.js'
import type { Provider, Source } from './source.js'

/** Every provider that Sluice knows by name. A new one is a file in `providers/` and a word here. */
export const PROVIDERS: readonly Provider[] = [nbp, ecb, coingecko, coingeckoPro, fred, stooq, binance]

const SOURCES: ReadonlyMap<string, { readonly provider: Provider; readonly source: Source }> = new Map(
  PROVIDERS.flatMap(provider =>
    Object.entries(provider.sources).map(
      ([name, source]) => [`${provider.name}.${name}`, { provider, source }] as const,
    ),
  ),
)

/** The source of a name such as `nbp.rates`. */
export function sourceNamed(name: string): { readonly provider: Provider; readonly source: Source } | undefined {
  return SOURCES.get(name)
}

/** The names of all sources, by provider. */
export function sourceNames(): string[] {
  return [...SOURCES.keys()]
}
