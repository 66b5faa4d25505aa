import { fieldsById } from './schema-fields.js'
import type { Schema, TableMetadata } from './types.js'

const CLOCK_SKEW_MS = 60_000

/** What makes strict readers refuse this metadata, in words; empty when they accept it. */
export function faultsOf(metadata: TableMetadata): string[] {
  return [
    ...metadata.schemas.flatMap(schema => schemaFaults(schema, metadata['last-column-id'])),
    ...defaultFaults(metadata),
    ...snapshotFaults(metadata),
    ...refFaults(metadata),
    ...logFaults(metadata),
  ]
}

function schemaFaults(schema: Schema, lastColumnId: number): string[] {
  const id = schema['schema-id']
  const fields = fieldsById(schema)
  const faults = fields.duplicates.map(field => `schema ${id} uses field id ${field} twice`)
  for (const field of fields.byId.keys()) {
    if (field > lastColumnId) faults.push(`schema ${id} has field id ${field} above last-column-id ${lastColumnId}`)
  }
  return faults
}

function defaultFaults(metadata: TableMetadata): string[] {
  const faults: string[] = []
  const schema = metadata.schemas.find(one => one['schema-id'] === metadata['current-schema-id'])
  const spec = metadata['partition-specs'].find(one => one['spec-id'] === metadata['default-spec-id'])
  const order = metadata['sort-orders'].find(one => one['order-id'] === metadata['default-sort-order-id'])
  if (schema === undefined) faults.push(`current-schema-id ${metadata['current-schema-id']} is not among the schemas`)
  if (spec === undefined) faults.push(`default-spec-id ${metadata['default-spec-id']} is not among the partition specs`)
  if (order === undefined) faults.push(`default-sort-order-id ${metadata['default-sort-order-id']} is not listed`)
  if (schema === undefined || spec === undefined) return faults
  const columns = fieldsById(schema).byId
  for (const field of spec.fields) {
    if (field.transform !== 'void' && !columns.has(field['source-id']))
      faults.push(`partition field ${field.name} has no source column ${field['source-id']} in the current schema`)
  }
  return faults
}

function snapshotFaults(metadata: TableMetadata): string[] {
  const faults: string[] = []
  const seen = new Set<bigint>()
  for (const snapshot of metadata.snapshots) {
    const id = snapshot['snapshot-id']
    if (seen.has(id)) faults.push(`snapshot ${id} is listed twice`)
    seen.add(id)
    if (snapshot['sequence-number'] > metadata['last-sequence-number'])
      faults.push(`snapshot ${id} has a sequence number above last-sequence-number ${metadata['last-sequence-number']}`)
  }
  return faults
}

function refFaults(metadata: TableMetadata): string[] {
  const known = new Set(metadata.snapshots.map(snapshot => snapshot['snapshot-id']))
  const current = metadata['current-snapshot-id']
  const main = metadata.refs['main']?.['snapshot-id'] ?? -1n
  const faults = Object.entries(metadata.refs)
    .filter(([, ref]) => !known.has(ref['snapshot-id']))
    .map(([name, ref]) => `ref ${name} points at snapshot ${ref['snapshot-id']}, which is not listed`)
  if (current !== main) faults.push(`current-snapshot-id ${current} differs from ref main (${main})`)
  return faults
}

function logFaults(metadata: TableMetadata): string[] {
  return (['snapshot-log', 'metadata-log'] as const).flatMap(name => {
    const times = metadata[name].map(entry => entry['timestamp-ms'])
    const latest = metadata['last-updated-ms']
    const unsorted = times.some((time, index) => index > 0 && time < times[index - 1]! - CLOCK_SKEW_MS)
    const late = (times.at(-1) ?? latest) > latest + CLOCK_SKEW_MS
    return [
      ...(unsorted ? [`${name} is not in time order`] : []),
      ...(late ? [`${name} is later than last-updated-ms`] : []),
    ]
  })
}
