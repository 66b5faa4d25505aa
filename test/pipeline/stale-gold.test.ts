import { expect, it } from 'vitest'
import { systemDeps } from '../../src/pipeline/deps.js'
import { changeDebts, type Debt, readDebts, settleDebts } from '../../src/pipeline/derive/stale-gold.js'
import { memoryStore } from '../../src/storage/memory-store.js'

const DAY = 86_400_000_000
const debt = (runId: string, days: number): Debt => ({
  table: 'gold.price_bars',
  runId,
  why: undefined,
  changed: [{ start: 0, end: days * DAY }],
})

it('a debt that has grown since it was read stays when it is paid; one that has not goes, and those of other runs are left', async () => {
  const sharing = { ...systemDeps, store: memoryStore() }
  await changeDebts(sharing, () => [debt('first', 1), debt('second', 1), debt('third', 1)])
  const read = (await readDebts(sharing.store)).filter(({ runId }) => runId !== 'third')
  await changeDebts(sharing, known => [...known.filter(({ runId }) => runId !== 'first'), debt('first', 2)])
  await settleDebts(sharing, read, [])
  expect(await readDebts(sharing.store)).toEqual([debt('third', 1), debt('first', 2)])
})

it('what a run leaves owing takes the place of what it owed of the same table', async () => {
  const sharing = { ...systemDeps, store: memoryStore() }
  await changeDebts(sharing, () => [debt('first', 1), debt('second', 1)])
  await settleDebts(sharing, [], [debt('first', 3)])
  expect(await readDebts(sharing.store)).toEqual([debt('second', 1), debt('first', 3)])
})
