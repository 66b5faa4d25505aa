import type { Schema, Snapshot, TableMetadata } from '../../iceberg/types.js'
import { RUN_ID } from '../../lake/commit-files.js'
import { previousSha256 } from '../../lake/metadata-chain.js'
import { formerLocations } from '../../lake/table-location.js'
import type { RecordedCommit } from './recorded-commits.js'
import type { Fault } from './verification.js'
import type { MetadataFile } from './verify-metadata.js'

type Read = MetadataFile & { readonly metadata: TableMetadata }

/**
 * Holds the metadata files of a table against each other and against the commits that records of runs tell of. The hash of each stands in
 * itself, in the next one and in the record of the run that made it; where an older version wrote none of these, each must at least follow from the one before.
 * With `onlyRun`, of the commits those of one run are judged.
 */
export function historyFaults(
  files: readonly MetadataFile[],
  commits: readonly RecordedCommit[],
  subject: string,
  onlyRun?: string,
): Fault[] {
  const isAsked = ({ runId }: RecordedCommit): boolean => onlyRun === undefined || runId === onlyRun
  const read = files.filter((file): file is Read => file.metadata !== undefined)
  const byVersion = new Map(files.map(file => [file.version, file]))
  const written = commits.filter(commit => isAsked(commit) && !isReused(commit, byVersion, commits))
  const hashed = hashFaults(files, written, subject)
  const changed = new Set(hashed.map(({ file }) => file))
  // One that is not as it was written differs in some way from those beside it: that is said.
  const sound = read.filter(({ key }) => !changed.has(key))
  return [
    ...hashed,
    ...sound.flatMap((file, at) => followFaults(sound[at - 1], file, subject)),
    ...commits.filter(isAsked).flatMap(commit => {
      const by = replayAfter(commit, commits, read)
      return commitFaults(commit, files, read, subject).map(fault =>
        by === undefined ? fault : replaced(fault, commit, by),
      )
    }),
  ]
}

/** A replay that came later, whose commit to the table is there. */
function replayAfter(
  { startedMs, snapshotId }: RecordedCommit,
  commits: readonly RecordedCommit[],
  read: readonly Read[],
): RecordedCommit | undefined {
  const there = new Set(read.flatMap(({ metadata }) => metadata.snapshots.map(one => one['snapshot-id'])))
  return commits.find(
    other =>
      other.isReplay && other.startedMs > startedMs && other.snapshotId !== snapshotId && there.has(other.snapshotId),
  )
}

/** A commit that was lost is no damage once all of the table was made again: it stays a gap in its history. */
function replaced(fault: Fault, { runId }: RecordedCommit, by: RecordedCommit): Fault {
  if (fault.code !== 'commit_missing') return fault
  const what = `run ${runId} committed it, no version of the metadata has it, and replay ${by.runId} has made the table again since`
  return { ...fault, kind: 'odd', code: 'commit_replaced', what }
}

/** Files whose bytes are not those that they themselves, the next version, or the record of a run say. */
function hashFaults(files: readonly MetadataFile[], commits: readonly RecordedCommit[], subject: string): Fault[] {
  const byVersion = new Map(files.map(file => [file.version, file]))
  const said = [
    ...files.map(({ version, metadata }) => ({
      version: version - 1,
      sha256: metadata && previousSha256(metadata.properties, version),
      by: `version ${version}`,
    })),
    ...commits.map(({ metadata, runId }) => ({
      version: metadata?.version ?? -1,
      sha256: metadata?.sha256,
      by: `the record of run ${runId}`,
    })),
  ]
  const faults = new Map<string, Fault>()
  const damaged = ({ key }: MetadataFile, what: string): void =>
    void faults.set(key, { kind: 'damaged', code: 'metadata_hash', subject, file: key, place: '', what })
  for (const file of files)
    if (file.isSealBroken) damaged(file, 'its hash is not the one that it notes itself: it is not as it was written')
  for (const { version, sha256, by } of said) {
    const file = byVersion.get(version)
    if (file?.sha256 === undefined || sha256 === undefined || sha256 === file.sha256) continue
    const what = `its hash is ${file.sha256.slice(0, 8)}, and ${by} says ${sha256.slice(0, 8)}: it is not as it was written`
    damaged(file, what)
  }
  return [...faults.values()]
}

/** Whether the version that a run made was lost, and its number taken by another run whose record says so: then the commit is lost, and the file is not damaged. */
function isReused(
  { metadata, runId }: RecordedCommit,
  files: ReadonlyMap<number, MetadataFile>,
  commits: readonly RecordedCommit[],
): boolean {
  if (metadata === undefined) return false
  const there = files.get(metadata.version)?.sha256
  return (
    there !== undefined &&
    there !== metadata.sha256 &&
    commits.some(
      other => other.runId !== runId && other.metadata?.version === metadata.version && other.metadata.sha256 === there,
    )
  )
}

/** What a version cannot say after what the one before it said, and what none can say. */
function followFaults(before: Read | undefined, { key, version, metadata }: Read, subject: string): Fault[] {
  const faults = ownFaults(metadata)
  if (before?.version === version - 1) faults.push(...changesOf(before.metadata, metadata))
  return faults.map(what => ({ kind: 'damaged', code: 'metadata_changed', subject, file: key, place: '', what }))
}

function ownFaults(metadata: TableMetadata): string[] {
  const faults: string[] = []
  const current = metadata.snapshots.find(one => one['snapshot-id'] === metadata['current-snapshot-id'])
  const sequence = current?.['sequence-number'] ?? 0n
  // Snapshots of a branch of its own may be newer.
  const isNewest =
    Object.keys(metadata.refs).length > 1 || metadata.snapshots.every(one => one['sequence-number'] <= sequence)
  if (!isNewest) faults.push(`its current snapshot is ${metadata['current-snapshot-id']}, and it lists a newer one`)
  if (current !== undefined && metadata['snapshot-log'].at(-1)?.['snapshot-id'] !== current['snapshot-id'])
    faults.push('its snapshot log does not end in its current snapshot')
  const late = metadata.snapshots.find(one => one['timestamp-ms'] > metadata['last-updated-ms'])
  if (late !== undefined) faults.push(`snapshot ${late['snapshot-id']} is of a time after the file`)
  return faults
}

function changesOf(before: TableMetadata, after: TableMetadata): string[] {
  const faults: string[] = []
  if (before['table-uuid'] !== after['table-uuid']) faults.push('its table-uuid is not that of the version before it')
  // A lake that was copied to another address says where it was.
  if (before.location !== after.location && !formerLocations(after).includes(before.location))
    faults.push('its location is not that of the version before it')
  for (const name of ['last-sequence-number', 'last-column-id'] as const)
    if (after[name] < before[name]) faults.push(`its ${name} is lower than that of the version before it`)
  const schemas = new Map(before.schemas.map(schema => [schema['schema-id'], schema]))
  const other = after.schemas.find(schema => isOther(schemas.get(schema['schema-id']), schema))
  if (other !== undefined) faults.push(`schema ${other['schema-id']} is not that of the version before it`)
  const lost = Object.keys(before.properties).filter(name => !(name in after.properties))
  if (lost.length > 0) faults.push(`it lacks properties of the version before it: ${lost.slice(0, 5).join(', ')}`)
  return [...faults, ...snapshotChanges(before, after)]
}

function snapshotChanges(before: TableMetadata, after: TableMetadata): string[] {
  const faults: string[] = []
  const known = new Map(before.snapshots.map(snapshot => [snapshot['snapshot-id'], snapshot]))
  const left = new Set(after.snapshots.map(snapshot => snapshot['snapshot-id']))
  const other = after.snapshots.find(snapshot => isOther(known.get(snapshot['snapshot-id']), snapshot))
  if (other !== undefined) faults.push(`snapshot ${other['snapshot-id']} is not that of the version before it`)
  const isMoved = before['current-snapshot-id'] !== after['current-snapshot-id']
  if (isMoved && known.has(after['current-snapshot-id']))
    faults.push(`its current snapshot is an older one than that of the version before it`)
  // Snapshots are expired in versions of their own.
  const gone = before.snapshots.find(snapshot => !left.has(snapshot['snapshot-id']))
  if (gone !== undefined && isMoved) faults.push(`it lacks snapshot ${gone['snapshot-id']} of the version before it`)
  return faults
}

function isOther<Item extends Schema | Snapshot>(before: Item | undefined, after: Item): boolean {
  return before !== undefined && textOf(before) !== textOf(after)
}

function textOf(item: Schema | Snapshot): string {
  return JSON.stringify(item, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
}

/**
 * A commit that a record tells of must be in the table: its metadata file unless that was pruned, its snapshot unless that was expired. An expired one
 * was listed by some version, and it is gone with that version only where the oldest ones are gone.
 */
function commitFaults(
  { runId, snapshotId, startedMs, metadata, table }: RecordedCommit,
  files: readonly MetadataFile[],
  read: readonly Read[],
  subject: string,
): Fault[] {
  const newest = files.at(-1)
  if (newest === undefined) return []
  const about = { subject, file: newest.key, place: `snapshot ${snapshotId}` }
  if (metadata !== undefined && metadata.version > newest.version) {
    const what = `run ${runId} made version ${metadata.version} of its metadata, and the newest that is there is ${newest.version}`
    return [{ ...about, kind: 'missing', code: 'commit_missing', what }]
  }
  const listed = read.findLast(file => file.metadata.snapshots.some(one => one['snapshot-id'] === snapshotId))
  const snapshot = listed?.metadata.snapshots.find(one => one['snapshot-id'] === snapshotId)
  if (listed !== undefined && snapshot !== undefined) {
    if (snapshot.summary[RUN_ID] === runId) return []
    const what = `its summary says run ${snapshot.summary[RUN_ID] ?? 'none'}, and the record of run ${runId} has it`
    return [{ ...about, kind: 'damaged', code: 'snapshot_run', file: listed.key, what }]
  }
  // The first version stays when those after it are pruned.
  const line = files[0]!.version === 1 && (files[1]?.version ?? 2) > 2 ? files.slice(1) : files
  const oldest = line[0]!
  const isComplete = line.every(
    ({ version, metadata: own }, at) => own !== undefined && version === oldest.version + at,
  )
  const isSince = oldest.version === 1 || startedMs > (oldest.metadata?.['last-updated-ms'] ?? Number.POSITIVE_INFINITY)
  if (!isComplete || !isSince) return []
  const what = `run ${runId} committed it to ${table.layer}.${table.dataset}, and no version of the metadata has it`
  return [{ ...about, kind: 'missing', code: 'commit_missing', what }]
}
