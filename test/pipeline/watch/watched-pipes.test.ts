import { describe, expect, it } from 'vitest'
import type { SourceRecord } from '../../../src/pipeline/record/run-record.js'
import {
  type Due,
  dueNow,
  nextWakeMs,
  noteFault,
  noteRecord,
  retryPauseMs,
  watchAll,
} from '../../../src/pipeline/watch/watched-pipes.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** A Friday. */
const T0 = Date.UTC(2026, 0, 30, 12)
const times = { startedMs: T0, endedMs: T0 + 5000, everyMs: 15 * MINUTE }

const hourly: Due = { name: 'hourly', source: 'nbp.rates', schedule: { everyMs: HOUR } }
const daily: Due = {
  name: 'daily',
  source: 'nbp.rates',
  schedule: { cron: '20 12 * * *', timezone: 'Europe/Warsaw' },
  calendar: 'NBP',
}
const plain: Due = { name: 'plain', source: 'file' }

function source(pipe: string, state: SourceRecord['state'], parts: Partial<SourceRecord> = {}): SourceRecord {
  return { pipe, source: 'x.y', provider: 'x', state, intervals: [], requests: 1, bytes: 1, repeated: 0, ...parts }
}

const DISK_FULL = { code: 'SLUICE_STORE_FAILED', message: 'disk full' }

const all = (...due: Due[]) =>
  watchAll(
    due.map(({ name }) => name),
    T0,
  )

describe('what is due', () => {
  it('is everything at the start', () => {
    expect([...dueNow(all(hourly, daily, plain), T0)]).toEqual(['hourly', 'daily', 'plain'])
  })

  it('is a scheduled pipe at its next time, on days of its calendar', () => {
    const after = noteRecord(all(hourly, daily), [hourly, daily], { sources: [] }, times)
    expect(after.get('hourly')!.nextMs).toBe(T0 + HOUR)
    // 12:20 in Warsaw was before noon in UTC; then comes a weekend.
    expect(after.get('daily')!.nextMs).toBe(Date.UTC(2026, 1, 2, 11, 20))
    expect(nextWakeMs(after)).toBe(T0 + HOUR)
  })

  it('is a pipe without a schedule every so often', () => {
    const after = noteRecord(all(plain), [plain], {}, times)
    expect(after.get('plain')).toMatchObject({ nextMs: T0 + 15 * MINUTE, succeededMs: times.endedMs, failures: 0 })
  })

  it('is a pipe once, however many of its times a long run or a sleeping machine passed over', () => {
    const slow = { ...times, endedMs: T0 + 5 * HOUR }
    const after = noteRecord(all(hourly), [hourly], {}, slow)
    expect([...dueNow(after, slow.endedMs)]).toEqual(['hourly'])
    const caughtUp = noteRecord(after, [hourly], {}, { ...times, startedMs: slow.endedMs, endedMs: slow.endedMs + 1 })
    expect(caughtUp.get('hourly')!.nextMs).toBe(T0 + 6 * HOUR)
  })

  it('is one set for pipes that fall due together', () => {
    const half = { name: 'half', source: 'nbp.rates', schedule: { everyMs: HOUR / 2 } }
    const after = noteRecord(all(hourly, half), [hourly, half], {}, times)
    expect([...dueNow(after, T0 + HOUR / 2)]).toEqual(['half'])
    expect([...dueNow(after, T0 + HOUR)]).toEqual(['hourly', 'half'])
  })

  it('is never a pipe whose schedule has come to its end', () => {
    expect(dueNow(new Map([['ended', { nextMs: Number.POSITIVE_INFINITY, failures: 0 }]]), T0).size).toBe(0)
  })
})

describe('a pipe that fails', () => {
  it('waits a minute, then twice as long each time, up to an hour', () => {
    expect([1, 2, 3, 6, 7, 60, 5000].map(n => retryPauseMs(n) / MINUTE)).toEqual([1, 2, 4, 32, 60, 60, 60])
    let pipes = all(hourly)
    for (const failures of [1, 2, 3]) {
      const record = { sources: [source('hourly', 'failed', { why: 'HTTP 500' })] }
      pipes = noteRecord(pipes, [hourly], record, times)
      expect(pipes.get('hourly')).toEqual({
        failures,
        why: 'HTTP 500',
        failingSinceMs: times.endedMs,
        nextMs: times.endedMs + retryPauseMs(failures),
      })
    }
    const well = noteRecord(pipes, [hourly], { sources: [source('hourly', 'answered')] }, times)
    expect(well.get('hourly')).toEqual({ failures: 0, succeededMs: times.endedMs, nextMs: T0 + HOUR })
  })

  it('waits as long as the provider said', () => {
    const again_at = '2026-01-30T18:30:00.000Z'
    const failed = noteRecord(all(hourly), [hourly], { sources: [source('hourly', 'failed', { again_at })] }, times)
    expect(failed.get('hourly')!.nextMs).toBe(Date.parse(again_at))
    const still = { sources: [source('hourly', 'waiting after a failure', { again_at })] }
    expect(noteRecord(all(hourly), [hourly], still, times).get('hourly')!.nextMs).toBe(Date.parse(again_at))
  })

  it('fails together with all that a run had when the run ends in an error, and with no other', () => {
    const after = noteFault(all(hourly, daily, plain), [hourly, plain], DISK_FULL, times)
    expect([...after.values()].map(({ failures }) => failures)).toEqual([1, 0, 1])
    expect(after.get('plain')).toMatchObject({ why: 'disk full', nextMs: times.endedMs + MINUTE })
    expect([...dueNow(after, T0)]).toEqual(['daily'])
  })
})

describe('a file that is missing', () => {
  it('is laid to the pipes that read files; the others are due at once, without them', () => {
    const fault = { code: 'SLUICE_INPUT_MISSING', message: 'no file' }
    const after = noteFault(all(hourly, plain), [hourly, plain], fault, times)
    expect([...dueNow(after, times.endedMs)]).toEqual(['hourly'])
    expect([...after.values()].map(({ failures }) => failures)).toEqual([0, 1])
  })
})

describe('a pipe that could not be finished', () => {
  it.each(['not finished', 'leased'] as const)('is due again in a minute and does not count as failed: %s', state => {
    const after = noteRecord(all(hourly), [hourly], { sources: [source('hourly', state)] }, times)
    expect(after.get('hourly')).toEqual({ failures: 0, nextMs: times.endedMs + MINUTE })
  })
})

describe('a project that was read again', () => {
  it('makes all its pipes due, keeps what is known of them, and forgets those that are gone', () => {
    const before = noteFault(all(hourly, plain), [hourly, plain], DISK_FULL, times)
    const after = watchAll(['hourly', 'new'], T0 + MINUTE, before)
    expect([...after.keys()]).toEqual(['hourly', 'new'])
    expect(after.get('hourly')).toMatchObject({ failures: 1, why: 'disk full', nextMs: T0 + MINUTE })
  })
})
