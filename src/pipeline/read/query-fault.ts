import { SluiceError } from '../../core/errors.js'

/** SQL as it is run: the user's own text after `prefix`. */
export interface WrappedSql {
  readonly prefix: string
  readonly sql: string
}

/** The error for a fault in a user's SQL: what the engine says of it, at the user's own line and column. */
export function queryFault(cause: unknown, { prefix, sql }: WrappedSql): SluiceError {
  const { message, position } = engineFault(cause)
  if (position === undefined && /^Cannot (open|create) (file|directory)/i.test(message))
    return new SluiceError(
      'SLUICE_ARGUMENT_INVALID',
      `The answer cannot be written: ${message}.`,
      { next: OTHER_FILE },
      cause,
    )
  const bytes = position === undefined ? undefined : position - Buffer.byteLength(prefix)
  // The engine counts bytes; a position outside belongs to what stands round the SQL.
  if (bytes === undefined || bytes < 0 || bytes > Buffer.byteLength(sql)) return faultAt(message, sql, undefined, cause)
  return faultAt(message, sql, Buffer.from(sql).subarray(0, bytes).toString('utf8').length, cause)
}

const OTHER_FILE = 'Name a file in a folder that is there and that you may write to.'

/** The error for SQL that cannot be parsed. `position` counts characters. */
export function parseFault(message: string, sql: string, position: number | undefined): SluiceError {
  if (/only select statements/i.test(message))
    return new SluiceError('SLUICE_QUERY_INVALID', 'Only a SELECT can be asked. Nothing was changed.')
  if (position === undefined) return faultAt(message, sql, undefined)
  return faultAt(message, sql, [...sql].slice(0, position).join('').length)
}

function faultAt(message: string, sql: string, offset: number | undefined, cause?: unknown): SluiceError {
  const text = `${message.replace(/\s*\n\s*/g, ' ').replace(/[.!]?$/, '.')}`
  if (offset === undefined) return new SluiceError('SLUICE_QUERY_INVALID', text, {}, cause)
  const before = sql.slice(0, offset).split('\n')
  const column = before.at(-1)!.length + 1
  const excerpt = sql.split('\n')[before.length - 1]
  const place = { file: 'SQL', line: before.length, column }
  return new SluiceError('SLUICE_QUERY_INVALID', text, { place, excerpt }, cause)
}

/** What a failure of an engine that writes its errors as JSON says, and where: an offset in bytes. */
function engineFault(cause: unknown): { readonly message: string; readonly position: number | undefined } {
  const text = cause instanceof Error ? cause.message : String(cause)
  try {
    const fault = JSON.parse(text.slice(text.indexOf('{'))) as { exception_message: string; position?: string }
    const position = fault.position === undefined ? undefined : Number(fault.position)
    return { message: fault.exception_message, position }
  } catch {
    return { message: text, position: undefined }
  }
}
