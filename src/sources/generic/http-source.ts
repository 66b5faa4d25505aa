import { z } from 'zod'
import { quoteIdent, quoteText } from '../../engine/sql-text.js'
import type { CsvBody, JsonBody, Provider, Source } from '../source.js'
import type { HttpBlock } from './http-block.js'

/**
 * The declarations that a block stands for. The provider is named by its host, so that all pipes of one host share its limits.
 * Records of JSON have the columns of the block, `key` where the path ends in `.*`, and `_extra`, which holds the other fields.
 */
export function httpSource(block: HttpBlock): { readonly provider: Provider; readonly source: Source } {
  const { auth, interval, paging, emptyStatus } = block
  const query = { ...block.query, ...firstPage(block) }
  const source: Source = {
    contract: block.contract,
    params: z.looseObject({}),
    asks: interval === undefined ? 'now' : 'interval',
    ...interval,
    path: block.path,
    query,
    headers: block.headers,
    records: block.format === 'csv' ? 'csv' : block.records,
    ...(paging && { paging }),
    body: block.format === 'json' ? jsonBody(block) : csvBody(block),
  }
  const provider: Provider = {
    name: providerName(block.url),
    url: block.url,
    terms: block.terms ?? { licence: 'unknown', url: block.url, redistribution: 'ask' },
    ...(auth && { key: { setting: auth.setting, in: auth.in, required: true } }),
    limits: block.limits,
    answers:
      emptyStatus.length === 0 ? [] : [{ status: emptyStatus, meaning: 'empty', why: 'the pipe takes it for empty' }],
    sources: { http: source },
  }
  return { provider, source }
}

/** `http-` and the host with its port: `http-api.example.com-8080`. It names folders of captures and states. */
export function providerName(url: string): string {
  return `http-${new URL(url).host.toLowerCase().replaceAll(/[^a-z0-9.-]+/g, '-')}`
}

function firstPage({ paging }: HttpBlock): Record<string, string> {
  if (paging?.by === 'page') return { [paging.param]: String(paging.start) }
  return paging?.by === 'offset' ? { [paging.param]: '0' } : {}
}

function jsonBody({ records, columns }: HttpBlock): JsonBody {
  const isKeyed = records.endsWith('.*')
  const record = isKeyed ? `"record"->'value'` : '"record"'
  const fields: Record<string, string> = isKeyed ? { key: `"record"->>'key'` } : {}
  for (const [name, path] of Object.entries(columns)) fields[name] = `${record}->>${quoteText(path)}`
  return { kind: 'json', each: { record: recordList(records) }, fields: { ...fields, _extra: restOf(record, columns) } }
}

/** SQL that gives the records of `body` as a list of JSON; with their names, where a path ends in `.*`. */
function recordList(records: string): string {
  const path = records.replace(/\[\*\]$/, '')
  const at = (inner: string) => `json_extract(body, ${quoteText(inner)})`
  if (path.endsWith('.*')) {
    const members = at(path.slice(0, -'.*'.length))
    const pairs = `list_zip(json_keys(${members}), json_extract(${members}, '$.*'))`
    return `list_transform(${pairs}, lambda p: json_object('key', p[1], 'value', p[2]))`
  }
  // With a star in the middle DuckDB gives a list of what it found.
  if (path.includes('*')) return at(records)
  const found = at(path)
  return `CASE coalesce(json_type(${found}), 'NULL') WHEN 'ARRAY' THEN json_extract(${found}, '$[*]') WHEN 'NULL' THEN [] ELSE [${found}] END`
}

/** SQL for the fields of a record that are no column. */
function restOf(record: string, columns: HttpBlock['columns']): string {
  const taken = Object.values(columns).flatMap(path => /^\$\."([^"]+)"$|^\$\.([\w-]+)$/.exec(path)?.slice(1) ?? [])
  const nothing = Object.fromEntries(taken.filter(name => name !== undefined).map(name => [name, null]))
  const rest = `json_merge_patch('{}', ${record}, ${quoteText(JSON.stringify(nothing))})`
  return `CASE WHEN starts_with(CAST(${record} AS VARCHAR), '{') THEN ${rest} END`
}

function csvBody({ columns, delimiter, encoding }: HttpBlock): CsvBody {
  return {
    kind: 'csv',
    dialect: { ...(delimiter !== undefined && { delimiter }), ...(encoding !== undefined && { encoding }) },
    columns: [...new Set(Object.values(columns))],
    fields: Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, quoteIdent(column)])),
  }
}
