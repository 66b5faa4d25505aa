import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { writeAvroFile } from '../../src/iceberg/avro.js'
import { readManifest } from '../../src/iceberg/manifest.js'
import { readManifestList } from '../../src/iceberg/manifest-list.js'
import { manifestsToRead } from '../../src/iceberg/manifest-plan.js'
import { inheritEntries, liveFiles } from '../../src/iceberg/scan.js'
import { produceSnapshot, type SnapshotChange } from '../../src/iceberg/snapshot.js'
import type { DataFile, ManifestEntry, ManifestFile, TableMetadata } from '../../src/iceberg/types.js'
import { applyUpdates } from '../../src/iceberg/updates.js'
import { readWithOracle, schemaParts } from './avro-oracle.js'
import { fileAt, tableOf } from './samples.js'

/** A table whose files live in a map. */
interface Lake {
  metadata: TableMetadata
  readonly files: Map<string, Buffer>
  count: number
}

function newLake(): Lake {
  return { metadata: tableOf(), files: new Map(), count: 0 }
}

function head(lake: Lake): ManifestFile[] {
  const snapshot = lake.metadata.snapshots.at(-1)
  if (snapshot === undefined) return []
  const path = snapshot['manifest-list']
  return readManifestList(lake.files.get(path)!, path)
}

function entriesOf(lake: Lake, manifest: ManifestFile): ManifestEntry[] {
  const path = manifest['manifest-path']
  return readManifest(lake.files.get(path)!, path, lake.metadata['partition-specs'])
}

function live(lake: Lake): string[] {
  const entries = head(lake).flatMap(manifest => inheritEntries(entriesOf(lake, manifest), manifest))
  return liveFiles(entries)
    .map(file => file['file-path'])
    .sort()
}

function changeOf(lake: Lake, files: readonly DataFile[], removed: readonly string[]): SnapshotChange {
  const { metadata } = lake
  const manifests = head(lake)
  const removedPaths = new Set(removed)
  const plan = { manifests, specs: metadata['partition-specs'], schema: metadata.schemas[0]!, removedPaths }
  return {
    metadata,
    operation: removed.length === 0 ? 'append' : 'overwrite',
    added: files,
    removed: removedPaths,
    manifests,
    entries: new Map(manifestsToRead(plan).map(one => [one['manifest-path'], entriesOf(lake, one)])),
    snapshotId: BigInt(100 + lake.count),
    commitUuid: `uuid-${lake.count}`,
    timestampMs: 2000 + lake.count,
    summary: { 'sluice.run-id': 'demo-001' },
  }
}

function commit(lake: Lake, files: readonly DataFile[], removed: readonly string[] = []): void {
  const outcome = produceSnapshot(changeOf(lake, files, removed))
  if (outcome.outcome !== 'produced') throw new Error(outcome.paths.join())
  for (const { path, bytes } of outcome.files) lake.files.set(path, bytes)
  const { snapshot } = outcome
  lake.metadata = applyUpdates(
    lake.metadata,
    [
      { action: 'add-snapshot', snapshot },
      { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': snapshot['snapshot-id'] },
    ],
    2000 + lake.count,
  )
  lake.count++
}

describe('an append', () => {
  it('adds one manifest before the old ones and follows its predecessor', () => {
    const lake = newLake()
    commit(lake, [fileAt(5, 'a'), fileAt(6, 'b')])
    commit(lake, [fileAt(6, 'c', 3n)])
    expect(live(lake)).toEqual(['/lake/a.parquet', '/lake/b.parquet', '/lake/c.parquet'])
    const [newest, oldest] = head(lake)
    expect(newest).toMatchObject({
      'sequence-number': 2n,
      'added-snapshot-id': 101n,
      'added-files-count': 1,
      'added-rows-count': 3n,
    })
    expect(oldest).toMatchObject({ 'sequence-number': 1n, 'min-sequence-number': 1n, 'added-snapshot-id': 100n })
    expect(lake.metadata.snapshots[1]).toMatchObject({
      'parent-snapshot-id': 100n,
      'sequence-number': 2n,
      'schema-id': 0,
    })
    expect(lake.metadata.snapshots[0]).not.toHaveProperty('parent-snapshot-id')
  })

  it('writes all six totals and what changed into the summary', () => {
    const lake = newLake()
    commit(lake, [fileAt(5, 'a'), fileAt(5, 'b'), fileAt(null, 'c')])
    expect(lake.metadata.snapshots[0]!.summary).toEqual({
      'sluice.run-id': 'demo-001',
      operation: 'append',
      'added-data-files': '3',
      'added-records': '30',
      'added-files-size': '300',
      'changed-partition-count': '2',
      'total-records': '30',
      'total-data-files': '3',
      'total-files-size': '300',
      'total-delete-files': '0',
      'total-position-deletes': '0',
      'total-equality-deletes': '0',
    })
  })

  it('merges manifests when there are a hundred and keeps the age of every file', () => {
    const lake = newLake()
    for (let index = 0; index < 102; index++) commit(lake, [fileAt(index, `f${index}`)])
    const manifests = head(lake)
    expect(manifests).toHaveLength(3)
    expect(live(lake)).toHaveLength(102)
    const merged = manifests.at(-1)!
    expect(merged).toMatchObject({ 'existing-files-count': 100, 'added-files-count': 0, 'min-sequence-number': 1n })
    const ages = entriesOf(lake, merged).map(entry => [
      entry['sequence-number'],
      entry['file-sequence-number'],
      entry['snapshot-id'],
    ])
    expect(ages).toContainEqual([1n, 1n, 100n])
    expect(ages).toContainEqual([100n, 100n, 199n])
  })

  it('never goes back in time, whatever the clock says', () => {
    const lake = newLake()
    lake.metadata = { ...lake.metadata, 'last-updated-ms': 9_000_000 }
    commit(lake, [fileAt(5, 'a')])
    expect(lake.metadata.snapshots[0]!['timestamp-ms']).toBe(9_000_000)
  })

  it('of an empty file or of one file twice is refused', () => {
    expect(() => produceSnapshot(changeOf(newLake(), [fileAt(5, 'a', 0n)], []))).toThrow('has no rows')
    expect(() => produceSnapshot(changeOf(newLake(), [fileAt(5, 'a'), fileAt(5, 'a')], []))).toThrow('added twice')
  })
})

describe('an overwrite', () => {
  it('marks removed files deleted, keeps the others with their age and leaves other manifests alone', () => {
    const lake = newLake()
    commit(lake, [fileAt(1, 'untouched')])
    commit(lake, [fileAt(5, 'a'), fileAt(6, 'b')])
    const before = head(lake).at(-1)!
    commit(lake, [fileAt(5, 'a2')], ['/lake/a.parquet'])
    expect(live(lake)).toEqual(['/lake/a2.parquet', '/lake/b.parquet', '/lake/untouched.parquet'])
    const [, rewritten, untouched] = head(lake)
    expect(untouched).toEqual(before)
    expect(entriesOf(lake, rewritten!)).toMatchObject([
      { status: 'deleted', 'snapshot-id': 102n, 'sequence-number': 2n, 'file-sequence-number': 2n },
      { status: 'existing', 'snapshot-id': 101n, 'sequence-number': 2n, 'file-sequence-number': 2n },
    ])
    expect(rewritten).toMatchObject({ 'deleted-files-count': 1, 'existing-files-count': 1, 'min-sequence-number': 2n })
    expect(lake.metadata.snapshots.at(-1)!.summary).toMatchObject({
      operation: 'overwrite',
      'deleted-data-files': '1',
      'deleted-records': '10',
      'removed-files-size': '100',
      'changed-partition-count': '1',
      'total-records': '30',
      'total-data-files': '3',
      'total-files-size': '300',
    })
  })

  it('does not carry deleted entries into the next snapshot', () => {
    const lake = newLake()
    commit(lake, [fileAt(5, 'a')])
    commit(lake, [], ['/lake/a.parquet'])
    expect(head(lake)).toHaveLength(1)
    commit(lake, [fileAt(5, 'b')])
    expect(head(lake)).toHaveLength(1)
    expect(live(lake)).toEqual(['/lake/b.parquet'])
  })

  it('of a file that is not live says so and writes nothing', () => {
    const lake = newLake()
    commit(lake, [fileAt(5, 'a')])
    expect(produceSnapshot(changeOf(lake, [], ['/lake/a.parquet', '/lake/gone.parquet']))).toEqual({
      outcome: 'missing',
      paths: ['/lake/gone.parquet'],
    })
  })

  it('gives compacted files the age of the rows they hold', () => {
    const lake = newLake()
    commit(lake, [fileAt(5, 'a')])
    const change = changeOf(lake, [fileAt(5, 'ab')], ['/lake/a.parquet'])
    const outcome = produceSnapshot({ ...change, operation: 'replace', dataSequenceNumber: 1n })
    if (outcome.outcome !== 'produced') throw new Error('missing')
    const entries = readManifest(outcome.files[0]!.bytes, 'm', lake.metadata['partition-specs'])
    expect(entries[0]).toMatchObject({ status: 'added', 'sequence-number': 1n, 'file-sequence-number': null })
  })

  it('leaves exactly the files of a plain model after any sequence of commits', () => {
    const step = fc.record({
      hours: fc.array(fc.option(fc.nat(3)), { maxLength: 3 }),
      drop: fc.array(fc.nat(20), { maxLength: 3 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), steps => {
        const lake = newLake()
        const model = new Set<string>()
        let names = 0
        for (const { hours, drop } of steps) {
          const removed = [...new Set(drop.map(index => [...model][index]).filter(path => path !== undefined))]
          const files = hours.map(hour => fileAt(hour, `f${names++}`))
          for (const path of removed) model.delete(path)
          for (const file of files) model.add(file['file-path'])
          commit(lake, files, removed)
          const { summary } = lake.metadata.snapshots.at(-1)!
          expect(live(lake)).toEqual([...model].sort())
          expect(summary['total-data-files']).toBe(String(model.size))
          expect(summary['total-records']).toBe(String(10 * model.size))
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('the plan of an overwrite', () => {
  it('reads only manifests that may hold the removed partitions', () => {
    const lake = newLake()
    commit(lake, [fileAt(5, 'a')])
    commit(lake, [fileAt(7, 'b')])
    commit(lake, [fileAt(null, 'c')])
    const plan = { manifests: head(lake), specs: lake.metadata['partition-specs'], schema: lake.metadata.schemas[0]! }
    const read = (hour: number | null, paths = ['x']) =>
      manifestsToRead({
        ...plan,
        removedPaths: new Set(paths),
        partitions: [{ specId: 0, tuple: { 1000: hour } }],
      }).map(manifest => manifest['added-snapshot-id'])
    expect(read(7)).toEqual([101n])
    expect(read(null)).toEqual([102n])
    expect(read(6)).toEqual([])
    expect(read(7, [])).toEqual([])
    expect(manifestsToRead({ ...plan, removedPaths: new Set(['x']) })).toHaveLength(3)
  })
})

describe('a manifest list', () => {
  it('has the record names and field ids that other readers insist on', () => {
    const lake = newLake()
    commit(lake, [fileAt(5, 'a'), fileAt(null, 'b')])
    const oracle = readWithOracle(lake.files.get(lake.metadata.snapshots[0]!['manifest-list'])!)
    const { records, fields } = schemaParts(oracle.schema)
    expect(records).toEqual(['manifest_file', 'r508'])
    for (const field of fields) expect(field['field-id'], field.name).toBeTypeOf('number')
    expect(oracle.metadata).toMatchObject({
      'snapshot-id': '100',
      'parent-snapshot-id': 'null',
      'sequence-number': '1',
      'format-version': '2',
    })
    expect(oracle.rows).toMatchObject([
      {
        content: 0,
        manifest_length: BigInt(lake.files.get(head(lake)[0]!['manifest-path'])!.length),
        partitions: [
          {
            contains_null: true,
            contains_nan: false,
            lower_bound: Buffer.from([5, 0, 0, 0]),
            upper_bound: Buffer.from([5, 0, 0, 0]),
          },
        ],
      },
    ])
  })

  it('that is damaged is refused by name', () => {
    expect(() => readManifestList(Buffer.from('Obj\x01 nonsense', 'latin1'), 'snap-1.avro')).toThrow('snap-1.avro')
    expect(() => readManifestList(Buffer.alloc(0), 'snap-1.avro')).toThrow('snap-1.avro')
    const fields = [{ name: 'manifest_path', type: 'string', 'field-id': 500 }]
    const foreign = { schema: { type: 'record', name: 'm', fields }, metadata: {}, rows: [{ manifest_path: 'x' }] }
    expect(() => readManifestList(writeAvroFile(foreign), 'snap-1.avro')).toThrow('row 0: field 501 is missing')
  })
})
