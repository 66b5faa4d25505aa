import { CURRENCIES, type Currency } from './currencies.js'
import { decimalProduct } from './decimal-product.js'
import { redenominationChain } from './redenomination-chain.js'

/** A side of a conversion for which a source has no rate of a day. */
export interface RateGap {
  /** What was asked for, as GBX. */
  readonly code: string
  /** What a rate would be of, as GBP. */
  readonly money: string
  /** YYYY-MM-DD: the newest rate until the day; null when there is none. */
  readonly newest: string | null
}

/** Why a code has no rate of a day (YYYY-MM-DD), as sentences, and what to do where fetching rates would not help. */
export function explainGap(
  { code, money, newest }: RateGap,
  { source, on }: { readonly source: string; readonly on: string },
): { readonly why: string; readonly next?: string } {
  const currency = CURRENCIES.get(code)
  if (currency?.partOf !== undefined) {
    const { why, ...rest } = explainGap({ code: money, money, newest }, { source, on })
    return { why: `${code} is a minor unit: ${currency.partOf.count} are one ${money}. ${why}`, ...rest }
  }
  const other = currency === undefined ? undefined : (replaced(code, on) ?? notFixed(currency))
  if (other !== undefined) return other
  if (newest === null) return { why: `There is no rate of ${money} by ${source} until then.` }
  return { why: `The newest rate of ${money} by ${source} is of ${newest}, too old for that day.` }
}

function replaced(code: string, on: string): { readonly why: string; readonly next: string } | undefined {
  const chain = redenominationChain(code, on)
  const last = chain.at(-1)
  if (last === undefined || chain[0]?.manner === 'beside') return undefined
  const steps = chain.map(({ to, effective }) => `${to} on ${effective}`).join(' and ')
  const factor = decimalProduct(chain.map(step => step.factor))
  return { why: `${code} became ${steps}.`, next: `Convert ${last.to} instead: one is ${factor} ${code}.` }
}

const NATURES: Readonly<Partial<Record<Currency['kind'], string>>> = {
  stablecoin: 'is a stablecoin, which is not the currency that it follows',
  crypto: 'is a crypto asset',
  metal: 'is a metal',
  fund: 'is a unit of account',
  composite: 'is a unit of account',
  none: 'is the code of no currency',
}

function notFixed({ code, kind }: Currency): { readonly why: string; readonly next: string } | undefined {
  const nature = NATURES[kind]
  if (nature === undefined) return undefined
  const own = kind === 'stablecoin' ? 'Convert the currency itself if that is what is meant, or name' : 'Name'
  const next = `${own} a source that fixes ${code} under \`fx.conventions\` in sluice.yaml, and ask by that --convention.`
  return { why: `${code} ${nature}: it has a rate only where a source fixes one.`, next }
}
