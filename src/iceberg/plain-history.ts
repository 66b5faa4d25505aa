import { isOperation } from './metadata-shape.js'

/** The parts of table metadata that grow with each commit, as objects. */
interface History {
  snapshots?: unknown
  'snapshot-log'?: unknown
  'metadata-log'?: unknown
}

/**
 * The growing parts of parsed metadata, checked by plain comparisons and with their ids as bigints: `metadataShape` takes many times as long, and
 * each read of a table with a thousand snapshots would pay for it. It agrees with that shape on what it accepts; undefined for anything
 * that it does not accept, whose fault the shape can name. Changes the ids in `parsed`.
 */
export function plainHistory(parsed: unknown): History | undefined {
  if (!isObject(parsed)) return undefined
  const entries = Object.keys(CHECKS).flatMap(name => (name in parsed ? [[name, parsed[name]] as const] : []))
  const isPlain = entries.every(([name, list]) => Array.isArray(list) && list.every(CHECKS[name]!))
  if (!isPlain) return undefined
  for (const [, list] of entries) for (const item of list as Loose[]) widenIds(item)
  return Object.fromEntries(entries)
}

type Loose = Record<string, unknown>

const CHECKS: Readonly<Record<string, (item: unknown) => boolean>> = {
  snapshots: item =>
    isObject(item) &&
    isId(item['snapshot-id']) &&
    (item['parent-snapshot-id'] === undefined || isId(item['parent-snapshot-id'])) &&
    isId(item['sequence-number']) &&
    Number.isSafeInteger(item['timestamp-ms']) &&
    typeof item['manifest-list'] === 'string' &&
    isSummary(item['summary']) &&
    (item['schema-id'] === undefined || Number.isSafeInteger(item['schema-id'])),
  'snapshot-log': item => isObject(item) && isId(item['snapshot-id']) && Number.isSafeInteger(item['timestamp-ms']),
  'metadata-log': item =>
    isObject(item) && typeof item['metadata-file'] === 'string' && Number.isSafeInteger(item['timestamp-ms']),
}

const IDS = ['snapshot-id', 'parent-snapshot-id', 'sequence-number'] as const

function widenIds(item: Loose): void {
  for (const name of IDS) if (typeof item[name] === 'number') item[name] = BigInt(item[name])
}

function isObject(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isId(value: unknown): boolean {
  return typeof value === 'bigint' || Number.isSafeInteger(value)
}

function isSummary(value: unknown): boolean {
  if (!isObject(value)) return false
  for (const name in value) if (typeof value[name] !== 'string') return false
  return isOperation(value['operation'])
}
