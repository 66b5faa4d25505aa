import { SluiceError } from '../core/errors.js'
import { faultsOf } from './metadata-faults.js'
import type { RequirementCheck } from './requirements.js'
import { applySchemaUpdate } from './schema-updates.js'
import { applySnapshotUpdate } from './snapshot-updates.js'
import type { TableMetadata } from './types.js'
import type { Update, UpdateOf } from './update.js'

/** As many earlier metadata files are remembered as other engines remember by default. */
const METADATA_LOG_LENGTH = 100

/**
 * Whether the snapshots to be added follow the table's head. A snapshot made for an older head is a lost race: take the
 * new head and make it again.
 */
export function checkUpdates(
  metadata: TableMetadata,
  updates: readonly Update[],
): RequirementCheck<UpdateOf<'add-snapshot'>> {
  const ids = new Set(metadata.snapshots.map(snapshot => snapshot['snapshot-id']))
  let last = metadata['last-sequence-number']
  for (const update of updates) {
    if (update.action !== 'add-snapshot') continue
    const { 'snapshot-id': id, 'sequence-number': sequence } = update.snapshot
    if (ids.has(id)) return { outcome: 'failed', requirement: update, reason: `snapshot ${id} exists already` }
    if (sequence <= last) {
      const reason = `sequence number ${sequence} is not above the table's last one, ${last}`
      return { outcome: 'failed', requirement: update, reason }
    }
    ids.add(id)
    last = sequence
  }
  return { outcome: 'met' }
}

/**
 * The metadata after a commit's updates. `previousFile` is where `metadata` was read from, for the metadata log.
 * Throws SLUICE_REQUIREMENT_FAILED when `checkUpdates` fails, SLUICE_ARGUMENT_INVALID when the result would not be a valid table.
 */
export function applyUpdates(
  metadata: TableMetadata,
  updates: readonly Update[],
  nowMs: number,
  previousFile?: string,
): TableMetadata {
  const check = checkUpdates(metadata, updates)
  if (check.outcome === 'failed') {
    throw new SluiceError(
      'SLUICE_REQUIREMENT_FAILED',
      `The commit does not apply: ${check.reason}. Nothing was changed.`,
    )
  }
  const start = { ...metadata, 'last-updated-ms': Math.max(nowMs, metadata['last-updated-ms']) }
  const changed = updates.reduce((current, update) => applyUpdate(current, metadata, update), start)
  const next = withMetadataLog(withSnapshotLog(changed, metadata), metadata, previousFile)
  const fault = faultsOf(next)[0]
  if (fault === undefined) return next
  throw new SluiceError('SLUICE_ARGUMENT_INVALID', `The commit would break the table: ${fault}. Nothing was changed.`)
}

function applyUpdate(current: TableMetadata, base: TableMetadata, update: Update): TableMetadata {
  switch (update.action) {
    case 'assign-uuid':
      return { ...current, 'table-uuid': update.uuid }
    case 'upgrade-format-version':
      return upgraded(current, update['format-version'])
    case 'set-location':
      return { ...current, location: update.location }
    case 'set-properties':
      return { ...current, properties: { ...current.properties, ...update.updates } }
    case 'remove-properties':
      return { ...current, properties: withoutKeys(current.properties, update.removals) }
    case 'add-schema':
    case 'set-current-schema':
    case 'remove-schemas':
    case 'add-spec':
    case 'set-default-spec':
    case 'remove-partition-specs':
    case 'add-sort-order':
    case 'set-default-sort-order':
      return applySchemaUpdate(current, base, update)
    default:
      return applySnapshotUpdate(current, update)
  }
}

function upgraded(current: TableMetadata, version: number): TableMetadata {
  if (version === current['format-version']) return current
  throw new SluiceError(
    'SLUICE_ARGUMENT_INVALID',
    `Format version ${version} is not supported, only 2. Nothing was changed.`,
  )
}

/**
 * The log gets the new head of main, not the heads in between, and loses everything before a snapshot that was removed:
 * time travel must not jump over a gap.
 */
function withSnapshotLog(changed: TableMetadata, base: TableMetadata): TableMetadata {
  const main = changed.refs['main']?.['snapshot-id'] ?? -1n
  const known = new Map(changed.snapshots.map(snapshot => [snapshot['snapshot-id'], snapshot]))
  const gap = base['snapshot-log'].findLastIndex(entry => !known.has(entry['snapshot-id']))
  const kept = base['snapshot-log'].slice(gap + 1)
  const moved = main !== base['current-snapshot-id'] && main !== -1n
  const isNew = moved && !base.snapshots.some(snapshot => snapshot['snapshot-id'] === main)
  const time = isNew ? known.get(main)?.['timestamp-ms'] : undefined
  const entry = { 'timestamp-ms': time ?? changed['last-updated-ms'], 'snapshot-id': main }
  return { ...changed, 'current-snapshot-id': main, 'snapshot-log': moved ? [...kept, entry] : kept }
}

function withMetadataLog(changed: TableMetadata, base: TableMetadata, previousFile: string | undefined): TableMetadata {
  if (previousFile === undefined) return changed
  const entry = { 'timestamp-ms': base['last-updated-ms'], 'metadata-file': previousFile }
  return { ...changed, 'metadata-log': [...base['metadata-log'], entry].slice(-METADATA_LOG_LENGTH) }
}

function withoutKeys(
  properties: Readonly<Record<string, string>>,
  removals: readonly string[],
): Record<string, string> {
  return Object.fromEntries(Object.entries(properties).filter(([key]) => !removals.includes(key)))
}
