import type { Clock } from '../core/clock.js'
import type { BackfillProgress } from '../pipeline/backfill/progress.js'
import { countText, plural, secondsText } from './figures.js'
import { oneLine } from './one-line.js'
import type { Terminal } from './terminal.js'

export interface BackfillProgressLine {
  readonly report: (progress: BackfillProgress) => void
  /** Removes what is left of the line. */
  close(): void
}

const REDRAW_MS = 80
const BAR = 20

/** Progress on standard error: on a terminal a bar that is redrawn, elsewhere a plain line for each interval that came to its end. */
export function backfillProgressOn(terminal: Terminal, clock: Clock): BackfillProgressLine {
  const startMs = clock.monotonicMs()
  let drawnAt = Number.NEGATIVE_INFINITY
  const isBar = terminal.interactive
  return {
    report: progress => {
      const now = clock.monotonicMs()
      if (!isBar) {
        if (progress.ended !== undefined) terminal.note(`${endedText(progress)}\n`)
        return
      }
      if (now - drawnAt < REDRAW_MS && progress.ended === undefined) return
      drawnAt = now
      const text = barText(progress, (now - startMs) / 1000)
      terminal.note(`\r\x1b[2K${oneLine(text, (terminal.columns ?? 80) - 1)}`)
    },
    close: () => {
      if (drawnAt !== Number.NEGATIVE_INFINITY) terminal.note('\r\x1b[2K')
    },
  }
}

/** `[#####---------------] 25 % 500 of 2,000 requests, 41.3/s, 36.3 s left, ask 2024-01-01…` */
export function barText({ done, total, step, detail }: BackfillProgress, seconds: number): string {
  if (total === 0) return `${step} ${detail}`
  const filled = Math.floor((done / total) * BAR)
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(BAR - filled)}]`
  const rate = seconds > 0 ? done / seconds : 0
  const left = rate > 0 && done < total ? `, ${rate.toFixed(1)}/s, ${secondsText((total - done) / rate)} left` : ''
  const percent = Math.floor((done / total) * 100)
  return `${bar} ${percent} % ${countText(done)} of ${plural(total, 'request')}${left}, ${step} ${detail}`
}

function endedText({ ended, done, total }: BackfillProgress): string {
  const { interval, state, rows } = ended!
  const so = total === 0 ? '' : `, ${countText(done)} of ${plural(total, 'request')}`
  return `${interval} ${state}: ${plural(rows, 'row')}${so}`
}
