import type { ExpiredTable } from '../pipeline/maintain/expire.js'
import { countOf, durationOf } from './duration-flag.js'
import { bytesText, countText, plural } from './figures.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

export interface ExpireCommandOptions extends ProjectOptions {
  readonly olderThan?: string
  readonly keep?: string
  readonly dryRun?: boolean
}

/** `sluice expire`: 0, also when there was nothing to forget. */
export async function expireCommand(
  tables: readonly string[],
  options: ExpireCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const json = wantsJson(options.output)
  const { olderThan, keep, dryRun = false } = options
  const olderThanMs = olderThan === undefined ? undefined : durationOf('--older-than', olderThan)
  const kept = keep === undefined ? undefined : countOf('--keep', keep)
  const project = await openProject(options, terminal)
  const { expire } = await import('../pipeline/maintain/expire.js')
  const done = await expire(project, { tables, olderThanMs, keep: kept, dryRun })
  if (json) writeJson(terminal, done)
  else terminal.write(renderExpired(done, terminal))
  return 0
}

const COLUMNS = [
  { head: 'table' },
  { head: 'snapshots', align: 'right' },
  { head: 'left', align: 'right' },
  { head: 'readable from' },
  { head: 'past rows', align: 'right' },
  { head: 'metadata', align: 'right' },
] as const

function renderExpired(tables: readonly ExpiredTable[], look: Terminal): string {
  const touched = tables.filter(({ outcome }) => outcome !== 'nothing')
  if (touched.length === 0) return `nothing to expire in ${plural(tables.length, 'table')}\n`
  const rows = touched.map(one => [
    one.table,
    countText(one.snapshots),
    countText(one.snapshots_left),
    one.readable_from ?? '',
    countText(one.past_rows),
    one.metadata_files === 0 ? '' : `${plural(one.metadata_files, 'file')}, ${bytesText(one.metadata_bytes)}`,
  ])
  const planned = touched.some(({ outcome }) => outcome === 'planned')
  const next = planned
    ? 'Nothing was changed.'
    : 'Data files stay where they are. `sluice gc` says which of them nothing needs.'
  return `${tableText(COLUMNS, rows, look)}\n${next}\n`
}
