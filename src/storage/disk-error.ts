import type { ErrorCode } from '../core/error-codes.js'
import { codeOfErrno, SluiceError } from '../core/errors.js'

const DENIED = ['EACCES', 'EROFS', 'EPERM']
const MISPLACED = ['EISDIR', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'ENOTEMPTY']

/** What a failed call was about: an object's key, or the root itself. */
export interface DiskAction {
  readonly verb: 'read' | 'write' | 'delete' | 'list'
  readonly key: string
  readonly root: string
}

/** The SluiceError for a failed file system call; one that already is a SluiceError passes unchanged. */
export function diskError(cause: unknown, action: DiskAction): SluiceError {
  if (cause instanceof SluiceError) return cause
  const errno = errnoOf(cause)
  const { verb, key, root } = action
  const effect =
    verb === 'write' ? ' The object has its old or its new bytes whole, never a part.' : ' Nothing was changed.'
  const message = `Could not ${verb} ${key || 'the folder'} in ${root}: ${reasonOf(cause)}.${effect}`
  return new SluiceError(codeOf(errno, verb), message, { key, root, errno, ...nextOf(errno, verb) }, cause)
}

export function errnoOf(cause: unknown): string | undefined {
  return cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined
}

/** Whether a call failed because there is nothing under that name. */
export function isAbsent(cause: unknown): boolean {
  const errno = errnoOf(cause)
  return errno === 'ENOENT' || errno === 'ENOTDIR'
}

function codeOf(errno: string | undefined, verb: DiskAction['verb']): ErrorCode {
  if (errno === undefined) return 'SLUICE_STORE_UNAVAILABLE'
  if (codeOfErrno(errno) === 'SLUICE_STORE_FULL') return 'SLUICE_STORE_FULL'
  if (DENIED.includes(errno) && (verb === 'write' || verb === 'delete')) return 'SLUICE_STORE_READ_ONLY'
  return MISPLACED.includes(errno) ? 'SLUICE_STORE_KEY_INVALID' : 'SLUICE_STORE_UNAVAILABLE'
}

function nextOf(errno: string | undefined, verb: DiskAction['verb']): { next?: string } {
  const denied = errno !== undefined && DENIED.includes(errno)
  if (denied && (verb === 'read' || verb === 'list')) return { next: 'Give this user read access to the lake.' }
  if (errno === 'ENOTSUP' || errno === 'EOPNOTSUPP' || errno === 'ENOSYS')
    return { next: 'Keep the lake on a file system with hard links: commits need them.' }
  return {}
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.replace(/,.*$/s, '') : String(cause)
}
