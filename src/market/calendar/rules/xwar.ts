import { type CalendarRules, FAR } from '../calendar-rules.js'
import { annual, dated, easter } from '../day-rules.js'

/**
 * Warsaw Stock Exchange: Polish holidays, never moved from a weekend. Until October 1994 it met less than five days a week, which
 * these rules do not tell apart.
 */
export const XWAR: CalendarRules = {
  mic: 'XWAR',
  name: 'Warsaw Stock Exchange',
  aliases: ['GPW', 'WSE', 'XNCO'],
  zone: 'Europe/Warsaw',
  from: '1991-04-16',
  until: FAR,
  weekend: 'Sat Sun',
  hours: [{ open: '09:00', close: '17:00' }],
  closed: [
    annual('01-01'),
    annual('01-06', { from: 2011 }),
    easter(-2),
    easter(1),
    annual('05-01'),
    annual('05-03'),
    easter(60),
    annual('08-15'),
    annual('11-01'),
    annual('11-11'),
    annual('12-24', { except: [2004] }),
    annual('12-25'),
    annual('12-26'),
    annual('12-31', { from: 2011 }),
    // Funeral of John Paul II; days between two holidays; a change of the trading system; a hundred years of independence.
    dated('2005-04-08 2007-12-31 2008-05-02 2009-01-02 2013-04-16 2018-01-02 2018-11-12'),
  ],
  early: [],
}
