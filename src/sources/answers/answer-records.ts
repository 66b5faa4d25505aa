import type { Contract } from '../../contract/contract.js'
import { groupBy } from '../../core/group-by.js'
import { filesSql } from '../../engine/file-sql.js'
import { quoteIdent, quoteText } from '../../engine/sql-text.js'
import { csvColumnsSql } from '../file/csv.js'
import { exactNumbers } from '../file/json-lines.js'
import type { CsvBody, JsonBody, Source } from '../source.js'
import { type AnswerSpool, answerDialect, type CsvAnswer, ENVELOPE } from './answer-spool.js'

/** SQL that gives `_file` (the capture), the contract's fields as text, `_extra`, `_raw` and `_received_at`. */
export interface AnswerStatement {
  readonly sql: string
  /** Lines that the reader refused, once `sql` has run: `_file`, `_line`, `_raw`. */
  readonly rejects?: string
  readonly tellsReceivedAt: true
}

/** `map` gives contract fields as expressions over the fields of the source and `params`. */
type FieldMap = Readonly<Record<string, string>>

/** What every row says of the answer that it comes from. */
const ASKED = ['capture', 'pipe', 'params', 'interval_start', 'interval_end', 'received_at'] as const
/** Room for a line that the reader takes at least. */
const LINE_BYTES = 1 << 20

/**
 * The records of any number of answers of one source: one statement, or for CSV one for each header that came. The rows of a capture
 * stand together, in the order of its body. A contract field that neither source nor map gives is NULL; what they give beyond the
 * contract is in `_extra`.
 */
export function answerRecords(
  source: Source,
  contract: Contract,
  map: FieldMap,
  spool: AnswerSpool,
): AnswerStatement[] {
  const { body } = source
  if (body.kind === 'json') {
    const fields = body.fields === 'by name' ? fieldsOfRecord(contract, map) : body.fields
    const sql = recordsSql(jsonRows(body, spool), { ...body, fields }, Object.keys(body.each), contract, map)
    return [{ sql, tellsReceivedAt: true }]
  }
  const groups = groupBy(spool.bodies, ({ csv }) => JSON.stringify([csv.layout.header, csv.mended !== undefined]))
  return [...groups.values()].map(answers => csvStatement(body, contract, map, answers, spool))
}

/** The values of a record that have the names of fields; a map has the rest from `record`. */
function fieldsOfRecord(contract: Contract, map: FieldMap): Record<string, string> {
  const own = contract.columns.filter(({ name }) => map[name] === undefined)
  return Object.fromEntries(own.map(({ name }) => [name, `record->>${quoteText(`$."${name}"`)}`]))
}

/** `rows` has the columns of `ASKED`, those that `fields` and `seen` name, `_rest` for `_extra`, and `_raw`. Maps see `seen` as well. */
function recordsSql(
  rows: string,
  {
    fields,
    where,
    kind,
  }: Pick<JsonBody | CsvBody, 'where' | 'kind'> & { readonly fields: Readonly<Record<string, string>> },
  seen: readonly string[],
  contract: Contract,
  map: FieldMap,
): string {
  const given = Object.entries(fields).map(([name, sql]) => `CAST((${sql}) AS VARCHAR) AS ${quoteIdent(name)}`)
  const known = new Set([...Object.keys(fields), ...Object.keys(map)])
  const columns = contract.columns.map(({ name }) => {
    const own = map[name] === undefined ? quoteIdent(name) : `CAST((${map[name]}) AS VARCHAR)`
    return `${known.has(name) ? own : 'NULL::VARCHAR'} AS ${quoteIdent(name)}`
  })
  const hasRest = kind === 'csv'
  // What a map takes is not beyond the contract.
  const taken = Object.values(map).join(' ')
  const beyond = Object.keys(fields).filter(
    name => !contract.columns.some(column => column.name === name) && !new RegExp(`\\b${name}\\b`).test(taken),
  )
  const pairs = beyond.filter(name => name !== '_extra').map(name => `${quoteText(name)}, ${quoteIdent(name)}`)
  const more = [...(pairs.length > 0 ? [`json_object(${pairs.join(', ')})`] : []), ...(hasRest ? ['_rest'] : [])]
  const extra = extraSql(beyond.includes('_extra'), more)
  const batched = batchedValues(rows, given, seen)
  const carried = ['params', 'capture', 'received_at', ...(hasRest ? ['_rest'] : []), '_raw']
  const inner = [...carried, ...seen.map(quoteIdent), ...batched.given]
  return `SELECT capture AS _file, ${columns.join(', ')}, ${extra} AS _extra, _raw, received_at AS _received_at
    FROM (SELECT ${inner.join(', ')} FROM (${batched.rows})${where === undefined ? '' : ` WHERE (${where}) IS NOT FALSE`})`
}

/** A field that is null says nothing: an `_extra` of the source has none, the others may. Alone, it is not parsed again. */
function extraSql(hasOwn: boolean, more: readonly string[]): string {
  if (more.length === 0) return hasOwn ? `nullif("_extra"::VARCHAR, '{}')` : 'NULL::VARCHAR'
  const parts = [...(hasOwn ? ['"_extra"'] : []), ...more].map(sql => `coalesce(${sql}, '{}')`)
  return `nullif(json_merge_patch('{}', ${parts.join(', ')})::VARCHAR, '{}')`
}

/** A JSON value is parsed for each path that is asked of it alone, so all paths of one are asked together. */
function batchedValues(
  rows: string,
  given: readonly string[],
  seen: readonly string[],
): { readonly rows: string; readonly given: readonly string[] } {
  let [from, fields] = [rows, given]
  for (const name of seen) {
    const taken = new RegExp(`(?:"${name}"|\\b${name})->>('(?:[^']|'')*')`, 'g')
    const paths = [...new Set(fields.flatMap(sql => [...sql.matchAll(taken)].map(match => match[1]!)))]
    if (paths.length < 2) continue
    const values = quoteIdent(`_values_${name}`)
    from = `SELECT *, json_extract_string(${quoteIdent(name)}, [${paths.join(', ')}]) AS ${values} FROM (${from})`
    fields = fields.map(sql => sql.replace(taken, (_, path: string) => `${values}[${paths.indexOf(path) + 1}]`))
  }
  return { rows: from, given: fields }
}

function jsonRows({ each }: JsonBody, spool: AnswerSpool): string {
  const asked = ASKED.map(name => (name === 'params' ? 'params::JSON AS params' : name))
  const bodies = `SELECT ${asked.join(', ')}, (${exactNumbers('body')})::JSON AS body, NULL::VARCHAR AS _raw FROM ${envelopesSql(spool)}`
  return Object.entries(each).reduce(
    (rows, [name, list]) => `SELECT *, unnest(CAST((${list}) AS JSON[])) AS ${quoteIdent(name)} FROM (${rows})`,
    bodies,
  )
}

function csvStatement(
  body: CsvBody,
  contract: Contract,
  map: FieldMap,
  answers: readonly CsvAnswer[],
  spool: AnswerSpool,
): AnswerStatement {
  const { header } = answers[0]!.csv.layout
  const texts = answers.map(({ csv }) => csv)
  const wanted = body.columns === 'all' ? header : body.columns
  const { sql, rejects } = csvColumnsSql(texts, header, wanted, answerDialect(body))
  const present = new Set(header.map(name => name.toLowerCase()))
  const isPresent = (name: string): boolean => present.has(name.toLowerCase())
  const cells = wanted.map(
    name => `${isPresent(name) ? `r.${quoteIdent(name)}` : 'NULL::VARCHAR'} AS ${quoteIdent(name)}`,
  )
  const byName = contract.columns.filter(({ name }) => isPresent(name)).map(({ name }) => [name, quoteIdent(name)])
  const fields = body.fields === 'by name' ? Object.fromEntries(byName) : body.fields
  const own = new Set(Object.keys(fields).map(name => name.toLowerCase()))
  const seen = wanted.filter(name => !own.has(name.toLowerCase()))
  const file = `regexp_extract(filename, '([0-9a-f]{32})[^/\\\\]*$', 1)`
  // A join turns rows round: their numbers bring them back.
  const numbered = `SELECT *, row_number() OVER () AS _n, ${file} AS capture FROM (${sql})`
  const asked = ASKED.map(name => (name === 'params' ? 'e.params::JSON AS params' : `e.${name}`))
  const rows = `SELECT * FROM (SELECT ${asked.join(', ')}, ${cells.join(', ')}, r._extra::JSON AS _rest, r._raw, r._n
    FROM (${numbered}) r JOIN ${envelopesSql(spool)} e USING (capture)) ORDER BY _n`
  return {
    sql: recordsSql(rows, { ...body, fields }, seen, contract, map),
    ...(rejects && {
      rejects: `SELECT * REPLACE (${file.replace('filename', '_file')} AS _file, ltrim(_raw, E'\\r\\n') AS _raw) FROM (${rejects})`,
    }),
    tellsReceivedAt: true,
  }
}

function envelopesSql({ envelopes, longestLine }: AnswerSpool): string {
  const columns = Object.entries(ENVELOPE).map(([name, type]) => `${name}: ${quoteText(type)}`)
  const options = [
    `format = 'newline_delimited'`,
    `columns = {${columns.join(', ')}}`,
    `maximum_object_size = ${Math.max(LINE_BYTES, longestLine() + 1)}`,
  ]
  return filesSql('read_json', envelopes, options)
}
