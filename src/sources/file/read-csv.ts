import { mkdtemp, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Contract } from '../../contract/contract.js'
import { SluiceError } from '../../core/errors.js'
import type { Engine } from '../../engine/engine.js'
import { quoteText } from '../../engine/sql-text.js'
import type { Dialect, Pipe } from '../pipe.js'
import type { CsvText } from './csv.js'
import { type CsvLayout, layoutOf } from './csv-layout.js'
import type { SourceText } from './extraction.js'
import { allLinesSql } from './json-lines.js'
import { examineCsv, mendCsv } from './mend-csv.js'

/**
 * Looks through a CSV file before it is read: finds its layout and makes a mended copy where DuckDB would lose good lines with a bad
 * one, in a folder below `spool`. Undefined: no record in it, and the pipe allows that. Throws SLUICE_INPUT_EMPTY, SLUICE_INPUT_FORMAT.
 */
export async function openCsv(
  file: SourceText,
  pipe: Pipe,
  contract: Contract,
  engine: Engine,
  spool: string,
): Promise<CsvText | undefined> {
  const folder = await mkdtemp(join(spool, 'csv-'))
  const path = file.compression === 'none' ? file.path : await unpacked(file, engine, folder)
  const layout = await readLayout(path, file.originalPath, pipe.dialect)
  const { sound, hasRecords } = await examineCsv(path, layout)
  if (!hasRecords || layout.header.length === 0) {
    if (pipe.empty === 'allow') return undefined
    throw new SluiceError('SLUICE_INPUT_EMPTY', `${file.originalPath} has a header and no records.`, {
      place: { file: file.originalPath },
    })
  }
  refuseDecimalCommas(file.originalPath, layout, pipe, contract)
  if (sound && path === file.path) return { ...file, layout, mended: undefined }
  const [good, bad] = [join(folder, 'good.csv'), join(folder, 'bad.ndjson')]
  return { ...file, layout, mended: { good, bad, longestBad: await mendCsv(path, layout, good, bad) } }
}

/** Node cannot unpack zstd in the versions that we support. */
async function unpacked(file: SourceText, engine: Engine, folder: string): Promise<string> {
  const path = join(folder, 'unpacked.csv')
  const verbatim = `FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\u0001\u0002\u0003\u0004', NULLSTR ''`
  await engine
    .run(`COPY (SELECT line FROM (${allLinesSql([file])})) TO ${quoteText(path)} (${verbatim})`)
    .catch(cause => {
      const place = { file: file.originalPath }
      throw new SluiceError('SLUICE_INPUT_DAMAGED', `${file.originalPath} cannot be unpacked.`, { place }, cause)
    })
  return path
}

const HEADER_BYTES = 1 << 16
const LONGEST_HEADER_BYTES = 1 << 26

async function readLayout(path: string, shown: string, dialect: Dialect): Promise<CsvLayout> {
  const file = await open(path, 'r')
  try {
    for (let bytes = HEADER_BYTES; bytes <= LONGEST_HEADER_BYTES; bytes *= 8) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0)
      const layout = layoutOf(buffer.subarray(0, bytesRead), bytesRead < bytes, dialect, shown)
      if (layout !== undefined) return layout
    }
  } finally {
    await file.close()
  }
  throw new SluiceError('SLUICE_INPUT_FORMAT', `The first line of ${shown} is too long for a header.`, {
    place: { file: shown, line: dialect.skipLines + 1 },
  })
}

const DECIMAL_COMMA = /^\s*[+-]?\d{1,3}(\.?\d{3})*,\d+\s*$/

/** Where semicolons divide cells although nobody said so, commas divide numbers. Read as it is, no number of the file would stand. */
function refuseDecimalCommas(file: string, layout: CsvLayout, { dialect, map }: Pipe, contract: Contract): void {
  if (dialect.decimalComma || dialect.delimiter !== undefined || layout.shape.delimiter.toString() !== ';') return
  const numbers = contract.columns.filter(
    column => map[column.name] === undefined && ['decimal', 'double'].includes(column.type.kind),
  )
  const column = numbers.find(({ name }) => {
    const at = layout.header.findIndex(cell => cell.toLowerCase() === name.toLowerCase())
    return at !== -1 && DECIMAL_COMMA.test(layout.firstCells[at] ?? '')
  })
  if (column === undefined) return
  const message = `${file} writes numbers with a decimal comma, as in its first ${column.name}.`
  throw new SluiceError('SLUICE_INPUT_FORMAT', message, {
    place: { file, line: layout.bodyLine },
    next: 'Declare `decimal_comma: true` in a pipe of source `file`. Nothing was written.',
  })
}
