import { asSluiceError } from '../../core/errors.js'
import { sha256Hex } from '../../core/ids.js'
import { readManifest } from '../../iceberg/manifest.js'
import { readManifestList } from '../../iceberg/manifest-list.js'
import { inheritEntries } from '../../iceberg/scan.js'
import type { DataFile, ManifestEntry, ManifestFile, Snapshot } from '../../iceberg/types.js'
import type { LoadedTable } from '../../lake/catalog.js'
import type { Lake } from '../../lake/lake.js'
import { ordinalOf } from '../../lake/scan.js'
import { keyOf } from '../../lake/table-location.js'
import { readOrFault } from './read-or-fault.js'
import type { Fault } from './verification.js'

export interface VerifiedSnapshots {
  readonly snapshots: number
  readonly manifests: number
  /** Every data file that a snapshot names, by its path, old snapshots included. */
  readonly files: ReadonlyMap<string, DataFile>
  /** Those of the newest snapshot; undefined when its manifests cannot be read. */
  readonly live: readonly DataFile[] | undefined
  readonly faults: readonly Fault[]
}

/**
 * Reads the manifests of every snapshot of a table: each list and manifest is there, has the hash and the size that name it, parses, counts what is in it,
 * and bounds its partitions; totals and added figures of a snapshot's summary are those of its files.
 */
export async function verifySnapshots(
  lake: Lake,
  table: LoadedTable,
  wanted: (snapshot: Snapshot) => boolean,
): Promise<VerifiedSnapshots> {
  const subject = `${table.name.layer}.${table.name.dataset}`
  const faults: Fault[] = []
  const files = new Map<string, DataFile>()
  const known = new Map<string, readonly ManifestEntry[] | undefined>()
  let live: readonly DataFile[] | undefined = table.metadata['current-snapshot-id'] === -1n ? [] : undefined
  const snapshots = table.metadata.snapshots.filter(wanted)
  for (const snapshot of snapshots) {
    const list = await readNamed(snapshot['manifest-list'], table, lake, subject, faults, readManifestList)
    if (list === undefined) continue
    const manifests = list.content
    const entries: (readonly ManifestEntry[] | undefined)[] = []
    for (const manifest of manifests) {
      const path = manifest['manifest-path']
      if (!known.has(path)) known.set(path, await entriesIn(manifest, table, lake, subject, faults))
      entries.push(known.get(path))
    }
    const whole = entries.filter(own => own !== undefined)
    const own = whole.flat().filter(({ status }) => status !== 'deleted')
    for (const { 'data-file': file } of own) files.set(file['file-path'], file)
    if (whole.length < manifests.length) continue
    faults.push(...summaryFaults(snapshot, own, subject, list.key))
    if (snapshot['snapshot-id'] === table.metadata['current-snapshot-id'])
      live = own.map(({ 'data-file': file }) => file)
  }
  return { snapshots: snapshots.length, manifests: known.size, files, live, faults }
}

/** What a file that metadata names says, with its key and its size; undefined, and a fault, when it cannot be read. */
async function readNamed<Content>(
  path: string,
  table: LoadedTable,
  lake: Lake,
  subject: string,
  faults: Fault[],
  read: (bytes: Buffer, path: string) => Content,
): Promise<{ readonly content: Content; readonly key: string; readonly sizeBytes: number } | undefined> {
  let key = path
  try {
    key = keyOf(table, path)
    const found = await readOrFault(lake.store, key, subject)
    const fault = 'fault' in found ? found.fault : hashFault(found.bytes, key, subject)
    if ('bytes' in found && fault === undefined)
      return { content: read(found.bytes, path), key, sizeBytes: found.bytes.length }
    if (fault !== undefined) faults.push(fault)
  } catch (cause) {
    const what = asSluiceError(cause).message
    faults.push({ kind: 'damaged', code: 'manifest_invalid', subject, file: key, place: '', what })
  }
  return undefined
}

/** Lists and manifests have the first digits of their hash in their names, but for those of the first lakes and of other engines. */
const NAMED_HASH = /-([0-9a-f]{8})(?:-m\d+)?\.avro$/

function hashFault(bytes: Buffer, file: string, subject: string): Fault | undefined {
  const named = NAMED_HASH.exec(file)?.[1]
  const hash = sha256Hex(bytes).slice(0, 8)
  if (named === undefined || named === hash) return undefined
  return { kind: 'damaged', code: 'manifest_hash', subject, file, place: '', what: `its hash is ${hash}, not ${named}` }
}

async function entriesIn(
  manifest: ManifestFile,
  table: LoadedTable,
  lake: Lake,
  subject: string,
  faults: Fault[],
): Promise<readonly ManifestEntry[] | undefined> {
  const read = await readNamed(manifest['manifest-path'], table, lake, subject, faults, (bytes, path) =>
    inheritEntries(readManifest(bytes, path, table.metadata['partition-specs']), manifest),
  )
  if (read === undefined) return undefined
  const { content: entries, key, sizeBytes } = read
  const damaged = (code: string, what: string): void =>
    void faults.push({ kind: 'damaged', code, subject, file: key, place: '', what })
  if (BigInt(sizeBytes) !== manifest['manifest-length'])
    damaged('manifest_size', `it has ${sizeBytes} bytes, and its list says ${manifest['manifest-length']}`)
  for (const status of ['added', 'existing', 'deleted'] as const) {
    const own = entries.filter(entry => entry.status === status)
    const rows = own.reduce((sum, { 'data-file': file }) => sum + file['record-count'], 0n)
    const said = [manifest[`${status}-files-count`], manifest[`${status}-rows-count`]]
    if (own.length !== said[0] || rows !== said[1])
      damaged(
        'manifest_counts',
        `it has ${own.length} ${status} files with ${rows} rows, and its list says ${said[0]} with ${said[1]}`,
      )
  }
  const [bounds] = manifest.partitions
  const low = bounds?.['lower-bound']?.readInt32LE(0) ?? Number.NEGATIVE_INFINITY
  const high = bounds?.['upper-bound']?.readInt32LE(0) ?? Number.POSITIVE_INFINITY
  const beyond = entries.find(entry => {
    const ordinal = ordinalOf(table, entry['data-file'])
    return entry.status !== 'deleted' && (ordinal < low || ordinal > high)
  })
  if (beyond !== undefined)
    damaged('manifest_bounds', `${beyond['data-file']['file-path']} lies outside of the partitions that its list says`)
  return entries
}

function summaryFaults(
  { 'snapshot-id': id, summary }: Snapshot,
  live: readonly ManifestEntry[],
  subject: string,
  file: string,
): Fault[] {
  const added = live.filter(entry => entry.status === 'added' && entry['snapshot-id'] === id)
  const sum = (of: readonly ManifestEntry[], key: 'record-count' | 'file-size-in-bytes'): bigint =>
    of.reduce((all, { 'data-file': own }) => all + own[key], 0n)
  const found = {
    'total-records': sum(live, 'record-count'),
    'total-data-files': BigInt(live.length),
    'total-files-size': sum(live, 'file-size-in-bytes'),
    'added-records': sum(added, 'record-count'),
    'added-data-files': BigInt(added.length),
    'added-files-size': sum(added, 'file-size-in-bytes'),
  }
  return Object.entries(found).flatMap(([name, figure]) => {
    const said = summary[name]
    if (said === undefined || said === String(figure)) return []
    const what = `its summary says ${name} ${said}, and its manifests add up to ${figure}`
    return [{ kind: 'damaged' as const, code: 'snapshot_totals', subject, file, place: `snapshot ${id}`, what }]
  })
}
