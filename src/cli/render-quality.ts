import type { QualityFigure, QualityReport } from '../pipeline/quality/quality-report.js'
import { countText } from './figures.js'
import { type TableColumn, tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

type Look = Pick<Terminal, 'colors' | 'columns'>

/** So many figures are printed; the worst come first. */
export const MOST_FIGURES = 40

const RIGHT = 'right' as const
const LONGEST_CELL = 60

/** The figures of the newest runs, the worst first, then what was never asked. */
export function renderQuality(
  report: QualityReport,
  asked: { readonly dataset: string | undefined; readonly failed: boolean },
  look: Look,
): string {
  const sections = [figuresText(report, asked, look), neverText(report, look)]
  return `${sections.filter(text => text !== '').join('\n\n')}\n`
}

function figuresText(
  { figures, total, neverRun }: QualityReport,
  { dataset, failed }: { readonly dataset: string | undefined; readonly failed: boolean },
  look: Look,
): string {
  if (figures.length === 0) {
    if (failed) return 'No rule fails in the newest runs.'
    return dataset === undefined || neverRun.length > 0 ? 'No run has booked figures yet. Next: npx sluice run' : ''
  }
  const columns: TableColumn[] = [
    { head: 'dataset' },
    { head: 'pipe' },
    { head: 'rule' },
    { head: 'verdict' },
    { head: 'failed', align: RIGHT },
    { head: 'of rows', align: RIGHT },
    { head: 'figure', align: RIGHT },
    { head: 'allowed' },
    { head: 'trend' },
    { head: 'run' },
  ]
  const rows = figures.map(figure => [
    figure.dataset,
    figure.pipe,
    figure.rule,
    figure.released_by === null ? figure.verdict : `${figure.verdict}, released by ${figure.released_by}`,
    figure.kind === 'check' ? '' : countText(figure.failed),
    countText(figure.rows),
    figureText(figure),
    figure.allowed ?? '',
    sparkline(figure.trend),
    figure.run,
  ])
  const left = total - figures.length
  const more = left > 0 ? `\n… and ${countText(left)} more (--output json has all, --failed those that fail)` : ''
  return `${tableText(columns, rows, { ...look, cellWidth: LONGEST_CELL })}${more}`
}

function figureText({ kind, value, share, unit }: QualityFigure): string {
  if (kind !== 'check') return `${Number((share * 100).toPrecision(3))} %`
  if (value === null) return 'none'
  return `${Number(value.toPrecision(6))}${unit === 'percent' ? ' %' : ''}`
}

const BARS = '▁▂▃▄▅▆▇█'

/** One character for each run, the oldest first: from the lowest bar for nothing to the highest for the largest; `·` where there is no figure. */
export function sparkline(trend: readonly (number | null)[]): string {
  const largest = Math.max(0, ...trend.map(figure => Math.abs(figure ?? 0)))
  const bar = (figure: number): string =>
    BARS.charAt(largest === 0 ? 0 : Math.ceil((Math.abs(figure) / largest) * (BARS.length - 1)))
  return trend.map(figure => (figure === null ? '·' : bar(figure))).join('')
}

function neverText({ neverAsked, neverRun }: QualityReport, { colors }: Look): string {
  const lines = [
    ...neverAsked.map(({ dataset, rules }) => `${dataset}: ${rules.join(', ')}`),
    ...(neverRun.length === 0 ? [] : [`in no run yet: ${neverRun.join(', ')}`]),
  ]
  if (lines.length === 0) return ''
  return [colors.bold('Never checked'), ...lines].join('\n')
}
