import { describe, expect, it } from 'vitest'
import type { DataFile, Snapshot, SnapshotRef, TableMetadata } from '../../../src/iceberg/types.js'
import type { LoadedTable } from '../../../src/lake/catalog.js'
import { chooseExpired, retentionOf } from '../../../src/lake/maintain/choose-expired.js'
import { chooseRewrites, targetBytes } from '../../../src/lake/maintain/choose-rewrites.js'
import { choosePrunable, prunableMetadata } from '../../../src/lake/maintain/prune-metadata.js'
import { memoryStore } from '../../../src/storage/memory-store.js'

const MIB = 2 ** 20

function file(path: string, mebibytes: number, ordinal = 0): DataFile {
  return {
    content: 0,
    'file-path': path,
    'file-format': 'PARQUET',
    partition: { 1000: ordinal },
    'record-count': 1n,
    'file-size-in-bytes': BigInt(Math.round(mebibytes * MIB)),
  }
}

const ordinalOf = (one: DataFile): number => Number(one.partition[1000])

function rewrites(files: readonly DataFile[], target = 128 * MIB): string[][] {
  return chooseRewrites(files, ordinalOf, target).map(one => one.files.map(each => each['file-path']))
}

describe('which files become one', () => {
  it.each<[string, DataFile[], string[][]]>([
    ['no files', [], []],
    ['a file alone stays', [file('a', 1)], []],
    ['two tiny ones do, by their paths', [file('b', 1), file('a', 1)], [['a', 'b']]],
    [
      'of each partition its own',
      [file('a', 1, 2), file('b', 1, 1), file('c', 1, 2), file('d', 1, 1)],
      [
        ['b', 'd'],
        ['a', 'c'],
      ],
    ],
    ['a large one stays beside a few small ones', [file('a', 60), file('b', 1), file('c', 1)], []],
    [
      'and is joined with many',
      [file('a', 60), ...['b', 'c', 'd', 'e'].map(path => file(path, 1))],
      [['a', 'b', 'c', 'd', 'e']],
    ],
    ['one of three quarters of the target is large enough', [file('a', 96), file('b', 1), file('c', 1)], [['b', 'c']]],
    ['no more than the target together', ['a', 'b', 'c', 'd', 'e', 'f'].map(path => file(path, 50)), []],
  ])('%s', (_, files, chosen) => {
    expect(rewrites(files)).toEqual(chosen)
  })

  it('follows the size that a table names, and no nonsense', () => {
    expect(targetBytes({ 'write.target-file-size-bytes': '1048576' })).toBe(MIB)
    for (const bad of ['', '-5', '0', '1e99', 'much'])
      expect(targetBytes({ 'write.target-file-size-bytes': bad })).toBe(128 * MIB)
    expect(
      rewrites(
        ['a', 'b', 'c', 'd'].map(path => file(path, 0.4)),
        MIB,
      ),
    ).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ])
  })
})

const DAY = 86_400_000
const NOW = 100 * DAY

/** Snapshots 1, 2, 3… of main, each made so many days before NOW. */
function history(daysBefore: readonly number[], refs: Record<string, SnapshotRef> = {}): TableMetadata {
  const snapshots = daysBefore.map(
    (days, at): Snapshot => ({
      'snapshot-id': BigInt(at + 1),
      ...(at > 0 && { 'parent-snapshot-id': BigInt(at) }),
      'sequence-number': BigInt(at + 1),
      'timestamp-ms': NOW - days * DAY,
      'manifest-list': '',
      summary: { operation: 'append' },
      'schema-id': 0,
    }),
  )
  const main: SnapshotRef = { 'snapshot-id': BigInt(daysBefore.length), type: 'branch' }
  return { snapshots, refs: daysBefore.length === 0 ? refs : { main, ...refs } } as unknown as TableMetadata
}

function expired(
  metadata: TableMetadata,
  maxAgeDays: number,
  minKept: number,
  needed: readonly bigint[] = [],
): number[] {
  const retention = { maxAgeMs: maxAgeDays * DAY, minKept }
  return chooseExpired(metadata, retention, NOW, one => needed.includes(one['snapshot-id'])).map(one =>
    Number(one['snapshot-id']),
  )
}

describe('which snapshots go', () => {
  it('those beyond the age and the number, never the current one', () => {
    expect(expired(history([]), 0, 1)).toEqual([])
    expect(expired(history([90, 80, 70]), 0, 1)).toEqual([1, 2])
    expect(expired(history([90, 80, 3, 2]), 5, 1)).toEqual([1, 2])
    expect(expired(history([90, 80, 3, 2]), 5, 3)).toEqual([1])
  })

  it('none that a tag or a branch names, nor what an unfinished run needs', () => {
    const tagged = history([90, 80, 70, 60], { year: { 'snapshot-id': 2n, type: 'tag' } })
    expect(expired(tagged, 0, 1)).toEqual([1, 3])
    const branched = history([90, 80, 70, 60], {
      audit: { 'snapshot-id': 2n, type: 'branch', 'min-snapshots-to-keep': 2 },
    })
    expect(expired(branched, 0, 1)).toEqual([3])
    expect(expired(history([90, 80, 70, 60]), 0, 1, [3n])).toEqual([1])
  })

  it('none when the clock went back', () => {
    expect(expired(history([-3, -2, -1]), 0, 1)).toEqual([])
  })

  it('by what was asked, else what the table says, else as Iceberg has it', () => {
    const told = { 'history.expire.max-snapshot-age-ms': '7', 'history.expire.min-snapshots-to-keep': '3' }
    expect(retentionOf({})).toEqual({ maxAgeMs: 5 * DAY, minKept: 1 })
    expect(retentionOf(told)).toEqual({ maxAgeMs: 7, minKept: 3 })
    expect(retentionOf(told, { minKept: 9 })).toEqual({ maxAgeMs: 7, minKept: 9 })
    expect(retentionOf({ 'history.expire.min-snapshots-to-keep': '0' }).minKept).toBe(1)
  })
})

describe('which metadata files go', () => {
  function prunable(head: number, ages: readonly number[], properties: Record<string, string> = {}): number[] {
    const versions = ages.map((days, at) => ({
      key: `v${at + 1}`,
      version: at + 1,
      sizeBytes: 1,
      modifiedMs: NOW - days * DAY,
    }))
    const table = { version: head, metadata: { properties } as unknown as TableMetadata }
    return choosePrunable(table, versions.toReversed(), NOW).map(({ key }) => Number(key.slice(1)))
  }
  const old = Array.from({ length: 110 }, () => 9)

  it('the lowest, but for the first, a hundred and those of a day', () => {
    expect(prunable(110, old)).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
    expect(prunable(110, [9, 9, 0.5, ...old.slice(3)])).toEqual([2])
    expect(prunable(110, [9, -1, ...old.slice(2)])).toEqual([])
    expect(prunable(100, old.slice(0, 100))).toEqual([])
  })

  it('none that the hint does not lie far beyond: a look at the hint must tell', async () => {
    const store = memoryStore()
    const name = { layer: 'silver', dataset: 'bars', major: 1 } as const
    const folder = 'silver/bars/contract_version=v1/metadata/'
    for (let version = 1; version <= 150; version++)
      await store.put(`${folder}v${version}.metadata.json`, Buffer.from('{}'))
    const table = { name, version: 150, metadata: { properties: {} } } as unknown as LoadedTable
    const gone = async () => (await prunableMetadata(store, table, 2 ** 50)).length
    expect(await gone()).toBe(0)
    for (const [hint, count] of [
      ['150', 48],
      ['110', 8],
      ['90', 0],
    ] as const) {
      await store.put(`${folder}version-hint.text`, Buffer.from(hint))
      expect(await gone()).toBe(count)
    }
  })

  it('fewer where the table says so, never more', () => {
    expect(prunable(110, old, { 'write.metadata.previous-versions-max': '105' })).toEqual([2, 3, 4])
    expect(prunable(110, old, { 'write.metadata.previous-versions-max': '3' })).toHaveLength(8)
  })
})
