import type { ProviderName } from './providers/all.js'

/** Where the id stands in a request of each provider, and two ids: one is asked for in place of the other, and of any third. */
const IDS: Readonly<Record<ProviderName, { readonly at: readonly RegExp[]; readonly ids: readonly [string, string] }>> =
  {
    nbp: { at: [/(?<=\/rates\/[abc]\/)[a-z]{3}/i], ids: ['EUR', 'USD'] },
    coingecko: { at: [/(?<=\/coins\/)(?!list|markets)[^/?]+/, /(?<=[?&]ids=)[^&]*/], ids: ['litecoin', 'bitcoin'] },
    'coingecko-pro': {
      at: [/(?<=\/coins\/)(?!list|markets)[^/?]+/, /(?<=[?&]ids=)[^&]*/],
      ids: ['litecoin', 'bitcoin'],
    },
    fred: { at: [/(?<=[?&]series_id=)[^&]*/], ids: ['CPIAUCSL', 'GDP'] },
    stooq: { at: [/(?<=[?&]s=)[^&]*/], ids: ['msft.us', 'aapl.us'] },
    'stooq-pl': { at: [/(?<=[?&]s=)[^&]*/], ids: ['pko', 'pkn'] },
    ecb: { at: [/(?<=\/EXR\/D\.)[A-Z+]*/], ids: ['GBP', 'USD'] },
    binance: { at: [/(?<=[?&]symbol=)[^&]*/], ids: ['LTCUSDT', 'BTCUSDT'] },
    frankfurter: { at: [/(?<=[?&]symbols=)[^&]*/], ids: ['GBP', 'USD'] },
    http: { at: [/(?<=\/(?:all|page|offset|cursor|link)\/)[\w-]+/], ids: ['other', 'another'] },
  }

/** The request for another id; the same one where a request names none. */
export function withOtherId(provider: ProviderName, target: string): string {
  const { at, ids } = IDS[provider]
  return at.reduce((changed, place) => changed.replace(place, id => (id === ids[0] ? ids[1] : ids[0])), target)
}
