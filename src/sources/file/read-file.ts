import type { Column, Contract } from '../../contract/contract.js'
import { SluiceError } from '../../core/errors.js'
import type { Engine } from '../../engine/engine.js'
import { filesSql } from '../../engine/file-sql.js'
import { quoteIdent, quoteText } from '../../engine/sql-text.js'
import type { Dialect, Pipe } from '../pipe.js'
import { columnNamesOf } from './column-names.js'
import { type CsvText, csvColumnsSql } from './csv.js'
import type { Extraction, LongNumbers, SourceText } from './extraction.js'
import type { FileFormat } from './guess-format.js'
import { arrayElementsSql, jsonColumnsSql, jsonTuplesSql, linesSql } from './json-lines.js'
import { openCsv } from './read-csv.js'
import { textFormat } from './text-format.js'

export interface InputFile extends SourceText {
  readonly container: 'text' | 'parquet'
}

/** Files that one statement reads. */
interface Group {
  readonly format: FileFormat
  readonly header: readonly string[]
  readonly files: InputFile[]
  readonly csvs: CsvText[]
}

/**
 * The records of files that are read alike: SQL with `filename`, one text column per contract field, `_extra` and `_raw`.
 * Files of different formats or headers give several statements, files without a record none. Copies go to `spool`. Throws
 * SLUICE_INPUT_FORMAT, SLUICE_INPUT_TRUNCATED and SLUICE_INPUT_EMPTY.
 */
export async function recordStatements(
  files: readonly InputFile[],
  pipe: Pipe,
  contract: Contract,
  engine: Engine,
  spool: string,
): Promise<Extraction[]> {
  const groups = new Map<string, Group>()
  for (const file of files) {
    const format = await formatOf(file, pipe.dialect)
    const csv = format === 'csv' ? await openCsv(file, pipe, contract, engine, spool) : undefined
    if (format === 'csv' && csv === undefined) continue
    const header = csv?.layout.header ?? (await headerOf(file, format, pipe.dialect, engine))
    const key = JSON.stringify([format, header, file.compression, csv && csvKey(csv)])
    const group = groups.get(key) ?? { format, header, files: [], csvs: [] }
    group.files.push(file)
    if (csv !== undefined) group.csvs.push(csv)
    groups.set(key, group)
  }
  const statements: Extraction[] = []
  for (const group of groups.values()) statements.push(await groupStatement(group, pipe, contract, engine))
  return statements
}

async function formatOf(file: InputFile, dialect: Dialect): Promise<FileFormat> {
  if (file.container === 'parquet') return 'parquet'
  if (file.compression === 'none') return textFormat(file, dialect)
  if (dialect.format !== undefined) return dialect.format
  throw new SluiceError(
    'SLUICE_INPUT_FORMAT',
    `The format inside ${file.path} must be declared: it is zstd-compressed.`,
    {
      place: { file: file.path },
      next: 'Add `format: ndjson`, `json` or `csv` to a pipe of source `file`. Nothing was written.',
    },
  )
}

async function headerOf(
  file: InputFile,
  format: FileFormat,
  dialect: Dialect,
  engine: Engine,
): Promise<readonly string[]> {
  if (format !== 'parquet') return dialect.columns ?? []
  const rows = await engine.rows(`DESCRIBE SELECT * FROM ${filesSql('read_parquet', [file.path])}`).catch(cause => {
    throw new SluiceError(
      'SLUICE_INPUT_FORMAT',
      `${file.path} is a damaged Parquet file.`,
      { place: { file: file.path } },
      cause,
    )
  })
  return rows.map(row => String(row['column_name']))
}

async function groupStatement(group: Group, pipe: Pipe, contract: Contract, engine: Engine): Promise<Extraction> {
  const { format, header, files } = group
  const mapped = await mappedColumns(pipe, contract, engine)
  const wanted =
    format === 'csv' || format === 'parquet' || pipe.dialect.columns !== undefined ? header : mapped.sources
  const extraction = extractionOf(group, wanted, mapped.sources, pipe.dialect)
  if (format === 'csv') refuseForeignHeader(files[0]!, header, mapped.sources, pipe.dialect, contract)
  const missing = missingSources(pipe, contract, wanted)
  const fields = contract.columns.map(column => `${fieldSql(column, pipe, missing)} AS ${quoteIdent(column.name)}`)
  const named = mapped.usesFilename ? originalNames(extraction.sql, files) : extraction.sql
  const check = checkSql(format, files)
  return {
    ...extraction,
    ...(check === undefined ? {} : { check: { sql: check, paths: files.map(file => file.path) } }),
    longestRecordBytes: Math.max(...files.map(file => file.longestLineBytes)),
    sql: `SELECT ${mapped.usesFilename ? '_file' : 'filename AS _file'}, ${fields.join(', ')}, _extra, _raw FROM (${named})`,
  }
}

/** A CSV that names its columns must name one that is asked for: else it is another text, or another CSV. */
function refuseForeignHeader(
  file: InputFile,
  header: readonly string[],
  asked: readonly string[],
  dialect: Dialect,
  contract: Contract,
): void {
  const present = new Set(header.map(name => name.toLowerCase()))
  if (dialect.columns !== undefined || !dialect.header || asked.length === 0) return
  if (asked.some(name => present.has(name.toLowerCase()))) return
  const taken =
    dialect.format === 'csv' ? 'is no such CSV:' : 'was taken for CSV, because it does not begin like JSON, and'
  const message = `${file.originalPath} ${taken} its first line names no column that ${contract.dataset} asks for.`
  throw new SluiceError('SLUICE_INPUT_FORMAT', message, {
    place: { file: file.originalPath, line: dialect.skipLines + 1 },
    next: 'Declare `format: ndjson`, `json` or `csv` and the dialect in a pipe of source `file`. Nothing was written.',
  })
}

function extractionOf(
  { format, files, csvs }: Group,
  header: readonly string[],
  used: readonly string[],
  dialect: Dialect,
): Extraction {
  if (format === 'csv') return csvColumnsSql(csvs, header, used, dialect)
  if (format === 'parquet') return parquetColumnsSql(files, header, used)
  const lines = format === 'json' ? arrayElementsSql(files) : linesSql(files)
  const longNumbers = longNumbersOf(format, files)
  return dialect.columns === undefined
    ? jsonColumnsSql(lines, header, longNumbers)
    : jsonTuplesSql(lines, dialect.columns, longNumbers)
}

/** Files are told apart by what one statement cannot read together. */
function csvKey({ layout, mended }: CsvText): unknown {
  return [layout.shape.delimiter.toString(), mended !== undefined]
}

/**
 * SQL that gives the number of records of each file, or fails where something inside an array or a compressed stream ends the
 * reading of the whole file. Lines and CSV have no such faults, and have been looked through.
 */
function checkSql(format: FileFormat, files: readonly InputFile[]): string | undefined {
  const counted = (sql: string): string => `SELECT filename, count(*) AS records FROM (${sql}) GROUP BY filename`
  if (format === 'json') return counted(arrayElementsSql(files))
  if (format === 'parquet')
    return counted(
      `SELECT filename FROM ${filesSql(
        'read_parquet',
        files.map(file => file.path),
        ['filename = true'],
      )}`,
    )
  // To read the lines is to unpack them.
  if (format === 'ndjson' && files[0]?.compression === 'zstd')
    return counted(`SELECT filename, strlen(line) FROM (${linesSql(files)}) WHERE strlen(line) >= 0`)
  return undefined
}

/** Elements of an array are no lines, and nobody has looked into compressed bytes. */
function longNumbersOf(format: FileFormat, files: readonly InputFile[]): LongNumbers {
  if (files.some(file => file.compression !== 'none' || file.longNumbers.in === 'anywhere')) return { in: 'anywhere' }
  const lines = files.flatMap(file => (file.longNumbers.in === 'lines' ? file.longNumbers.lines : []))
  if (lines.length === 0) return { in: 'none' }
  return format === 'json' ? { in: 'anywhere' } : { in: 'lines', lines }
}

function parquetColumnsSql(
  files: readonly InputFile[],
  header: readonly string[],
  used: readonly string[],
): Extraction {
  const lowered = new Set(used.map(name => name.toLowerCase()))
  const rest = header.filter(name => !lowered.has(name.toLowerCase()))
  const extra =
    rest.length === 0
      ? 'NULL'
      : `nullif(json_merge_patch('{}', json_object(${rest.map(name => `${quoteText(name)}, ${quoteIdent(name)}`).join(', ')}))::VARCHAR, '{}')`
  return {
    sql: `SELECT *, ${extra} AS _extra, NULL::VARCHAR AS _raw FROM ${filesSql(
      'read_parquet',
      files.map(file => file.path),
      ['filename = true'],
    )}`,
  }
}

/** The source columns that the pipe's expressions and the contract's own names ask for. */
async function mappedColumns(
  pipe: Pipe,
  contract: Contract,
  engine: Engine,
): Promise<{ sources: string[]; usesFilename: boolean }> {
  const sources = new Map<string, string>()
  let usesFilename = false
  for (const column of contract.columns) {
    const expression = pipe.map[column.name]
    const names = expression === undefined ? [column.name] : await columnNamesOf(expression, engine)
    for (const name of names) {
      if (name.toLowerCase() === 'filename') usesFilename = true
      else sources.set(name.toLowerCase(), name)
    }
  }
  return { sources: [...sources.values()], usesFilename }
}

/** Expressions see the path that the user named, not that of a decoded copy. */
function originalNames(sql: string, files: readonly InputFile[]): string {
  const names = files.map(file => `${quoteText(file.path)}: ${quoteText(file.originalPath)}`).join(', ')
  return `SELECT * RENAME (filename AS _file), MAP {${names}}[filename] AS filename FROM (${sql})`
}

function missingSources(pipe: Pipe, contract: Contract, header: readonly string[]): ReadonlySet<string> {
  const present = new Set(header.map(name => name.toLowerCase()))
  return new Set(
    contract.columns
      .filter(column => pipe.map[column.name] === undefined && !present.has(column.name.toLowerCase()))
      .map(column => column.name),
  )
}

function fieldSql(column: Column, pipe: Pipe, missing: ReadonlySet<string>): string {
  if (missing.has(column.name)) return 'NULL::VARCHAR'
  const text = `CAST((${pipe.map[column.name] ?? quoteIdent(column.name)}) AS VARCHAR)`
  const { missing: markers } = pipe.dialect
  const present =
    markers.length === 0 ? text : `CASE WHEN ${text} NOT IN (${markers.map(quoteText).join(', ')}) THEN ${text} END`
  return localSpelling(column, present, pipe.dialect)
}

/** Writes a number or a date of the dialect in the spelling that contracts read. What does not fit stays as it came, for the type rule to name. */
function localSpelling(column: Column, text: string, dialect: Dialect): string {
  const { kind } = column.type
  if (dialect.decimalComma && (kind === 'decimal' || kind === 'double' || kind === 'integer')) {
    return String.raw`replace(regexp_replace(${text}, '[\s\x{00A0}.]', '', 'g'), ',', '.')`
  }
  if (dialect.dateFormat !== undefined && (kind === 'timestamp' || kind === 'date')) {
    const parsed = `try_strptime(${text}, ${quoteText(dialect.dateFormat)})`
    const pattern = kind === 'date' ? '%Y-%m-%d' : '%Y-%m-%dT%H:%M:%S.%fZ'
    return `coalesce(strftime(${parsed}, ${quoteText(pattern)}), ${text})`
  }
  return text
}
