import { systemClock } from '../core/clock.js'
import type { DatasetPlan } from '../pipeline/replay/plan-dataset.js'
import type { Replayed } from '../pipeline/replay/replay-lake.js'
import { countText, plural } from './figures.js'
import { instantOf } from './instant.js'
import { timeOf } from './interval-flags.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { progressOn } from './progress.js'
import { renderRun } from './render-run.js'
import { exitCodeOf } from './run-command.js'
import { tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

export interface ReplayCommandOptions extends ProjectOptions {
  readonly dataset?: readonly string[]
  readonly select?: readonly string[]
  readonly from?: string
  readonly dryRun?: boolean
  readonly allowDqBreach?: boolean
  readonly runId?: string
  readonly now?: string
}

/** `sluice replay`: 0 when the tables are what their captures give, 5 when a gate failed, 8 when captures are lost or a part was refused. */
export async function replayCommand(options: ReplayCommandOptions, terminal: Terminal): Promise<number> {
  const json = wantsJson(options.output)
  const { dataset = [], select = [], dryRun = false, allowDqBreach = false, runId } = options
  const fromMs = options.from === undefined ? undefined : timeOf('--from', options.from)
  const nowMs = options.now === undefined ? undefined : instantOf(options.now)
  const project = await openProject(options, terminal)
  const { replay } = await import('../pipeline/replay/replay-lake.js')
  const progress = progressOn(terminal, systemClock)
  const replayed = await replay(project, {
    ...{ datasets: dataset, select, dryRun, allowDqBreach, runId, fromMs, nowMs },
    onProgress: event => progress.report(event),
    onPlan: plans => terminal.note(lostText(plans)),
  }).finally(() => progress.close())
  if (json) writeJson(terminal, toJson(replayed))
  else {
    terminal.write(renderReplayed(replayed, terminal))
    const { record } = replayed
    const view = { risk: undefined, lake: project.config.lake, project: options.project }
    if (record !== undefined) terminal.write(`\n${renderRun({ ...view, record }, terminal)}`)
  }
  return exitCode(replayed)
}

function exitCode({ record, plans }: Replayed): number {
  if (record !== undefined) return exitCodeOf(record)
  if (plans.length > 0 && plans.every(({ refused }) => refused !== undefined)) return 5
  return plans.some(({ refused, rebuilt }) => refused !== undefined || rebuilt.lost.length > 0) ? 8 : 0
}

/** Told before anything is written, whatever form the result has. */
function lostText(plans: readonly DatasetPlan[]): string {
  return plans
    .flatMap(({ rebuilt }) => rebuilt.lost)
    .map(
      ({ captureId, pipe, name, why }) =>
        `cannot be read again: ${captureId.slice(0, 12)} of ${pipe} (${name}): ${why}\n`,
    )
    .join('')
}

function toJson({ outcome, plans, record }: Replayed) {
  return {
    outcome,
    datasets: plans.map(({ rebuilt, silver, refused }) => ({
      dataset: rebuilt.contract.dataset,
      captures: rebuilt.reading.fetched.length,
      withheld: rebuilt.withheld.size,
      replaced: silver.replaced.length,
      unchanged: silver.exact,
      kept: silver.kept,
      refused: refused?.why ?? null,
      lost: rebuilt.lost.map(({ captureId, pipe, name, why }) => ({ capture_id: captureId, pipe, name, why })),
    })),
    record: record ?? null,
  }
}

const HEADS: Readonly<Record<Replayed['outcome'], string>> = {
  replayed: 'replayed',
  unchanged: 'unchanged  Every table is what its captures give; nothing was written.',
  planned: 'planned  Nothing was written.',
}

function renderReplayed({ outcome, plans, record }: Replayed, look: Terminal): string {
  const { bold, red, yellow } = look.colors
  const head = bold(record?.repeated === true ? 'done before' : HEADS[outcome])
  if (plans.length === 0) return `${head}\n`
  const columns = [
    { head: 'dataset' },
    { head: 'captures', align: 'right' as const },
    { head: 'lost', align: 'right' as const },
    { head: 'waiting', align: 'right' as const },
    { head: 'partitions of silver' },
  ]
  const rows = plans.map(({ rebuilt, silver, refused }) => [
    rebuilt.contract.dataset,
    countText(rebuilt.reading.fetched.length),
    countText(rebuilt.lost.length),
    countText(rebuilt.withheld.size),
    refused === undefined
      ? [
          `${plural(silver.replaced.length, 'partition')} ${outcome === 'planned' ? 'would be replaced' : 'replaced'}`,
          `${countText(silver.exact)} unchanged`,
          ...(silver.kept === 0 ? [] : [yellow(`${countText(silver.kept)} kept for captures that were not read`)]),
        ].join(', ')
      : red(`as it was: ${refused.why}`),
  ])
  return `${head}\n${tableText(columns, rows, look)}\n`
}
