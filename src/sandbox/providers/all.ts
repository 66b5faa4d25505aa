import type { SimulatedProvider } from '../answer.js'
import { binance } from './binance.js'
import { coingecko, coingeckoPro } from './coingecko.js'
import { ecb } from './ecb.js'
import { frankfurter } from './frankfurter.js'
import { fred } from './fred.js'
import { generic } from './generic.js'
import { nbp } from './nbp.js'
import { stooq, stooqPl } from './stooq.js'

/** Who is imitated, by the names that pipes have for them. */
export const PROVIDERS = {
  nbp,
  coingecko,
  'coingecko-pro': coingeckoPro,
  fred,
  stooq,
  'stooq-pl': stooqPl,
  ecb,
  binance,
  frankfurter,
  http: generic,
} as const satisfies Readonly<Record<string, SimulatedProvider>>

export type ProviderName = keyof typeof PROVIDERS

export const PROVIDER_NAMES = Object.keys(PROVIDERS) as readonly ProviderName[]
