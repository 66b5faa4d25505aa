import { type CalendarRules, FAR } from '../calendar-rules.js'

/** Markets that never close, such as crypto: a session is a day in UTC. */
export const ALWAYS: CalendarRules = {
  mic: '24/7',
  name: 'Around the clock, every day (UTC)',
  aliases: ['24x7', 'CRYPTO'],
  zone: 'UTC',
  from: '1970-01-01',
  until: FAR,
  weekend: '',
  hours: [{ open: '00:00', close: '24:00' }],
  closed: [],
  early: [],
}
