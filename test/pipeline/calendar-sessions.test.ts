import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { calendar } from '../../src/market/calendar/calendar.js'
import { CALENDARS } from '../../src/market/calendar/registry.js'
import { validateProject } from '../../src/pipeline/doctor/validate.js'
import { loadProject } from '../../src/pipeline/project/load-project.js'
import { errorOf, type ProjectFolder, projectFolder } from '../support/lakes.js'
import { ndjson, trade } from '../support/records.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const TOKYO = `SELECT * FROM silver.calendar_sessions WHERE mic = 'XTKS' AND session_date BETWEEN '2024-11-01' AND '2024-11-06' ORDER BY 2`

describe('silver.calendar_sessions', () => {
  it('has the sessions with their hours and breaks, numbered without gaps, in a lake that has no table yet', async () => {
    const rows = await folder.lake().rows(TOKYO)
    expect(rows.map(row => row['session_date'])).toEqual(['2024-11-01', '2024-11-05', '2024-11-06'])
    const number = Number(rows[0]!['session_number'])
    expect(rows[1]).toEqual({
      mic: 'XTKS',
      session_date: '2024-11-05',
      open: '2024-11-05 00:00:00+00',
      close: '2024-11-05 06:30:00+00',
      break_start: '2024-11-05 02:30:00+00',
      break_end: '2024-11-05 03:30:00+00',
      early_close: false,
      session_number: number + 1,
    })
  })

  it('is found in any case of its letters, as the engine finds names', async () => {
    const [row] = await folder
      .lake()
      .rows(
        `SELECT count(*)::INTEGER AS n FROM Silver.Calendar_Sessions WHERE mic = 'XWAR' AND year(session_date) = 2024`,
      )
    expect(row).toEqual({ n: 249 })
  })

  it('equals the calendars, session by session, for every name of each', async () => {
    const rows = await folder
      .lake()
      .rows(`SELECT mic, count(*)::INTEGER AS sessions, count(DISTINCT session_number)::INTEGER AS numbers,
        max(session_number) AS last, sum(epoch_ms(open))::VARCHAR AS opens, sum(epoch_ms(close))::VARCHAR AS closes,
        coalesce(sum(epoch_ms(break_end) - epoch_ms(break_start)), 0)::VARCHAR AS breaks, count(*) FILTER (early_close)::INTEGER AS early
      FROM silver.calendar_sessions GROUP BY mic ORDER BY mic`)
    const sum = (values: readonly number[]) => String(values.reduce((total, value) => total + BigInt(value), 0n))
    const expected = CALENDARS.flatMap(({ mic, aliases, from, until }) => {
      const sessions = calendar(mic).sessions(from, until)
      const { length } = sessions
      const figures = {
        sessions: length,
        numbers: length,
        last: length,
        opens: sum(sessions.map(({ open }) => open)),
        closes: sum(sessions.map(({ close }) => close)),
        breaks: sum(sessions.flatMap(({ breaks }) => breaks.map(({ start, end }) => end - start))),
        early: sessions.filter(({ earlyClose }) => earlyClose).length,
      }
      return [mic, ...aliases].map(name => ({ mic: name, ...figures }))
    })
    expect(rows).toEqual(expected.sort((a, b) => (a.mic < b.mic ? -1 : 1)))
  })

  it('makes "three sessions later" a sum', async () => {
    const [row] = await folder.lake().rows(`SELECT later.session_date FROM silver.calendar_sessions AS day
      JOIN silver.calendar_sessions AS later ON later.mic = day.mic AND later.session_number = day.session_number + 3
      WHERE day.mic = 'XNAS' AND day.session_date = '2024-12-31'`)
    expect(row).toEqual({ session_date: '2025-01-06' })
  })

  it('can be joined by a model', async () => {
    const models = folder.project.models
      .filter(({ table }) => table === 'price_bars')
      .map(model => ({
        ...model,
        sql: `SELECT made.* FROM (${model.sql}) AS made JOIN silver.calendar_sessions AS session
          ON session.mic = 'XNYS' AND session.session_date = made.bar_start::DATE`,
      }))
    const lake = folder.lake({ models })
    const trades = ['2025-07-03', '2025-07-04', '2025-07-05', '2025-07-07'].map(day =>
      trade(day, { event_time: `${day}T15:00:00Z` }),
    )
    await lake.run({ input: [await folder.write('july.ndjson', ndjson(trades))], contract: 'market_events' })
    const days = await lake.rows('SELECT DISTINCT bar_start::DATE AS day FROM gold.price_bars ORDER BY day')
    expect(days).toEqual([{ day: '2025-07-03' }, { day: '2025-07-07' }])
  })

  it('is known to the check of models', async () => {
    const { project } = folder
    const [model, ...others] = project.models
    const named = `SELECT made.* FROM (${model!.sql}) AS made, (SELECT count(early_close) FROM silver.calendar_sessions)`
    const findings = await validateProject({ ...project, models: [{ ...model!, sql: named }, ...others] })
    expect(findings.filter(({ status }) => status === 'fail')).toEqual([])
  })

  it('keeps its name to itself', async () => {
    const taken = await projectFolder()
    try {
      const text = await readFile(join(taken.folder, 'contracts/bars.odcs.yaml'), 'utf8')
      const file = 'contracts/calendar_sessions.odcs.yaml'
      await taken.write(
        file,
        text.replace('id: bars', 'id: calendar_sessions').replace('name: bars', 'name: calendar_sessions'),
      )
      expect(await errorOf(loadProject({ folder: taken.folder }))).toMatchObject({
        code: 'SLUICE_CONTRACT_INVALID',
        place: { file },
      })
    } finally {
      await taken.remove()
    }
  })
})
