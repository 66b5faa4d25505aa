import { isoTime } from '../core/clock.js'
import { ROW_OUTCOMES } from '../pipeline/watch/figures.js'
import type { WatchEvent } from '../pipeline/watch/watch.js'
import type { EndedRun, WatchStatus } from '../pipeline/watch/watch-status.js'
import { nextWakeMs } from '../pipeline/watch/watched-pipes.js'
import { countText, plural, secondsText } from './figures.js'
import { oneLine } from './one-line.js'

const MOST_NAMES = 5
const LONGEST = 2000

/** One line of log for an event, without its end; undefined for one that nobody has to read. */
export function watchLine(event: WatchEvent, status: WatchStatus): string | undefined {
  switch (event.kind) {
    case 'run begins':
      return undefined
    case 'watching':
      return `watching ${plural(event.pipes, 'pipe')}${left(event.needParameters)}`
    case 'project read again':
      return `project read again: watching ${plural(event.pipes, 'pipe')}${left(event.needParameters)}`
    case 'project is broken': {
      const { code, message, place } = event.fault
      const at = place === undefined ? '' : ` (${place})`
      return oneLine(`project is broken, going on with the one read before: ${code}: ${message}${at}`, LONGEST)
    }
    case 'run ended':
      return oneLine(runLine(event.run, status), LONGEST)
  }
}

function left(needParameters: number): string {
  return needParameters === 0 ? '' : `, without ${countText(needParameters)} whose parameters a run must give`
}

function runLine(run: EndedRun, status: WatchStatus): string {
  const { record, fault } = run
  const id = record === undefined ? 'run' : `run ${record.run_id}`
  const took = secondsText((run.endedMs - run.startedMs) / 1000)
  const parts = [plural(run.due, 'pipe'), ...(record === undefined ? [] : rowTexts(run)), ...failingText(status)]
  const reason = fault === undefined ? '' : `: ${fault.code}: ${fault.message}`
  const nextMs = nextWakeMs(status.pipes)
  const next = Number.isFinite(nextMs) ? isoTime(nextMs) : 'never'
  return `${isoTime(run.endedMs)} ${id} ${run.status.replaceAll('_', ' ')} in ${took}: ${parts.join(', ')}${reason}; next ${next}`
}

/** `73 accepted, 2 held`: what is not zero. */
function rowTexts({ record }: EndedRun): string[] {
  const sums = ROW_OUTCOMES.map(outcome => ({
    outcome,
    rows: (record?.pipes ?? []).reduce((sum, pipe) => sum + pipe[outcome], 0),
  }))
  return sums
    .filter(({ rows }) => rows > 0)
    .map(({ outcome, rows }) => `${countText(rows)} ${outcome.replace('_', ' ')}`)
}

function failingText({ pipes }: WatchStatus): string[] {
  const names = [...pipes].filter(([, { failures }]) => failures > 0).map(([name]) => name)
  if (names.length === 0) return []
  const more = names.length > MOST_NAMES ? ' …' : ''
  return [`${countText(names.length)} failing (${names.slice(0, MOST_NAMES).join(' ')}${more})`]
}
