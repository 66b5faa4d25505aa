import { describe, expect, it } from 'vitest'
import { calendar } from '../../../src/market/calendar/calendar.js'

/** `open close` of a session in UTC, with its break in brackets. */
function hours(mic: string, date: string): string {
  const [session] = calendar(mic).sessions(date, date)
  if (session === undefined) return 'closed'
  const time = (ms: number) => new Date(ms).toISOString().slice(0, 16)
  const breaks = session.breaks.map(({ start, end }) => ` (${time(start).slice(11)}-${time(end).slice(11)})`).join('')
  return `${time(session.open)} ${time(session.close)}${breaks}`
}

describe('days on which an exchange was closed', () => {
  it.each([
    ['XNYS', '1985-09-27', 'Hurricane Gloria'],
    ['XNYS', '1994-04-27', 'the funeral of Richard Nixon'],
    ['XNYS', '2001-09-11', 'the attacks'],
    ['XNYS', '2001-09-14', 'the attacks'],
    ['XNYS', '2004-06-11', 'the funeral of Ronald Reagan'],
    ['XNYS', '2012-10-29', 'Hurricane Sandy'],
    ['XNYS', '2012-10-30', 'Hurricane Sandy'],
    ['XNYS', '2018-12-05', 'the funeral of George Bush'],
    ['XNYS', '2022-06-20', 'Juneteenth, which was a Sunday'],
    ['XNYS', '2025-01-09', 'the funeral of Jimmy Carter'],
    ['XLON', '2011-04-29', 'a royal wedding'],
    ['XLON', '2020-05-08', 'the moved early May bank holiday'],
    ['XLON', '2022-06-02', 'the jubilee'],
    ['XLON', '2022-06-03', 'the jubilee'],
    ['XLON', '2022-09-19', 'the funeral of Elizabeth II'],
    ['XLON', '2021-12-28', 'Boxing Day, which was a Sunday, after Christmas'],
    ['XLON', '2022-01-03', 'New Year, which was a Saturday'],
    ['XWAR', '2005-04-08', 'the funeral of John Paul II'],
    ['XWAR', '2018-11-12', 'a hundred years of independence'],
    ['XWAR', '2024-05-30', 'Corpus Christi'],
    ['XETR', '2017-10-31', 'five hundred years of the Reformation'],
    ['XTKS', '2020-10-01', 'a failure of the trading system'],
    ['XTKS', '2019-04-30', 'the day between Showa Day and the accession'],
    ['XTKS', '2026-09-22', 'the day between two holidays'],
    ['XTKS', '2009-05-06', 'Constitution Day, which was a Sunday, after two more holidays'],
    ['XHKG', '2021-04-06', 'Easter Monday, which was the day for Ching Ming'],
    ['XHKG', '2027-02-08', 'the third day of a New Year whose moon rises four minutes before midnight'],
    ['XASX', '2011-04-26', 'Anzac Day, which was Easter Monday'],
    ['XTSE', '2001-09-12', 'the attacks'],
    ['XPAR', '2000-07-14', 'the national holiday'],
    ['NBP', '2025-12-24', 'Christmas Eve, a holiday by law since 2025'],
    ['TARGET', '2001-12-31', 'the changeover to the euro'],
    ['TARGET', '2024-04-01', 'Easter Monday'],
  ])('%s on %s: %s', (mic, date) => {
    expect(calendar(mic).isSession(date)).toBe(false)
  })
})

describe('days on which an exchange did trade', () => {
  it.each([
    ['XNYS', '2021-12-31', 'New Year on a Saturday is not made up for'],
    ['XNYS', '2021-06-18', 'Juneteenth was not yet kept'],
    ['XLON', '2020-05-04', 'the bank holiday had moved'],
    ['XWAR', '2004-12-24', 'Christmas Eve that once'],
    ['XETR', '2022-06-06', 'Whit Monday again'],
    ['XPAR', '2003-07-14', 'Euronext had one calendar by then'],
    ['XTKS', '1998-05-06', 'holidays on a Sunday moved to Monday only'],
    ['XHKG', '1998-05-04', 'the birthday of the Buddha was no holiday yet'],
    ['NBP', '2024-12-24', 'Christmas Eve was no holiday yet'],
    ['TARGET', '1999-04-02', 'TARGET closed on two days in its first year'],
  ])('%s on %s: %s', (mic, date) => {
    expect(calendar(mic).isSession(date)).toBe(true)
  })
})

describe('hours in UTC', () => {
  it.each([
    ['XNYS', '2024-07-03', '2024-07-03T13:30 2024-07-03T17:00', 'early close'],
    ['XNYS', '2024-03-11', '2024-03-11T13:30 2024-03-11T20:00', 'summer in New York'],
    ['XLON', '2024-03-11', '2024-03-11T08:00 2024-03-11T16:30', 'still winter in London'],
    ['XNYS', '2024-10-28', '2024-10-28T13:30 2024-10-28T20:00', 'still summer in New York'],
    ['XWAR', '2024-10-28', '2024-10-28T08:00 2024-10-28T16:00', 'winter in Warsaw'],
    ['XNYS', '1985-09-26', '1985-09-26T14:00 1985-09-26T20:00', 'before the open moved'],
    ['XNYS', '1987-10-26', '1987-10-26T14:30 1987-10-26T19:00', 'after the crash'],
    ['XLON', '2022-12-30', '2022-12-30T08:00 2022-12-30T12:30', 'New Year’s Eve on a Saturday'],
    ['XETR', '2023-12-29', '2023-12-29T08:00 2023-12-29T13:00', 'the last day of the year'],
    ['XTKS', '2024-11-01', '2024-11-01T00:00 2024-11-01T06:00 (02:30-03:30)', 'before the close moved'],
    ['XTKS', '2024-11-05', '2024-11-05T00:00 2024-11-05T06:30 (02:30-03:30)', 'since the close moved'],
    ['XHKG', '2011-03-04', '2011-03-04T02:00 2011-03-04T08:00 (04:30-06:30)', 'two hours of lunch'],
    ['XHKG', '2011-03-07', '2011-03-07T01:30 2011-03-07T08:00 (04:00-05:30)', 'one and a half'],
    ['XHKG', '2012-03-05', '2012-03-05T01:30 2012-03-05T08:00 (04:00-05:00)', 'one'],
    ['XHKG', '2024-12-24', '2024-12-24T01:30 2024-12-24T04:00', 'a half day has no lunch'],
    ['XASX', '2024-01-02', '2024-01-01T23:00 2024-01-02T05:00', 'the open lies on the day before in UTC'],
    ['CMES', '2024-01-08', '2024-01-07T23:00 2024-01-08T23:00', 'Sunday evening belongs to Monday'],
    ['CMES', '2024-03-11', '2024-03-10T22:00 2024-03-11T22:00', 'the clock changed in the night before the open'],
    ['CMES', '2024-06-19', '2024-06-18T22:00 2024-06-19T17:00', 'Juneteenth'],
    ['24/7', '2024-02-29', '2024-02-29T00:00 2024-03-01T00:00', 'a day in UTC'],
    ['24/5', '2024-01-08', '2024-01-07T22:00 2024-01-08T22:00', 'Sunday 17:00 in New York'],
    ['24/5', '2024-07-05', '2024-07-04T21:00 2024-07-05T21:00', 'Friday 17:00 in New York'],
    ['NBP', '2026-03-02', '2026-03-02T10:45 2026-03-02T11:15', 'table A'],
    ['TARGET', '2016-06-30', '2016-06-30T12:15 2016-06-30T12:30', 'rates at half past two'],
    ['TARGET', '2016-07-01', '2016-07-01T12:15 2016-07-01T14:00', 'rates at four'],
  ])('%s on %s: %s, %s', (mic, date, expected) => {
    expect(hours(mic, date)).toBe(expected)
  })
})

describe('numbers of sessions', () => {
  it.each([
    ['XNYS', 2024, 252],
    ['XNYS', 2001, 248],
    ['XWAR', 2024, 249],
    ['NBP', 2016, 252],
    ['NBP', 2020, 255],
    ['TARGET', 1999, 259],
    ['24/7', 2024, 366],
    ['24/5', 2024, 262],
  ])('%s in %i: %i', (mic, year, count) => {
    expect(calendar(mic).sessions(`${year}-01-01`, `${year}-12-31`)).toHaveLength(count)
  })
})
