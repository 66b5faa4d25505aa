import { type CalendarRules, FAR } from '../calendar-rules.js'
import { annual, dated, easter, lastOn, nth } from '../day-rules.js'

/** London Stock Exchange: the bank holidays of England. */
export const XLON: CalendarRules = {
  mic: 'XLON',
  name: 'London Stock Exchange',
  aliases: ['LSE'],
  zone: 'Europe/London',
  from: '1990-01-01',
  until: FAR,
  weekend: 'Sat Sun',
  hours: [{ open: '08:00', close: '16:30' }],
  closed: [
    annual('01-01', { observed: 'free' }),
    easter(-2),
    easter(1),
    // Moved to the days of victory in Europe in 1995 and 2020.
    nth(1, 'Mon', 5, { except: [1995, 2020] }),
    dated('1995-05-08 2020-05-08'),
    // Moved for the jubilees.
    lastOn('Mon', '05-31', { except: [2002, 2012, 2022] }),
    dated('2002-06-03 2002-06-04 2012-06-04 2012-06-05 2022-06-02 2022-06-03'),
    lastOn('Mon', '08-31'),
    annual('12-25', { observed: 'free' }),
    annual('12-26', { observed: 'free' }),
    // Turn of the millennium; a royal wedding, a funeral and a coronation.
    dated('1999-12-31 2011-04-29 2022-09-19 2023-05-08'),
  ],
  early: [{ close: '12:30', days: [annual('12-24', { observed: 'friday' }), annual('12-31', { observed: 'friday' })] }],
}
