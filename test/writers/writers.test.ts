import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { answerOf } from '../crash/command.js'
import { runsOn } from '../crash/judge.js'
import { contradictions, type Read } from './history.js'
import { race } from './race.js'
import { SHARED, writeWritersProject } from './writers-project.js'

/** `SLUICE_WRITERS=8x100` is the whole campaign. */
const [WRITERS, RUNS] = (process.env['SLUICE_WRITERS'] ?? '4x4').split('x').map(Number) as [number, number]
const READERS = Math.min(4, WRITERS / 2)

const folder = mkdtempSync(join(tmpdir(), 'sluice-writers-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('processes that write to the same partitions and keys of one lake', () => {
  it('lose no run, double no key and show no reader a half', { timeout: 3_600_000 }, async () => {
    const plan = await writeWritersProject(folder, WRITERS, RUNS)
    const { writes, reads, failures } = await race(folder, plan, READERS)
    expect(failures).toEqual([])
    expect(writes.filter(({ acknowledged }) => acknowledged)).toHaveLength(WRITERS * RUNS)
    expect(reads.length).toBeGreaterThan(READERS)
    expect(contradictions(writes, reads)).toEqual([])

    const found = (await answerOf([
      'query',
      `SELECT instrument_id, date::VARCHAR AS day, marks::INT AS marks, newest::INT AS version FROM gold.daily_marks`,
      ...['--project', folder],
    ])) as { rows: { instrument_id: string; marks: number; version: number }[] }
    expect(found.rows).toHaveLength((WRITERS * RUNS + 1) * 2)
    const highest = WRITERS * RUNS - 1
    expect(found.rows.filter(row => row.instrument_id === SHARED).map(({ version }) => version)).toEqual([
      highest,
      highest,
    ])
    expect((await runsOn(folder)).sort()).toEqual(
      plan
        .flat()
        .map(({ id }) => id)
        .sort(),
    )
  })
})

describe('the judge of a history', () => {
  const run = { id: 'w0-0', file: '', version: 1 }
  const write = { run, began: 0, ended: 10, acknowledged: true }
  const row = (instrument_id: string, day: string, version = 1, rows = 1) => ({ instrument_id, day, version, rows })
  const whole = [row('w0-0', 'a'), row('w0-0', 'b'), row(SHARED, 'a'), row(SHARED, 'b')]
  const read = (began: number, rows: Read['rows']): Read => ({ reader: 0, began, ended: began + 1, rows })

  it.each<[string, readonly Read[], RegExp | undefined]>([
    ['nothing, while the run is under way, and then all', [read(1, []), read(11, whole)], undefined],
    ['half of a run', [read(5, whole.slice(1))], /w0-0 on 1 of 2 days/],
    ['a key twice', [read(5, [...whole.slice(0, 3), row(SHARED, 'b', 1, 2)])], /2 rows of shared on b/],
    ['nothing of a run that had ended well', [read(11, [])], /w0-0 is missing/],
    ['what was seen and is gone', [read(5, whole), read(7, [])], /w0-0 is gone/],
    [
      'a shared key that is older than what was acknowledged',
      [read(11, [...whole.slice(0, 2), row(SHARED, 'a', 0), row(SHARED, 'b', 0)])],
      /version 0 after 1/,
    ],
    ['shared keys of two runs', [read(5, [...whole.slice(0, 3), row(SHARED, 'b', 2)])], /different runs/],
    [
      'a run that nobody has begun',
      [read(5, [...whole, row('w9-9', 'a'), row('w9-9', 'b')])],
      /w9-9, which had not begun/,
    ],
  ])('tells %s', (_, reads, fault) => {
    const faults = contradictions([write], reads).join('\n')
    if (fault === undefined) expect(faults).toBe('')
    else expect(faults).toMatch(fault)
  })
})
