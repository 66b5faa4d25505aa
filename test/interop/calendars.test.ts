import { beforeAll, describe, expect, it } from 'vitest'
import { calendar } from '../../src/index.js'
import { findPython } from './python.js'

const python = findPython(['exchange_calendars'])
if (python === undefined)
  console.warn('INTEROP NOT RUN: no python3 with exchange_calendars, so nobody else has worked out our calendars')

/** What is compared: date, open, close, break start and break end in milliseconds. */
type Row = readonly [string, number, number, number | null, number | null]

const MICS = [
  'XNYS',
  'XLON',
  'XWAR',
  'XETR',
  'XFRA',
  'XPAR',
  'XTKS',
  'XHKG',
  'XTSE',
  'XASX',
  'XSWX',
  'CMES',
  '24/7',
  '24/5',
]
const LAST = '2026-12-31'

/** A way in which the judge and we differ, and the published fact that stands against the judge. */
interface Difference {
  readonly why: string
  /** Dates that trade for one side only. */
  readonly dates?: string
  /** Puts a row of ours into the judge's form. */
  readonly asJudged?: (row: Row) => Row
}

const at = (date: string, time: string): number => Date.parse(`${date}T${time}Z`)

const DIFFERENCES: Readonly<Record<string, readonly Difference[]>> = {
  XTKS: [
    {
      why: 'Until the Act on National Holidays was amended in 2005, a holiday on a Sunday moved to Monday and no further.',
      dates: '1998-05-06',
    },
  ],
  XHKG: [
    {
      why: 'The birthday of the Buddha became a general holiday in 1999; the Holidays Ordinance (Cap. 149) did not name it before.',
      dates: '1990-05-02 1991-05-21 1992-05-11 1993-05-28 1994-05-18 1995-05-08 1996-05-24 1997-05-14 1998-05-04',
    },
    {
      why: 'Cap. 149, Schedule (f): the day before New Year when one of its three days is a Sunday, here the third.',
      dates: '1991-02-14 1997-02-06',
    },
    { why: 'Cap. 149, Schedule (q): the day after Mid-Autumn, which was 30 September.', dates: '1993-10-01' },
    { why: 'HKEX cancelled all sessions: typhoon Saola, and a rainstorm.', dates: '2023-09-01 2023-09-08' },
    {
      why: 'HKEx news releases of 23 November 2010 and 1 March 2012: lunch was from 12:30 to 14:30, then from 12:00 to 13:30.',
      asJudged: ([date, open, close, start, end]) =>
        date >= '2012-03-05' || start === null
          ? [date, open, close, start, end]
          : [date, open, close, at(date, '04:00'), at(date, '05:00')],
    },
    {
      why: 'There is no afternoon session on the eve of the lunar New Year; the judge knows that from 2012 on.',
      asJudged: row =>
        isNewYearsEve(row) ? [row[0], row[1], at(row[0], '08:00'), at(row[0], '04:00'), at(row[0], '05:00')] : row,
    },
  ],
  CMES: [
    {
      why: 'CME halts equity products at 12:00 on Juneteenth since 2022; the judge has a whole session.',
      asJudged: ([date, open, close, ...breaks]) =>
        date >= '2022-06-19' && date.slice(5) >= '06-18' && date.slice(5) <= '06-20' && close - open === 19 * 3_600_000
          ? [date, open, close + 5 * 3_600_000, ...breaks]
          : [date, open, close, ...breaks],
    },
  ],
  '24/5': [
    {
      why: 'Ours is the week of foreign exchange, from 17:00 to 17:00 in New York; the judge cuts days at midnight UTC.',
      asJudged: ([date]) => [date, at(date, '00:00'), at(date, '00:00') + 86_400_000, null, null],
    },
  ],
}

/** A half day in January or February before 2012: no other day of these months was one. */
function isNewYearsEve([date, , close, start]: Row): boolean {
  return date < '2012' && Number(date.slice(5, 7)) <= 2 && start === null && close < at(date, '08:00')
}

describe.skipIf(python === undefined)('from 1990 to 2026, a calendar is what exchange_calendars works out', () => {
  let theirs: Record<string, Row[]>
  beforeAll(() => {
    const requests = MICS.map(mic => ({ mic, from: later(calendar(mic).from, '1990-01-01'), to: LAST }))
    theirs = python!.script('calendar_sessions.py', requests) as typeof theirs
  })

  it.each(MICS)('%s', mic => {
    const judged = theirs[mic]!
    const differences = DIFFERENCES[mic] ?? []
    const apart = new Set(differences.flatMap(({ dates }) => dates?.split(' ') ?? []))
    const ours = rowsOf(mic, judged[0]![0])
    const inForm = ours.map(row => differences.reduce((changed, { asJudged }) => asJudged?.(changed) ?? changed, row))
    expect(inForm.filter(([date]) => !apart.has(date))).toEqual(judged.filter(([date]) => !apart.has(date)))
  })

  it.each(Object.entries(DIFFERENCES).flatMap(([mic, all]) => all.map(one => ({ mic, ...one }))))(
    '$mic really differs: $why',
    ({ mic, dates, asJudged }) => {
      const judged = new Set(theirs[mic]!.map(([date]) => date))
      const ours = rowsOf(mic, theirs[mic]![0]![0])
      for (const date of dates?.split(' ') ?? [])
        expect([date, judged.has(date)]).toEqual([date, !calendar(mic).isSession(date)])
      if (asJudged !== undefined) expect(ours.some(row => String(asJudged(row)) !== String(row))).toBe(true)
    },
  )
})

function rowsOf(mic: string, from: string): Row[] {
  const sessions = calendar(mic).sessions(later(from, calendar(mic).from), LAST)
  return sessions.map(({ date, open, close, breaks: [pause] }) => [
    date,
    open,
    close,
    pause?.start ?? null,
    pause?.end ?? null,
  ])
}

function later(a: string, b: string): string {
  return a > b ? a : b
}
