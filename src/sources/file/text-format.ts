import { open } from 'node:fs/promises'
import { SluiceError } from '../../core/errors.js'
import type { Dialect } from '../pipe.js'
import type { SourceText } from './extraction.js'
import { type FileFormat, guessFormat } from './guess-format.js'

const EDGE_BYTES = 65_536

/**
 * The format of an unpacked text: the declared one, else a guess by its beginning. Throws SLUICE_INPUT_FORMAT for a text that is no
 * data at all or clearly not what was declared, SLUICE_INPUT_TRUNCATED for an array without its end.
 */
export async function textFormat(file: SourceText, dialect: Dialect): Promise<Exclude<FileFormat, 'parquet'>> {
  const start = (await bytesAt(file.path, 'start')).toString('utf8')
  refuseMarkup(file, start)
  const guessed = guessFormat(start)
  const format = dialect.format === undefined || dialect.format === 'parquet' ? guessed : dialect.format
  if (format !== 'csv' || dialect.format === undefined) refuseScalar(file, start)
  if (format === 'json') {
    if (guessed === 'ndjson' && start.trimStart().startsWith('{')) throw notAnArray(file)
    await refuseOpenArray(file)
  }
  return format
}

function refuseMarkup(file: SourceText, start: string): void {
  const found = /^\s*<(!doctype\s+html|html|\?xml|head|body)\b/i.exec(start)
  if (found === null) return
  const kind = found[1]?.toLowerCase() === '?xml' ? 'an XML text' : 'an HTML page'
  throw formatError(
    file,
    `is ${kind}, not data`,
    'See what the source answered: often a page that says why. Nothing was written.',
  )
}

/** One number, text, `true` or `null` is JSON, but no record. */
function refuseScalar(file: SourceText, start: string): void {
  if (start.length >= EDGE_BYTES) return
  const text = start.trim()
  if (text.startsWith('{') || text.startsWith('[')) return
  if (/^(-?\d+(\.\d+)?([eE][+-]?\d+)?|"[^"\n]*"|true|false|null)$/.test(text))
    throw formatError(file, `holds one JSON value and no record: ${text.slice(0, 40)}`, undefined)
}

function notAnArray(file: SourceText): SluiceError {
  return formatError(
    file,
    'is declared as `format: json`, which is one array, but it holds JSON objects',
    'If each line is one object, declare `format: ndjson` or leave the format out. Nothing was written.',
  )
}

/** The reader takes an array that ends after a comma for a whole one. */
async function refuseOpenArray(file: SourceText): Promise<void> {
  const end = (await bytesAt(file.path, 'end')).toString('latin1').trimEnd()
  if (end === '' || end.endsWith(']')) return
  throw new SluiceError('SLUICE_INPUT_TRUNCATED', `${file.originalPath} is a JSON array without its end.`, {
    place: { file: file.originalPath },
  })
}

function formatError(file: SourceText, fault: string, next: string | undefined): SluiceError {
  const place = { file: file.originalPath, line: 1 }
  return new SluiceError(
    'SLUICE_INPUT_FORMAT',
    `${file.originalPath} ${fault}.`,
    next === undefined ? { place } : { place, next },
  )
}

async function bytesAt(path: string, side: 'start' | 'end'): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const from = side === 'start' ? 0 : Math.max(0, (await file.stat()).size - EDGE_BYTES)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(EDGE_BYTES), 0, EDGE_BYTES, from)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
