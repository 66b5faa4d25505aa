import { inspect } from 'node:util'
import { sha256Hex } from '../../core/ids.js'
import { secretPattern } from './secret-pattern.js'

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
 * Finds the secret however it is escaped, see `secretPattern`. Without a secret everything stays as it is, and so do bodies with one of
 * less than 8 characters, such as `demo`.
 */
export function scrubberOf(secret: Secret | undefined): Scrubber {
  if (secret === undefined) return { text: text => text, bytes: bytes => bytes }
  const value = secret.reveal()
  const pattern = secretPattern(value, 'g')
  const text = (given: string): string => given.replace(pattern, HIDDEN)
  const bytes = (given: Buffer): Buffer => {
    if (value.length < SHORTEST_IN_BODIES) return given
    // latin1 keeps every byte as one character, so what is not the secret comes back as it was.
    const before = given.toString('latin1')
    const after = text(before)
    return after === before ? given : Buffer.from(after, 'latin1')
  }
  return { text, bytes }
}
