import { describe, expect, it } from 'vitest'
import {
  begin,
  beginning,
  deadDecisions,
  end,
  giveUp,
  type OpenDecision,
  openDecisions,
  takeOver,
} from '../../../src/pipeline/holding/open-decisions.js'
import { memoryStore } from '../../../src/storage/memory-store.js'

const NOW = Date.UTC(2026, 1, 1)
const HOUR = 3_600_000

const book = () => openDecisions({ store: memoryStore(), wait: async () => undefined, random: () => 0 })
const about = (runId: string, { hold, rows }: { hold?: string; rows?: string }): OpenDecision =>
  beginning(
    {
      ...{ run_id: runId, move: 'release', by: runId, reason: 'right', decidedMs: NOW },
      holds:
        hold === undefined
          ? []
          : [{ id: hold, dataset: 'ticks', pipe: 'a', run_id: 'r', held_at: '', by: 'gate', why: '', captures: [] }],
      rows: rows === undefined ? [] : [{ dataset: rows, sql: 'true', captures: {}, rows: 1 }],
    },
    NOW,
  )

describe('of decisions that are begun at once', () => {
  it('one has a hold, and one has the rows of a dataset; others are another matter', async () => {
    const state = book()
    expect(await begin(state, about('first', { hold: 'h1', rows: 'ticks' }), 0, NOW)).toEqual({ outcome: 'ours' })
    for (const other of [{ hold: 'h1' }, { rows: 'ticks' }])
      expect(await begin(state, about('second', other), 0, NOW)).toMatchObject({
        outcome: 'taken',
        by: { by: 'first' },
      })
    expect(await begin(state, about('third', { hold: 'h2', rows: 'bars' }), 0, NOW)).toEqual({ outcome: 'ours' })
    // Said twice, as after an answer that was lost.
    expect(await begin(state, about('third', { hold: 'h2', rows: 'bars' }), 0, NOW)).toEqual({ outcome: 'ours' })
  })

  it('one that was chosen before another came to its end is chosen again', async () => {
    const state = book()
    await begin(state, about('first', { hold: 'h1' }), 0, NOW)
    await end(state, 'first')
    expect(await begin(state, about('second', { hold: 'h1' }), 0, NOW)).toEqual({ outcome: 'stale' })
    expect(await begin(state, about('second', { hold: 'h1' }), 1, NOW)).toEqual({ outcome: 'ours' })
  })

  it('one that was given up, or not heard of for an hour, is taken over by one other process', async () => {
    for (const [later, leave] of [
      [0, giveUp],
      [HOUR, async () => undefined],
    ] as const) {
      const state = book()
      await begin(state, about('first', { hold: 'h1' }), 0, NOW)
      expect(await takeOver(state, 'first', NOW)).toBe(false)
      await leave(state, 'first')
      const nowMs = NOW + later
      expect(deadDecisions(await state.read(), nowMs).map(({ run_id }) => run_id)).toEqual(['first'])
      expect(await begin(state, about('second', { hold: 'h1' }), 0, nowMs)).toMatchObject({ outcome: 'dead' })
      expect([await takeOver(state, 'first', nowMs), await takeOver(state, 'first', nowMs)]).toEqual([true, false])
      expect(deadDecisions(await state.read(), nowMs)).toEqual([])
    }
  })
})
