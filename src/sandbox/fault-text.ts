import { SluiceError } from '../core/errors.js'
import { didYouMean } from '../core/nearest-name.js'
import { type Aim, type Fault, type Misbehaviour, PLAIN_KINDS, type PlainKind, type When } from './fault.js'
import { PROVIDER_NAMES, type ProviderName } from './providers/all.js'

const MEASURED = ['latency', 'slow', 'clock-skew', 'huge', 'gzip-bomb'] as const
/** The figures that kinds take. */
const FIGURES: Readonly<Record<string, readonly string[]>> = {
  status: ['retry_after'],
  latency: ['ms'],
  slow: ['ms'],
  'clock-skew': ['ms'],
  huge: ['bytes'],
  'gzip-bomb': ['bytes'],
}
const KINDS = [...Object.keys(PLAIN_KINDS), ...MEASURED]

/**
 * A fault in one word: `TARGET:KIND[:WHEN][:NAME=VALUE]…`.
 * - TARGET: a provider or `*`, and a path with `*` for any text: `nbp`, `nbp/exchangerates/*`
 * - KIND: an HTTP status or a name, as `429`, `html`, `slow`
 * - WHEN: `2` (the first two), `each=1`, `every=3`, `share=0.1`; each time when it is left out
 * - `ms=` for latency, slow and clock-skew; `bytes=` for huge and gzip-bomb; `retry_after=` in seconds for a status
 *
 * Anything else throws SLUICE_ARGUMENT_INVALID.
 */
export function parseFault(word: string): Fault {
  const [target = '', kind = '', ...rest] = word.split(':')
  const figures = new Map<string, number>()
  let when: When | undefined
  for (const part of rest) {
    const [name, value] = part.includes('=') ? part.split('=', 2) : ['first', part]
    const figure = Number(value)
    if (value === undefined || value === '' || Number.isNaN(figure)) throw refused(word, `"${part}" is no figure.`)
    const read = whenOf(word, name!, figure)
    if (read === undefined) figures.set(name!, figure)
    else when = read
  }
  const misbehaviour = misbehaviourOf(word, kind, figures)
  for (const name of figures.keys())
    if (!FIGURES[misbehaviour.kind]?.includes(name)) throw refused(word, `${kind} takes no ${name}=.`)
  return { ...misbehaviour, ...aimOf(word, target), ...(when === undefined ? {} : { when }) }
}

function whenOf(word: string, name: string, figure: number): When | undefined {
  if (name === 'share') {
    if (figure < 0 || figure > 1) throw refused(word, 'share= is from 0 to 1.')
    return { share: figure }
  }
  if (name !== 'first' && name !== 'each' && name !== 'every') return undefined
  if (!Number.isInteger(figure) || figure < 1) throw refused(word, `${name}= is 1 or more.`)
  if (name === 'first') return { first: figure }
  return name === 'each' ? { each: figure } : { every: figure }
}

function aimOf(word: string, target: string): Aim {
  const slash = target.indexOf('/')
  const provider = slash === -1 ? target : target.slice(0, slash)
  const path = slash === -1 ? {} : { path: target.slice(slash) }
  if (provider === '*') return path
  if (!isProvider(provider))
    throw refused(word, `there is no provider "${provider}".${didYouMean(provider, PROVIDER_NAMES)}`)
  return { provider, ...path }
}

function misbehaviourOf(word: string, kind: string, figures: ReadonlyMap<string, number>): Misbehaviour {
  const [ms, bytes, retryAfterS] = [figures.get('ms'), figures.get('bytes'), figures.get('retry_after')]
  const size = bytes === undefined ? {} : { bytes }
  if (/^[2-5]\d\d$/.test(kind))
    return { kind: 'status', status: Number(kind), ...(retryAfterS === undefined ? {} : { retryAfterS }) }
  if (kind === 'huge' || kind === 'gzip-bomb') return { kind, ...size }
  if (kind === 'latency' || kind === 'slow' || kind === 'clock-skew') {
    if (ms === undefined) throw refused(word, `${kind} wants ms=.`)
    return { kind, ms }
  }
  if (Object.hasOwn(PLAIN_KINDS, kind)) return { kind: kind as PlainKind }
  throw refused(word, `there is no fault "${kind}".${didYouMean(kind, KINDS)}`)
}

function isProvider(name: string): name is ProviderName {
  return (PROVIDER_NAMES as readonly string[]).includes(name)
}

function refused(word: string, why: string): SluiceError {
  const next = 'Write TARGET:KIND[:WHEN], as nbp:429:2, coingecko:html:every=3 or fred:slow:ms=5000.'
  return new SluiceError('SLUICE_ARGUMENT_INVALID', `The fault "${word}" cannot be read: ${why} Nothing was started.`, {
    next,
  })
}
