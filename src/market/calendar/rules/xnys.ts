import { type CalendarRules, FAR } from '../calendar-rules.js'
import { annual, dated, easter, lastOn, nth, shifted } from '../day-rules.js'

const thanksgiving = nth(4, 'Thu', 11)

/** New York Stock Exchange and the exchanges that keep its days. Source: NYSE Rule 51 and its published holidays. */
export const XNYS: CalendarRules = {
  mic: 'XNYS',
  name: 'New York Stock Exchange',
  aliases: ['NYSE', 'XNAS', 'NASDAQ', 'ARCX', 'XASE', 'BATS', 'XCHI', 'XPHL', 'XBOS', 'IEXG', 'OOTC'],
  zone: 'America/New_York',
  from: '1985-01-01',
  until: FAR,
  weekend: 'Sat Sun',
  hours: [
    { open: '10:00', close: '16:00' },
    { from: '1985-09-30', open: '09:30', close: '16:00' },
  ],
  closed: [
    annual('01-01', { observed: 'sunday' }),
    nth(3, 'Mon', 1, { from: 1998 }),
    nth(3, 'Mon', 2),
    easter(-2),
    lastOn('Mon', '05-31'),
    annual('06-19', { from: 2022, observed: 'nearest' }),
    annual('07-04', { observed: 'nearest' }),
    nth(1, 'Mon', 9),
    thanksgiving,
    annual('12-25', { observed: 'nearest' }),
    // Hurricane Gloria; funerals of Nixon, Reagan, Ford, Bush and Carter; the attacks of 2001; Hurricane Sandy.
    dated(`1985-09-27 1994-04-27 2001-09-11 2001-09-12 2001-09-13 2001-09-14 2004-06-11 2007-01-02
      2012-10-29 2012-10-30 2018-12-05 2025-01-09`),
  ],
  early: [
    // Back offices could not keep up after the crash of October 1987.
    { close: '14:00', days: [dated('1987-10-23 1987-10-26 1987-10-27 1987-10-28 1987-10-29 1987-10-30')] },
    { close: '14:30', days: [dated('1987-11-02 1987-11-03 1987-11-04')] },
    { close: '15:00', days: [dated('1987-11-05 1987-11-06')] },
    { close: '15:30', days: [dated('1987-11-09 1987-11-10 1987-11-11')] },
    {
      close: '14:00',
      days: [
        shifted(thanksgiving, 1, { from: 1992, until: 1992 }),
        annual('12-24', { from: 1990, until: 1992, on: 'Mon Tue Wed Thu' }),
      ],
    },
    {
      close: '13:00',
      days: [
        shifted(thanksgiving, 1, { from: 1993 }),
        annual('12-24', { from: 1993, on: 'Mon Tue Wed Thu' }),
        annual('07-03', { from: 1995, on: 'Mon Tue Thu' }),
        annual('07-03', { from: 2013, on: 'Wed' }),
        annual('07-05', { from: 1996, until: 2012, on: 'Fri' }),
        dated('1997-12-26 1999-12-31 2003-12-26'),
      ],
    },
  ],
}
