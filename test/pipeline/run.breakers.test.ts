import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exitCodeOf } from '../../src/cli/run-command.js'
import { fixedClock } from '../../src/core/clock.js'
import { systemDeps } from '../../src/pipeline/deps.js'
import { openPipeBreakers } from '../../src/pipeline/holding/breaker-book.js'
import { decideBreakers } from '../../src/pipeline/holding/decide-breakers.js'
import { decideQuarantined } from '../../src/pipeline/holding/decide-quarantine.js'
import { heldNow, openHolds } from '../../src/pipeline/holding/hold-book.js'
import { openHoldStage } from '../../src/pipeline/holding/hold-stage.js'
import { openDecisions } from '../../src/pipeline/holding/open-decisions.js'
import { PLAIN_RUN } from '../../src/pipeline/open-lake.js'
import { parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import { filePipe } from '../../src/pipeline/pipes/resolve-pipes.js'
import type { RunRecord } from '../../src/pipeline/record/run-record.js'
import { openWorkspace } from '../../src/pipeline/workspace.js'
import { localStore } from '../../src/storage/local-store.js'
import { type TicksOptions, ticks } from '../support/contracts.js'
import { errorOf, NOW, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { type InputRow, ndjson } from '../support/records.js'

const HOUR = 3_600_000

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

let names = 0
const rows = (count: number, price: number, prefix = `r${names++}`): InputRow[] =>
  Array.from({ length: count }, (_, at) => ({ id: `${prefix}-${at}`, moment: '2026-01-05T10:00:00Z', price }))

interface Feed extends TicksOptions {
  readonly pipes?: readonly string[]
  readonly capture?: 'copy' | 'reference'
}

/** A lake whose pipes each read a file; a run writes their files first. */
async function feeds({ pipes = ['feed'], maxShare = 0.4, capture = 'copy', ...options }: Feed = {}) {
  const lake = folder.lake({ models: [], contracts: [ticks({ maxShare, ...options })] })
  const stem = `feed-${names++}`
  const text = pipes
    .map(
      name =>
        `  - { name: ${name}, source: file, contract: ticks, capture: ${capture}, input: ${stem}-${name}.ndjson }\n`,
    )
    .join('')
  const own = lake.with({ pipes: parsePipes(`pipes:\n${text}`, 'pipes/feeds.yaml') })
  const put = async (input: Readonly<Record<string, readonly InputRow[]>>): Promise<void> => {
    for (const [name, lines] of Object.entries(input)) await folder.write(`${stem}-${name}.ndjson`, ndjson(lines))
  }
  return {
    lake: own,
    run: async (input: Readonly<Record<string, readonly InputRow[]>>, hour: number, more = {}): Promise<RunRecord> => {
      await put(input)
      return own.run({ nowMs: NOW + hour * HOUR, ...more })
    },
  }
}

const silver = async (lake: TestLake): Promise<number> =>
  Number((await lake.rows('SELECT count(*) AS n FROM silver.ticks'))[0]?.['n'])
const sharing = (lake: TestLake) => ({ store: localStore(lake.root), wait: async () => undefined, random: () => 0 })
const stateOf = async (lake: TestLake, pipe = 'feed') =>
  (await openPipeBreakers(sharing(lake)).read())[`ticks ${pipe}`]?.breaker.state
const heldIn = async (lake: TestLake) => heldNow(await openHolds(sharing(lake)).read())

describe('the breaker of a pipe whose batch failed by its share', () => {
  it('holds the next batches unseen, takes one as a probe, and closing lets through what waited', async () => {
    const { lake, run } = await feeds()
    const bad = await run({ feed: rows(5, -1) }, 0)
    expect(bad.breakers).toMatchObject([{ pipe: 'feed', from: 'closed', to: 'open' }])
    const good = rows(4, 1)
    const shut = await run({ feed: good }, 0.5)
    expect(exitCodeOf(shut)).toBe(5)
    expect(shut.pipes).toMatchObject([{ in: 4, accepted: 0, held: 4, quarantined: 0 }])
    expect(shut.pipes[0]?.findings?.[0]?.text).toMatch(/^the breaker of feed is open until .*5 of 5 rows in error/)
    expect([await silver(lake), await stateOf(lake)]).toEqual([0, 'open'])
    expect(await lake.rows('SELECT count(*)::INTEGER AS n FROM bronze.ticks')).toEqual([{ n: 9 }])
    expect((await heldIn(lake)).map(({ by, captures }) => [by, captures[0]?.rows])).toEqual([
      ['gate', 0],
      ['breaker', 4],
    ])

    const probe = await run({ feed: rows(3, 2) }, 2)
    expect(probe.breakers?.map(({ from, to }) => [from, to])).toEqual([
      ['open', 'half_open'],
      ['half_open', 'closed'],
    ])
    expect(probe.pipes).toMatchObject([{ in: 7, accepted: 7 }])
    expect([await silver(lake), await stateOf(lake)]).toEqual([7, 'closed'])
    expect((await heldIn(lake)).map(({ by }) => by)).toEqual(['gate'])
  })

  it('opens again for longer when the probe fails, and what waits goes on waiting', async () => {
    const { lake, run } = await feeds()
    await run({ feed: rows(5, -1) }, 0)
    await run({ feed: rows(4, 1) }, 0.5)
    const probe = await run({ feed: rows(2, -5) }, 2)
    expect(probe.pipes).toMatchObject([{ in: 6, accepted: 0, held: 4, quarantined: 2 }])
    expect(probe.holds?.map(({ by, rows }) => [by, rows])).toEqual([
      ['gate', 0],
      ['breaker', 4],
    ])
    expect((await run({ feed: rows(1, 1) }, 3.5)).pipes).toMatchObject([{ held: 1 }])
    expect((await run({ feed: rows(1, 1) }, 4.5)).pipes).toMatchObject([{ in: 6, accepted: 6, held: 0 }])
    expect(await silver(lake)).toBe(6)
  })

  it('judges what waited batch by batch: a bad one keeps no good one back, and stays a batch of its own', async () => {
    const { lake, run } = await feeds({ maxShare: 0.2 })
    await run({ feed: rows(5, -1) }, 0)
    await run({ feed: rows(4, 1) }, 0.3)
    await run({ feed: [...rows(3, 1), ...rows(3, -1)] }, 0.5)
    const waiting = (await heldIn(lake)).filter(({ by }) => by === 'breaker').map(({ id }) => id)
    const probe = await run({ feed: rows(2, 2) }, 2)
    expect(probe.pipes).toMatchObject([{ in: 12, accepted: 6, held: 3, quarantined: 3 }])
    expect(probe.breakers?.map(({ to }) => to)).toEqual(['half_open', 'closed'])
    const [bad] = (await heldIn(lake)).filter(({ run_id }) => run_id === probe.run_id)
    expect(bad).toMatchObject({ by: 'gate', batch: waiting[1], why: expect.stringContaining('3 of 6 rows in error') })
    expect(await silver(lake)).toBe(6)
  })

  it('keeps batches apart when a probe fails, and takes the last of them for the next probe', async () => {
    const { lake, run } = await feeds({ maxShare: 0.2 })
    await run({ feed: rows(5, -1) }, 0)
    await run({ feed: [...rows(3, 1), ...rows(3, -1)] }, 0.3)
    await run({ feed: rows(4, 1) }, 0.5)
    await run({ feed: rows(2, -1) }, 2)
    expect((await heldIn(lake)).map(({ by, captures }) => [by, captures.length]).sort()).toEqual([
      ['breaker', 1],
      ['breaker', 1],
      ['gate', 1],
      ['gate', 1],
    ])
    const next = await run({ feed: rows(1, 1) }, 5)
    expect(next.pipes).toMatchObject([{ in: 11, accepted: 5, held: 3, quarantined: 3 }])
  })

  it('leaves the other pipes of the dataset alone', async () => {
    const { lake, run } = await feeds({ pipes: ['a', 'b'] })
    await run({ a: rows(5, -1), b: rows(5, 1) }, 0)
    const next = await run({ a: rows(3, 1), b: rows(2, 1) }, 0.5)
    expect(next.pipes).toMatchObject([
      { pipe: 'a', held: 3, accepted: 0 },
      { pipe: 'b', held: 0, accepted: 2 },
    ])
    expect(exitCodeOf(next)).toBe(8)
    expect([await stateOf(lake, 'a'), await stateOf(lake, 'b')]).toEqual(['open', undefined])
  })

  it('does not open for one outlier, but for one in batch after batch', async () => {
    const { lake, run } = await feeds({ maxShare: 0 })
    const outlier = () => [...rows(9, 1), ...rows(1, -37)]
    for (const hour of [0, 1]) await run({ feed: outlier() }, hour)
    expect(await stateOf(lake)).toBe('closed')
    await run({ feed: outlier() }, 2)
    expect(await stateOf(lake)).toBe('open')
  })

  it('neither asks nor moves for a file that a person names, or with an allowed breach', async () => {
    const { lake, run } = await feeds()
    await run({ feed: rows(5, -1) }, 0)
    const allowed = await run({ feed: rows(2, 1) }, 0.1, { allowDqBreach: true })
    const named = await lake.run({
      nowMs: NOW,
      contract: 'ticks',
      input: [await folder.write('own.ndjson', ndjson(rows(1, 1)))],
    })
    expect([allowed.pipes[0]?.accepted, named.pipes[0]?.accepted, await stateOf(lake)]).toEqual([2, 1, 'open'])
  })

  it('lets new data go on when the bytes of what waited are gone; that stays held', async () => {
    const { lake, run } = await feeds({ capture: 'reference' })
    await run({ feed: rows(5, -1) }, 0)
    await run({ feed: rows(4, 1) }, 0.5)
    const probe = await run({ feed: rows(3, 2) }, 2)
    expect(probe).toMatchObject({ status: 'published', pipes: [{ in: 3, accepted: 3 }] })
    expect((await heldIn(lake)).map(({ by }) => by)).toEqual(['gate', 'breaker'])
    const decision = { move: 'release', by: 'ada', reason: 'right' } as const
    const error = await errorOf(
      decideQuarantined(lake.project, { kind: 'holds', pipe: 'feed' }, decision, { nowMs: NOW }),
    )
    expect(error.code).toBe('SLUICE_CAPTURE_CORRUPT')
    // Nothing was noted and nothing done: nobody has to finish it.
    expect((await openDecisions(sharing(lake)).read()).open).toEqual({})
  })

  it('takes one of two runs at once for its probe', async () => {
    const { lake, run } = await feeds()
    await run({ feed: rows(5, -1) }, 0)
    const deps = { ...systemDeps, clock: fixedClock(NOW + 2 * HOUR) }
    const admissions = await Promise.all(
      ['one', 'other'].map(async runId => {
        await using workspace = await openWorkspace(lake.project, deps, { runId, connections: 1 })
        const stage = openHoldStage({ project: lake.project, options: PLAIN_RUN, deps, workspace, runId })
        await stage.admit([{ ...filePipe(lake.project.contracts[0]!, []), name: 'feed' }])
        return stage.admission('ticks', 'feed')
      }),
    )
    expect(admissions.sort()).toEqual(['hold', 'probe'])
  })

  it('is the same for a run that is repeated after it died before its record', async () => {
    const { lake, run } = await feeds()
    await run({ feed: rows(5, -1) }, 0)
    await run({ feed: rows(4, 1) }, 0.5)
    const input = { feed: rows(3, 2) }
    const first = await run(input, 2, { runId: 'probe' })
    await localStore(lake.root).delete('_runs/probe.json')
    const again = await run(input, 2.1, { runId: 'probe' })
    expect(again.breakers).toEqual(first.breakers)
    expect([again.status, await silver(lake), await stateOf(lake)]).toEqual(['published', 7, 'closed'])
  })
})

describe('severity', () => {
  const high = (severity: string) =>
    `{ id: not_high, type: custom, engine: sluice, implementation: price < 100, severity: ${severity} }`

  it('hold of a rule holds the batch of the pipe that has such a row, and opens no breaker', async () => {
    const { lake, run } = await feeds({ pipes: ['a', 'b'], maxShare: 1, quality: [high('hold')] })
    const record = await run({ a: [...rows(3, 1), ...rows(2, 200)], b: rows(2, 1) }, 0)
    expect(record.pipes).toMatchObject([
      { pipe: 'a', accepted: 0, held: 3, quarantined: 2 },
      { pipe: 'b', accepted: 2, held: 0 },
    ])
    expect(await stateOf(lake, 'a')).toBeUndefined()
  })

  it.each([
    ['hold', 'an aggregate', '{ id: mean, metric: rowCount, mustBeGreaterThan: 2, severity: hold }', undefined],
    [
      'breaker',
      'a query',
      '{ id: mean, type: sql, query: "SELECT max(price) FROM {object}", mustBeLessThan: 50, severity: breaker }',
      'open',
    ],
  ])('%s of a check that is %s looks at each pipe by itself', async (_, __, check, state) => {
    const { lake, run } = await feeds({ pipes: ['a', 'b'], maxShare: 1, quality: [check] })
    const record = await run({ a: rows(1, 60), b: rows(3, 1) }, 0)
    expect(record.pipes).toMatchObject([
      { pipe: 'a', accepted: 0, held: 1 },
      { pipe: 'b', accepted: 3, held: 0 },
    ])
    expect(await stateOf(lake, 'a')).toBe(state)
  })

  it('breaker of a rule is refused where it stands', () => {
    expect(() => ticks({ quality: [high('breaker')] })).toThrow(/no breaker opens for one row/)
  })
})

describe('a check of the whole batch', () => {
  it('is asked again of the pipes that are left when another one failed', async () => {
    const quality = ['{ id: mean, type: sql, query: "SELECT avg(price) FROM {object}", mustBeLessThan: 10 }']
    const { lake, run } = await feeds({ pipes: ['a', 'b'], quality })
    const record = await run({ a: [...rows(6, 1), ...rows(9, -1)], b: rows(2, 20) }, 0)
    expect(record.pipes).toMatchObject([
      { pipe: 'a', accepted: 0, held: 6 },
      { pipe: 'b', accepted: 0, held: 2 },
    ])
    expect(await silver(lake)).toBe(0)
  })
})

describe('the history of a breaker', () => {
  it('leads to its state, in the order of its times, whoever moved it at once', async () => {
    const { lake, run } = await feeds()
    await run({ feed: rows(5, -1) }, 0)
    const decide = (move: 'trip' | 'reset') =>
      decideBreakers(lake.project, {}, { move, by: 'ada', reason: move }, { nowMs: NOW + HOUR })
    await Promise.all([decide('trip'), decide('trip'), decide('reset'), decide('trip'), decide('reset')])
    const sql = 'SELECT from_state, to_state FROM ledger.breaker_changes ORDER BY changed_at'
    const history = await lake.rows(sql)
    expect(history.length).toBeGreaterThan(3)
    expect(history.map(row => row['from_state'])).toEqual([
      'closed',
      ...history.slice(0, -1).map(row => row['to_state']),
    ])
    expect(history.at(-1)?.['to_state']).toBe(await stateOf(lake))
  })
})
