import { durationMs } from '../../core/duration.js'
import type { Place } from '../../core/errors.js'
import { parseInstant } from '../../core/instant.js'
import { didYouMean } from '../../core/nearest-name.js'
import type { TextPlace } from '../../core/yaml-document.js'
import type { Dialect, Schedule } from '../../sources/pipe.js'
import { sourceNamed } from '../../sources/provider-list.js'
import type { PipeDeclaration } from '../pipes/pipe-declaration.js'
import { PIPE_NAME, type PipeEntry } from '../pipes/pipe-schema.js'
import { combinations, ForEachFault, type ValueTables } from './for-each.js'
import { httpBlock } from './http-declaration.js'

/** Where a declaration stands. */
export interface DeclaredAt {
  readonly group: string
  readonly place: Required<Place>
  readonly mapPlaces: Readonly<Record<string, TextPlace>>
}

const PLACEHOLDER = /\{([^{}]*)\}/g

/**
 * The pipes of one entry: itself, or one for each combination of `for_each`. They share all but name and parameters. A key of `for_each`
 * is a parameter, unless the source has no parameter of this name and it only fills others. Throws ForEachFault.
 */
export function expandPipe(entry: PipeEntry, at: DeclaredAt, tables: ValueTables): PipeDeclaration[] {
  const shared = sharedParts(entry, at)
  const params = Object.fromEntries(
    Object.entries(entry.params).map(([name, value]) => [name, value === null ? null : String(value)]),
  )
  if (entry.for_each === undefined) {
    if (!PIPE_NAME.test(entry.name))
      throw new ForEachFault(`\`${entry.name}\` has a placeholder and no for_each`, ['name'])
    return [{ ...shared, name: entry.name, params }]
  }
  const keys = Object.keys(entry.for_each)
  const twice = keys.find(key => Object.hasOwn(params, key))
  if (twice !== undefined) throw new ForEachFault(`\`${twice}\` is in params and in for_each`, ['params', twice])
  const own = keys.filter(key => isParameter(key, entry))
  return combinations(entry.for_each, tables).map(values => {
    const given = Object.fromEntries(own.map(key => [key, values[key]!]))
    return {
      ...shared,
      name: nameFor(entry.name, values),
      params: { ...given, ...filled(params, values) },
      fixed: keys,
      template: entry.name,
    }
  })
}

function sharedParts(
  entry: PipeEntry,
  at: DeclaredAt,
): Omit<PipeDeclaration, 'name' | 'params' | 'fixed' | 'template'> {
  const { source, tags, map, universe, empty, capture, input, enabled, calendar, revisit, since, key, http } = entry
  const { first_day: firstDay } = entry
  const contract = entry.contract ?? sourceNamed(source)?.source.contract ?? ''
  const dialect = dialectOf(entry)
  return {
    ...{ source, contract, group: at.group, tags, map, universe, empty, capture, enabled, dialect },
    input: typeof input === 'string' ? [input] : (input ?? []),
    ...(entry.schedule !== undefined && { schedule: scheduleOf(entry.schedule) }),
    ...(calendar !== undefined && { calendar }),
    ...(revisit && { revisit: { lastMs: durationMs(revisit.last)!, everyMs: durationMs(revisit.every)! } }),
    ...(since !== undefined && { sinceMs: parseInstant(since)! }),
    ...(firstDay !== undefined && { firstDay }),
    ...(key !== undefined && { key }),
    ...(http && { http: httpBlock(http, dialect, contract) }),
    declaredIn: at.place,
    mapPlaces: at.mapPlaces,
  }
}

/** A key that fills another parameter, and that the source would not know, is no parameter itself. */
function isParameter(key: string, { source, params }: PipeEntry): boolean {
  const known = sourceNamed(source)?.source.params.shape
  if (known === undefined || Object.hasOwn(known, key)) return true
  return !Object.values(params).some(value => typeof value === 'string' && value.includes(`{${key}}`))
}

/** What a name cannot hold becomes a dash: `stooq-{symbol}` of `EUR/USD` is `stooq-EUR-USD`. */
function nameFor(template: string, values: Readonly<Record<string, string>>): string {
  const name = template.replace(PLACEHOLDER, (_, key: string) => {
    const value = values[key]
    if (value !== undefined) return value.replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    throw new ForEachFault(`\`{${key}}\` is no key of for_each.${didYouMean(key, Object.keys(values))}`, ['name'])
  })
  if (PIPE_NAME.test(name)) return name
  throw new ForEachFault(`\`${name}\` is no name: it starts with a letter or digit and has at most 128`, ['name'])
}

function filled(
  params: PipeDeclaration['params'],
  values: Readonly<Record<string, string>>,
): PipeDeclaration['params'] {
  return Object.fromEntries(
    Object.entries(params).map(([name, text]) => [
      name,
      text?.replace(PLACEHOLDER, (whole, key: string) => values[key] ?? whole) ?? null,
    ]),
  )
}

function scheduleOf(schedule: NonNullable<PipeEntry['schedule']>): Schedule {
  if (typeof schedule === 'string') return { cron: schedule, timezone: 'UTC' }
  return 'every' in schedule ? { everyMs: durationMs(schedule.every)! } : schedule
}

function dialectOf(entry: PipeEntry): Dialect {
  return {
    format: entry.format,
    encoding: entry.encoding,
    delimiter: entry.delimiter,
    quote: entry.quote,
    decimalComma: entry.decimal_comma,
    header: entry.header,
    columns: entry.columns,
    skipLines: entry.skip_lines,
    missing: entry.missing,
    dateFormat: entry.date_format,
  }
}
