import { type CalendarRules, FAR } from '../calendar-rules.js'

/** The week of foreign exchange: Sunday 17:00 to Friday 17:00 in New York; a session ends, and the next begins, at 17:00. */
export const FX_WEEK: CalendarRules = {
  mic: '24/5',
  name: 'Foreign exchange week',
  aliases: ['24x5', 'FX'],
  zone: 'America/New_York',
  from: '1976-01-01',
  until: FAR,
  weekend: 'Sat Sun',
  hours: [{ open: '17:00', close: '17:00' }],
  closed: [],
  early: [],
}
