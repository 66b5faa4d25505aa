import { inspect } from 'node:util'
import { sha256Hex } from '../../core/ids.js'

/** What stands in place of a secret wherever a person or a file could see it. */
export const HIDDEN = '***'

/** A text that shows itself only when it is asked to: printed, inspected or turned into JSON it is `***`. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  /** Tells keys apart without telling them: 8 hex digits, from which a key cannot be found again. */
  get fingerprint(): string {
    return sha256Hex(`sluice key ${this.#value}`).slice(0, 8)
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [inspect.custom](): string {
    return HIDDEN
  }
}

/** Puts `***` for a secret in texts and bytes of others: error messages, headers, addresses, bodies that echo it. */
export interface Scrubber {
  text(text: string): string
  bytes(bytes: Buffer): Buffer
}

/** Below this length a secret is in many bodies by accident, and is none worth the name. */
const SHORTEST_IN_BODIES = 8

/**
 * Finds the secret as it is, percent-encoded, and as JSON escapes it. Without a secret everything stays as it is, and so do
 * bodies with one of less than 8 characters, such as `demo`.
 */
export function scrubberOf(secret: Secret | undefined): Scrubber {
  if (secret === undefined) return { text: text => text, bytes: bytes => bytes }
  const value = secret.reveal()
  const encoded = encodeURIComponent(value)
  const forms = [
    value,
    encoded,
    encoded.replaceAll('%20', '+'),
    encoded.toLowerCase(),
    JSON.stringify(value).slice(1, -1),
  ]
  // Longer forms first, so that no part of one is left standing.
  const ordered = [...new Set(forms)].sort((a, b) => b.length - a.length)
  const text = (given: string): string => ordered.reduce((rest, form) => rest.replaceAll(form, HIDDEN), given)
  // latin1 keeps every byte as one character, so what is not the secret comes back as it was.
  const latin = ordered.map(form => Buffer.from(form, 'utf8').toString('latin1'))
  const bytes = (given: Buffer): Buffer =>
    value.length >= SHORTEST_IN_BODIES && latin.some(form => given.includes(form, 0, 'latin1'))
      ? Buffer.from(
          latin.reduce((rest, form) => rest.replaceAll(form, HIDDEN), given.toString('latin1')),
          'latin1',
        )
      : given
  return { text, bytes }
}
