import { type CalendarRules, FAR } from '../calendar-rules.js'
import { annual, dated, easter } from '../day-rules.js'

/** Days on which the National Bank of Poland publishes table A; a session is the time in which it appears. */
export const NBP: CalendarRules = {
  mic: 'NBP',
  name: 'National Bank of Poland, table A',
  aliases: [],
  zone: 'Europe/Warsaw',
  from: '2002-01-02',
  until: FAR,
  weekend: 'Sat Sun',
  hours: [{ open: '11:45', close: '12:15' }],
  closed: [
    annual('01-01'),
    annual('01-06', { from: 2011 }),
    easter(1),
    annual('05-01'),
    annual('05-03'),
    easter(60),
    annual('08-15'),
    annual('11-01'),
    annual('11-11'),
    annual('12-24', { from: 2025 }),
    annual('12-25'),
    annual('12-26'),
    dated('2018-11-12'),
  ],
  early: [],
}
