import type { PipesReport, ProviderStatus } from '../pipeline/pipes/pipe-states.js'
import type { PipeState, PipeStatus } from '../pipeline/pipes/pipe-status.js'
import { countText, plural } from './figures.js'
import { oneLine } from './one-line.js'
import { tableText } from './table-text.js'
import type { Colors, Terminal } from './terminal.js'

type Look = Pick<Terminal, 'colors'>

const RIGHT = 'right' as const
const LONGEST_CELL = 100

/** Pipes, one a line, then their providers, then the terms of each. */
export function renderPipes(report: PipesReport, look: Look): string {
  const { pipes, providers } = report
  if (pipes.length === 0) return 'The project has no pipes yet: declare one in pipes/.\n'
  const sections = [
    `${pipesText(report, look)}\n${countsText(pipes, look.colors)}`,
    ...(providers.length === 0 ? [] : [providersText(providers, look), termsText(providers, look.colors)]),
  ]
  return `${sections.join('\n\n')}\n`
}

function pipesText({ at, pipes }: PipesReport, look: Look): string {
  const columns = [
    { head: 'pipe' },
    { head: 'state' },
    { head: 'last success' },
    { head: 'next due' },
    { head: 'rows in', align: RIGHT },
    { head: 'accepted', align: RIGHT },
    { head: 'provider' },
    { head: 'why' },
  ]
  const rows = pipes.map(pipe => [
    pipe.pipe,
    pipe.state,
    timeText(pipe.lastSuccess),
    dueText(pipe, at),
    pipe.lastRows === null ? '' : countText(pipe.lastRows.in),
    pipe.lastRows === null ? '' : countText(pipe.lastRows.accepted),
    pipe.provider ?? pipe.source,
    pipe.why ?? '',
  ])
  return tableText(columns, rows, { ...look, cellWidth: LONGEST_CELL })
}

function dueText({ due, nextDue }: PipeStatus, at: string): string {
  if (due !== 'schedule') return due
  if (nextDue === null) return ''
  return nextDue <= at ? 'now' : timeText(nextDue)
}

/** Seconds are enough. */
function timeText(iso: string | null): string {
  return iso === null ? '' : iso.replace(/\.\d+Z$/, 'Z')
}

function countsText(pipes: readonly PipeStatus[], colors: Colors): string {
  const counts = new Map<PipeState, number>()
  for (const { state } of pipes) counts.set(state, (counts.get(state) ?? 0) + 1)
  const parts = [...counts].map(([state, count]) => `${countText(count)} ${state}`)
  const text = `${plural(pipes.length, 'pipe')}: ${parts.join(', ')}`
  return counts.has('failing') ? colors.yellow(text) : colors.green(text)
}

function providersText(providers: readonly ProviderStatus[], look: Look): string {
  const columns = [
    { head: 'provider' },
    { head: 'key' },
    { head: 'pipes', align: RIGHT },
    { head: 'credits this month', align: RIGHT },
    { head: 'breaker' },
  ]
  const rows = providers.map(status => [
    status.provider,
    status.keyMissing === null ? (status.key ?? '') : `missing: set ${status.keyMissing}`,
    countText(status.pipes),
    `${countText(status.creditsUsed)}${status.perMonth === null ? '' : ` of ${countText(status.perMonth)}`}`,
    status.breaker.state === 'closed'
      ? 'closed'
      : `open until ${timeText(status.breaker.until)}: ${status.breaker.why}`,
  ])
  return `${look.colors.bold('Providers')}\n${tableText(columns, rows, { ...look, cellWidth: LONGEST_CELL })}`
}

/** Once for each provider, whatever its keys. */
function termsText(providers: readonly ProviderStatus[], colors: Colors): string {
  const terms = new Map(providers.map(({ provider, terms: own }) => [provider, own]))
  const lines = [...terms].map(([provider, { licence, attribution, redistribution, url }]) => {
    const named = attribution === undefined ? '' : `; name it: ${oneLine(attribution)}`
    return `${provider}: ${oneLine(licence)}${named}; ${REDISTRIBUTION[redistribution]}; ${oneLine(url)}`
  })
  return [colors.bold('Terms'), ...lines].join('\n')
}

const REDISTRIBUTION = {
  yes: 'may be passed on',
  no: 'must not be passed on',
  ask: 'ask before passing it on',
} as const
