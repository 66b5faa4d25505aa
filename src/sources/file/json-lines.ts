import { filesSql } from '../../engine/file-sql.js'
import { quoteIdent, quoteText } from '../../engine/sql-text.js'
import type { Extraction, LongNumbers, SourceText } from './extraction.js'

const NEVER_IN_TEXT = '\u0001\u0002\u0003\u0004'

/** A text file as one row per line that is not blank: columns `filename`, `line`. */
export function linesSql(files: readonly SourceText[]): string {
  return `${allLinesSql(files)} WHERE CASE WHEN strlen(line) > 64 THEN true ELSE trim(line, E' \\t\\r') <> '' END`
}

/** The same with blank lines. */
export function allLinesSql(files: readonly SourceText[]): string {
  const longest = longestOf(files)
  const options = [
    `columns = {'line': 'VARCHAR'}`,
    'auto_detect = false',
    'header = false',
    'filename = true',
    `delim = '${NEVER_IN_TEXT}'`,
    `quote = ''`,
    `escape = ''`,
    'strict_mode = false',
    'null_padding = true',
    `max_line_size = ${longest}`,
    `buffer_size = ${Math.max(32 << 20, longest * 2)}`,
    `compression = '${files[0]?.compression ?? 'none'}'`,
  ]
  const paths = files.map(file => file.path)
  return `SELECT filename, line FROM ${filesSql('read_csv', paths, options)}`
}

/** Bytes that a line of these files may have at most. */
function longestOf(files: readonly SourceText[]): number {
  return Math.max(16 << 20, ...files.map(file => file.longestLineBytes + 2))
}

/** The elements of JSON arrays as one row each: columns `filename`, `line`. */
export function arrayElementsSql(files: readonly SourceText[]): string {
  const options = [
    `format = 'array'`,
    'filename = true',
    `maximum_object_size = ${longestOf(files) * 2}`,
    `compression = '${files[0]?.compression === 'zstd' ? 'zstd' : 'uncompressed'}'`,
  ]
  const paths = files.map(file => file.path)
  return `SELECT filename, json::VARCHAR AS line FROM ${filesSql('read_json_objects', paths, options)}`
}

/**
 * Turns JSON texts (column `line`) into the named source columns, as text. Lines that are no JSON object, or name
 * one of the columns twice, keep their text in `_raw`.
 * Numbers of more than 15 digits are quoted before parsing: DuckDB's reader would pass them through a double.
 */
export function jsonColumnsSql(lines: string, columns: readonly string[], longNumbers: LongNumbers): Extraction {
  const shape = quoteText(JSON.stringify(Object.fromEntries(columns.map(name => [name, 'VARCHAR']))))
  const present = columns.map(name => `(f.${quoteIdent(name)} IS NOT NULL)::INTEGER`).join(' + ') || '0'
  const removal = quoteText(JSON.stringify(Object.fromEntries(columns.map(name => [name, null]))))
  const rest = `CASE WHEN f IS NULL THEN NULL WHEN len(json_keys(text)) <> ${present} THEN json_merge_patch(text, ${removal})::VARCHAR END`
  const pointers = `[${columns.map(name => quoteText(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)).join(', ')}]::VARCHAR[]`
  // A field that stands twice, or is null, makes more keys than values. Other lines pay nothing for the question.
  const taken = 'len(json_keys(text)) - len(json_keys(_rest))'
  const twice = `_rest IS NOT NULL AND ${taken} > ${present} AND ${taken} > list_count(json_type(text, ${pointers}))`
  const fields = columns.map(name => `f.${quoteIdent(name)} AS ${quoteIdent(name)}`)
  const parsed = `SELECT *, ${rest} AS _rest FROM (${parsedSql(lines, shape, '{', longNumbers)})`
  return { sql: readableSql(parsed, [...fields, `nullif(_rest, '{}') AS _extra`], twice) }
}

/** JSON arrays with values by position, as exchanges send them: the columns are named by the pipe. */
export function jsonTuplesSql(lines: string, columns: readonly string[], longNumbers: LongNumbers): Extraction {
  const fields = columns.map((name, at) => `f[${at + 1}] AS ${quoteIdent(name)}`)
  const extra = `CASE WHEN len(f) > ${columns.length} THEN json_object('_values', f[${columns.length + 1}:])::VARCHAR END`
  return { sql: readableSql(parsedSql(lines, `'["VARCHAR"]'`, '[', longNumbers), [...fields, `${extra} AS _extra`]) }
}

/**
 * Columns `text` and `f`, the parsed value: NULL when the line is no JSON or does not begin as it should. Validity is asked first:
 * TRY would go through a whole vector row by row for each bad line in it.
 */
function parsedSql(lines: string, shape: string, opening: '{' | '[', longNumbers: LongNumbers): string {
  const text = quotedNumbers('line', longNumbers)
  const begins = `CASE WHEN starts_with(line, '${opening}') THEN true ELSE starts_with(ltrim(left(line, 1000), E' \\t\\r\\n'), '${opening}') END`
  return `SELECT filename, line, text, CASE WHEN ${begins} AND json_valid(text) THEN json_transform(text, ${shape}) END AS f
    FROM (SELECT filename, line, ${text} AS text FROM (${lines}))`
}

/** A line that is no record keeps its text as `_raw`: one without a parsed value, or for which `ambiguous` holds. */
function readableSql(parsed: string, fields: readonly string[], ambiguous = 'false'): string {
  return `SELECT filename, ${fields.join(', ')}, CASE WHEN f IS NULL OR (${ambiguous}) THEN line END AS _raw FROM (${parsed})`
}

/** SQL of a JSON text in which numbers that a double could not hold are texts. */
export function exactNumbers(text: string): string {
  return quotedNumbers(text, { in: 'anywhere' })
}

/** Strings are matched first and kept, so digits inside a string are safe; control characters never stand raw in JSON. */
function quotedNumbers(line: string, longNumbers: LongNumbers): string {
  if (longNumbers.in === 'none') return line
  const tokens = String.raw`'("(?:[^"\\]|\\.)*")|(-?[0-9][0-9.eE+-]{14,})'`
  const marked = String.raw`regexp_replace(${line}, ${tokens}, '\1' || chr(1) || '\2' || chr(1), 'g')`
  const quoted = `replace(replace(${marked}, chr(1) || chr(1), ''), chr(1), '"')`
  // Looking a line up costs a tenth of searching it.
  const concerned =
    longNumbers.in === 'lines'
      ? `${line} IN (SELECT unnest([${longNumbers.lines.map(quoteText).join(', ')}]))`
      : `regexp_matches(${line}, '[0-9.]{16}')`
  return `CASE WHEN ${concerned} THEN ${quoted} ELSE ${line} END`
}
