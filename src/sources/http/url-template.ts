import { type Place, SluiceError } from '../../core/errors.js'
import type { Interval } from '../../core/interval.js'
import { didYouMean } from '../../core/nearest-name.js'

/** What a source asks, in templates: `{code}` is a parameter, `{start:date}` and `{end:last-date}` are the interval's. */
export interface UrlParts {
  /** Scheme, host and perhaps a path. Holds no placeholder. */
  readonly base: string
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
}

export interface UrlValues {
  readonly params: Readonly<Record<string, string>>
  /** Left out where the source knows only the present. */
  readonly interval?: Interval
}

/** Gives the address for some values: everything filled in is percent-encoded. Throws SLUICE_PIPE_INVALID. */
export type UrlTemplate = (values: UrlValues) => string

const TIMES: Readonly<Record<string, (ms: number) => string>> = {
  date: ms => day(ms),
  yyyymmdd: ms => day(ms).replaceAll('-', ''),
  'dd-mm-yyyy': ms => day(ms).split('-').toReversed().join('-'),
  yyyymm: ms => day(ms).slice(0, 7).replace('-', ''),
  year: ms => day(ms).slice(0, 4),
  iso: ms => new Date(ms).toISOString().replace('.000Z', 'Z'),
  s: ms => String(Math.floor(ms / 1000)),
  ms: ms => String(ms),
}

/** `last-date` is the day of the last moment before: an interval that ends at midnight does not reach into that day. */
const FORMATS = Object.keys(TIMES).flatMap(name => [name, `last-${name}`])
const PLACEHOLDER = /\{([^{}]*)\}/g

type Fill = (values: UrlValues) => string
type Refuse = (message: string) => SluiceError

interface Known {
  /** The names that a pipe gives. */
  readonly params: readonly string[]
  /** Whether there is an interval to ask for. */
  readonly asks: 'interval' | 'now'
}

/**
 * Reads the templates of an address. An unknown placeholder or format, a stray brace or an address that is none throws
 * SLUICE_PIPE_INVALID, with the place.
 */
export function urlTemplate(parts: UrlParts, known: Known, place?: Place): UrlTemplate {
  const refuse: Refuse = message => templateError(message, place)
  const base = parts.base.replace(/\/+$/, '')
  if (URL.canParse(base) && /^https?:\/\/[^/]*@/.test(base))
    throw refuse('The url holds a user name: name the variable with the secret in `auth`.')
  if (!/^https?:\/\/[^{}?#@]+$/.test(base) || !URL.canParse(base)) throw refuse(`\`${base}\` is not an http address.`)
  if (/[?#]/.test(parts.path))
    throw refuse(`The path \`${parts.path}\` goes on to a query, which has a place of its own.`)
  const path = readTemplate(parts.path.replace(/^(?=[^/])/, '/'), known, refuse).map(inPath(refuse))
  const query = Object.entries(parts.query ?? {}).map(([name, text]) => ({
    name: encode(name),
    fills: readTemplate(text, known, refuse),
  }))
  return values => {
    const filled = join(path, values)
    if (/\/\.{1,2}(\/|$)/.test(filled)) throw refuse(`The path \`${filled}\` leads out of \`${base}\`.`)
    // An optional parameter that a pipe leaves empty is not asked for at all.
    const pairs = query
      .map(({ name, fills }) => ({ name, value: join(fills, values) }))
      .filter(pair => pair.value !== '')
    const suffix = pairs.map(({ name, value }) => `${name}=${encode(value)}`).join('&')
    return `${base}${filled}${suffix === '' ? '' : `?${suffix}`}`
  }
}

/** A template as its parts: texts as they stand, and what fills its placeholders. */
function readTemplate(text: string, known: Known, refuse: Refuse): (string | Fill)[] {
  return text.split(PLACEHOLDER).map((piece, at) => {
    if (at % 2 === 1) return readPlaceholder(piece, known, refuse)
    if (/[{}]/.test(piece)) throw refuse(`The template \`${text}\` has a brace without its partner.`)
    return piece
  })
}

function readPlaceholder(placeholder: string, known: Known, refuse: Refuse): Fill {
  const unfilled = (): SluiceError => refuse(`Nothing was given for the placeholder \`{${placeholder}}\`.`)
  if (known.params.includes(placeholder)) {
    return ({ params }) => {
      if (!Object.hasOwn(params, placeholder)) throw unfilled()
      return params[placeholder]!
    }
  }
  const edges = known.asks === 'interval' ? ['start', 'end'] : []
  const times = edges.flatMap(edge => FORMATS.map(format => `${edge}:${format}`))
  if (!times.includes(placeholder)) {
    const near = didYouMean(placeholder, [...known.params, ...times])
    throw refuse(`The placeholder \`{${placeholder}}\` is unknown.${near}`)
  }
  const [edge, format = ''] = placeholder.split(':')
  const write = TIMES[format.replace(/^last-/, '')]!
  const back = format.startsWith('last-') ? 1 : 0
  return ({ interval }) => {
    if (interval === undefined) throw unfilled()
    return write((edge === 'start' ? interval.startMs : interval.endMs) - back)
  }
}

/** What is filled into a path is one part of it, and not an empty one: that would ask for something else. */
function inPath(refuse: Refuse): (piece: string | Fill) => string | Fill {
  return piece => {
    if (typeof piece === 'string') return piece
    return values => {
      const text = encode(piece(values))
      if (text === '') throw refuse('A value that is part of a path is empty.')
      return text
    }
  }
}

function join(pieces: readonly (string | Fill)[], values: UrlValues): string {
  return pieces.map(piece => (typeof piece === 'string' ? piece : piece(values))).join('')
}

/** Stricter than encodeURIComponent: every character that RFC 3986 reserves is encoded, and half a character is no error. */
function encode(text: string): string {
  return encodeURIComponent(Buffer.from(text, 'utf8').toString('utf8')).replace(
    /[!'()*]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

function templateError(message: string, place: Place | undefined): SluiceError {
  const details = place === undefined ? {} : { place }
  return new SluiceError('SLUICE_PIPE_INVALID', `${message} Nothing was asked, and nothing was changed.`, details)
}
