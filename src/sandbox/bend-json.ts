import type { Bend } from './bend-body.js'

type Fields = Record<string, unknown>

/**
 * Records are the elements of the innermost lists, or, in a document without lists, the fields of the outermost object. Fields are
 * those of records that are objects; where records are rows, those of the outermost object, and in a list of rows the places of a row.
 */
export function bendJson(body: string, bend: Bend): string {
  const document: unknown = JSON.parse(body)
  if (bend === 'dropped-ids')
    return JSON.stringify(inLists(document, list => list.filter((_, at) => at % 2 === 1), dropFields))
  if (bend === 'duplicates') return JSON.stringify(inLists(document, twice, fields => fields))
  const change = CHANGES[bend]
  return JSON.stringify(hasObjectRecords(document) ? inRecords(document, change) : outermost(document, change))
}

interface Change {
  fields(fields: Fields): Fields
  row(row: readonly unknown[]): readonly unknown[]
}

const CHANGES: Readonly<Record<Exclude<Bend, 'dropped-ids' | 'duplicates'>, Change>> = {
  'field-renamed': {
    fields: fields =>
      Object.fromEntries(
        Object.entries(fields).map(([name, value], at, all) => [at === all.length - 1 ? `${name}_v2` : name, value]),
      ),
    // What has no names has an order.
    row: ([first, second, third, ...rest]) => [first, third, second, ...rest],
  },
  'field-added': { fields: fields => ({ ...fields, unexpected: 'new' }), row: row => [...row, 'new'] },
  'field-missing': {
    fields: fields => Object.fromEntries(Object.entries(fields).slice(0, -1)),
    row: row => row.slice(0, -1),
  },
}

function inLists(
  document: unknown,
  list: (list: readonly unknown[]) => unknown,
  fields: (fields: Fields) => Fields,
): unknown {
  if (!holdsList(document)) return isFields(document) ? fields(document) : document
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.some(holdsRecords) ? value.map(visit) : list(value)
    return isFields(value)
      ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, visit(inner)]))
      : value
  }
  return visit(document)
}

/** Changes the objects of the innermost lists, or the objects that the fields of the outermost object are. */
function inRecords(document: unknown, change: Change): unknown {
  const visit = (value: unknown, isRecord: boolean): unknown => {
    if (Array.isArray(value)) return value.map(element => visit(element, true))
    if (!isFields(value)) return value
    if (isRecord && !Object.values(value).some(holdsRecords)) return change.fields(value)
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, visit(inner, isFields(inner))]))
  }
  return visit(document, false)
}

function outermost(document: unknown, change: Change): unknown {
  if (isFields(document)) return change.fields(document)
  return Array.isArray(document) ? document.map(row => (Array.isArray(row) ? change.row(row) : row)) : document
}

function hasObjectRecords(document: unknown): boolean {
  if (Array.isArray(document)) return document.some(isFields)
  return (
    isFields(document) &&
    Object.values(document).some(value => isFields(value) || (Array.isArray(value) && value.some(isFields)))
  )
}

/** Whether a value is a list with records below it: a list of rows is one, a row is none. */
function holdsRecords(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(element => isFields(element) || Array.isArray(element))
  return isFields(value) && Object.values(value).some(inner => Array.isArray(inner))
}

function holdsList(value: unknown): boolean {
  return Array.isArray(value) || (isFields(value) && Object.values(value).some(holdsList))
}

function twice(list: readonly unknown[]): unknown[] {
  return list.flatMap((element, at) => (at % 2 === 0 ? [element, element] : [element]))
}

function dropFields(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter((_, at) => at % 2 === 1))
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
