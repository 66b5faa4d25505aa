import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decideQuarantined } from '../../src/pipeline/holding/decide-quarantine.js'
import { listQuarantine, type QuarantineFilter } from '../../src/pipeline/holding/find-quarantined.js'
import { showQuarantined } from '../../src/pipeline/holding/show-quarantined.js'
import { parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import { ticks } from '../support/contracts.js'
import { errorOf, NOW, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { type InputRow, ndjson } from '../support/records.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

let names = 0
const row = (id: string, price: unknown, parts: InputRow = {}): InputRow => ({
  id,
  moment: '2026-01-05T10:00:00Z',
  price,
  ...parts,
})

async function ran(rows: readonly InputRow[], maxShare = 1, lake?: TestLake, name = `decided-${names++}.ndjson`) {
  const own = lake ?? folder.lake({ models: [], contracts: [ticks({ maxShare })] })
  const input = await folder.write(name, ndjson(rows))
  const record = await own.run({ contract: 'ticks', input: [input] })
  // What a decision works on is in the lake.
  await rm(input)
  return { lake: own, record }
}

const decide = (lake: TestLake, move: 'replay' | 'release' | 'discard', filter: QuarantineFilter) =>
  decideQuarantined(lake.project, filter, { move, by: 'ada', reason: 'looked at it' }, { nowMs: NOW })
const decided = async (lake: TestLake, move: 'replay' | 'release' | 'discard', filter: QuarantineFilter) => {
  const outcome = await decide(lake, move, filter)
  if (outcome.outcome !== 'decided') throw new Error('nothing was decided')
  return outcome
}
const ids = async (lake: TestLake) => (await lake.rows('SELECT id FROM silver.ticks ORDER BY id')).map(({ id }) => id)
const states = async (lake: TestLake) =>
  (
    await lake.rows(`SELECT coalesce(record->>'id', raw) || ' ' || state AS text FROM quarantine.ticks ORDER BY ALL`)
  ).map(({ text }) => text)
const list = (lake: TestLake, filter: QuarantineFilter = {}) => listQuarantine(lake.project, filter, 100)

describe('a held batch', () => {
  const batch = [row('a', 1), row('b', 2), row('bad', -1)]

  it('is published by a release: its accepted rows, and the others wait on; who and why is kept', async () => {
    const { lake } = await ran(batch, 0.1)
    const [hold] = (await list(lake)).holds
    expect(hold).toMatchObject({ by: 'gate', pipe: 'input-ticks', captures: [{ rows: 2 }] })
    const { record } = await decided(lake, 'release', { ids: [hold!.id] })
    expect(record).toMatchObject({
      status: 'published',
      pipes: [{ in: 3, accepted: 2, quarantined: 1, held: 0 }],
      decision: { move: 'release', by: 'ada', reason: 'looked at it', holds: [hold!.id], rows: 2, rows_moved: 2 },
      options: { allow_dq_breach: false },
      datasets: [{ verdict: 'fail', breach_allowed: true, findings: [{ released_by: 'ada' }] }],
    })
    expect([await ids(lake), await states(lake), (await list(lake)).holds]).toEqual([['a', 'b'], ['bad waiting'], []])
    expect(
      await lake.rows('SELECT run_id, move, decided_by, reason, datasets, pipes, rows_moved FROM ledger.decisions'),
    ).toEqual([
      {
        ...{ run_id: record.run_id, move: 'release', decided_by: 'ada', reason: 'looked at it' },
        ...{ datasets: ['ticks'], pipes: ['input-ticks'], rows_moved: '2' },
      },
    ])
    expect(
      (
        await lake.run({
          runId: 'again',
          replace: true,
          contract: 'ticks',
          input: [await folder.write('x.ndjson', ndjson([row('c', 3)]))],
        })
      ).pipes,
    ).toMatchObject([{ accepted: 1 }])
    expect(await ids(lake)).toEqual(['a', 'b', 'c'])
  })

  it('is judged again by a replay, under the contract of today', async () => {
    const { lake } = await ran(batch, 0.1)
    const again = await decided(lake, 'replay', { dataset: 'ticks' })
    expect(again.record).toMatchObject({ status: 'held', pipes: [{ in: 3, held: 2, quarantined: 1 }] })
    expect((await list(lake)).holds).toHaveLength(1)
    const wider = lake.with({ contracts: [ticks({ maxShare: 1 })] })
    expect((await decided(wider, 'replay', { kind: 'holds', pipe: 'input-*' })).record.status).toBe('published')
    expect([await ids(lake), (await list(lake)).holds]).toEqual([['a', 'b'], []])
  })

  it('is given up by a discard; nothing of it is published, and it is held no more', async () => {
    const { lake } = await ran(batch, 0.1)
    const { record } = await decided(lake, 'discard', { kind: 'holds', dataset: 'ticks' })
    expect(record).toMatchObject({ status: 'decided', decision: { move: 'discard', rows: 2, rows_moved: 2 } })
    expect([await lake.rows('SELECT * FROM silver.ticks'), await states(lake), (await list(lake)).holds]).toEqual([
      [],
      ['bad waiting'],
      [],
    ])
    expect(await decide(lake, 'discard', { kind: 'holds' })).toMatchObject({ outcome: 'nothing', before: [] })
  })
})

describe('quarantined rows', () => {
  const rows = [row('a', 1), row('low', -1), row('text', 'about 3'), row('low2', -2)]

  it('are published by a release although they broke a rule; those without typed values wait on', async () => {
    const { lake } = await ran(rows)
    const { record, refused } = await decided(lake, 'release', { kind: 'rows', dataset: 'ticks' })
    expect(refused).toEqual([{ dataset: 'ticks', rows: 1, rules: ['type:price'] }])
    expect(record).toMatchObject({
      pipes: [
        {
          in: 4,
          accepted: 2,
          duplicate: 1,
          quarantined: 1,
          rules: { 'type:price': 1 },
          released: { price_positive: 2 },
        },
      ],
      decision: { rows: 2, rows_moved: 2 },
      datasets: [{ moved: { waiting: { entered: 0, left: 2 } } }],
    })
    expect(await ids(lake)).toEqual(['a', 'low', 'low2'])
    expect(await states(lake)).toEqual(['low released', 'low2 released', 'text waiting'])
    expect(await lake.rows('SELECT DISTINCT decision FROM quarantine.ticks WHERE decision IS NOT NULL')).toEqual([
      { decision: record.run_id },
    ])
  })

  it('stay published when their partition is computed again, and pass when the same records come again', async () => {
    const { lake } = await ran(rows)
    await decided(lake, 'release', { rule: 'price_positive' })
    const again = await ran(rows, 1, lake)
    const [pipe] = again.record.pipes
    expect([pipe!.accepted + pipe!.duplicate, pipe!.quarantined]).toEqual([3, 1])
    const input = await folder.write('replacing.ndjson', ndjson([row('z', 9)]))
    const replaced = await lake.run({ contract: 'ticks', input: [input], replace: true })
    expect(replaced.datasets[0]?.moved?.silver).toEqual({ entered: 0, left: 0 })
    expect(await ids(lake)).toEqual(['a', 'low', 'low2', 'z'])
    expect(await states(lake)).toEqual(['low released', 'low2 released', 'text waiting', 'text waiting'])
  })

  it('cannot be released without typed values: that is refused, and nothing is written', async () => {
    const { lake } = await ran(rows)
    const before = await lake.files()
    const error = await errorOf(decide(lake, 'release', { rule: 'type:price' }))
    expect([error.code, error.message]).toEqual([
      'SLUICE_ROW_NOT_RELEASABLE',
      expect.stringContaining('1 of ticks (type:price)'),
    ])
    expect(await lake.files()).toEqual(before)
  })

  it('cannot be released out of a batch that is held', async () => {
    const { lake } = await ran(rows, 0.1)
    const error = await errorOf(decide(lake, 'release', { rule: 'price_positive' }))
    expect([error.code, error.next]).toEqual([
      'SLUICE_ROW_NOT_RELEASABLE',
      expect.stringContaining('quarantine release'),
    ])
  })

  it('are judged again by a replay: by the contract of today, from the capture', async () => {
    const { lake } = await ran(rows)
    const [contract] = lake.project.contracts
    const free = lake.with({ contracts: [{ ...contract!, rules: [] }] })
    const { record } = await decided(free, 'replay', { rule: 'price_positive' })
    expect(record).toMatchObject({
      pipes: [{ in: 4, accepted: 2, duplicate: 1, quarantined: 1 }],
      decision: { rows: 2, rows_moved: 2 },
    })
    expect(await states(lake)).toEqual(['low replayed', 'low2 replayed', 'text waiting'])
  })

  it('are discarded by id, and do not wait again when their file comes again', async () => {
    const { lake } = await ran(rows, 1, undefined, 'given-up.ndjson')
    const found = (await list(lake, { rule: 'price_positive' })).rows.map(({ id }) => id)
    const { record } = await decided(lake, 'discard', { ids: [found[0]!] })
    expect(record).toMatchObject({
      decision: { rows: 1, rows_moved: 1 },
      datasets: [{ moved: { waiting: { left: 1 } } }],
    })
    const before = await states(lake)
    expect(before.filter(text => String(text).endsWith('discarded'))).toHaveLength(1)
    await ran(rows, 1, lake, 'given-up.ndjson')
    expect(await states(lake)).toEqual(before)
  })

  it('are shown with the record, what they broke, the capture and who decided', async () => {
    const { lake } = await ran(rows)
    await decided(lake, 'release', { rule: 'price_positive' })
    const { rows: found } = await list(lake, { state: 'released' })
    const shown = await showQuarantined(lake.project, found.find(({ record }) => record?.includes('low2'))!.id)
    expect(shown).toMatchObject({
      kind: 'row',
      rows: [{ position: 3, state: 'released', pipe: 'input-ticks' }],
      rules: [{ rule: 'price_positive' }],
      capture: { pipe: 'input-ticks', id: found[0]!.capture_id },
      decisions: [{ by: 'ada', reason: 'looked at it', move: 'release' }],
    })
  })

  it('are listed by what they broke, by run and by time', async () => {
    const { lake, record } = await ran(rows)
    const all = await list(lake)
    expect(all.groups.map(({ rules, rows: count }) => [rules.join(), count])).toEqual([
      ['price_positive', 2],
      ['type:price', 1],
    ])
    expect((await list(lake, { run: record.run_id })).rows).toHaveLength(3)
    expect((await list(lake, { sinceMs: NOW + 1 })).rows).toEqual([])
    expect((await list(lake, { untilMs: NOW + 1, rule: 'type:price' })).rows).toHaveLength(1)
    for (const [filter, code, message] of [
      [{ run: 'other' }, 'SLUICE_RUN_UNKNOWN', 'There is no run other.'],
      [{ dataset: 'tick' }, 'SLUICE_CONTRACT_UNKNOWN', 'Did you mean "ticks"?'],
      [{ pipe: 'input-tiks' }, 'SLUICE_PIPE_UNKNOWN', 'Did you mean "input-ticks"?'],
      [{ pipe: 'nbp-*' }, 'SLUICE_PIPE_UNKNOWN', 'There is no pipe nbp-*.'],
      [{ rule: 'price_positiv' }, 'SLUICE_QUARANTINE_UNKNOWN', 'Did you mean "price_positive"?'],
    ] as const) {
      const error = await errorOf(list(lake, filter))
      expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)])
      expect((await errorOf(decide(lake, 'replay', filter))).code).toBe(code)
    }
    expect((await list(lake, { rule: 'required:id' })).rows).toEqual([])
    for (const id of ['ffff:1', 'beef', 'x'])
      expect((await errorOf(list(lake, { ids: [id] }))).code).toBe('SLUICE_QUARANTINE_UNKNOWN')
  })
})

describe('what was decided before', () => {
  it('is told by who decided it, and stands; a hold, too', async () => {
    const { lake } = await ran([row('a', 1), row('low', -1), row('low2', -2)])
    const [low, low2] = (await list(lake)).rows.map(({ id }) => id)
    const first = await decided(lake, 'release', { ids: [low!] })
    const files = await lake.files()
    for (const move of ['release', 'discard', 'replay'] as const)
      expect(await decide(lake, move, { ids: [low!] })).toMatchObject({
        outcome: 'taken',
        before: [
          {
            id: low,
            move: 'release',
            by: 'ada',
            reason: 'looked at it',
            run_id: first.record.run_id,
            under_way: false,
          },
        ],
      })
    expect(await lake.files()).toEqual(files)
    expect(await decide(lake, 'discard', { ids: [low!, low2!] })).toMatchObject({
      outcome: 'decided',
      before: [{ id: low, move: 'release' }],
      record: { decision: { rows: 1, rows_moved: 1 } },
    })

    const { lake: other } = await ran([row('a', 1), row('bad', -1)], 0.1)
    const [hold] = (await list(other)).holds
    await decided(other, 'discard', { ids: [hold!.id] })
    expect(await decide(other, 'release', { ids: [hold!.id] })).toMatchObject({
      outcome: 'taken',
      before: [{ id: hold!.id, move: 'discard' }],
    })
  })
})

describe('a replay of all', () => {
  it('goes on with the pipes that there are, and says which were left and why', async () => {
    const lake = folder.lake({ models: [], contracts: [ticks()] })
    const pipes = (...names: readonly string[]) =>
      parsePipes(
        `pipes:\n${names.map(name => `  - { name: ${name}, source: file, contract: ticks, input: all-${name}.ndjson }\n`).join('')}`,
        'pipes/all.yaml',
      )
    for (const name of ['here', 'gone'])
      await folder.write(`all-${name}.ndjson`, ndjson([row(name, -1), row(`${name}2`, -2)]))
    await lake.with({ pipes: pipes('here', 'gone') }).run()
    const [contract] = lake.project.contracts
    const today = lake.with({ pipes: pipes('here'), contracts: [{ ...contract!, rules: [] }] })
    const outcome = await decided(today, 'replay', {})
    expect(outcome.left).toMatchObject([
      { pipe: 'gone', rows: 2, why: expect.stringContaining('gone is not declared') },
    ])
    expect(outcome.record).toMatchObject({
      pipes: [{ pipe: 'here', accepted: 2 }],
      decision: { rows: 2, rows_moved: 2 },
    })
    expect(await states(today)).toEqual(['gone waiting', 'gone2 waiting', 'here replayed', 'here2 replayed'])
    expect((await errorOf(decide(today, 'replay', {}))).code).toBe('SLUICE_PIPE_UNKNOWN')
  })
})

describe('a capture', () => {
  it('is read as its pipe reads today', async () => {
    const pipes = (price: string) =>
      parsePipes(
        [
          'pipes:',
          '  - name: deals',
          '    source: file',
          '    contract: ticks',
          '    input: deals-{day}.csv',
          '    params: { day: }',
          '    map:',
          `      price: "${price}"`,
          '',
        ].join('\n'),
        'pipes/deals.yaml',
      )
    const lake = folder.lake({ models: [], contracts: [ticks()], pipes: pipes('paid') })
    await folder.write('deals-1.csv', 'id,moment,paid\na,2026-01-05,EUR 1\nb,2026-01-05,2\n')
    await lake.run({ select: ['deals'], params: { day: '1' } })
    expect(await ids(lake)).toEqual(['b'])
    const mended = lake.with({ pipes: pipes(`replace(paid, 'EUR ', '')`) })
    expect((await decided(mended, 'replay', { pipe: 'deals' })).record.pipes).toMatchObject([
      { pipe: 'deals', accepted: 1, duplicate: 1 },
    ])
    expect(await ids(lake)).toEqual(['a', 'b'])
    const gone = lake.with({ pipes: [] })
    await folder.write('deals-2.csv', 'id,moment,paid\nc,2026-01-05,EUR 1\n')
    await lake.run({ select: ['deals'], params: { day: '2' } })
    expect((await errorOf(decide(gone, 'replay', { pipe: 'deals' }))).code).toBe('SLUICE_PIPE_UNKNOWN')
  })
})

it('nobody who is named cannot decide', async () => {
  const { deciderOf } = await import('../../src/pipeline/holding/decision-notes.js')
  expect(() => deciderOf(undefined, {})).toThrow(/Nobody is named/)
  expect([deciderOf('ada', {}), deciderOf(undefined, { SLUICE_USER: 'bot', USER: 'root' })]).toEqual(['ada', 'bot'])
})
