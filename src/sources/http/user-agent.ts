import { SluiceError } from '../../core/errors.js'
import { SLUICE_VERSION } from '../../core/version.js'

/**
 * How Sluice names itself to providers: `sluice/0.1.0 (ops@example.com)`. Some ask for a contact to write to when something
 * goes wrong. Throws SLUICE_CONFIG_INVALID for a contact that cannot stand in a header.
 */
export function userAgent(contact?: string): string {
  if (contact === undefined) return `sluice/${SLUICE_VERSION}`
  if (!/^[\x20-\x27\x2A-\x7E]{1,200}$/.test(contact)) {
    const message = 'The contact must be 1 to 200 ASCII characters without parentheses. Nothing was changed.'
    throw new SluiceError('SLUICE_CONFIG_INVALID', message)
  }
  return `sluice/${SLUICE_VERSION} (${contact})`
}
