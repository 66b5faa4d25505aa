import type { CompactedTable } from '../pipeline/maintain/compact.js'
import { bytesText, countText, plural } from './figures.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

export interface CompactCommandOptions extends ProjectOptions {
  readonly dryRun?: boolean
}

/** `sluice compact`: 0, also when there was nothing to join; 6 when other writers changed all that could have been. */
export async function compactCommand(
  tables: readonly string[],
  options: CompactCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const json = wantsJson(options.output)
  const project = await openProject(options, terminal)
  const { compact } = await import('../pipeline/maintain/compact.js')
  const done = await compact(project, { tables, dryRun: options.dryRun ?? false })
  if (json) writeJson(terminal, done)
  else terminal.write(renderCompacted(done, terminal))
  return done.some(({ outcome }) => outcome === 'given_up') ? 6 : 0
}

const COLUMNS = [
  { head: 'table' },
  { head: 'partitions', align: 'right' },
  { head: 'files', align: 'right' },
  { head: 'bytes', align: 'right' },
  { head: '' },
] as const

function renderCompacted(tables: readonly CompactedTable[], look: Terminal): string {
  const touched = tables.filter(({ outcome }) => outcome !== 'nothing')
  if (touched.length === 0) return `nothing to join in ${plural(tables.length, 'table')}\n`
  const rows = touched.map(one => [
    one.table,
    countText(one.partitions),
    `${countText(one.files_before)} to ${countText(one.files_after)}`,
    one.bytes_after === null
      ? bytesText(one.bytes_before)
      : `${bytesText(one.bytes_before)} to ${bytesText(one.bytes_after)}`,
    outcomeText(one),
  ])
  const planned = touched.some(({ outcome }) => outcome === 'planned') ? 'Nothing was written.\n' : ''
  return `${tableText(COLUMNS, rows, look)}\n${planned}`
}

function outcomeText({ outcome, given_up }: CompactedTable): string {
  if (outcome === 'planned') return 'would be joined'
  const left = given_up === 0 ? '' : `${plural(given_up, 'partition')} left as another writer made it`
  return outcome === 'given_up' ? left : ['joined', left].filter(Boolean).join(', ')
}
