import { type CalendarRules, FAR } from '../calendar-rules.js'
import { annual, dated, easter, lastOn, nth, shifted } from '../day-rules.js'

const thanksgiving = nth(4, 'Thu', 11)

/**
 * CME Globex: a session opens at 17:00 of the day before, so that Sunday evening belongs to Monday. The products differ on holidays
 * and stop for an hour a day; these are the days of the equity products, without that stop.
 */
export const CMES: CalendarRules = {
  mic: 'CMES',
  name: 'CME Globex',
  aliases: ['CME', 'CBOT', 'COMEX', 'NYMEX', 'XCME', 'XCBT', 'XCEC', 'XNYM', 'GLBX'],
  zone: 'America/Chicago',
  from: '1990-01-01',
  until: FAR,
  weekend: 'Sat Sun',
  hours: [{ open: '17:00', close: '17:00' }],
  closed: [
    annual('01-01', { observed: 'sunday' }),
    easter(-2),
    annual('12-25', { observed: 'nearest' }),
    // Funerals of Nixon, Reagan, Ford, Bush and Carter.
    dated('1994-04-27 2004-06-11 2007-01-02 2018-12-05 2025-01-09'),
  ],
  early: [
    {
      close: '12:00',
      days: [
        nth(3, 'Mon', 1, { from: 1998 }),
        nth(3, 'Mon', 2),
        lastOn('Mon', '05-31'),
        annual('06-19', { from: 2022, observed: 'nearest' }),
        annual('07-04', { observed: 'nearest' }),
        nth(1, 'Mon', 9),
        thanksgiving,
        shifted(thanksgiving, 1, { from: 1993 }),
        annual('12-24', { on: 'Mon Tue Wed Thu' }),
      ],
    },
  ],
}
