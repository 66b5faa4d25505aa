import { filesSql } from '../../engine/file-sql.js'
import { quoteIdent, quoteText } from '../../engine/sql-text.js'
import type { Dialect } from '../pipe.js'
import type { CsvLayout } from './csv-layout.js'
import type { Extraction, SourceText } from './extraction.js'

/** A CSV file as it is read. */
export interface CsvText extends SourceText {
  readonly layout: CsvLayout
  /** Undefined: `path` is read as it is. */
  readonly mended: MendedCsv | undefined
}

/** The records of a CSV in a file of their own, without header, and the lines that are none, as JSON (`line`, `raw`). */
export interface MendedCsv {
  readonly good: string
  readonly bad: string
  /** Bytes of the longest line of `bad`; 0 when there is none. */
  readonly longestBad: number
}

/**
 * The columns of CSV files with one header, as text. Either all or none of them are mended. Lines with another number of cells
 * go to `_raw` by way of the rejects table.
 */
export function csvColumnsSql(
  files: readonly CsvText[],
  header: readonly string[],
  used: readonly string[],
  dialect: Dialect,
): Extraction {
  const lowered = new Set(used.map(name => name.toLowerCase()))
  const rest = header.filter(name => !lowered.has(name.toLowerCase()))
  const extra =
    rest.length === 0
      ? 'NULL::VARCHAR'
      : `nullif(json_merge_patch('{}', json_object(${rest.map(name => `${quoteText(name)}, ${quoteIdent(name)}`).join(', ')}))::VARCHAR, '{}')`
  const isMended = files.some(file => file.mended !== undefined)
  const options = [
    ...dialectOptions(files, dialect),
    `columns = {${header.map(name => `${quoteText(name)}: 'VARCHAR'`).join(', ')}}`,
    'auto_detect = false',
    `header = ${dialect.header && !isMended}`,
    `skip = ${isMended ? 0 : dialect.skipLines}`,
    'filename = true',
    'store_rejects = true',
    `rejects_scan = 'reject_scans'`,
    `rejects_table = 'reject_errors'`,
    'rejects_limit = 0',
  ]
  const paths = files.map(file => file.mended?.good ?? file.path)
  const own = isMended ? ` REPLACE (${ownPath(files, 'filename')} AS filename)` : ''
  const refused = `SELECT s.file_path AS _file, e.line AS _line, any_value(e.csv_line) AS _raw FROM reject_errors e JOIN reject_scans s USING (scan_id, file_id) GROUP BY s.file_path, e.scan_id, e.file_id, e.line`
  return {
    sql: `SELECT *${own}, ${extra} AS _extra, NULL::VARCHAR AS _raw FROM ${filesSql('read_csv', paths, options)}`,
    rejects: isMended
      ? `SELECT ${ownPath(files, '_file')} AS _file, _line, _raw FROM (${refused})${badLines(files)}`
      : refused,
  }
}

/** The path by which a file is known, of the copy that is read for it. */
function ownPath(files: readonly CsvText[], copy: string): string {
  const pairs = files.flatMap(({ mended, path }) =>
    mended === undefined ? [] : [mended.good, mended.bad].map(name => `${quoteText(name)}: ${quoteText(path)}`),
  )
  return `MAP {${pairs.join(', ')}}[${copy}]`
}

function badLines(files: readonly CsvText[]): string {
  const paths = files.flatMap(({ mended }) => (mended === undefined || mended.longestBad === 0 ? [] : [mended.bad]))
  if (paths.length === 0) return ''
  const longest = Math.max(...files.map(({ mended }) => mended?.longestBad ?? 0))
  const options = [
    `columns = {line: 'BIGINT', raw: 'VARCHAR'}`,
    `format = 'newline_delimited'`,
    'filename = true',
    `maximum_object_size = ${longest + 1024}`,
  ]
  return ` UNION ALL SELECT ${ownPath(files, 'filename')}, line, raw FROM ${filesSql('read_json_auto', paths, options)}`
}

function dialectOptions(files: readonly CsvText[], dialect: Dialect): string[] {
  const longest = Math.max(4 << 20, ...files.map(file => file.longestLineBytes + 2))
  const quote = dialect.quote ?? '"'
  return [
    `delim = ${quoteText(files[0]!.layout.shape.delimiter.toString('utf8'))}`,
    `quote = ${quoteText(quote)}`,
    `escape = ${quoteText(quote)}`,
    `comment = ''`,
    `max_line_size = ${longest}`,
    `compression = 'none'`,
  ]
}
