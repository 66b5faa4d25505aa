import { type CalendarRules, FAR } from '../calendar-rules.js'
import { annual, dated, easter, lastOn, nth } from '../day-rules.js'

/** Toronto Stock Exchange: holidays of Ontario. */
export const XTSE: CalendarRules = {
  mic: 'XTSE',
  name: 'Toronto Stock Exchange',
  aliases: ['TSX', 'XTSX'],
  zone: 'America/Toronto',
  from: '1990-01-01',
  until: FAR,
  weekend: 'Sat Sun',
  hours: [{ open: '09:30', close: '16:00' }],
  closed: [
    annual('01-01', { observed: 'monday' }),
    nth(3, 'Mon', 2, { from: 2008 }),
    easter(-2),
    lastOn('Mon', '05-24'),
    annual('07-01', { observed: 'monday' }),
    nth(1, 'Mon', 8),
    nth(1, 'Mon', 9),
    nth(2, 'Mon', 10),
    annual('12-25', { observed: 'free' }),
    annual('12-26', { observed: 'free' }),
    dated('2001-09-11 2001-09-12'),
  ],
  early: [{ close: '13:00', days: [annual('12-24', { from: 2010, on: 'Mon Tue Wed Thu Fri' })] }],
}
