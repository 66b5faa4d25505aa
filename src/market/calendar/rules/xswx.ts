import { type CalendarRules, FAR } from '../calendar-rules.js'
import { annual, easter } from '../day-rules.js'

/** SIX Swiss Exchange. */
export const XSWX: CalendarRules = {
  mic: 'XSWX',
  name: 'SIX Swiss Exchange',
  aliases: ['SIX', 'XVTX', 'XQMH'],
  zone: 'Europe/Zurich',
  from: '1990-01-01',
  until: FAR,
  weekend: 'Sat Sun',
  hours: [{ open: '09:00', close: '17:30' }],
  closed: [
    annual('01-01'),
    annual('01-02'),
    easter(-2),
    easter(1),
    annual('05-01'),
    easter(39),
    easter(50),
    annual('08-01'),
    annual('12-24'),
    annual('12-25'),
    annual('12-26'),
    annual('12-31'),
  ],
  early: [],
}
