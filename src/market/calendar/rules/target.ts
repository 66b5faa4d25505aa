import { type CalendarRules, FAR } from '../calendar-rules.js'
import { annual, dated, easter } from '../day-rules.js'

/**
 * TARGET business days, on which the ECB publishes its euro reference rates. A session is the time from the concertation to the
 * publication, which moved from 14:30 to 16:00 in July 2016.
 */
export const TARGET: CalendarRules = {
  mic: 'TARGET',
  name: 'TARGET days: ECB reference rates',
  aliases: ['ECB', 'TARGET2', 'T2'],
  zone: 'Europe/Berlin',
  from: '1999-01-01',
  until: FAR,
  weekend: 'Sat Sun',
  hours: [
    { open: '14:15', close: '14:30' },
    { from: '2016-07-01', open: '14:15', close: '16:00' },
  ],
  closed: [
    annual('01-01'),
    easter(-2, { from: 2000 }),
    easter(1, { from: 2000 }),
    annual('05-01', { from: 2000 }),
    annual('12-25'),
    annual('12-26', { from: 2000 }),
    dated('1999-12-31 2001-12-31'),
  ],
  early: [],
}
