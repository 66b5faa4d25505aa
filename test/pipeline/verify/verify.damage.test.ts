import { appendFile, cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CaptureRecord, captureId } from '../../../src/bronze/capture-record.js'
import { segmentMember } from '../../../src/bronze/segment.js'
import { sha256Hex } from '../../../src/core/ids.js'
import { recordHash } from '../../../src/pipeline/record/record-bytes.js'
import { verify } from '../../../src/pipeline/verify/verify.js'
import { testDuckDb } from '../../support/duckdb.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { ndjson } from '../../support/records.js'
import { FEED, fill, tick, ticksLake } from '../replay/ticks-lake.js'
import { cut, damagedCopy, edit, findingsOf, flip } from './damages.js'

let folder: ProjectFolder
let sound: TestLake
let paths: string[]
beforeAll(async () => {
  folder = await projectFolder()
  sound = ticksLake(folder)
  await fill(sound, folder)
  paths = Object.keys(await sound.files())
})
afterAll(() => folder.remove())

const damaged = (damage: (root: string) => Promise<unknown>) => damagedCopy(sound, folder, damage)

function pathOf(matching: RegExp): string {
  const found = paths.find(path => matching.test(path))
  if (found === undefined) throw new Error(`no file matches ${matching}`)
  return found
}

/** Rewrites the members of a segment. */
async function rewrite(path: string, change: (record: CaptureRecord) => CaptureRecord): Promise<void> {
  const lines = gunzipSync(await readFile(path))
    .toString()
    .trimEnd()
    .split('\n')
  await writeFile(path, Buffer.concat(lines.map(line => segmentMember(change(JSON.parse(line))))))
}

const SEGMENT = /^bronze\/captures\/.*run_id=more-0\.ndjson\.gz$/
const SILVER = /^silver\/.*run_id=files.*\.parquet$/
const MANIFEST = /^silver\/.*-m0\.avro$/

describe('a sound lake', () => {
  it('has nothing wrong, whatever of it is looked at, and holds what its captures give', async () => {
    const [all, faults] = await findingsOf(sound)
    expect([all.verdict, faults]).toEqual(['ok', []])
    expect(all.tables).toMatchObject([{ table: 'silver.ticks', verdict: expect.stringMatching(/exact|equal_rows/) }])
    expect(all.checked).toMatchObject({ segments: 3, captures: 4, records: 3, tables: 3 })
    const [run] = await findingsOf(sound, { what: 'desk' })
    expect(run).toMatchObject({
      verdict: 'ok',
      checked: { captures: 1, tables: 2 },
      tables: [{ table: 'silver.ticks', verdict: expect.stringMatching(/exact|equal_rows/) }],
    })
    const [table] = await findingsOf(sound, { what: 'ticks', level: 'files' })
    expect(table).toMatchObject({ verdict: 'ok', checked: { captures: 4, tables: 1, columns: 0 }, tables: [] })
    await expect(verify(sound.project, { what: 'nothing' })).rejects.toMatchObject({ code: 'SLUICE_ARGUMENT_INVALID' })
  })
})

describe('damage is named with its place, and the rest is looked at all the same:', () => {
  it.each<[string, string, RegExp, (path: string) => Promise<unknown>]>([
    ['a flipped bit in a segment', 'damaged segment_', SEGMENT, flip],
    ['a cut segment', 'damaged segment_torn captures', SEGMENT, cut],
    ['bytes behind the last member', 'damaged segment_torn captures', SEGMENT, path => appendFile(path, 'more')],
    [
      'a body of another hash, well framed',
      'damaged capture_hash captures',
      SEGMENT,
      path =>
        rewrite(path, record => ({ ...record, response: { ...record.response, body: { kind: 'text', text: 'x' } } })),
    ],
    [
      'another id',
      'damaged capture_id captures',
      SEGMENT,
      path => rewrite(path, record => ({ ...record, id: 'f'.repeat(32) })),
    ],
    [
      'a clock that went back',
      'odd capture_clock captures',
      SEGMENT,
      path => rewrite(path, record => ({ ...record, requestedAt: '2030-01-01T00:00:00.000Z' })),
    ],
    ['a segment that is gone', 'missing capture_missing captures', SEGMENT, path => rm(path)],
    ['a data file that is gone', 'missing data_file_missing silver.ticks', SILVER, path => rm(path)],
    ['a cut data file', 'damaged data_file_size silver.ticks', SILVER, cut],
    ['a flipped bit in a data file', 'damaged data_file_hash silver.ticks', SILVER, flip],
    ['a cut manifest', 'damaged manifest_hash silver.ticks', MANIFEST, cut],
    ['a flipped bit in a manifest', 'damaged manifest_hash silver.ticks', MANIFEST, flip],
    ['a manifest that is gone', 'missing object_missing silver.ticks', MANIFEST, path => rm(path)],
    ['a cut manifest list', 'damaged manifest_hash silver.ticks', /^silver\/.*snap-.*\.avro$/, cut],
    ['metadata that is no JSON', 'damaged metadata_invalid silver.ticks', /^silver.*\/v2\.metadata\.json$/, cut],
    [
      'metadata that is gone between others',
      'missing metadata_gap silver.ticks',
      /^silver.*\/v2\.metadata\.json$/,
      path => rm(path),
    ],
    [
      'totals of a summary that were edited',
      'damaged snapshot_totals silver.ticks',
      /^silver.*\/v4\.metadata\.json$/,
      path => edit(path, text => text.replace(/"total-records":\s*"\d+"/, '"total-records":"7"')),
    ],
    [
      'a time of metadata that was edited',
      'damaged metadata_hash silver.ticks',
      /^silver.*\/v2\.metadata\.json$/,
      path => edit(path, text => text.replace(/"last-updated-ms":\s*\d+/, '"last-updated-ms":1900000000000')),
    ],
    [
      'a hint to nowhere',
      'damaged hint_wrong silver.ticks',
      /^silver.*\/version-hint\.text$/,
      path => writeFile(path, '99'),
    ],
    ['a run record that is no JSON', 'damaged record_invalid ledger', /^_runs\/more\.json$/, cut],
  ])('%s', async (_, finding, matching, damage) => {
    const path = pathOf(matching)
    const lake = await damaged(root => damage(join(root, path)))
    const [{ verdict }, faults] = await findingsOf(lake, { level: 'values' })
    expect(faults.some(text => text.startsWith(finding))).toBe(true)
    expect(faults.length).toBeLessThan(4)
    expect(verdict).toBe(finding.startsWith('odd') ? 'ok' : 'damaged')
  })

  it('the newest metadata, which tables that are derived need', async () => {
    const lake = await damaged(root => rm(join(root, pathOf(/^silver.*\/v4\.metadata\.json$/))))
    const [{ verdict }, faults] = await findingsOf(lake)
    expect(verdict).toBe('damaged')
    expect(faults.filter(text => text.startsWith('damaged hint_wrong silver.ticks'))).toHaveLength(1)
  })

  it('a file of another partition in the place of one, of the same size', async () => {
    const [one, other] = paths.filter(path => SILVER.test(path))
    const lake = await damaged(async root => {
      const [a, b] = [await readFile(join(root, one!)), await readFile(join(root, other!))]
      const bytes = Buffer.alloc(a.length)
      b.copy(bytes)
      await writeFile(join(root, one!), bytes)
    })
    const [{ verdict }, faults] = await findingsOf(lake, { level: 'files' })
    expect([verdict, faults]).toEqual(['damaged', [`damaged data_file_hash silver.ticks ${one}`]])
  })

  it('Parquet that was edited by hand', async () => {
    const path = pathOf(SILVER)
    const lake = await damaged(async root => {
      const db = await testDuckDb()
      const file = join(root, path)
      await db.run(
        `COPY (SELECT * REPLACE (price * 1000 AS price) FROM '${file}') TO '${file}.new' (FORMAT parquet, COMPRESSION zstd)`,
      )
      await cp(`${file}.new`, file)
      await rm(`${file}.new`)
    })
    const [, faults] = await findingsOf(lake, { level: 'values' })
    expect(faults).toEqual([expect.stringMatching(/damaged data_file_(hash|size) silver\.ticks/)])
  })

  it('many things at once: each is named, and what is whole is still derived again', async () => {
    const segment = pathOf(/captures\/.*run_id=desk-0\.ndjson\.gz$/)
    const bronze = pathOf(/^bronze\/ticks\/.*\.parquet$/)
    const lake = await damaged(async root => {
      await cut(join(root, segment))
      await rm(join(root, bronze))
      await cut(join(root, '_runs/more.json'))
    })
    const [found, faults] = await findingsOf(lake)
    expect(faults.map(text => text.split(' ')[1]).sort()).toEqual([
      'capture_missing',
      'data_file_missing',
      'record_invalid',
      'segment_torn',
    ])
    expect(found.tables).toMatchObject([{ table: 'silver.ticks', verdict: 'not_replayable' }])
  })
})

describe('deriving again', () => {
  it('finds the first row that differs, with key, column and both values, though every hash is right', async () => {
    const lake = await damaged(async () => undefined)
    // Other captures than those that the rows were made of: the body, its hash and its id are changed together.
    const feed = ndjson(FEED.map(row => ('id' in row && row['id'] === 'f7' ? { ...row, price: 9999 } : row)))
    await forge(lake, 'feed', feed)
    const [{ verdict, tables }, faults] = await findingsOf(lake)
    expect(faults).toEqual([])
    expect(verdict).toBe('damaged')
    expect(tables).toMatchObject([
      {
        verdict: 'differs',
        partitions: { differs: expect.any(Number) },
        first_difference: {
          change: 'changed',
          key: { id: expect.any(String) },
          columns: expect.arrayContaining([expect.objectContaining({ column: expect.any(String) })]),
        },
      },
    ])
  })

  it('says why a table cannot be derived, and that a changed contract is no damage', async () => {
    const archive = join(folder.folder, 'archive.ndjson')
    const text = await readFile(archive)
    await rm(archive)
    const [gone, faults] = await findingsOf(sound)
    expect(faults).toEqual([`lost reference_gone captures ${archive}`])
    expect(gone).toMatchObject({
      verdict: 'ok',
      tables: [{ verdict: 'not_replayable', why: expect.stringContaining(archive) }],
    })
    await writeFile(archive, ndjson([tick('other', 1)]))
    expect((await findingsOf(sound))[1]).toEqual([`lost reference_changed captures ${archive}`])
    await writeFile(archive, text)
    const { contracts } = sound.project
    const other = sound.with({ contracts: [{ ...contracts[0]!, hash: 'another', rules: [] }] })
    const [outdated] = await findingsOf(other)
    expect(outdated).toMatchObject({
      verdict: 'outdated',
      tables: [{ verdict: 'differs', outdated: 'its contract has changed' }],
    })
  })
})

/** Changes a capture with its hash and its id, in its segment and in the ledger, and what the list of runs says of that. */
async function forge(lake: TestLake, pipe: string, text: string): Promise<void> {
  const sha256 = sha256Hex(text)
  let ids: [string, string] | undefined
  const segment = join(lake.root, pathOf(/captures\/.*run_id=files-0\.ndjson\.gz$/))
  await rewrite(segment, record => {
    if (record.pipe !== pipe) return record
    const id = captureId(record.request, sha256)
    ids = [record.id, id]
    const body = { kind: 'text' as const, text }
    return { ...record, id, sha256, sizeBytes: Buffer.byteLength(text), response: { ...record.response, body } }
  })
  const record = join(lake.root, '_runs/files.json')
  const before = recordHash(await readFile(record))
  await edit(record, text => text.replaceAll(ids![0], ids![1]))
  const after = recordHash(await readFile(record))
  for (const row of paths.filter(path => path.startsWith('_ledger/rows/'))) {
    const text = await readFile(join(lake.root, row), 'utf8')
    await writeFile(join(lake.root, row), text.replace(before, after))
  }
}
