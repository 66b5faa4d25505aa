import type { ErrorCode } from '../../core/error-codes.js'
import { SluiceError } from '../../core/errors.js'
import type { DiskAction } from '../disk-error.js'
import { actionOf, resourceOf } from './s3-action.js'
import { faultOf, NO_CREDENTIALS, type S3Fault } from './s3-fault.js'
import { FULL, isOfConsole, MISPLACED } from './server-dialects.js'

interface Explained {
  readonly code: ErrorCode
  readonly reason: string
  readonly next?: string
}

/** The SluiceError for a failed request; one that already is a SluiceError passes unchanged. It names no secret. */
export function s3Error(cause: unknown, { verb, key, root }: DiskAction, endpoint: string | undefined): SluiceError {
  if (cause instanceof SluiceError) return cause
  const fault = faultOf(cause)
  const { code, reason, next } = isDenied(fault)
    ? denied(cause, { key, root }, endpoint ?? 'AWS')
    : explain(fault, endpoint ?? 'AWS')
  const effect =
    verb === 'write' ? ' The object has its old or its new bytes whole, never a part.' : ' Nothing was changed.'
  const message = `Could not ${verb} ${key || 'the objects'} in ${root}: ${reason}.${effect}`
  return new SluiceError(
    code,
    message,
    { key, root, fault: fault.code, status: fault.status, ...(next && { next }) },
    cause,
  )
}

function explain(fault: S3Fault, server: string): Explained {
  const { code, status } = fault
  if (NO_CREDENTIALS.has(code))
    return { code: 'SLUICE_STORE_CREDENTIALS', reason: 'no credentials were found, or none that can be used' }
  if (FOREIGN_KEYS.has(code))
    return { code: 'SLUICE_STORE_CREDENTIALS', reason: `${server} does not accept the credentials (${code})` }
  if (code === 'NoSuchBucket') return { code: 'SLUICE_BUCKET_MISSING', reason: `${server} has no such bucket` }
  if (OTHER_REGION.has(code) || status === 301) return elsewhere(fault)
  // The answer to HEAD has no body that could name the fault.
  if (status === 400 && fault.region !== undefined && (code === '400' || code === 'BadRequest')) return elsewhere(fault)
  if (code === 'RequestTimeTooSkewed')
    return {
      code: 'SLUICE_STORE_UNREACHABLE',
      reason: `the clock of this machine and that of ${server} differ by more than is allowed`,
      next: 'Set the clock of this machine by NTP, then run the same command again.',
    }
  if (FULL.has(code) || status === 507) return { code: 'SLUICE_STORE_FULL', reason: said(fault) }
  if (MISPLACED.has(code))
    return { code: 'SLUICE_STORE_KEY_INVALID', reason: `this server keeps no object below another (${code})` }
  if (status === 503 || status === 429)
    return {
      code: 'SLUICE_STORE_UNREACHABLE',
      reason: `${server} asks to be asked less (${code}), also after several tries`,
      next: 'Run the same command again later, or with fewer runs at once.',
    }
  if (code === 'EHASH')
    return {
      code: 'SLUICE_OBJECT_CORRUPT',
      reason: 'its bytes are not those that were written, whenever they are read',
    }
  if (status === undefined)
    return {
      code: 'SLUICE_STORE_UNREACHABLE',
      reason: `${server} could not be reached (${code}: ${fault.message})`,
    }
  if (status === 501) return { code: 'SLUICE_CONFIG_INVALID', reason: said(fault), next: NOT_IMPLEMENTED }
  if (status >= 500 || status < 300)
    return { code: 'SLUICE_STORE_UNREACHABLE', reason: said(fault), next: SERVER_FAILS }
  // A store of objects names its refusals, and what it does not find is an answer.
  const isForeign = code === String(status) || isOfConsole(fault)
  if (isForeign || (status === 404 && code !== 'NoSuchUpload'))
    return {
      code: 'SLUICE_CONFIG_INVALID',
      reason: `${said(fault)}, as no S3-compatible store does`,
      next: 'Set store.endpoint in sluice.yaml to the address of the S3 API of the server: not to that of its console, and without a bucket in it.',
    }
  return { code: 'SLUICE_STORE_UNAVAILABLE', reason: said(fault) }
}

/** A 403 that no other code explains. */
function isDenied({ code, status }: S3Fault): boolean {
  const isOther = FOREIGN_KEYS.has(code) || OTHER_REGION.has(code) || FULL.has(code) || MISPLACED.has(code)
  return status === 403 && code !== 'RequestTimeTooSkewed' && !isOther
}

/** Names what the policy lacks. Of what is not there a server says so only to who may list it. */
function denied(cause: unknown, { key, root }: Pick<DiskAction, 'key' | 'root'>, server: string): Explained {
  const { code } = faultOf(cause)
  const action = actionOf(cause)
  if (action === undefined) return { code: 'SLUICE_STORE_DENIED', reason: `${server} denied it (${code})` }
  const isOfUploads = action === 's3:AbortMultipartUpload'
  const on = resourceOf(action, root, isOfUploads ? undefined : key)
  const bucket = resourceOf('s3:ListBucket', root, undefined)
  const all = action.startsWith('s3:List') ? bucket : resourceOf(action, root, undefined)
  const orList =
    action === 's3:GetObject'
      ? `, and s3:ListBucket on ${bucket}: without that one what is not there is denied too`
      : ''
  return {
    code: 'SLUICE_STORE_DENIED',
    reason: `${server} denied ${action} on ${on} (${code})`,
    next: `Allow these credentials ${action} on ${all}${orList}. docs/guides/run-on-s3.md names all actions.`,
  }
}

const NOT_IMPLEMENTED =
  'The server cannot do what is asked. Leave store.encryption and store.storage_class out of sluice.yaml, or set the server up for them (sse-s3 needs its key service); `sluice doctor store` shows what else it lacks.'

const SERVER_FAILS = 'The server fails: look at it, then run the same command again.'

function elsewhere({ region, code }: S3Fault): Explained {
  const where = region === undefined ? '' : `: it lies in ${region}`
  return {
    code: 'SLUICE_CONFIG_INVALID',
    reason: `the bucket is in another region than was asked (${code})${where}`,
    next: `Set store.region in sluice.yaml${region === undefined ? '' : ` to ${region}`}, or AWS_REGION.`,
  }
}

function said({ code, status, message }: S3Fault): string {
  return `the server answered ${status} ${code}: ${message.replace(/\.$/, '')}`
}

const FOREIGN_KEYS: ReadonlySet<string> = new Set([
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidToken',
  'InvalidTokenId',
  'TokenRefreshRequired',
])
const OTHER_REGION: ReadonlySet<string> = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
])
