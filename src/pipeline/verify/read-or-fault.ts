import { asSluiceError } from '../../core/errors.js'
import { type ObjectStore, passUnreachable } from '../../storage/object-store.js'
import type { Fault } from './verification.js'

/** The bytes of an object that something names, or what is wrong with it: it is gone, or cannot be read. */
export async function readOrFault(
  store: ObjectStore,
  file: string,
  subject: string,
): Promise<{ readonly bytes: Buffer } | { readonly fault: Fault }> {
  const about = { subject, file, place: '' }
  try {
    const bytes = await store.get(file)
    if (bytes !== undefined) return { bytes }
    return { fault: { ...about, kind: 'missing', code: 'object_missing', what: 'it is named, and is not there' } }
  } catch (cause) {
    passUnreachable(cause)
    return { fault: { ...about, kind: 'damaged', code: 'object_unreadable', what: asSluiceError(cause).message } }
  }
}
