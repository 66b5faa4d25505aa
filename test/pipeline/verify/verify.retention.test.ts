import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Contract } from '../../../src/contract/contract.js'
import { contractHash } from '../../../src/contract/contract-hash.js'
import { fixedClock } from '../../../src/core/clock.js'
import { systemDeps } from '../../../src/pipeline/deps.js'
import { expire } from '../../../src/pipeline/maintain/expire.js'
import { verify } from '../../../src/pipeline/verify/verify.js'
import { NOW, type ProjectFolder, projectFolder } from '../../support/lakes.js'
import { ndjson, trade } from '../../support/records.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

it('calls gold that outlived the rows it was made of outdated, and not damaged', async () => {
  const models = folder.project.models.filter(({ table }) => table === 'price_bars')
  const contracts = folder.project.contracts.map(contract =>
    contract.dataset === 'market_events' ? kept({ ...contract, retentionHours: 24 * 30 }) : contract,
  )
  const lake = folder.lake({ models, contracts })
  const rows = [trade('old'), trade('young', { event_time: '2026-01-25T10:00:00Z' })]
  const input = [await folder.write('trades.ndjson', ndjson(rows))]
  await lake.run({ input, contract: 'market_events', runId: 'one' })
  const later = { ...systemDeps, clock: fixedClock(NOW + 5 * 86_400_000) }
  const bars = async () => {
    const { verdict, faults, tables } = await verify(lake.project, {}, later)
    const gold = tables.find(({ table }) => table === 'gold.price_bars')
    return { verdict, faults, gold: gold?.verdict, why: gold?.outdated }
  }
  expect(await bars()).toMatchObject({ verdict: 'ok', gold: 'exact' })
  await expire(lake.project, { tables: [], dryRun: false }, later)
  const why = 'it was made of rows of silver.market_events that are past their retention'
  expect(await bars()).toEqual({ verdict: 'outdated', faults: [], gold: 'differs', why })
})

it('misses what made a table: its contract, its model, or both were taken out of the project', async () => {
  const models = folder.project.models.filter(({ table }) => table === 'price_bars')
  const lake = folder.lake({ models })
  const input = [await folder.write('few.ndjson', ndjson([trade('one')]))]
  await lake.run({ input, contract: 'market_events', runId: 'one' })
  const without = (...datasets: string[]) => lake.project.contracts.filter(({ dataset }) => !datasets.includes(dataset))
  const verified = async (parts: object) => {
    const { verdict, faults, tables } = await verify({ ...lake.project, ...parts }, {})
    expect(faults).toEqual([])
    const told = tables.flatMap(({ table, outdated, verdict }) =>
      outdated === undefined ? [] : [[table, verdict, outdated]],
    )
    return [verdict, told]
  }
  const gone = (table: string) => [
    ...[table, 'not_replayable'],
    expect.stringMatching(/^it was derived by a model, and the project has none that makes it/),
  ]
  expect(await verified({})).toEqual(['ok', []])
  expect(await verified({ models: [] })).toEqual(['outdated', [gone('gold.price_bars')]])
  expect(await verified({ models: [], contracts: without('price_bars') })).toEqual([
    'outdated',
    [gone('gold.price_bars')],
  ])
  const [verdict, told] = await verified({ contracts: without('price_bars') })
  expect([verdict, told]).toEqual([
    'outdated',
    expect.arrayContaining([
      ['gold.price_bars', 'not_replayable', expect.stringContaining('there is no gold contract called price_bars')],
    ]),
  ])
  expect(await verified({ models: [], contracts: without('price_bars', 'market_events') })).toEqual([
    'outdated',
    [['silver.market_events', 'not_replayable', 'the project has no contract of it any more'], gone('gold.price_bars')],
  ])
})

/** A contract that was changed, under the hash that it has then. */
function kept(contract: Contract): Contract {
  return { ...contract, hash: contractHash(contract) }
}
