import type { CostFigures, CostReport, Reconciled } from '../pipeline/cost/cost-report.js'
import { bytesText, countText, plural, secondsText } from './figures.js'
import { moneyText } from './money-text.js'
import { BASES } from './render-budget.js'
import { tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

type Look = Pick<Terminal, 'colors'>

const RIGHT = 'right' as const
const MOST_ROWS = 50

/** What runs used, by the keys that were asked for and in all, and what it would cost on AWS. */
export function renderCost(report: CostReport, look: Look): string {
  const sections = [headline(report, look), rowsText(report, look), estimateText(report, look), priceLine(report, look)]
  return `${sections.filter(section => section !== '').join('\n\n')}\n`
}

function headline({ of, since, until, total, prices }: CostReport, { colors }: Look): string {
  const subject =
    of.run === undefined ? (of.pipe === undefined ? 'all runs' : `the pipe ${of.pipe}`) : `the run ${of.run}`
  const span = [since === null ? '' : ` from ${since}`, until === null ? '' : ` to ${until}`].join('')
  const { usage, cost } = total
  const money = (text: string) => moneyText(text, prices.currency)
  const asked = `${plural(usage.provider_requests, 'request')} to providers, ${plural(usage.credits, 'credit')}, ${bytesText(usage.bytes_received)} received`
  const lake = `${bytesText(usage.bytes_written)} written to the lake, ${bytesText(usage.bytes_read)} read; ${storeText(total)}`
  return [
    `${colors.bold('Cost')} of ${subject}${span}: ${plural(total.runs, 'run')}, ${secondsText(usage.wall_ms / 1000)}, ${secondsText(usage.cpu_ms / 1000)} of CPU`,
    asked,
    lake,
    `on AWS: ${colors.bold(money(cost.once))} = ${money(cost.lambda_seconds)} Lambda time + ${money(cost.lambda_requests)} Lambda requests + ${money(cost.s3_writes)} S3 writes + ${money(cost.s3_reads)} S3 reads`,
    `and ${money(cost.storage_per_month)} for each month in which all that was written is kept`,
  ].join('\n')
}

function storeText({ usage }: CostFigures): string {
  const classes = [
    `${countText(usage.store_puts)} PUT`,
    `${countText(usage.store_lists)} LIST`,
    `${countText(usage.store_gets)} GET`,
    `${countText(usage.store_heads)} HEAD`,
    `${countText(usage.store_deletes)} DELETE`,
  ]
  return `requests as S3 counts them: ${classes.join(', ')}`
}

function rowsText({ by, rows, total, prices }: CostReport, look: Look): string {
  if (by.length === 0 || rows.length === 0) return ''
  const columns = [
    ...by.map(head => ({ head })),
    ...['runs', 'requests', 'credits', 'received', 'written', 'PUT, LIST', 'GET, HEAD', 'time', 'CPU', 'on AWS'].map(
      head => ({ head, align: RIGHT }),
    ),
  ]
  const cells = rows
    .slice(0, MOST_ROWS)
    .map(row => [...by.map(key => row[key] ?? '(none)'), ...figureCells(row, prices.currency)])
  const sum = [...by.map((_, at) => (at === 0 ? 'total' : '')), ...figureCells(total, prices.currency)]
  const more =
    rows.length > MOST_ROWS ? `\n… and ${countText(rows.length - MOST_ROWS)} more (--output json has all)` : ''
  return `${tableText(columns, [...cells, sum], look)}${more}`
}

function figureCells({ runs, usage, cost }: CostFigures, currency: string): string[] {
  return [
    countText(runs),
    countText(usage.provider_requests),
    countText(usage.credits),
    bytesText(usage.bytes_received),
    bytesText(usage.bytes_written),
    countText(usage.store_puts + usage.store_lists),
    countText(usage.store_gets + usage.store_heads),
    secondsText(usage.wall_ms / 1000),
    secondsText(usage.cpu_ms / 1000),
    moneyText(cost.once, currency),
  ]
}

function estimateText({ of, estimate, total, prices }: CostReport, look: Look): string {
  if (of.run === undefined) return ''
  if (estimate === undefined) return 'There is no estimate: the run asked nobody, and there was no budget.'
  const signed = (value: number, show: (size: number) => string) =>
    `${value < 0 ? '-' : value > 0 ? '+' : ''}${show(Math.abs(value))}`
  const row = (head: string, name: keyof Reconciled['usage'], show: (value: number) => string) => [
    head,
    show(estimate.usage[name]),
    show(total.usage[name]),
    signed(estimate.more[name], show),
  ]
  const seconds = (ms: number) => secondsText(ms / 1000)
  const rows = [
    row('requests', 'provider_requests', countText),
    row('credits', 'credits', countText),
    row('received', 'bytes_received', bytesText),
    row('written', 'bytes_written', bytesText),
    row('PUT', 'store_puts', countText),
    row('LIST', 'store_lists', countText),
    row('GET', 'store_gets', countText),
    row('HEAD', 'store_heads', countText),
    row('time', 'wall_ms', seconds),
    row('CPU', 'cpu_ms', seconds),
    [
      'on AWS',
      moneyText(estimate.cost.once, prices.currency),
      moneyText(total.cost.once, prices.currency),
      moneyText(estimate.cost_more, prices.currency),
    ],
  ]
  const columns = [
    { head: '' },
    { head: 'expected', align: RIGHT },
    { head: 'used', align: RIGHT },
    { head: 'difference', align: RIGHT },
  ]
  return `${look.colors.bold('Estimate')} ${BASES[estimate.basis]}\n${tableText(columns, rows, look)}`
}

function priceLine({ prices }: CostReport, { colors }: Look): string {
  const { name, date, architecture, memory_gb: memory, warning } = prices
  const line = colors.dim(`prices: ${name} of ${date}, Lambda ${architecture} with ${memory} GB, without free tiers`)
  return warning === undefined ? line : `${line}\n${colors.yellow(warning)}`
}
