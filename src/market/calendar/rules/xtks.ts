import type { CalendarRules } from '../calendar-rules.js'
import { annual, type DayRule, dated, nth } from '../day-rules.js'
import { dayAt } from '../days.js'

/** Tokyo Stock Exchange: Japan's holidays and the days around New Year. */
export const XTKS: CalendarRules = {
  mic: 'XTKS',
  name: 'Tokyo Stock Exchange',
  aliases: ['XJPX', 'JPX', 'TSE'],
  zone: 'Asia/Tokyo',
  from: '1997-01-01',
  until: '2050-12-31',
  weekend: 'Sat Sun',
  hours: [
    { open: '09:00', close: '15:00', pause: ['11:30', '12:30'] },
    { from: '2024-11-05', open: '09:00', close: '15:30', pause: ['11:30', '12:30'] },
  ],
  sandwiched: true,
  closed: [
    annual('01-01'),
    annual('01-02'),
    annual('01-03'),
    annual('01-15', { until: 1999, observed: 'sunday-free' }),
    nth(2, 'Mon', 1, { from: 2000 }),
    annual('02-11', { observed: 'sunday-free' }),
    annual('02-23', { from: 2020, observed: 'sunday-free' }),
    equinox(3, 20.8431),
    annual('04-29', { observed: 'sunday-free' }),
    annual('05-03', { observed: 'sunday-free' }),
    annual('05-04', { from: 2007, observed: 'sunday-free' }),
    annual('05-05', { observed: 'sunday-free' }),
    annual('07-20', { until: 2002, observed: 'sunday-free' }),
    // The Olympic Games moved three holidays in two years.
    nth(3, 'Mon', 7, { from: 2003, except: [2020, 2021] }),
    annual('08-11', { from: 2016, except: [2020, 2021], observed: 'sunday-free' }),
    annual('09-15', { until: 2002, observed: 'sunday-free' }),
    nth(3, 'Mon', 9, { from: 2003 }),
    equinox(9, 23.2488),
    annual('10-10', { until: 1999, observed: 'sunday-free' }),
    nth(2, 'Mon', 10, { from: 2000, except: [2020, 2021] }),
    dated('2020-07-23 2020-07-24 2020-08-10 2021-07-22 2021-07-23 2021-08-08', { observed: 'sunday-free' }),
    annual('11-03', { observed: 'sunday-free' }),
    annual('11-23', { observed: 'sunday-free' }),
    annual('12-23', { until: 2018, observed: 'sunday-free' }),
    annual('12-31'),
    // Accession and enthronement of 2019.
    dated('2019-05-01 2019-10-22'),
    // The trading system failed and the whole day was called off.
    dated('2020-10-01'),
  ],
  early: [],
}

/** The day of an equinox in Japan, 1980 to 2099, by the formula of the almanac offices. */
function equinox(month: number, base: number): DayRule {
  return {
    observed: 'sunday-free',
    days: year => {
      const since = year - 1980
      return [dayAt(year, month, Math.floor(base + 0.242194 * since - Math.floor(since / 4)))]
    },
  }
}
