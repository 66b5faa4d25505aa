import type { Quoted } from './market.js'

/** A troy ounce of gold in USD. NBP quotes it by the gram in PLN, Stooq by the ounce. */
export const GOLD_OUNCE: Quoted = { key: 'metal:gold', base: 4100, volatility: 0.01, factor: 'metal' }
