import { SluiceError } from '../../core/errors.js'
import { didYouMean } from '../../core/nearest-name.js'
import type { CalendarRules } from './calendar-rules.js'
import { ALWAYS } from './rules/always.js'
import { CMES } from './rules/cmes.js'
import { FX_WEEK } from './rules/fx-week.js'
import { NBP } from './rules/nbp.js'
import { TARGET } from './rules/target.js'
import { XASX } from './rules/xasx.js'
import { XETR } from './rules/xetr.js'
import { XFRA } from './rules/xfra.js'
import { XHKG } from './rules/xhkg.js'
import { XLON } from './rules/xlon.js'
import { XNYS } from './rules/xnys.js'
import { XPAR } from './rules/xpar.js'
import { XSWX } from './rules/xswx.js'
import { XTKS } from './rules/xtks.js'
import { XTSE } from './rules/xtse.js'
import { XWAR } from './rules/xwar.js'

/** The rules of every calendar, in the order of their names. */
export const CALENDARS: readonly CalendarRules[] = [
  FX_WEEK,
  ALWAYS,
  CMES,
  NBP,
  TARGET,
  XASX,
  XETR,
  XFRA,
  XHKG,
  XLON,
  XNYS,
  XPAR,
  XSWX,
  XTKS,
  XTSE,
  XWAR,
]

const BY_NAME: ReadonlyMap<string, CalendarRules> = new Map(
  CALENDARS.flatMap(rules => [rules.mic, ...rules.aliases].map(name => [name, rules] as const)),
)

/** Every name that a calendar can be asked for by: MICs and their aliases. */
export const CALENDAR_NAMES: ReadonlySet<string> = new Set(BY_NAME.keys())

/**
 * The rules that a MIC, or an alias of one, stands for. Throws SLUICE_CALENDAR_UNKNOWN, with the nearest name, and
 * SLUICE_ARGUMENT_INVALID for what is no text.
 */
export function rulesOf(mic: string): CalendarRules {
  if (typeof mic !== 'string')
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', `A calendar is called by a name such as XWAR, not ${String(mic)}.`)
  const rules = BY_NAME.get(mic)
  if (rules !== undefined) return rules
  throw new SluiceError('SLUICE_CALENDAR_UNKNOWN', `There is no calendar ${mic}.${didYouMean(mic, CALENDAR_NAMES)}`)
}
