import { SluiceError } from '../core/errors.js'
import type { LineageOptions } from '../pipeline/lineage/lineage.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { renderLineage } from './render-lineage.js'
import type { Terminal } from './terminal.js'

export interface LineageFlags extends ProjectOptions {
  readonly column?: string
  readonly upstream?: boolean
  readonly downstream?: boolean
  readonly depth?: string
  readonly to?: string
}

/** `sluice lineage TABLE`. */
export async function lineageCommand(table: string, flags: LineageFlags, terminal: Terminal): Promise<number> {
  const json = wantsJson(flags.output)
  const options = optionsOf(flags)
  const project = await openProject(flags, terminal)
  const { lineage } = await import('../pipeline/lineage/lineage.js')
  const report = await lineage(project, table, options)
  if (json) writeJson(terminal, report)
  else terminal.write(renderLineage(report, flags, terminal))
  return 0
}

function optionsOf({ column, upstream, downstream, depth, to }: LineageFlags): LineageOptions {
  if (upstream === true && downstream === true)
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', '--upstream and --downstream cannot stand together.')
  if (depth !== undefined && to !== undefined)
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', '--depth and --to cannot stand together.')
  if (to !== undefined && to !== 'silver')
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', `--to is silver, not "${to}".`)
  if (to !== undefined && downstream === true)
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', '--to silver looks upstream; --downstream looks the other way.')
  if (depth !== undefined && !/^[1-9]\d{0,3}$/.test(depth))
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', `--depth is a number of models, 1 or more, not "${depth}".`)
  const models = to === 'silver' ? Number.POSITIVE_INFINITY : depth === undefined ? undefined : Number(depth)
  return { column, direction: downstream === true ? 'downstream' : 'upstream', depth: models }
}
