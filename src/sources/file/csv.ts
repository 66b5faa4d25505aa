import { SluiceError } from '../../core/errors.js'
import type { Engine } from '../../engine/engine.js'
import { filesSql } from '../../engine/file-sql.js'
import { quoteIdent, quoteText } from '../../engine/sql-text.js'
import type { Dialect } from '../pipe.js'
import type { Extraction, SourceText } from './extraction.js'

/** The column names of a CSV file: its header line, read with the declared dialect and nothing guessed. */
export async function csvHeader(file: SourceText, dialect: Dialect, engine: Engine): Promise<string[]> {
  const options = [
    ...dialectOptions(dialect, [file]),
    'header = false',
    'auto_detect = true',
    'all_varchar = true',
    'sample_size = 1',
    // Lines that do not fit the header are for the read itself to reject.
    'ignore_errors = true',
  ]
  const [row] = await engine
    .rows(`SELECT * FROM ${filesSql('read_csv', [file.path], options)} LIMIT 1`)
    .catch(cause => {
      throw new SluiceError(
        'SLUICE_INPUT_FORMAT',
        `${file.path} cannot be read as CSV.`,
        { place: { file: file.path } },
        cause,
      )
    })
  const cells = Object.values(row ?? {})
  if (!dialect.header) return cells.map((_, at) => `column${at}`)
  const names = cells.map((cell, at) => (cell === null || String(cell) === '' ? `column${at}` : String(cell)))
  const twice = names.find((name, at) => names.findIndex(other => other.toLowerCase() === name.toLowerCase()) !== at)
  if (twice !== undefined) {
    throw new SluiceError('SLUICE_INPUT_FORMAT', `${file.path} has two columns named ${twice}.`, {
      place: { file: file.path, line: dialect.skipLines + 1 },
      next: 'Name the columns yourself: `header: true` with `columns: [...]` in the pipe. Nothing was written.',
    })
  }
  return names
}

/** The columns of CSV files with one header, as text. Lines with another number of cells go to `_raw` by way of the rejects table. */
export function csvColumnsSql(
  files: readonly SourceText[],
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
  const options = [
    ...dialectOptions(dialect, files),
    `columns = {${header.map(name => `${quoteText(name)}: 'VARCHAR'`).join(', ')}}`,
    'auto_detect = false',
    `header = ${dialect.header}`,
    'filename = true',
    'store_rejects = true',
    `rejects_scan = 'reject_scans'`,
    `rejects_table = 'reject_errors'`,
    'rejects_limit = 0',
  ]
  return {
    sql: `SELECT *, ${extra} AS _extra, NULL::VARCHAR AS _raw FROM ${filesSql(
      'read_csv',
      files.map(file => file.path),
      options,
    )}`,
    rejects: `SELECT s.file_path AS _file, e.line AS _line, any_value(e.csv_line) AS _raw FROM reject_errors e JOIN reject_scans s USING (scan_id, file_id) GROUP BY s.file_path, e.scan_id, e.file_id, e.line`,
  }
}

function dialectOptions(dialect: Dialect, files: readonly SourceText[]): string[] {
  const longest = Math.max(4 << 20, ...files.map(file => file.longestLineBytes + 2))
  const quote = dialect.quote ?? '"'
  return [
    `delim = ${quoteText(dialect.delimiter ?? ',')}`,
    `quote = ${quoteText(quote)}`,
    `escape = ${quoteText(quote)}`,
    `comment = ''`,
    `skip = ${dialect.skipLines}`,
    `max_line_size = ${longest}`,
    `compression = '${files[0]?.compression ?? 'none'}'`,
  ]
}
