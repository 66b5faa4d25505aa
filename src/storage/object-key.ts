import { SluiceError } from '../core/errors.js'

/** Files that are still being written start with this; they are no objects. */
export const TEMP_PREFIX = '.tmp-'

const MAX_KEY_BYTES = 1024
const MAX_PART_BYTES = 255

/** Refuses a key that some store could not keep or that could lead out of the root. Throws SLUICE_STORE_KEY_INVALID. */
export function checkKey(key: string): void {
  const fault = faultOf(key)
  if (fault === undefined) return
  const shown = JSON.stringify(key.length > 200 ? `${key.slice(0, 200)}…` : key)
  throw new SluiceError('SLUICE_STORE_KEY_INVALID', `The key ${shown} ${fault}. Nothing was read or written.`, { key })
}

/** Refuses a list prefix that is not empty, a key, or a key with `/` after it. Throws SLUICE_STORE_KEY_INVALID. */
export function checkPrefix(prefix: string): void {
  if (prefix !== '') checkKey(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix)
}

/** Refuses a prefix that is neither empty nor a key with `/` after it. Throws SLUICE_STORE_KEY_INVALID. */
export function checkFolder(prefix: string): void {
  if (prefix !== '') checkKey(prefix.endsWith('/') ? prefix.slice(0, -1) : `${prefix}/`)
}

/** Sorts by the UTF-8 bytes of a name, as S3 lists keys; JavaScript's own order differs beyond U+D7FF. */
export function sortByName<T>(entries: readonly T[], nameOf: (entry: T) => string): T[] {
  return entries
    .map(entry => ({ entry, bytes: Buffer.from(nameOf(entry)) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ entry }) => entry)
}

function faultOf(key: string): string | undefined {
  if (key === '') return 'is empty'
  if (key.startsWith('/') || /^[A-Za-z]:/.test(key)) return 'is absolute'
  if (/[\\\0-\x1f\x7f]/.test(key)) return 'has a backslash or a control character'
  if (/\p{Surrogate}/u.test(key)) return 'is not valid Unicode'
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return `is longer than ${MAX_KEY_BYTES} bytes`
  for (const part of key.split('/')) {
    const fault = partFaultOf(part)
    if (fault !== undefined) return fault
  }
  return undefined
}

function partFaultOf(part: string): string | undefined {
  if (part === '') return 'has an empty part'
  if (part === '.' || part === '..') return `has the part \`${part}\``
  if (part.startsWith(TEMP_PREFIX))
    return `has a part that starts with \`${TEMP_PREFIX}\`, which marks unfinished files`
  return Buffer.byteLength(part) > MAX_PART_BYTES ? `has a part longer than ${MAX_PART_BYTES} bytes` : undefined
}
