import type { StepRecord } from '../pipeline/record/run-record.js'
import { countText, secondsText } from './figures.js'
import { type TableColumn, tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

const RIGHT = 'right' as const
const BAR_WIDTH = 32

/** Where the time of a run went: a bar a step, from its begin to its end on one scale. */
export function renderSteps(steps: readonly StepRecord[], look: Pick<Terminal, 'colors'>): string {
  const columns: TableColumn[] = [
    { head: 'step' },
    { head: 'detail' },
    { head: 'when' },
    { head: 'time', align: RIGHT },
    { head: 'CPU', align: RIGHT },
    { head: 'rows', align: RIGHT },
  ]
  const times = spans(steps)
  const whole = times.reduce((end, span) => Math.max(end, span.to), 0)
  const rows = steps.map((step, at) => [
    step.step,
    step.detail,
    barText(times[at]!, whole),
    secondsText(step.seconds),
    secondsText(step.cpu_seconds),
    countText(step.rows),
  ])
  return `${look.colors.bold('Steps')}\n${tableText(columns, rows, { ...look, cellWidth: 60 })}\n`
}

interface Span {
  readonly from: number
  readonly to: number
}

/** Steps of older records do not say when they began: they stand one after another. */
function spans(steps: readonly StepRecord[]): Span[] {
  let end = 0
  return steps.map(({ after_seconds: from = end, seconds }) => {
    end = from + seconds
    return { from, to: end }
  })
}

/** The shortest step has a mark, too. */
function barText({ from, to }: Span, whole: number): string {
  if (whole === 0) return ''
  const start = Math.min(BAR_WIDTH - 1, Math.floor((from / whole) * BAR_WIDTH))
  const width = Math.max(1, Math.round(((to - from) / whole) * BAR_WIDTH))
  return ' '.repeat(start) + (to > from ? '█' : '▏').repeat(Math.min(width, BAR_WIDTH - start))
}
