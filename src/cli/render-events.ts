import type { EventsRecord } from '../pipeline/record/run-record.js'
import { countText } from './figures.js'
import { oneLine } from './one-line.js'
import type { Colors } from './terminal.js'

/** One line when somebody was to be told and was not; else empty. It is never why a run fails. */
export function untoldLine(events: EventsRecord | undefined, colors: Colors, kind = 'events'): string {
  if (events?.why === undefined) return ''
  const all = events.sent + events.failed
  const count = all === 0 ? 'Events' : `${countText(events.failed)} of ${countText(all)} ${kind}`
  return `${colors.yellow(`${count} could not be delivered`)}: ${oneLine(events.why)}`
}
