import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { bar, type InputRow, ndjson, trade } from '../support/records.js'

let folder: ProjectFolder
let lake: TestLake
beforeAll(async () => {
  folder = await projectFolder()
  lake = folder.lake({})
})
afterAll(() => folder.remove())

let files = 0
async function feed(rows: readonly InputRow[], contract: string) {
  return lake.run({ input: [await folder.write(`bars-${files++}.ndjson`, ndjson(rows))], contract })
}

const acme = (id: string, event_time: string, price: number): InputRow =>
  trade(id, { instrument_id: 'equity:XNYS:ACME', event_time, price, size: 1 })

const monthly = (): Promise<unknown[]> =>
  lake.rows(`SELECT bar_calendar, date::VARCHAR AS date, open::INTEGER AS open, close::INTEGER AS close, days::INTEGER AS days
    FROM gold.calendar_bars WHERE bar_interval = '1mo' ORDER BY ALL`)

describe('bars of months', () => {
  it('stand at the first of the month, whenever in it they begin', async () => {
    await feed([acme('a', '2025-12-17T15:00:00Z', 100), acme('b', '2025-12-17T22:00:00Z', 101)], 'market_events')
    expect(await monthly()).toEqual([
      { bar_calendar: 'UTC', date: '2025-12-01', open: 100, close: 101, days: 1 },
      { bar_calendar: 'XNYS', date: '2025-12-01', open: 100, close: 100, days: 1 },
    ])
  })

  it('are opened again by a trade that comes late and by one of the last day, and by days that a provider publishes', async () => {
    await feed([acme('c', '2025-12-31T20:59:59Z', 120)], 'market_events')
    await feed([acme('d', '2025-12-02T15:00:00Z', 90)], 'market_events')
    await feed([bar('2025-12-01', 80)], 'bars')
    expect(await monthly()).toEqual([
      { bar_calendar: 'UTC', date: '2025-12-01', open: 80, close: 120, days: 4 },
      { bar_calendar: 'XNYS', date: '2025-12-01', open: 80, close: 120, days: 4 },
    ])
  })

  it('grown over runs are those of one derivation', async () => {
    const { status, tables } = await lake.derive({ full: true })
    const written = tables.filter(({ table, files: made }) => table === 'gold.calendar_bars' && made.length > 0)
    expect([status, written]).toEqual(['nothing_due', []])
  })

  it('that begin in the month before grow too', async () => {
    const before = await lake.rows(`SELECT count(*)::INTEGER AS n FROM gold.calendar_bars WHERE bar_interval = '1w'`)
    await feed([acme('e', '2026-01-02T15:00:00Z', 130)], 'market_events')
    // The week of Monday, 29 December, stands in the month before.
    const [week] = await lake.rows(`SELECT close::INTEGER AS close, days::INTEGER AS days FROM gold.calendar_bars
      WHERE bar_interval = '1w' AND date = '2025-12-29' AND bar_calendar = 'XNYS'`)
    expect(week).toEqual({ close: 130, days: 2 })
    expect(await lake.rows(`SELECT count(*)::INTEGER AS n FROM gold.calendar_bars WHERE bar_interval = '1w'`)).toEqual(
      before,
    )
  })
})
