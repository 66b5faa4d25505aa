import type { PlannedPipe, ProviderPlan, RunPlan } from '../pipeline/pipes/plan-run.js'
import { bytesText, countText, plural, secondsText } from './figures.js'
import { budgetLines, estimateLine } from './render-budget.js'
import { tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

type Look = Pick<Terminal, 'colors'>

const RIGHT = 'right' as const
const MOST_ROWS = 20
const LONGEST_CELL = 100

/** What a run would ask, per provider and per pipe, and why the other pipes ask nothing. */
export function renderPlan(plan: RunPlan, look: Look): string {
  const sections = [headline(plan, look), providersText(plan, look), askingText(plan, look), idleText(plan, look)]
  return `${sections.filter(section => section !== '').join('\n\n')}\n`
}

function headline(plan: RunPlan, look: Look): string {
  const { at, interval, total, pipes, filePipes, deadlineSeconds, estimate, overBudget } = plan
  const { colors } = look
  const what = interval === null ? 'what is due and missing' : interval
  const sum =
    total.calls === 0
      ? 'nothing to ask'
      : `${plural(total.calls, 'request')}, ${plural(total.credits, 'credit')}, ${sizeText(total.bytes)}, ${atLeast(total.seconds)}`
  const lines = [`${colors.bold('Plan')} of ${at} for ${what}: ${sum}`]
  const waiting = pipes.reduce((count, pipe) => count + pipe.waiting, 0)
  if (waiting > 0) lines.push(`${plural(waiting, 'capture')} of earlier runs would be published without asking`)
  const held = pipes.reduce((count, pipe) => count + pipe.held, 0)
  if (held > 0)
    lines.push(
      `${plural(held, 'capture')} of earlier runs stay held back: a gate failed for them, and the contract is the same`,
    )
  if (filePipes > 0) lines.push(`${plural(filePipes, 'pipe')} would read files or make data, and ask nobody`)
  if (total.seconds > deadlineSeconds)
    lines.push(`a run asks for ${secondsText(deadlineSeconds)} at most (fetch.deadline): the next ones go on`)
  if (estimate.usage.invocations > 0) lines.push(estimateLine(estimate))
  if (overBudget.length > 0) lines.push(budgetLines(overBudget, look))
  return lines.join('\n')
}

function providersText({ providers }: RunPlan, look: Look): string {
  if (providers.length === 0) return ''
  const columns = [
    { head: 'provider' },
    { head: 'key' },
    { head: 'pipes', align: RIGHT },
    { head: 'requests', align: RIGHT },
    { head: 'credits', align: RIGHT },
    { head: 'left this month', align: RIGHT },
    { head: 'size', align: RIGHT },
    { head: 'takes', align: RIGHT },
  ]
  return `${look.colors.bold('Providers')}\n${tableText(columns, providers.map(providerRow), look)}`
}

function providerRow(plan: ProviderPlan): string[] {
  return [
    plan.provider,
    plan.key ?? '',
    countText(plan.pipes),
    `${countText(plan.calls)}${plan.paged ? ' and further pages' : ''}`,
    countText(plan.credits),
    plan.creditsLeft === null ? 'no limit' : countText(plan.creditsLeft),
    sizeText(plan.bytes),
    plan.calls === 0 ? '' : atLeast(plan.seconds),
  ]
}

function askingText({ pipes }: RunPlan, look: Look): string {
  const asking = pipes.filter(({ idle }) => idle === null)
  if (asking.length === 0) return ''
  const columns = [
    { head: 'pipe' },
    { head: 'requests', align: RIGHT },
    { head: 'from' },
    { head: 'to' },
    { head: 'size', align: RIGHT },
  ]
  const rows = asking
    .slice(0, MOST_ROWS)
    .map(pipe => [pipe.pipe, countText(pipe.calls), ...spanOf(pipe), sizeText(pipe.bytes)])
  return [look.colors.bold('What would be asked'), tableText(columns, rows, look), more(asking.length)]
    .filter(line => line !== '')
    .join('\n')
}

/** From the first interval to the end of the last: gaps between them are in the JSON. */
function spanOf({ intervals, onlyPresent }: PlannedPipe): [string, string] {
  if (onlyPresent) return ['now', 'knows only the present: nothing to catch up with']
  return [intervals[0]?.split('/')[0] ?? '', intervals.at(-1)?.split('/')[1] ?? '']
}

function idleText({ pipes }: RunPlan, look: Look): string {
  const idle = pipes.filter(pipe => pipe.idle !== null)
  if (idle.length === 0) return ''
  const columns = [{ head: 'pipe' }, { head: 'why' }, { head: 'again' }]
  const rows = idle.slice(0, MOST_ROWS).map(pipe => [pipe.pipe, pipe.idle ?? '', pipe.againAt ?? ''])
  const table = tableText(columns, rows, { ...look, cellWidth: LONGEST_CELL })
  return [look.colors.bold('What would ask nothing'), table, more(idle.length)].filter(line => line !== '').join('\n')
}

function sizeText(bytes: number | null): string {
  return bytes === null ? 'size not known' : bytesText(bytes)
}

function atLeast(seconds: number): string {
  return seconds < 1 ? 'a moment' : `${secondsText(seconds)} or more`
}

function more(count: number): string {
  return count > MOST_ROWS ? `… and ${countText(count - MOST_ROWS)} more (--output json has all)` : ''
}
