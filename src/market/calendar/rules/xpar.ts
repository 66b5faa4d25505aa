import { type CalendarRules, FAR } from '../calendar-rules.js'
import { annual, easter } from '../day-rules.js'

/** Euronext Paris: one calendar for all of Euronext since 2002, French holidays before. */
export const XPAR: CalendarRules = {
  mic: 'XPAR',
  name: 'Euronext Paris',
  aliases: ['ALXP'],
  zone: 'Europe/Paris',
  from: '1990-01-01',
  until: FAR,
  weekend: 'Sat Sun',
  hours: [{ open: '09:00', close: '17:30' }],
  closed: [
    annual('01-01'),
    easter(-2),
    easter(1),
    annual('05-01'),
    annual('12-25'),
    annual('12-26'),
    easter(50, { until: 2001 }),
    annual('07-14', { until: 2001 }),
    annual('12-31', { until: 2001 }),
  ],
  early: [{ close: '14:05', days: [annual('12-24'), annual('12-31')] }],
}
