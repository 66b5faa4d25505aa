import { SluiceError } from '../core/errors.js'
import type { ExpiredTable } from '../pipeline/maintain/expire.js'
import type { ExpiredCaptures } from '../pipeline/maintain/expire-captures.js'
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
  readonly captures?: boolean
  readonly yes?: boolean
}

/** `sluice expire`: 0, also when there was nothing to forget. With `--captures` it deletes, and with `--yes` alone. */
export async function expireCommand(
  tables: readonly string[],
  options: ExpireCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const json = wantsJson(options.output)
  const { olderThan, keep, dryRun = false, captures = false, yes = false } = options
  refuseMixed(tables, options)
  const olderThanMs = olderThan === undefined ? undefined : durationOf('--older-than', olderThan)
  if (captures) {
    const project = await openProject(options, terminal)
    const { expireCaptures } = await import('../pipeline/maintain/expire-captures.js')
    const gone = await expireCaptures(project, { olderThanMs, yes })
    if (json) writeJson(terminal, gone)
    else terminal.write(renderCaptures(gone))
    return 0
  }
  const kept = keep === undefined ? undefined : countOf('--keep', keep)
  const project = await openProject(options, terminal)
  const { expire } = await import('../pipeline/maintain/expire.js')
  const done = await expire(project, { tables, olderThanMs, keep: kept, dryRun })
  if (json) writeJson(terminal, done)
  else terminal.write(renderExpired(done, terminal))
  return 0
}

/** Throws SLUICE_ARGUMENT_INVALID for what says nothing together. */
function refuseMixed(
  tables: readonly string[],
  { captures = false, yes = false, dryRun = false, keep }: ExpireCommandOptions,
): void {
  const fault =
    yes && !captures
      ? '--yes is for --captures: snapshots are forgotten without it'
      : yes && dryRun
        ? 'Say --dry-run or --yes, not both'
        : captures && tables.length > 0
          ? '--captures is of all captures of the lake: name no table with it'
          : captures && keep !== undefined
            ? '--keep counts snapshots: it has no meaning for --captures'
            : undefined
  if (fault !== undefined) throw new SluiceError('SLUICE_ARGUMENT_INVALID', `${fault}. Nothing was changed.`)
}

function renderCaptures({ outcome, segments, captures, bytes, kept_captures, record }: ExpiredCaptures): string {
  const kept =
    kept_captures === 0
      ? ''
      : `${plural(kept_captures, 'capture')} past ${kept_captures === 1 ? 'its' : 'their'} retention stay: rows stand on them or on one beside them, or they wait.\n`
  if (outcome === 'nothing') return `no capture to delete\n${kept}`
  const sum = `${plural(captures, 'capture')} in ${plural(segments, 'segment')}, ${bytesText(bytes)}`
  if (outcome === 'planned') return `would delete for good: ${sum}. \`sluice expire --captures --yes\` does.\n${kept}`
  return `deleted: ${sum}. Which they were is in ${record}.\n${kept}`
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
