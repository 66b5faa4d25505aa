import { asSluiceError } from '../../core/errors.js'
import type { Engine, SqlRow } from '../../engine/engine.js'
import { filesSql } from '../../engine/file-sql.js'
import { quoteIdent, quoteText } from '../../engine/sql-text.js'
import { compareValues, decodeValue, lowerBoundOf, upperBoundOf } from '../../iceberg/bounds.js'
import { fieldsById } from '../../iceberg/schema-fields.js'
import type { DataFile, NestedField, PrimitiveType } from '../../iceberg/types.js'
import { parseValue } from '../../iceberg/value-text.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { currentSchema } from '../../lake/open-table.js'
import { duckdbTypeOf } from '../../lake/read-sql.js'
import { writerOf } from '../record/runs-behind.js'
import type { Fault } from './verification.js'
import { subjectOf, type VerifiedFiles } from './verify-files.js'

type WholeFile = VerifiedFiles['whole'][number]

export interface VerifiedValues {
  readonly columns: number
  /** Paths, as manifests have them, of files that cannot be read. */
  readonly unreadable: ReadonlySet<string>
  readonly faults: readonly Fault[]
}

/** Files that one statement reads: its text and its plan grow with them. */
const FILES_A_STATEMENT = 500

/** Reads every value of the files, and compares the counts and bounds of all columns with what manifests say of them. */
export async function verifyValues(
  table: LoadedTable,
  files: readonly WholeFile[],
  engine: Engine,
): Promise<VerifiedValues> {
  const fields = currentSchema(table).fields.filter(isPlain)
  const ids = new Set(table.metadata.schemas.flatMap(schema => [...fieldsById(schema).byId.keys()]))
  const faults: Fault[] = []
  const unreadable = new Set<string>()
  let columns = 0
  for (let from = 0; from < files.length; from += FILES_A_STATEMENT) {
    const part = files.slice(from, from + FILES_A_STATEMENT)
    for (const { file, key, figures } of await figuresOf(part, fields, engine)) {
      const about = { kind: 'damaged', subject: subjectOf(table), file: key } as const
      if ('why' in figures) {
        unreadable.add(file['file-path'])
        faults.push({ ...about, code: 'data_file_unreadable', place: '', what: figures.why })
        continue
      }
      columns += fields.length
      faults.push(...strayFaults(file, ids).map(fault => ({ ...about, place: '', ...fault })))
      faults.push(
        ...fields.flatMap((field, at) =>
          columnFaults(file, field, figures.row, at).map(({ code, what }) => ({
            ...about,
            code,
            place: `column ${field.name}`,
            what,
          })),
        ),
      )
    }
  }
  return { columns, unreadable, faults }
}

type PlainField = NestedField & { readonly type: PrimitiveType }

function isPlain(field: NestedField): field is PlainField {
  return typeof field.type === 'string'
}

type Figures = WholeFile & { readonly figures: { readonly row: SqlRow } | { readonly why: string } }

async function figuresOf(
  files: readonly WholeFile[],
  fields: readonly PlainField[],
  engine: Engine,
): Promise<readonly Figures[]> {
  const byId = fields.map(
    ({ id, name, type }) =>
      `${id}: {name: ${quoteText(name)}, type: ${quoteText(duckdbTypeOf(type))}, default_value: NULL}`,
  )
  const source = filesSql(
    'read_parquet',
    files.map(({ path }) => path),
    [`schema = MAP {${byId.join(', ')}}`, `filename = '_file'`],
  )
  const columns = fields.flatMap((field, at) => {
    const name = quoteIdent(field.name)
    return [`count(${name}) AS n_${at}`, `${textSql(field, 'min')} AS l_${at}`, `${textSql(field, 'max')} AS u_${at}`]
  })
  const sql = `SELECT _file, ${['count(*) AS rows', ...columns].join(', ')} FROM ${source} GROUP BY _file`
  const rows = await engine.rows(sql).catch((cause: unknown) => asSluiceError(cause))
  if (Array.isArray(rows)) {
    const byFile = new Map(rows.map(row => [String(row['_file']), row]))
    const none: SqlRow = { rows: '0', ...Object.fromEntries(fields.map((_, at) => [`n_${at}`, '0'])) }
    return files.map(file => ({ ...file, figures: { row: byFile.get(file.path) ?? none } }))
  }
  if (files.length === 1) return [{ ...files[0]!, figures: { why: rows.message } }]
  // One of them is damaged: which one, only each by itself can tell.
  const parts: (readonly Figures[])[] = []
  for (const file of files) parts.push(await figuresOf([file], fields, engine))
  return parts.flat()
}

/** Longer than any bound that is cut: a text that begins alike compares alike. */
const TEXT_LENGTH = 1_000

/** The least or greatest value as text that `parseValue` reads. */
function textSql({ name, type }: PlainField, pick: 'min' | 'max'): string {
  const value = `${pick}(${quoteIdent(name)})`
  if (type === 'timestamptz' || type === 'timestamp') return `epoch_us(${value})::VARCHAR`
  if (type === 'string') return `left(${value}, ${TEXT_LENGTH})`
  return `${value}::VARCHAR`
}

function columnFaults(file: DataFile, field: PlainField, figures: SqlRow, at: number): ColumnFault[] {
  const rows = BigInt(String(figures['rows']))
  const nulls = rows - BigInt(String(figures[`n_${at}`]))
  return [
    ...countFaults('null_count', 'nulls', nulls, file['null-value-counts']?.get(field.id)),
    ...countFaults('value_count', 'values', rows, file['value-counts']?.get(field.id)),
    ...boundFaults('lower', field.type, figures[`l_${at}`], file),
    ...boundFaults('upper', field.type, figures[`u_${at}`], file),
  ]

  function boundFaults(
    side: 'lower' | 'upper',
    type: PrimitiveType,
    text: SqlRow[string] | undefined,
    own: DataFile,
  ): ColumnFault[] {
    const bytes = own[`${side}-bounds`]?.get(field.id)
    if (bytes === undefined || text === null || text === undefined) return []
    const bound = decodeValue(type, bytes)
    if (bound === undefined) return [{ code: 'bound_invalid', what: `its ${side} bound is no ${type}` }]
    const value = readValue(type, String(text))
    if (value === undefined) return []
    const name = `${side === 'lower' ? 'the least' : 'the greatest'} value is ${text}`
    const beyond = side === 'lower' ? compareValues(value, bound) < 0 : compareValues(value, bound) > 0
    if (beyond) return [{ code: `${side}_bound`, what: `${name}, beyond the ${side} bound of its manifest` }]
    // Other engines may cut texts elsewhere, and may leave bounds wide.
    const exact = side === 'lower' ? lowerBoundOf(value) : upperBoundOf(value)
    if (writerOf(own) === '' || (exact !== undefined && compareValues(exact, bound) === 0)) return []
    return [{ code: `${side}_bound`, what: `${name}, and the ${side} bound of its manifest is not made of it` }]
  }
}

type ColumnFault = Pick<Fault, 'code' | 'what'>

function countFaults(code: string, name: string, found: bigint, said: bigint | undefined): ColumnFault[] {
  return said === undefined || said === found
    ? []
    : [{ code, what: `it has ${found} ${name}, and its manifest says ${said}` }]
}

/** Figures of columns that no schema of the table has. */
function strayFaults(file: DataFile, ids: ReadonlySet<number>): ColumnFault[] {
  const maps = [file['column-sizes'], file['value-counts'], file['null-value-counts'], file['nan-value-counts']]
  const named = [...maps, file['lower-bounds'], file['upper-bounds']].flatMap(map => [...(map?.keys() ?? [])])
  const stray = named.find(id => !ids.has(id))
  return stray === undefined
    ? []
    : [{ code: 'column_unknown', what: `its manifest has figures of column ${stray}, which the table does not have` }]
}

function readValue(type: PrimitiveType, text: string) {
  return type === 'timestamptz' || type === 'timestamp' ? parseValue('long', text) : parseValue(type, text)
}
