import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decideQuarantined } from '../../../src/pipeline/holding/decide-quarantine.js'
import { listQuarantine, type QuarantineFilter } from '../../../src/pipeline/holding/find-quarantined.js'
import { parsePipes } from '../../../src/pipeline/pipes/load-pipes.js'
import type { RunRecord } from '../../../src/pipeline/record/run-record.js'
import { type TicksOptions, ticks } from '../../support/contracts.js'
import { NOW, type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { type InputRow, ndjson } from '../../support/records.js'
import { LATER, migrate, tick, V1, V2 } from './ticks-lake.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const STRICT = { maxShare: 0.2 }
const bad = (id: string, minute: number): InputRow => tick(id, minute, { price: -1 })
const good = (prefix: string, count: number) => Array.from({ length: count }, (_, at) => tick(`${prefix}${at}`, at))

async function decide(
  lake: TestLake,
  move: 'replay' | 'release' | 'discard',
  filter: QuarantineFilter,
): Promise<RunRecord> {
  const decision = { move, by: 'ada', reason: 'looked at it' }
  const decided = await decideQuarantined(lake.project, filter, decision, { nowMs: NOW })
  if (decided.outcome !== 'decided') throw new Error(`${decided.outcome}: nothing was decided`)
  return decided.record
}

const idOf = async (lake: TestLake, record: string): Promise<string> => {
  const { rows } = await listQuarantine(lake.project, {}, 100)
  return rows.find(row => row.record?.includes(`"${record}"`))!.id
}
const silver = async (lake: TestLake) =>
  (await lake.rows('SELECT id FROM silver.ticks ORDER BY id')).map(({ id }) => String(id))
const states = async (lake: TestLake) =>
  (await lake.rows(`SELECT record->>'id' || ' ' || state AS text FROM quarantine.ticks ORDER BY ALL`)).map(
    ({ text }) => text,
  )

/**
 * Three pipes: of `held` a person released the batch, of `rows` one row and discarded another, and gave the batch of `lost` up.
 */
async function decided(options: TicksOptions = V1): Promise<TestLake> {
  const text = ['held', 'rows', 'lost'].map(
    name => `  - { name: ${name}, source: file, contract: ticks, input: ${name}.ndjson }\n`,
  )
  const pipes = parsePipes(`pipes:\n${text.join('')}`, 'pipes/decided.yaml')
  const lake = folder.lake({ models: [], contracts: [ticks({ ...options, ...STRICT })], pipes })
  await folder.write('held.ndjson', ndjson([...good('h', 4), bad('h-bad', 9), bad('h-bad2', 10)]))
  await folder.write('rows.ndjson', ndjson([...good('r', 20), bad('real', 30), bad('test', 31)]))
  await folder.write('lost.ndjson', ndjson([...good('l', 3), bad('l-bad', 11), bad('l-bad2', 12)]))
  await lake.run({ nowMs: NOW })
  expect(await silver(lake)).toHaveLength(20)
  await decide(lake, 'release', { kind: 'holds', pipe: 'held' })
  await decide(lake, 'discard', { kind: 'holds', pipe: 'lost' })
  await decide(lake, 'release', { ids: [await idOf(lake, 'real')] })
  await decide(lake, 'discard', { ids: [await idOf(lake, 'test')] })
  return lake
}

describe('a migration keeps what people decided', () => {
  it('about rows and batches: what was released is published, what was discarded stays out', async () => {
    const lake = await decided()
    const before = await silver(lake)
    expect(before).toHaveLength(25)
    const after = lake.with({ contracts: [ticks({ ...V2, ...STRICT })] })
    const { record } = await migrate(after)
    expect(record).toMatchObject({
      status: 'published',
      replay: { decisions: { released_batches: 4, released: 1, discarded: 1 + 3, waiting: 0, waiting_for: [] } },
    })
    expect(
      record?.pipes.map(({ pipe, in: rows, accepted, quarantined, held }) => [pipe, rows, accepted, quarantined, held]),
    ).toEqual([
      ['held', 6, 4, 2, 0],
      ['rows', 22, 21, 1, 0],
    ])
    expect(record?.pipes[0]?.findings).toMatchObject([{ released_by: 'ada' }])
    expect(await silver(after)).toEqual(before)
    expect(await states(after)).toEqual(['h-bad waiting', 'h-bad2 waiting', 'real released', 'test discarded'])
    const decisions = (table: string) =>
      after.rows(`SELECT state, decision FROM ${table} WHERE decision IS NOT NULL ORDER BY state`)
    expect(await decisions('quarantine.ticks')).toEqual(await decisions('quarantine.ticks_v1'))
    expect((await migrate(after)).outcome).toBe('nothing')

    // In the new major it goes on so: whatever is replayed, replaced or comes again.
    await decide(after, 'replay', { kind: 'rows', pipe: 'held' })
    const input = await folder.write('again.ndjson', ndjson([bad('real', 30), tick('new', 40)]))
    const again = await after.run({ input: [input], contract: 'ticks', replace: true, nowMs: LATER + 1 })
    expect(again.pipes).toMatchObject([{ accepted: 1, duplicate: 1, quarantined: 0, released: { price_positive: 1 } }])
    expect(await silver(after)).toEqual([...before, 'new'].sort())
    expect((await states(after)).filter(text => /real|test/.test(String(text)))).toEqual([
      'real released',
      'test discarded',
    ])
  })

  it('unless a released row breaks a rule that is new: that is said, and it waits for a decision about it', async () => {
    const lake = await decided()
    const quality = ['{ id: not_below, type: custom, engine: sluice, implementation: price > -0.5, severity: error }']
    const after = lake.with({ contracts: [ticks({ ...V2, ...STRICT, quality })] })
    const { record } = await migrate(after)
    expect(record?.replay?.decisions).toMatchObject({
      released: 0,
      discarded: 4,
      waiting: 1,
      waiting_for: ['not_below'],
    })
    expect(await silver(after)).not.toContain('real')
    const { rows } = await listQuarantine(after.project, { rule: 'not_below' }, 100)
    const waiting = rows.find(({ record: own }) => own?.includes('"real"'))
    expect(waiting?.rules).toEqual(['not_below'])
    await decide(after, 'release', { ids: [waiting!.id] })
    expect(await silver(after)).toContain('real')
  })
})

describe('a discarded row', () => {
  const lenient = (lake: TestLake): TestLake => {
    const [contract] = lake.project.contracts
    return lake.with({ contracts: [{ ...contract!, rules: [] }] })
  }

  it('is not published by a replay or a replacing run that would let it pass, nor when its file comes again', async () => {
    const lake = await decided()
    const before = await states(lake)
    const free = lenient(lake)
    const record = await decide(free, 'replay', { kind: 'rows', pipe: '*' })
    expect(record.pipes.find(({ pipe }) => pipe === 'held')).toMatchObject({ quarantined: 0 })
    await folder.write('rows.ndjson', ndjson([...good('r', 20), bad('real', 30), bad('test', 31)]))
    const again = await free.run({ select: ['rows'], replace: true, nowMs: NOW + 1 })
    expect(again.pipes).toMatchObject([{ pipe: 'rows', quarantined: 1, rules: { discarded: 1 } }])
    expect(await silver(free)).not.toContain('test')
    expect((await states(free)).filter(text => String(text).startsWith('test'))).toEqual(['test discarded'])
    expect(before).toContain('test discarded')
  })

  it('can be released: by its id, or by its state', async () => {
    const lake = await decided()
    const [row] = (await listQuarantine(lake.project, { state: 'discarded' }, 10)).rows
    const record = await decide(lake, 'release', { ids: [row!.id] })
    expect(record).toMatchObject({
      decision: { rows: 1, rows_moved: 1 },
      datasets: [{ moved: { waiting: { entered: 0, left: 0 } } }],
    })
    expect(await silver(lake)).toContain('test')
    expect(await states(lake)).toContain('test released')

    const other = await decided()
    expect((await decide(other, 'release', { kind: 'rows', state: 'discarded' })).decision).toMatchObject({ rows: 1 })
    expect(await silver(other)).toContain('test')
  })
})
