import type { Clock } from '../core/clock.js'
import type { Progress as ProgressEvent } from '../pipeline/timeline.js'
import { countText } from './figures.js'
import { oneLine } from './one-line.js'
import type { Terminal } from './terminal.js'

/** Where progress is shown. */
export interface ProgressLine {
  report(event: ProgressEvent): void
  /** Removes what is left of the line. */
  close(): void
}

const QUIET_MS = 1000
const REDRAW_MS = 80

/**
 * Progress on standard error: on a terminal one line that is rewritten, once the work has taken a second; elsewhere a plain
 * line per step.
 */
export function progressOn(terminal: Terminal, clock: Clock): ProgressLine {
  return terminal.interactive ? liveLine(terminal, clock) : plainLines(terminal)
}

function liveLine(terminal: Terminal, clock: Clock): ProgressLine {
  const start = clock.monotonicMs()
  let drawnAt = Number.NEGATIVE_INFINITY
  return {
    report: event => {
      const now = clock.monotonicMs()
      if (now - start < QUIET_MS || now - drawnAt < REDRAW_MS) return
      drawnAt = now
      terminal.note(`\r\x1b[2K${oneLine(progressText(event), (terminal.columns ?? 80) - 1)}`)
    },
    close: () => {
      if (drawnAt !== Number.NEGATIVE_INFINITY) terminal.note('\r\x1b[2K')
    },
  }
}

function plainLines(terminal: Terminal): ProgressLine {
  let last = ''
  return {
    report: event => {
      const line = `${event.step} ${event.detail}`.trimEnd()
      if (line === last) return
      last = line
      terminal.note(`${oneLine(line)}\n`)
    },
    close: () => {},
  }
}

function progressText({ step, detail, done, total }: ProgressEvent): string {
  if (done === undefined) return `${step} ${detail}`
  const share =
    total === undefined || total === 0 ? '' : ` of ${countText(total)} (${Math.floor((done / total) * 100)} %)`
  return `${step} ${detail}: ${countText(done)}${share}`
}
