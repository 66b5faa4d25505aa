import { systemClock } from '../core/clock.js'
import type { Migration } from '../pipeline/contracts/migrate-dataset.js'
import type { RunRecord } from '../pipeline/record/run-record.js'
import { bytesText, plural } from './figures.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { progressOn } from './progress.js'
import { renderRun } from './render-run.js'
import { exitCodeOf } from './run-command.js'
import { tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

export interface ContractMigrateOptions extends ProjectOptions {
  readonly dryRun?: boolean
  readonly allowDqBreach?: boolean
}

/** `sluice contract migrate DATASET`: 0 when the new table has all, 5 when a gate failed, 8 when captures are lost or a part was held. */
export async function contractMigrateCommand(
  dataset: string,
  options: ContractMigrateOptions,
  terminal: Terminal,
): Promise<number> {
  const json = wantsJson(options.output)
  const project = await openProject(options, terminal)
  const { migrateDataset } = await import('../pipeline/contracts/migrate-dataset.js')
  const progress = progressOn(terminal, systemClock)
  const { dryRun = false, allowDqBreach = false } = options
  const migration = await migrateDataset(project, dataset, {
    dryRun,
    allowDqBreach,
    onProgress: event => progress.report(event),
  }).finally(() => progress.close())
  if (json) writeJson(terminal, toJson(migration))
  else {
    terminal.write(renderMigration(migration, terminal))
    const { record } = migration
    const view = { risk: undefined, lake: project.config.lake, project: options.project }
    if (record !== undefined) terminal.write(`\n${renderRun({ ...view, record }, terminal)}`)
  }
  return exitCode(migration.record, migration)
}

function exitCode(record: RunRecord | undefined, { lost }: Migration): number {
  if (record !== undefined) return exitCodeOf(record)
  return lost.length > 0 ? 8 : 0
}

function toJson({ lost, record, before, ...rest }: Migration) {
  return {
    ...rest,
    before: before ?? null,
    lost: lost.map(({ captureId, ...capture }) => ({ capture_id: captureId, ...capture })),
    record: record ?? null,
  }
}

function renderMigration(migration: Migration, look: Terminal): string {
  const { dataset, before, after, lost } = migration
  const first = `${look.colors.bold(dataset)}  ${before ?? 'nothing'} to ${after}: ${outcomeText(migration)}`
  const head = [first, ...decisionLines(migration, look)].join('\n')
  if (lost.length === 0) return `${head}\n`
  const columns = [{ head: 'capture' }, { head: 'pipe' }, { head: 'input' }, { head: 'why' }]
  const rows = lost.map(({ captureId, pipe, name, why }) => [captureId.slice(0, 12), pipe, name, why])
  const title = look.colors.bold(`${plural(lost.length, 'capture')} cannot be read again`)
  return `${head}\n\n${title}\n${tableText(columns, rows, look)}\n`
}

/** What holds of the decisions that people took about held and quarantined rows. */
function decisionLines({ record }: Migration, { colors }: Terminal): string[] {
  const kept = record?.replay?.decisions
  if (kept === undefined) return []
  const parts = [
    [kept.released_batches, 'of released batches'],
    [kept.released, 'released'],
    [kept.discarded, 'discarded'],
  ] as const
  const told = parts.filter(([rows]) => rows > 0).map(([rows, how]) => `${plural(rows, 'row')} ${how}`)
  return [
    ...(told.length === 0 ? [] : [`decisions kept: ${told.join(', ')}`]),
    ...(kept.waiting === 0
      ? []
      : [
          `${colors.yellow('waiting')}  ${plural(kept.waiting, 'row')} that ${kept.waiting === 1 ? 'was' : 'were'} released: ${kept.waiting_for.join(', ')}`,
        ]),
  ]
}

function outcomeText({ outcome, captures, bytes, record }: Migration): string {
  if (outcome === 'nothing') return 'nothing to migrate'
  const size = `${plural(captures, 'capture')}, ${bytesText(bytes)}`
  if (outcome === 'planned') return `would read ${size} again; nothing was written`
  return record?.repeated === true ? `done before: ${size}` : `read ${size} again`
}
