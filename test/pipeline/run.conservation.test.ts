import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunRecord } from '../../src/pipeline/record/run-record.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { bar, ndjson, trade, trades } from '../support/records.js'

const EVENT_KEY = 'instrument_id, event_time, event_id'
const BAR_KEY = 'instrument_id, bar_interval, event_time'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

describe('what comes in', () => {
  it('is accepted, a duplicate or quarantined, as own counts of the tables say', async () => {
    const lake = folder.lake()
    const rows = [
      ...trades(30),
      ...trades(3),
      trade('negative', { price: -1 }),
      trade('e0', { price: 7 }),
      { ...trade('no-currency'), currency: undefined },
    ]
    const input = await folder.write('mixed.ndjson', `${ndjson(rows)}this line is no JSON\n`)
    const record = await lake.run({ runId: 'mixed', input: [input], allowDqBreach: true })

    expect(record.pipes).toEqual([
      {
        pipe: 'input-market_events',
        dataset: 'market_events',
        in: 37,
        accepted: 30,
        duplicate: 3,
        quarantined: 4,
        held: 0,
        not_final: 0,
        rules: expect.objectContaining({ price_positive: 1, conflict: 1, unreadable: 1 }),
        verdict: 'fail',
        findings: [{ rule: '*', severity: 'error', text: '4 of 37 rows in error (10.81 %); allowed: at most 5 %' }],
      },
    ])
    expect(await fatesOf(lake, 'market_events', EVENT_KEY)).toEqual({
      in: 37,
      accepted: 30,
      duplicate: 3,
      quarantined: 4,
      waiting: 0,
    })
  })

  it('is held, row by row, when the gate fails', async () => {
    const lake = folder.lake()
    const input = await folder.write('poisoned.ndjson', ndjson([...trades(10), ...trades(5, { price: -1 }, 'bad')]))
    const record = await lake.run({ runId: 'poisoned', input: [input] })

    expect(record.pipes).toMatchObject([{ in: 15, accepted: 0, duplicate: 0, quarantined: 5, held: 10, not_final: 0 }])
    expect(await fatesOf(lake, 'market_events', EVENT_KEY)).toEqual({
      in: 15,
      accepted: 0,
      duplicate: 0,
      quarantined: 5,
      waiting: 10,
    })
  })

  it('is counted apart while it is not final, and stays out of silver', async () => {
    const lake = folder.lake()
    const bars = [bar('2026-01-29', 10), bar('2026-01-30', 11), bar('2026-02-01', 12)]
    const input = await folder.write('open.ndjson', ndjson(bars))
    const record = await lake.run({ runId: 'open', input: [input], contract: 'bars', nowMs: Date.UTC(2026, 1, 1, 12) })

    expect(record.pipes).toMatchObject([{ in: 3, accepted: 2, duplicate: 0, quarantined: 0, held: 0, not_final: 1 }])
    expect(await fatesOf(lake, 'bars', BAR_KEY)).toEqual({
      in: 3,
      accepted: 2,
      duplicate: 0,
      quarantined: 0,
      waiting: 1,
    })
  })

  it('adds up over every run of a lake, per pipe and over all tables', async () => {
    const lake = folder.lake()
    const records: RunRecord[] = []
    for (const [at, rows] of [trades(20), trades(25), [...trades(22), trade('bad', { size: -1 })]].entries()) {
      const input = await folder.write(`part-${at}.ndjson`, ndjson(rows))
      records.push(await lake.run({ runId: `part-${at}`, input: [input] }))
    }
    for (const pipe of records.flatMap(record => record.pipes)) expect(sumOf(pipe)).toBe(pipe.in)
    const total = (figure: 'in' | 'accepted' | 'duplicate' | 'quarantined') =>
      records.flatMap(record => record.pipes).reduce((sum, pipe) => sum + pipe[figure], 0)
    // All were received at one moment: a row of equal content may give way to one of a later run.
    const { entered, left } = records
      .map(record => record.datasets[0]!.moved!.silver)
      .reduce((sum, moved) => ({ entered: sum.entered + moved.entered, left: sum.left + moved.left }))
    expect(await fatesOf(lake, 'market_events', EVENT_KEY)).toEqual({
      in: total('in'),
      accepted: total('accepted') + entered - left,
      duplicate: total('duplicate') - entered + left,
      quarantined: total('quarantined'),
      waiting: 0,
    })
  })

  it('is the same in the table of runs as in the record', async () => {
    const lake = folder.lake()
    const input = await folder.write('ledger.ndjson', ndjson(trades(4)))
    await lake.run({ runId: 'ledger', input: [input] })
    const rows = await lake.rows(`SELECT run_id, status, p."in" AS arrived, p.accepted FROM
      (SELECT run_id, status, unnest(pipes) AS p FROM ledger.runs)`)
    expect(rows).toEqual([{ run_id: 'ledger', status: 'published', arrived: '4', accepted: '4' }])
  })
})

function sumOf(pipe: RunRecord['pipes'][number]): number {
  return pipe.accepted + pipe.duplicate + pipe.quarantined + pipe.held + pipe.not_final
}

/** What became of every record of the lake, from its tables alone: by capture and position, then by key. */
async function fatesOf(lake: TestLake, dataset: string, key: string) {
  const same = key
    .split(', ')
    .map(name => `s.${name} = b.${name}::${name === 'event_time' ? 'TIMESTAMPTZ' : 'VARCHAR'}`)
  const [row] = await lake.rows(`WITH records AS (
      SELECT *, row_number() OVER (PARTITION BY _capture_id, _position) AS copy FROM bronze.${dataset}
    ), fates AS (
      SELECT CASE
        WHEN EXISTS (FROM quarantine.${dataset} q WHERE q._capture_id = b._capture_id AND q._position = b._position) THEN 'quarantined'
        WHEN copy = 1 AND EXISTS (FROM silver.${dataset} s WHERE s._capture_id = b._capture_id AND s._position = b._position) THEN 'accepted'
        WHEN EXISTS (FROM silver.${dataset} s WHERE ${same.join(' AND ')}) THEN 'duplicate'
        ELSE 'waiting' END AS fate
      FROM records b
      UNION ALL SELECT 'quarantined' FROM quarantine.${dataset} WHERE raw IS NOT NULL
    )
    SELECT count(*) AS "in", count(*) FILTER (fate = 'accepted') AS accepted, count(*) FILTER (fate = 'duplicate') AS duplicate,
      count(*) FILTER (fate = 'quarantined') AS quarantined, count(*) FILTER (fate = 'waiting') AS waiting FROM fates`)
  return Object.fromEntries(Object.entries(row ?? {}).map(([name, value]) => [name, Number(value)]))
}
