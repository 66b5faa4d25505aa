import { codeOfErrno, SluiceError } from '../../core/errors.js'
import { errnoOf } from '../disk-error.js'

/** The SluiceError for a failed call on files of the cache; one that already is a SluiceError passes unchanged. */
export function cacheUnusable(cause: unknown, folder: string): SluiceError {
  if (cause instanceof SluiceError) return cause
  const errno = errnoOf(cause)
  const reason = cause instanceof Error ? cause.message.replace(/,.*$/s, '') : String(cause)
  const message = `The cache folder ${folder} cannot be used: ${reason}. The lake itself is not what failed.`
  const isFull = errno !== undefined && codeOfErrno(errno) === 'SLUICE_STORE_FULL'
  return new SluiceError(
    'SLUICE_CACHE_UNUSABLE',
    message,
    {
      folder,
      errno,
      ...(isFull && {
        next: 'Free space on that disk, set cache.max_size in sluice.yaml to less than it has, or name another folder as cache.folder.',
      }),
    },
    cause,
  )
}
