import { beforeEach, expect, it } from 'vitest'
import { fixedClock } from '../../../src/core/clock.js'
import { ownMark } from '../../../src/core/process-mark.js'
import { type AttemptOptions, isCaretaker, openAttempt } from '../../../src/pipeline/ledger/attempt.js'
import { attemptsOf } from '../../../src/pipeline/ledger/attempt-record.js'
import {
  addRow,
  FOLD_AT,
  listSegments,
  looseRows,
  markWhole,
  noteBegun,
} from '../../../src/pipeline/ledger/row-index.js'
import { rowOfRecord } from '../../../src/pipeline/ledger/run-row.js'
import { memoryStore } from '../../../src/storage/memory-store.js'
import type { ObjectStore } from '../../../src/storage/object-store.js'
import { runRecord } from '../../support/run-records.js'

const NOW = Date.parse('2026-03-05T12:00:00Z')
const ids = Array.from({ length: 200 }, (_, at) => `run-${at}`)
const caretaker = ids.find(isCaretaker)!
const plain = ids.find(id => !isCaretaker(id))!

let store: ObjectStore
let listed: string[]
beforeEach(async () => {
  const inner = memoryStore()
  listed = []
  store = {
    ...inner,
    list: prefix => {
      listed.push(prefix)
      return inner.list(prefix)
    },
    listFolders: prefix => {
      listed.push(prefix)
      return inner.listFolders(prefix)
    },
  }
  await markWhole(store)
  // A process that is not there any more began a run, and many runs have ended.
  const note = { attempt: 'dead-attempt', run_id: 'dead', started_at: '2026-03-05T11:00:00.000Z', noted_ms: NOW - 1 }
  const process = { ...ownMark(), pid: 2 ** 22 - 1, start: '1' }
  await noteBegun(store, { ...note, process, sluice_version: '1', pipes: [], datasets: [] })
  for (let at = 0; at < FOLD_AT; at++)
    await addRow(store, `attempt-${at}`, rowOfRecord(runRecord({ run_id: `old-${at}` })))
})

async function attempt(runId: string, options: AttemptOptions = {}) {
  const opened = openAttempt(store, runId, fixedClock(NOW), options)
  await opened.begin({ startedMs: NOW, wallMs: NOW, pipes: [], datasets: [] })
  return opened
}

const settled = async () => (await attemptsOf(store, 'dead')).length

it('is one run in sixteen, by its id', () => {
  const share = ids.filter(isCaretaker).length / ids.length
  expect(share).toBeGreaterThan(1 / 32)
  expect(share).toBeLessThan(1 / 8)
})

it('lets the other runs list nothing', async () => {
  await (await attempt(plain)).recorded(runRecord({ run_id: plain }))
  expect(listed).toEqual([])
})

it('writes down who died, and folds the lines', async () => {
  const opened = await attempt(caretaker)
  expect(await settled()).toBe(1)
  await opened.recorded(runRecord({ run_id: caretaker }))
  expect([(await listSegments(store)).length, (await looseRows(store)).length]).toEqual([1, 0])
})

it('is every run that finds that a process of this machine died', async () => {
  await attempt(plain, { foundDead: true })
  expect(await settled()).toBe(1)
})

it('folds the lines of runs that fail every time', async () => {
  await (await attempt(plain)).failed(new Error('again'))
  expect(await listSegments(store)).toHaveLength(1)
})
