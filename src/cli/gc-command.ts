import { SluiceError } from '../core/errors.js'
import type { Garbage } from '../pipeline/maintain/gc.js'
import { durationOf } from './duration-flag.js'
import { bytesText, countText, plural } from './figures.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

export interface GcCommandOptions extends ProjectOptions {
  readonly olderThan: string
  readonly dryRun?: boolean
  readonly yes?: boolean
}

/** `sluice gc`: 0, also when there was nothing to delete. Deletes with `--yes` alone. */
export async function gcCommand(options: GcCommandOptions, terminal: Terminal): Promise<number> {
  const json = wantsJson(options.output)
  const { dryRun = false, yes = false } = options
  const olderThanMs = durationOf('--older-than', options.olderThan)
  if (dryRun && yes)
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', 'Say --dry-run or --yes, not both. Nothing was deleted.')
  const project = await openProject(options, terminal)
  const { collectGarbage } = await import('../pipeline/maintain/gc.js')
  const garbage = await collectGarbage(project, { olderThanMs, yes })
  if (json) writeJson(terminal, garbage)
  else terminal.write(renderGarbage(garbage, terminal))
  return 0
}

const COLUMNS = [{ head: 'table' }, { head: 'files', align: 'right' }, { head: 'bytes', align: 'right' }] as const

function renderGarbage(garbage: Garbage, look: Terminal): string {
  const { outcome, files, bytes, tables, kept_files, kept_bytes, unfinished, under_way } = garbage
  const kept =
    kept_files === 0
      ? ''
      : `${plural(kept_files, 'file')} that nothing names, ${bytesText(kept_bytes)}, stay for now: too young, or of a run under way.\n`
  const writers =
    under_way.length === 0 ? '' : `At work on the lake: ${under_way.join(', ')}. Nothing younger than a day goes.\n`
  const closed =
    unfinished === null ? 'Unfinished uploads were not looked for: s3:ListBucketMultipartUploads is denied.\n' : ''
  if (outcome === 'nothing') return `nothing to delete\n${kept}${closed}${writers}`
  const rows = tables.map(one => [one.table, countText(one.files), bytesText(one.bytes)])
  const cut = unfinished?.writes ?? 0
  const sum = [
    ...(files === 0 ? [] : [`${plural(files, 'file')}, ${bytesText(bytes)}`]),
    ...(cut === 0 ? [] : [`${plural(cut, 'unfinished write')}, ${bytesText(unfinished!.bytes)}`]),
  ].join('; ')
  const end = outcome === 'deleted' ? `deleted: ${sum}` : `would delete: ${sum}. \`sluice gc --yes\` does.`
  const table = rows.length === 0 ? '' : `${tableText(COLUMNS, rows, look)}\n`
  return `${table}${end}\n${kept}${closed}${writers}`
}
