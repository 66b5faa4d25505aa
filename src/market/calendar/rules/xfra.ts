import type { CalendarRules } from '../calendar-rules.js'
import { XETR } from './xetr.js'

/** Frankfurt Stock Exchange: the days of Xetra. */
export const XFRA: CalendarRules = {
  ...XETR,
  mic: 'XFRA',
  name: 'Frankfurt Stock Exchange',
  aliases: ['FWB', 'FRA', 'XFRB'],
}
