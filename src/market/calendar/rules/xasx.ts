import { type CalendarRules, FAR } from '../calendar-rules.js'
import { annual, dated, easter, nth } from '../day-rules.js'

/** Australian Securities Exchange: holidays of New South Wales. In 2022, with both eves on a Saturday, it did not close early. */
export const XASX: CalendarRules = {
  mic: 'XASX',
  name: 'Australian Securities Exchange',
  aliases: ['ASX'],
  zone: 'Australia/Sydney',
  from: '1990-01-01',
  until: FAR,
  weekend: 'Sat Sun',
  hours: [{ open: '10:00', close: '16:00' }],
  closed: [
    annual('01-01', { observed: 'monday' }),
    annual('01-26', { from: 1994, observed: 'monday' }),
    easter(-2),
    easter(1),
    annual('04-25'),
    nth(2, 'Mon', 6),
    annual('12-25', { observed: 'free' }),
    annual('12-26', { observed: 'free' }),
    // Australia Day on a Monday, as New South Wales kept it; the last day of a decade; Anzac Day on a Sunday and on Easter Monday;
    // the mourning for Elizabeth II.
    dated('1990-01-29 1991-01-28 1992-01-27 1990-12-31 1999-12-31 2010-04-26 2011-04-26 2022-09-22'),
  ],
  early: [
    {
      close: '14:10',
      days: [
        annual('12-24', { from: 2010, except: [2022], observed: 'friday' }),
        annual('12-31', { from: 2010, except: [2022], observed: 'friday' }),
      ],
    },
  ],
}
