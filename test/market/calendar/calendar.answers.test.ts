import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { calendar, type Session } from '../../../src/market/calendar/calendar.js'
import { ROOT } from '../../guard/repository.js'

/** The answer files of exchange_calendars, its `tests/resources/*.csv`, gzipped: a folder beside the checkout, or the one named. */
const FOLDER = process.env['SLUICE_CALENDAR_ANSWERS'] ?? join(ROOT, '..', 'shared', 'calendars')

/** `from`: the Warsaw exchange opened on that day; its file goes further back than there were sessions. */
const FILES = [
  { mic: 'XNYS', from: '1990-01-02', sessions: 8324 },
  { mic: 'XLON', from: '1990-01-02', sessions: 8515 },
  { mic: 'XWAR', from: '1991-04-16', sessions: 7385 },
  { mic: 'XETR', from: '1990-01-02', sessions: 8498 },
  { mic: 'XTKS', from: '2000-01-04', sessions: 6613 },
].map(file => ({ ...file, path: join(FOLDER, `${file.mic.toLowerCase()}.csv.gz`) }))

if (!existsSync(FOLDER))
  console.warn(`CALENDARS NOT JUDGED: there is no folder ${FOLDER}; name one with SLUICE_CALENDAR_ANSWERS`)

describe.skipIf(!existsSync(FOLDER))(
  'session by session, with open, close and break, a calendar is that of its file',
  () => {
    it.each(FILES)('$mic from $from', ({ mic, from, sessions, path }) => {
      const expected = gunzipSync(readFileSync(path))
        .toString()
        .trim()
        .split('\n')
        .slice(1)
        .map(line => line.replace('T00:00:00Z,', ','))
        .filter(line => line >= from)
      const last = expected.at(-1)!.slice(0, 10)
      expect(calendar(mic).sessions(from, last).map(lineOf)).toEqual(expected)
      expect(expected.length).toBe(sessions)
    })
  },
)

function lineOf({ date, open, close, breaks }: Session): string {
  const time = (ms: number | undefined) => (ms === undefined ? '' : new Date(ms).toISOString().replace('.000', ''))
  return [date, time(open), time(close), time(breaks[0]?.start), time(breaks[0]?.end)].join(',')
}
