import type { Contract } from '../../contract/contract.js'
import { SluiceError } from '../../core/errors.js'
import type { HttpBlock } from '../../sources/generic/http-block.js'
import { providerName } from '../../sources/generic/http-source.js'
import { fieldPath } from '../../sources/generic/json-path.js'
import { mapColumns } from '../../sources/generic/map-columns.js'
import { urlTemplate } from '../../sources/http/url-template.js'
import type { Pipe } from '../../sources/pipe.js'
import type { KeyPlace, Paging } from '../../sources/source.js'
import { type PipeDeclaration, pipePlace } from '../pipes/pipe-declaration.js'
import type { HttpEntry } from './http-schema.js'

/** The checked block of a pipe. Its columns are those that were declared: `withContract` adds the others. */
export function httpBlock(entry: HttpEntry, { delimiter, encoding }: Pipe['dialect'], contract: string): HttpBlock {
  const { auth, paging, interval, limits, terms } = entry
  return {
    url: entry.url.replace(/\/+$/, ''),
    path: entry.path,
    query: Object.fromEntries(Object.entries(entry.query).map(([name, value]) => [name, String(value)])),
    headers: entry.headers,
    format: entry.format,
    records: entry.records,
    columns: declaredColumns(entry),
    ...(delimiter !== undefined && { delimiter }),
    ...(encoding !== undefined && { encoding }),
    ...(auth && { auth: { in: keyPlace(auth), setting: auth.key } }),
    ...(paging && { paging: pagingOf(paging, auth) }),
    ...(interval && { interval: defined(interval) }),
    emptyStatus: entry.empty_status,
    limits: {
      perSecond: limits.per_second,
      concurrency: limits.concurrency,
      ...defined({ burst: limits.burst, perMonth: limits.per_month }),
    },
    ...(terms && {
      terms: { ...terms, ...defined({ attribution: terms.attribution }) } as HttpBlock['terms'] & object,
    }),
    contract,
  }
}

/**
 * The block with a column for each field of the contract that the map does not give, and for each name that the map takes.
 * A template that cannot be filled throws SLUICE_PIPE_INVALID with the place of the pipe.
 */
export function withContract(block: HttpBlock, pipe: PipeDeclaration, contract: Contract): HttpBlock {
  const names = [
    ...contract.columns.map(({ name }) => name).filter(name => !Object.hasOwn(pipe.map, name)),
    ...mapColumns(pipe.map),
  ]
  const implied = names.map(name => [name, block.format === 'csv' ? name : `$${fieldPath(name)}`] as const)
  checkTemplates(block, pipe)
  return { ...block, columns: { ...Object.fromEntries(implied), ...block.columns }, contract: contract.dataset }
}

/** Whether two blocks of one host say the same of its limits: they have one ledger together. */
export function sameLimits(a: HttpBlock, b: HttpBlock): boolean {
  return providerName(a.url) !== providerName(b.url) || JSON.stringify(a.limits) === JSON.stringify(b.limits)
}

function checkTemplates(block: HttpBlock, pipe: PipeDeclaration): void {
  const { url: base, path, query, headers, interval } = block
  const known = {
    params: Object.keys(pipe.params),
    asks: interval === undefined ? ('now' as const) : ('interval' as const),
  }
  urlTemplate({ base, path, query }, known, pipe.declaredIn)
  if (interval !== undefined && ![path, ...Object.values(query)].some(text => /\{(start|end)\b/.test(text))) {
    const message = `Pipe ${pipe.name} has an \`interval\`, and neither its path nor its query says which: put {start:…} and {end:…} into one of them.`
    throw new SluiceError('SLUICE_PIPE_INVALID', message, pipePlace(pipe))
  }
  const template = Object.entries(headers).find(([, value]) => /\{[^{}]*\}/.test(value))
  if (template === undefined) return
  const message = `Pipe ${pipe.name} has a placeholder in the header ${template[0]}: headers are sent as they stand.`
  throw new SluiceError('SLUICE_PIPE_INVALID', message, pipePlace(pipe))
}

function declaredColumns({ columns = [], format }: HttpEntry): Record<string, string> {
  const place = (name: string) => (format === 'csv' ? name : `$${fieldPath(name)}`)
  if (Array.isArray(columns)) return Object.fromEntries(columns.map(name => [name, place(name)]))
  const isPlaced = (at: string) => format === 'csv' || at.startsWith('$')
  return Object.fromEntries(Object.entries(columns).map(([name, at]) => [name, isPlaced(at) ? at : place(at)]))
}

function keyPlace({ header, query }: NonNullable<HttpEntry['auth']>): KeyPlace {
  if (header !== undefined) return { header }
  return query === undefined ? { bearer: true } : { query }
}

function pagingOf(paging: NonNullable<HttpEntry['paging']>, auth: HttpEntry['auth']): Paging {
  const { page, offset, cursor, link, max_pages: maxPages } = paging
  if (page !== undefined) {
    const { size } = page
    return { by: 'page', param: page.param, start: page.start, ...defined({ size }), maxPages }
  }
  if (offset !== undefined) return { by: 'offset', ...offset, maxPages }
  if (cursor !== undefined) return { by: 'cursor', ...cursor, maxPages }
  const path = link === true ? undefined : link
  return { by: 'link', ...defined({ path, without: auth?.query }), maxPages }
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>
}
