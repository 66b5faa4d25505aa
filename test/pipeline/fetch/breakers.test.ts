import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readState } from '../../../src/lake/state.js'
import type { PipeEntry } from '../../../src/pipeline/fetch/pipe-book.js'
import { decideBreakers, listBreakers } from '../../../src/pipeline/holding/decide-breakers.js'
import { decideQuarantined } from '../../../src/pipeline/holding/decide-quarantine.js'
import { listQuarantine } from '../../../src/pipeline/holding/find-quarantined.js'
import { localStore } from '../../../src/storage/local-store.js'
import { serve } from '../../sources/http/loopback.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { answerAsNbp, DAY, lakeOn, NOW, nbpPipe } from './nbp-server.js'

const HOUR = 3_600_000

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

/** A lake over an NBP whose rates are what `mid` says at the time. */
async function asking() {
  const rate = { of: (_day: string): number => -1 }
  const server = await serve((request, response) => answerAsNbp(request, response, day => rate.of(day)))
  const lake = lakeOn(folder, server, [nbpPipe('nbp-a', { sinceMs: NOW - 10 * DAY })]).with({ models: [] })
  return { server, rate, lake }
}

async function entryOf(lake: TestLake): Promise<PipeEntry> {
  const state = await readState(localStore(lake.root), 'pipes_nbp')
  return Object.values(state!.value as Record<string, PipeEntry>)[0]!
}

const published = async (lake: TestLake) =>
  Number((await lake.rows('SELECT count(*) AS n FROM silver.fx_rates'))[0]?.['n'])
const decision = (move: 'replay' | 'release' | 'discard') => ({ move, by: 'ada', reason: 'checked' })

describe('the breaker of a pipe that asks a provider', () => {
  it('lets it ask on, holds what comes, and gets out what waited without asking for it again', async () => {
    const { server, rate, lake } = await asking()
    const bad = await lake.run({ nowMs: NOW })
    expect([bad.status, bad.breakers?.[0]?.to]).toEqual(['held', 'open'])

    rate.of = day => Number(`3.${day.slice(-2)}`)
    const shut = await lake.run({ nowMs: NOW + HOUR / 2 })
    expect(shut).toMatchObject({ status: 'held', pipes: [{ in: 1, held: 1, quarantined: 0 }] })
    expect((await entryOf(lake)).waiting?.map(({ heldBy }) => heldBy)).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}$/),
      'breaker',
    ])

    // The same bytes as before: nothing new, so that what waits is the probe.
    const asked = server.asked.length
    const probe = await lake.run({ nowMs: NOW + 2 * HOUR })
    expect(probe).toMatchObject({ status: 'published', pipes: [{ in: 1, accepted: 1 }], sources: [{ repeated: 1 }] })
    expect([server.asked.length - asked, await published(lake)]).toEqual([1, 1])
    expect(await listBreakers(lake.project)).toMatchObject([{ pipe: 'nbp-a', state: 'closed', held_captures: 0 }])
    const changes = await lake.rows(
      'SELECT from_state, to_state FROM ledger.breaker_changes ORDER BY changed_at, from_state DESC',
    )
    expect(changes.map(row => `${row['from_state']} ${row['to_state']}`)).toEqual([
      'closed open',
      'open half_open',
      'half_open closed',
    ])
  })

  it('opens and closes by hand; what waits is looked at in the next run', async () => {
    const { server, rate, lake } = await asking()
    rate.of = () => 4
    await decideBreakers(
      lake.project,
      { pipe: 'nbp-*' },
      { move: 'trip', by: 'ada', reason: 'table A is wrong' },
      { nowMs: NOW },
    )
    const shut = await lake.run({ nowMs: NOW + 1 })
    expect(shut.pipes[0]?.findings?.[0]?.text).toMatch(/until .*: ada: table A is wrong$/)
    expect(
      await decideBreakers(lake.project, { pipe: 'nbp-a' }, { move: 'reset', by: 'ada' }, { nowMs: NOW + 2 }),
    ).toMatchObject({ changes: [{ from: 'open', to: 'closed' }], record: { status: 'decided' } })
    const asked = server.asked.length
    expect((await lake.run({ nowMs: NOW + 3 })).pipes).toMatchObject([{ in: 10, accepted: 9, duplicate: 1 }])
    expect([
      server.asked.slice(asked).every(({ url }) => url!.includes('2026-01-30/2026-01-30')),
      await published(lake),
    ]).toEqual([true, 9])
    expect(await decideBreakers(lake.project, {}, { move: 'reset', by: 'ada' }, { nowMs: NOW + 4 })).toMatchObject({
      changes: [],
    })
  })
})

describe('a held answer of a provider', () => {
  it('is replayed from its capture when the contract is changed, and asked for by nobody', async () => {
    const { server, lake } = await asking()
    await lake.run({ nowMs: NOW })
    const asked = server.asked.length
    const [contract] = lake.project.contracts.filter(({ dataset }) => dataset === 'fx_rates')
    const own = lake.with({
      contracts: [{ ...contract!, rules: contract!.rules.filter(({ test }) => test.kind === 'reference') }],
    })
    const decided = await decideQuarantined(own.project, { pipe: 'nbp-a' }, decision('replay'), { nowMs: NOW + HOUR })
    expect(decided).toMatchObject({ record: { status: 'published', pipes: [{ in: 9, accepted: 9 }] } })
    expect([server.asked.length, await published(lake)]).toEqual([asked, 9])
    expect((await entryOf(lake)).waiting).toBeUndefined()
    expect((await listQuarantine(lake.project, {}, 10)).holds).toEqual([])
  })

  it('is landed no more once it is discarded, and not asked for again', async () => {
    const { server, rate, lake } = await asking()
    await lake.run({ nowMs: NOW })
    await decideQuarantined(lake.project, { kind: 'holds', dataset: 'fx_rates' }, decision('discard'), { nowMs: NOW })
    const { waiting, fetched, published: done } = await entryOf(lake)
    expect([waiting, done]).toEqual([undefined, fetched])
    rate.of = () => 4
    const asked = server.asked.length
    await lake.run({ nowMs: NOW + 2 * HOUR })
    expect(server.asked.slice(asked).map(({ url }) => url)).toEqual([
      '/exchangerates/tables/A/2026-01-30/2026-01-30?format=json',
    ])
  })
})
