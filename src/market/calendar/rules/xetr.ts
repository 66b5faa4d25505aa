import { type CalendarRules, FAR } from '../calendar-rules.js'
import { annual, dated, easter } from '../day-rules.js'

/** Xetra: far fewer days off than German law. */
export const XETR: CalendarRules = {
  mic: 'XETR',
  name: 'Xetra',
  aliases: ['XETRA', 'XETA', 'XETB', 'XETS'],
  zone: 'Europe/Berlin',
  from: '1990-01-01',
  until: FAR,
  weekend: 'Sat Sun',
  hours: [{ open: '09:00', close: '17:30' }],
  closed: [
    annual('01-01'),
    easter(-2),
    easter(1),
    annual('05-01'),
    easter(50, { from: 2007, until: 2007 }),
    easter(50, { from: 2015, until: 2021 }),
    annual('10-03', { from: 2014, until: 2021 }),
    dated('2017-10-31'),
    annual('12-24'),
    annual('12-25'),
    annual('12-26'),
    annual('12-31'),
  ],
  early: [{ close: '14:00', days: [annual('12-30', { from: 2010, observed: 'friday' })] }],
}
