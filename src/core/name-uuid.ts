import { createHash } from 'node:crypto'

/** Made once, by chance: names of Sluice are in a space of their own. */
const SPACE = Buffer.from('6f1c2a7e9b3d4c58a1e0d27b54f83c96', 'hex')

/** The UUID of a name (RFC 9562, version 5): equal names have equal ones, everywhere and always. */
export function nameUuid(name: string): string {
  const bytes = createHash('sha1').update(SPACE).update(name).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x50
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
