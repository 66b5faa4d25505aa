import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findRows, type RowSearch } from '../../../src/pipeline/ledger/find-rows.js'
import { rebuildIndex } from '../../../src/pipeline/ledger/rebuild-index.js'
import {
  addRow,
  FOLD_AT,
  foldRows,
  listSegments,
  looseRows,
  putSegment,
} from '../../../src/pipeline/ledger/row-index.js'
import { byStart, type RunRow, rowOfRecord } from '../../../src/pipeline/ledger/run-row.js'
import { encodeSegment, fits, searchSegment, timeName } from '../../../src/pipeline/ledger/segment.js'
import { printRecord } from '../../../src/pipeline/record/record-bytes.js'
import type { RunRecord, RunStatus } from '../../../src/pipeline/record/run-record.js'
import { runKey } from '../../../src/pipeline/record/runs.js'
import { memoryStore } from '../../../src/storage/memory-store.js'
import type { ObjectStore } from '../../../src/storage/object-store.js'
import { pipeRecord, runRecord } from '../../support/run-records.js'

const START = Date.parse('2026-03-01T00:00:00Z')
const STATUSES: readonly RunStatus[] = ['published', 'partial', 'held', 'failed', 'decided']

/** Runs of a minute each; the id says nothing of the time. */
function recordAt(n: number): RunRecord {
  return runRecord({
    run_id: `run-${(n * 7919) % 100_003}`,
    status: STATUSES[n % 7] ?? 'published',
    started_at: new Date(START + n * 60_000).toISOString(),
    pipes: [pipeRecord({ pipe: `pipe-${n % 5}`, dataset: n % 2 === 0 ? 'bars' : 'fx_rates', in: n, accepted: n })],
  })
}

async function store(record: RunRecord, lake: ObjectStore): Promise<void> {
  await lake.create(runKey(record.run_id), printRecord(record))
}

/** As a run does it at its end. */
async function end(record: RunRecord, lake: ObjectStore): Promise<void> {
  await store(record, lake)
  await addRow(lake, `${timeName(Date.parse(record.started_at))}-${record.run_id}`, rowOfRecord(record))
  await foldRows(lake)
}

const search = (parts: Partial<RowSearch> = {}): RowSearch => ({ limit: 1000, ...parts })

const SEARCHES: readonly RowSearch[] = [
  search(),
  search({ limit: 3 }),
  search({ statuses: ['held', 'failed'] }),
  search({ pipe: name => name === 'pipe-3', limit: 10 }),
  search({ dataset: name => name === 'fx_rates', sinceMs: START + 600_000, untilMs: START + 3_000_000 }),
  search({ pipe: name => name === 'no such pipe' }),
]

function expected(records: readonly RunRecord[], asked: RowSearch): RunRow[] {
  const all = records.map(rowOfRecord).sort(byStart)
  return all.filter(row => fits(row, asked)).slice(0, asked.limit)
}

describe('the list of runs', () => {
  it('says what the records say, folded or not, for every question', async () => {
    const lake = memoryStore()
    const records = Array.from({ length: 2 * FOLD_AT + 5 }, (_, n) => recordAt(n))
    for (const record of records) await end(record, lake)
    expect([(await listSegments(lake)).length, (await looseRows(lake)).length]).toEqual([2, 5])
    for (const asked of SEARCHES) expect(await findRows(lake, asked)).toEqual(expected(records, asked))
  })

  it('is made of the records where there is no index, and found again afterwards', async () => {
    const lake = memoryStore()
    const records = Array.from({ length: 40 }, (_, n) => recordAt(n))
    for (const record of records) await store(record, lake)
    await lake.create('_runs/backfill-2026-01-01-2026-02-01.json', Buffer.from('{"intervals":[]}'))
    const indexed: number[] = []
    for (const asked of SEARCHES)
      expect(await findRows(lake, asked, rows => indexed.push(rows))).toEqual(expected(records, asked))
    expect(indexed).toEqual([40])
  })

  it('reads the records themselves where nothing can be written', async () => {
    const lake = memoryStore()
    const records = Array.from({ length: 10 }, (_, n) => recordAt(n))
    for (const record of records) await store(record, lake)
    const readOnly: ObjectStore = { ...lake, put: () => Promise.reject(new Error('read-only')) }
    for (const asked of SEARCHES) expect(await findRows(readOnly, asked)).toEqual(expected(records, asked))
  })

  it('is made again where a segment is damaged', async () => {
    const lake = memoryStore()
    const records = Array.from({ length: FOLD_AT + 1 }, (_, n) => recordAt(n))
    for (const record of records) await end(record, lake)
    await findRows(lake, search())
    const [segment] = await listSegments(lake)
    await lake.put(`_ledger/segments/${segment!.name}`, Buffer.from('{"statuses":["publ'))
    expect(await findRows(lake, search())).toEqual(expected(records, search()))
    expect(await findRows(lake, search())).toEqual(expected(records, search()))
  })

  it('folds many small segments into a large one', async () => {
    const lake = memoryStore()
    await rebuildIndex(lake)
    const records = Array.from({ length: FOLD_AT * FOLD_AT }, (_, n) => recordAt(n))
    for (let first = 0; first < records.length - FOLD_AT; first += FOLD_AT)
      await putSegment(lake, records.slice(first, first + FOLD_AT).map(rowOfRecord))
    for (const record of records.slice(-FOLD_AT)) {
      await addRow(lake, record.run_id, rowOfRecord(record))
    }
    await foldRows(lake)
    expect((await listSegments(lake)).map(({ rows }) => rows)).toEqual([FOLD_AT * FOLD_AT])
    for (const asked of SEARCHES) expect(await findRows(lake, asked)).toEqual(expected(records, asked))
  })

  it('misses no run and shows none twice while others fold', async () => {
    const lake = memoryStore()
    await rebuildIndex(lake)
    const records = Array.from({ length: 4 * FOLD_AT }, (_, n) => recordAt(n))
    const ended = new Set<string>()
    const writers = [0, 1, 2, 3].map(async writer => {
      for (const record of records.filter((_, n) => n % 4 === writer)) {
        await end(record, lake)
        ended.add(record.run_id)
      }
    })
    const reading = (async () => {
      while (ended.size < records.length) {
        const before = [...ended]
        const ids = (await findRows(lake, search())).map(({ run_id }) => run_id)
        expect(new Set(ids).size).toBe(ids.length)
        expect(before.filter(id => !ids.includes(id))).toEqual([])
      }
    })()
    await Promise.all([...writers, reading])
    expect(await findRows(lake, search())).toEqual(expected(records, search()))
  })

  it('stays whole when a fold ends anywhere', async () => {
    const records = Array.from({ length: FOLD_AT }, (_, n) => recordAt(n))
    for (let writes = 0; writes < FOLD_AT + 3; writes++) {
      const lake = memoryStore()
      await rebuildIndex(lake)
      for (const record of records.slice(1)) await end(record, lake)
      let left = writes
      const dying = <Args extends unknown[], Result>(act: (...args: Args) => Promise<Result>) => {
        return (...args: Args): Promise<Result> => (left-- > 0 ? act(...args) : Promise.reject(new Error('killed')))
      }
      await store(records[0]!, lake)
      await addRow(lake, 'last', rowOfRecord(records[0]!))
      await foldRows({ ...lake, put: dying(lake.put), delete: dying(lake.delete) }).catch(() => undefined)
      expect(await findRows(lake, search())).toEqual(expected(records, search()))
    }
  })
})

describe('a segment', () => {
  const name = fc.string({ maxLength: 12, unit: 'grapheme' })
  const row: fc.Arbitrary<RunRow> = fc.record(
    {
      run_id: name,
      status: fc.constantFrom('published', 'held', 'error', 'died'),
      started_ms: fc.integer({ min: 0, max: 2e12 }),
      took_seconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
      cpu_seconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
      in: fc.nat(),
      accepted: fc.nat(),
      quarantined: fc.nat(),
      tables: fc.nat(),
      pipes: fc.uniqueArray(name, { maxLength: 20 }).map(names => names.sort()),
      datasets: fc.uniqueArray(name, { maxLength: 3 }).map(names => names.sort()),
      attempt: name,
      code: name,
    },
    {
      requiredKeys: [
        'run_id',
        'status',
        'started_ms',
        'took_seconds',
        'cpu_seconds',
        'in',
        'accepted',
        'quarantined',
        'tables',
        'pipes',
        'datasets',
      ],
    },
  )

  it('gives back the lines that were put in, and of a question those that fit', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), name, (rows, wanted) => {
        const { body } = encodeSegment(rows)
        const plain = JSON.parse(JSON.stringify(rows))
        expect(searchSegment(body, {})).toEqual(plain)
        const filter = {
          pipe: (own: string) => own === (rows[0]!.pipes[0] ?? wanted),
          statuses: ['held', 'published'] as const,
        }
        expect(searchSegment(body, filter)).toEqual(plain.filter((one: RunRow) => fits(one, filter)))
      }),
    )
  })
})
