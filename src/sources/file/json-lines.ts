import { quoteIdent, quoteText, textList } from '../../engine/sql-text.js'
import type { Extraction, SourceText } from './extraction.js'

const NEVER_IN_TEXT = '\u0001\u0002\u0003\u0004'

/** A text file as one row per line that is not blank: columns `filename`, `line`. */
export function linesSql(files: readonly SourceText[]): string {
  const longest = Math.max(4 << 20, ...files.map(file => file.longestLineBytes + 2))
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
  return `SELECT filename, line FROM read_csv(${textList(files.map(file => file.path))}, ${options.join(', ')}) WHERE line IS NOT NULL AND line NOT SIMILAR TO '\\s*'`
}

/** The elements of JSON arrays as one row each: columns `filename`, `line`. */
export function arrayElementsSql(files: readonly SourceText[]): string {
  const paths = textList(files.map(file => file.path))
  const options = `format = 'array', filename = true, maximum_object_size = 1073741824, compression = '${files[0]?.compression ?? 'none'}'`
  return `SELECT filename, json::VARCHAR AS line FROM read_json_objects(${paths}, ${options})`
}

/**
 * Turns JSON texts (column `line`) into the named source columns, as text. Lines that are no JSON object keep their text in `_raw`.
 * Numbers of more than 15 digits are quoted before parsing: DuckDB's reader would pass them through a double.
 */
export function jsonColumnsSql(lines: string, columns: readonly string[], longNumbers: boolean): Extraction {
  const text = longNumbers ? quotedNumbers('line') : 'line'
  const shape = quoteText(JSON.stringify(Object.fromEntries(columns.map(name => [name, 'VARCHAR']))))
  const parsed = columns.length === 0 ? `TRY(json(text)) IS NOT NULL` : `TRY(json_transform(text, ${shape}))`
  const present = columns.map(name => `(f.${quoteIdent(name)} IS NOT NULL)::INTEGER`).join(' + ') || '0'
  const removal = quoteText(JSON.stringify(Object.fromEntries(columns.map(name => [name, null]))))
  const isObject = `starts_with(ltrim(text, E' \\t\\r\\n'), '{') AND f IS NOT NULL`
  const sql = `SELECT filename, line, ${columns.map(name => `CASE WHEN ${isObject} THEN f.${quoteIdent(name)} END AS ${quoteIdent(name)}`).join(', ')}${columns.length > 0 ? ', ' : ''}
    CASE WHEN ${isObject} THEN CASE WHEN len(json_keys(text)) <> ${present} THEN nullif(json_merge_patch(text, ${removal})::VARCHAR, '{}') END END AS _extra,
    CASE WHEN ${isObject} THEN NULL ELSE line END AS _raw
  FROM (SELECT filename, line, text, ${parsed} AS f FROM (SELECT filename, line, ${text} AS text FROM (${lines})))`
  return { sql }
}

/** JSON arrays with values by position, as exchanges send them: the columns are named by the pipe. */
export function jsonTuplesSql(lines: string, columns: readonly string[], longNumbers: boolean): Extraction {
  const text = longNumbers ? quotedNumbers('line') : 'line'
  const isTuple = `starts_with(ltrim(text, E' \\t\\r\\n'), '[') AND f IS NOT NULL`
  const sql = `SELECT filename, line, ${columns.map((name, at) => `CASE WHEN ${isTuple} THEN f[${at + 1}] END AS ${quoteIdent(name)}`).join(', ')},
    CASE WHEN ${isTuple} AND len(f) > ${columns.length} THEN json_object('_values', f[${columns.length + 1}:])::VARCHAR END AS _extra,
    CASE WHEN ${isTuple} THEN NULL ELSE line END AS _raw
  FROM (SELECT filename, line, text, TRY(json_transform(text, '["VARCHAR"]')) AS f FROM (SELECT filename, line, ${text} AS text FROM (${lines})))`
  return { sql }
}

/** Strings are matched first and kept, so digits inside a string are safe; control characters never stand raw in JSON. */
function quotedNumbers(line: string): string {
  const tokens = String.raw`'("(?:[^"\\]|\\.)*")|(-?[0-9][0-9.eE+-]{14,})'`
  const marked = String.raw`regexp_replace(${line}, ${tokens}, '\1' || chr(1) || '\2' || chr(1), 'g')`
  const quoted = `replace(replace(${marked}, chr(1) || chr(1), ''), chr(1), '"')`
  return `CASE WHEN regexp_matches(${line}, '[0-9][0-9.]{14}') THEN ${quoted} ELSE ${line} END`
}
