import { describe, expect, it } from 'vitest'
import type { Clock } from '../../src/core/clock.js'
import { ownMark } from '../../src/core/process-mark.js'
import type { TableName } from '../../src/lake/catalog.js'
import { readState, writeState } from '../../src/lake/state.js'
import { tableKey } from '../../src/lake/table-location.js'
import { systemDeps } from '../../src/pipeline/deps.js'
import { untilPublished } from '../../src/pipeline/settle/table-line.js'
import { startTimeline } from '../../src/pipeline/timeline.js'
import { memoryStore } from '../../src/storage/memory-store.js'
import type { ObjectStore } from '../../src/storage/object-store.js'

const TABLE: TableName = { layer: 'silver', dataset: 'marks', major: 1 }
const START_MS = Date.UTC(2026, 0, 5)

/** A run whose time passes only while it waits; `pauses` counts those. */
function runOn(store: ObjectStore) {
  let passedMs = 0
  const clock: Clock = { now: () => START_MS + passedMs, monotonicMs: () => passedMs }
  const pauses: number[] = []
  const wait = async (ms: number): Promise<void> => {
    passedMs += ms
    pauses.push(ms)
    await new Promise(resolve => setImmediate(resolve))
  }
  const timeline = startTimeline(clock, undefined)
  return { deps: { ...systemDeps, clock, wait }, timeline, workspace: { lake: { store } }, pauses }
}

/** An attempt that others take from it so many times. */
function losing(times: number): () => Promise<'done' | undefined> {
  let lost = 0
  return async () => (lost++ < times ? undefined : 'done')
}

async function inLine(store: ObjectStore): Promise<unknown> {
  return (await readState(store, 'table_lines'))?.value
}

describe('a run that publishes', () => {
  it('asks nothing of the line while its conflicts are few', async () => {
    const store = memoryStore()
    expect(await untilPublished(TABLE, runOn(store), losing(1))).toBe('done')
    expect(await inLine(store)).toBeUndefined()
  })

  it('stands in line once it has lost twice, and leaves it', async () => {
    const store = memoryStore()
    const seen: unknown[] = []
    const attempt = losing(5)
    const run = runOn(store)
    await untilPublished(TABLE, run, async () => {
      seen.push(await inLine(store))
      return attempt()
    })
    expect(seen.slice(0, 2)).toEqual([undefined, undefined])
    expect(seen.slice(3)).toEqual(
      Array(3).fill({ [tableKey(TABLE)]: [expect.objectContaining({ process: ownMark() })] }),
    )
    expect(run.timeline.steps).toMatchObject([{ step: 'wait', detail: 'silver.marks' }])
    expect(await inLine(store)).toEqual({})
  })

  it('leaves it as well when its work fails', async () => {
    const store = memoryStore()
    let tries = 0
    const failing = async (): Promise<undefined> => {
      if (++tries > 3) throw new Error('no more')
    }
    await expect(untilPublished(TABLE, runOn(store), failing)).rejects.toThrow('no more')
    expect(await inLine(store)).toEqual({})
  })

  it('gives up when every try is lost', async () => {
    const store = memoryStore()
    let tries = 0
    const lost = await untilPublished(TABLE, runOn(store), async () => void tries++)
    expect(lost).toBeUndefined()
    expect(tries).toBe(40)
    expect(await inLine(store)).toEqual({})
  })
})

describe('runs that have lost often', () => {
  it('try one after another in the order in which they came, each table for itself', async () => {
    const store = memoryStore()
    const order: string[] = []
    let passFirst = (): void => undefined
    const isPassed = new Promise<void>(resolve => {
      passFirst = resolve
    })
    const [first, second, third] = [losing(3), losing(3), losing(3)]
    let firstIsIn = (): void => undefined
    const isFirstIn = new Promise<void>(resolve => {
      firstIsIn = resolve
    })
    const one = untilPublished(TABLE, runOn(store), async () => {
      const result = await first()
      if (result === undefined) return undefined
      firstIsIn()
      await isPassed
      order.push('first')
      return result
    })
    await isFirstIn
    const waiting = runOn(store)
    const two = untilPublished(TABLE, waiting, async () => {
      const result = await second()
      if (result !== undefined) order.push('second')
      return result
    })
    await untilPublished({ ...TABLE, dataset: 'others' }, runOn(store), async () => {
      const result = await third()
      if (result !== undefined) order.push('of another table')
      return result
    })
    while (waiting.pauses.length < 5) await new Promise(resolve => setImmediate(resolve))
    passFirst()
    await Promise.all([one, two])
    expect(order).toEqual(['of another table', 'first', 'second'])
  })

  it.each<[string, object, number]>([
    ['pass one whose process has ended', { start: 'of an earlier one' }, 0],
    ['put one of another machine out after a minute', { machine: 'other' }, 60_000],
    ['wait longer for one that lives', {}, 600_000],
  ])('%s', async (_, mark, patienceMs) => {
    const store = memoryStore()
    await writeState(store, 'table_lines', 0, {
      [tableKey(TABLE)]: [{ id: 'before', process: { ...ownMark(), ...mark } }],
    })
    const run = runOn(store)
    expect(await untilPublished(TABLE, run, losing(6))).toBe('done')
    const waited = run.pauses.reduce((sum, ms) => sum + ms, 0)
    expect(waited).toBeGreaterThanOrEqual(patienceMs)
    expect(waited).toBeLessThan(patienceMs + 1_000)
    expect(await inLine(store)).toEqual({})
  })
})
