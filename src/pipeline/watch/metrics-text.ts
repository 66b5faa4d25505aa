import { DURATION_BOUNDS, ROW_OUTCOMES } from './figures.js'
import type { WatchStatus } from './watch-status.js'
import { nextWakeMs } from './watched-pipes.js'

/** So many pipes have a series of their own, the first ones declared; the others are in the sums alone. */
const MOST_PIPES = 1000

type Labels = Readonly<Record<string, string>>
type Sample = readonly [labels: Labels, value: number, suffix?: string]

/**
 * The figures of a watch in Prometheus' text format 0.0.4. Times are seconds since the epoch. Labels are bounded: a thousand pipes, a
 * hundred providers. https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function metricsText(status: WatchStatus): string {
  const { figures, last } = status
  const rows = Object.entries(figures.rows).flatMap(([dataset, counts]) =>
    ROW_OUTCOMES.map((outcome): Sample => [{ dataset, outcome }, counts[outcome]]),
  )
  return [
    metric('sluice_runs_total', 'counter', 'Runs that have ended.', samplesBy('status', figures.runs)),
    metric('sluice_run_duration_seconds', 'histogram', 'How long runs took.', durations(figures.seconds)),
    metric('sluice_run_in_progress', 'gauge', '1 while a run is under way.', [
      [{}, status.runningSinceMs === undefined ? 0 : 1],
    ]),
    metric('sluice_last_run_timestamp_seconds', 'gauge', 'When the newest run ended.', time(last?.endedMs)),
    metric('sluice_next_due_timestamp_seconds', 'gauge', 'When the next pipe is due.', time(nextWakeMs(status.pipes))),
    metric('sluice_rows_total', 'counter', 'Rows that arrived, by what became of them.', rows),
    metric('sluice_http_requests_total', 'counter', 'Requests to providers.', samplesBy('provider', figures.requests)),
    ...pipeMetrics(status),
    metric('sluice_project_broken', 'gauge', '1 while the files of the project cannot be taken as they are.', [
      [{}, status.projectFault === undefined ? 0 : 1],
    ]),
  ].join('')
}

function pipeMetrics({ pipes }: WatchStatus): string[] {
  const failing = [...pipes.values()].filter(({ failures }) => failures > 0).length
  const succeeded = [...pipes].flatMap(([pipe, { succeededMs }]): Sample[] =>
    succeededMs === undefined ? [] : [[{ pipe }, succeededMs / 1000]],
  )
  const oldest = succeeded.reduce((least, [, seconds]) => Math.min(least, seconds), Number.POSITIVE_INFINITY)
  const shown = new Set([...pipes.keys()].slice(0, MOST_PIPES))
  return [
    metric('sluice_pipes', 'gauge', 'Pipes that are watched.', [
      [{ state: 'failing' }, failing],
      [{ state: 'ok' }, pipes.size - failing],
    ]),
    metric(
      'sluice_pipe_last_success_timestamp_seconds',
      'gauge',
      `When a run of this watch last found nothing left to ask. The first ${MOST_PIPES} pipes.`,
      succeeded.filter(([{ pipe }]) => shown.has(pipe!)),
    ),
    metric(
      'sluice_pipe_oldest_success_timestamp_seconds',
      'gauge',
      'The earliest last success of all pipes that had one.',
      time(oldest * 1000),
    ),
  ]
}

function durations({ sum, count, within }: WatchStatus['figures']['seconds']): Sample[] {
  return [
    ...DURATION_BOUNDS.map((bound, at): Sample => [{ le: String(bound) }, within[at] ?? 0, '_bucket']),
    [{ le: '+Inf' }, count, '_bucket'],
    [{}, sum, '_sum'],
    [{}, count, '_count'],
  ]
}

function samplesBy(label: string, counts: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(counts).map(([name, count]) => [{ [label]: name }, count])
}

/** No sample for a moment that there is not. */
function time(ms: number | undefined): Sample[] {
  return ms === undefined || !Number.isFinite(ms) ? [] : [[{}, ms / 1000]]
}

function metric(name: string, type: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value, suffix = '']) => `${name}${suffix}${labelsText(labels)} ${value}`)
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n')
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
