import type { CalendarRules } from '../calendar-rules.js'
import { annual, type DayRule, dated, easter, lastOn, nth, shifted } from '../day-rules.js'
import { dayAt } from '../days.js'
import { lunar } from '../lunar-days.js'

const newYear = lunar('new-year')

/** Until 2011 a Sunday among the three days of New Year gave the day before them, since then the fourth day. */
const newYearDays: readonly DayRule[] = [
  newYear,
  shifted(newYear, 1),
  shifted(newYear, 2),
  shifted(lunar('new-year', { until: 2011, on: 'Fri Sat Sun' }), -1),
  shifted(lunar('new-year', { from: 2012, on: 'Fri Sat Sun' }), 3),
]

/** Hong Kong Exchange: the general holidays of Hong Kong and days on which a storm stopped all trading. */
export const XHKG: CalendarRules = {
  mic: 'XHKG',
  name: 'Hong Kong Exchange',
  aliases: ['HKEX', 'SEHK'],
  zone: 'Asia/Hong_Kong',
  from: '1990-01-01',
  until: '2050-12-31',
  weekend: 'Sat Sun',
  // HKEx news releases of 23 November 2010 and 1 March 2012.
  hours: [
    { open: '10:00', close: '16:00', pause: ['12:30', '14:30'] },
    { from: '2011-03-07', open: '09:30', close: '16:00', pause: ['12:00', '13:30'] },
    { from: '2012-03-05', open: '09:30', close: '16:00', pause: ['12:00', '13:00'] },
  ],
  closed: [
    annual('01-01', { observed: 'own-day' }),
    ...newYearDays,
    easter(-2),
    easter(-1),
    easter(1),
    chingMing({ observed: 'own-day' }),
    annual('05-01', { from: 1999, observed: 'own-day' }),
    lunar('buddha', { from: 1999, observed: 'own-day' }),
    lunar('tuen-ng', { observed: 'own-day' }),
    annual('07-01', { from: 1997, observed: 'own-day' }),
    // The day after Mid-Autumn; until 2011 a Sunday was not made up for, as the festival itself was a holiday then.
    shifted(lunar('mid-autumn'), 1, { until: 2011 }),
    shifted(lunar('mid-autumn'), 1, { from: 2012, observed: 'own-day' }),
    annual('10-01', { from: 1997, observed: 'own-day' }),
    annual('10-02', { from: 1997, until: 1998, observed: 'own-day' }),
    lunar('chung-yeung', { observed: 'own-day' }),
    annual('12-25', { observed: 'own-day' }),
    annual('12-26', { observed: 'own-day' }),
    // Colonial days: the Queen's birthday and the liberation.
    dated('1990-06-18 1991-06-17 1992-06-15 1993-06-14 1994-06-13 1995-06-19 1996-06-17 1997-06-30'),
    lastOn('Mon', '08-31', { until: 1996 }),
    // The handover, victory days, the turn of the millennium.
    dated('1997-07-02 1999-12-31 2015-09-03'),
    nth(3, 'Mon', 8, { from: 1997, until: 1998 }),
    // Typhoons and, on 2023-09-08, a rainstorm.
    dated(`1992-07-22 1993-09-17 1999-09-16 2001-07-06 2001-07-25 2008-08-06 2008-08-22 2011-09-29 2013-08-14 2016-08-02
      2016-10-21 2017-08-23 2020-10-13 2021-10-13 2023-07-17 2023-09-01 2023-09-08 2024-09-06`),
  ],
  early: [
    {
      close: '12:30',
      days: [annual('12-24', { until: 2010 }), annual('12-31', { until: 2010 }), shifted(newYear, -1, { until: 2011 })],
    },
    { close: '12:00', days: [annual('12-24'), annual('12-31'), shifted(newYear, -1)] },
  ],
}

/** Ching Ming, the solar term at 15° of the sun, by the usual approximation in China's time. */
function chingMing(terms: Pick<DayRule, 'observed'>): DayRule {
  return {
    ...terms,
    days: year => {
      const since = year % 100
      return [dayAt(year, 4, Math.floor(0.2422 * since + (year < 2000 ? 5.59 : 4.81)) - Math.floor(since / 4))]
    },
  }
}
