/** What can be said of bytes that should be JSON without making objects of them. */
export interface JsonScan {
  /** `cut`: all is well until the bytes end too early. `broken`: not JSON, at byte `at`. */
  readonly end: 'whole' | 'cut' | 'broken'
  readonly at: number
  readonly root: 'object' | 'list' | 'value'
  /** Whether the root is null, `{}` or `[]`. */
  readonly empty: boolean
  /** The names in a root object, as they are written. */
  readonly keys: readonly string[]
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a]
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]
const MINUS = 0x2d
const ESCAPES = new Set(Buffer.from('"\\/bfnrt'))
const WORDS = new Map(['true', 'false', 'null'].map(word => [word.charCodeAt(0), Buffer.from(word)]))

type Due = 'value' | 'value or end' | 'key' | 'key or end' | 'colon' | 'comma or end' | 'nothing'

/** A step over a string, number or word ends after it, or nowhere: the bytes ended first, or they are wrong. */
const CUT = -1
const BROKEN = -2

/**
 * Reads bytes as JSON (RFC 8259) strictly, in one pass, keeping nothing: several times faster than parsing. Accepts what
 * `JSON.parse` accepts, with a byte order mark before it; that the bytes are UTF-8 is for the caller to see.
 */
export function scanJson(bytes: Buffer): JsonScan {
  const open: number[] = []
  const keys: string[] = []
  let due: Due = 'value'
  let root: JsonScan['root'] = 'value'
  let members = 0
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  const rootAt = skipSpace(bytes, at)
  const ended = (end: JsonScan['end']): JsonScan => {
    const empty = root === 'value' ? bytes[rootAt] === 0x6e : members === 0
    return { end, at, root, empty, keys }
  }
  for (;;) {
    at = skipSpace(bytes, at)
    if (at >= bytes.length) return ended(due === 'nothing' ? 'whole' : 'cut')
    const byte = bytes[at]!
    if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      const opening = byte === CLOSE_LIST ? OPEN_LIST : OPEN_OBJECT
      const may = due === 'comma or end' || due === (byte === CLOSE_LIST ? 'value or end' : 'key or end')
      if (!may || open.pop() !== opening) return ended('broken')
      at++
      due = open.length === 0 ? 'nothing' : 'comma or end'
    } else if (due === 'comma or end' || due === 'colon') {
      if (byte !== (due === 'colon' ? COLON : COMMA)) return ended('broken')
      at++
      due = due === 'colon' || open[open.length - 1] === OPEN_LIST ? 'value' : 'key'
    } else if (due === 'key' || due === 'key or end') {
      if (byte !== QUOTE) return ended('broken')
      const next = skipString(bytes, at)
      if (next < 0) return ended(next === CUT ? 'cut' : 'broken')
      if (open.length === 1) keys.push(bytes.toString('utf8', at + 1, next - 1))
      at = next
      due = 'colon'
    } else if (due === 'nothing') return ended('broken')
    else {
      if (open.length === 1) members++
      if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
        if (open.length === 0) root = byte === OPEN_LIST ? 'list' : 'object'
        open.push(byte)
        at++
        due = byte === OPEN_LIST ? 'value or end' : 'key or end'
      } else {
        const next = skipScalar(bytes, at)
        if (next < 0) return ended(next === CUT ? 'cut' : 'broken')
        at = next
        due = open.length === 0 ? 'nothing' : 'comma or end'
      }
    }
  }
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from
  for (; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
  }
  return at
}

function skipScalar(bytes: Buffer, from: number): number {
  const byte = bytes[from]!
  if (byte === QUOTE) return skipString(bytes, from)
  if (byte === MINUS || isDigit(byte)) return skipNumber(bytes, from)
  const word = WORDS.get(byte)
  if (word === undefined) return BROKEN
  for (let i = 1; i < word.length; i++) {
    if (from + i >= bytes.length) return CUT
    if (bytes[from + i] !== word[i]) return BROKEN
  }
  return from + word.length
}

function skipString(bytes: Buffer, from: number): number {
  for (let at = from + 1; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte === QUOTE) return at + 1
    if (byte < 0x20) return BROKEN
    if (byte !== BACKSLASH) continue
    const escaped = bytes[++at]
    if (escaped === undefined) return CUT
    if (ESCAPES.has(escaped)) continue
    if (escaped !== 0x75) return BROKEN
    for (const last = at + 4; at < last; ) {
      const digit = bytes[++at]
      if (digit === undefined) return CUT
      if (!isDigit(digit) && !((digit | 0x20) >= 0x61 && (digit | 0x20) <= 0x66)) return BROKEN
    }
  }
  return CUT
}

/** A number that stands at the end of all bytes is whole as far as it goes: only what must follow can be missing. */
function skipNumber(bytes: Buffer, from: number): number {
  let at = bytes[from] === MINUS ? from + 1 : from
  const whole = skipDigits(bytes, at)
  if (whole < 0) return whole
  if (bytes[at] === 0x30 && whole > at + 1) return BROKEN
  at = whole
  if (bytes[at] === 0x2e) {
    at = skipDigits(bytes, at + 1)
    if (at < 0) return at
  }
  if (bytes[at] !== 0x65 && bytes[at] !== 0x45) return at
  const sign = bytes[at + 1]
  return skipDigits(bytes, at + (sign === 0x2b || sign === MINUS ? 2 : 1))
}

/** One digit or more. */
function skipDigits(bytes: Buffer, from: number): number {
  let at = from
  while (at < bytes.length && isDigit(bytes[at]!)) at++
  if (at > from) return at
  return at >= bytes.length ? CUT : BROKEN
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}
