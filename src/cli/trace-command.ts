import { SluiceError } from '../core/errors.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { renderTrace } from './render-trace.js'
import type { Terminal } from './terminal.js'

export interface TraceOptions extends ProjectOptions {
  readonly where?: string
}

/** `sluice trace TABLE --where CONDITION`. */
export async function traceCommand(table: string, options: TraceOptions, terminal: Terminal): Promise<number> {
  const json = wantsJson(options.output)
  if (options.where === undefined)
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', "Say which rows: --where \"instrument_id = '…' AND date = '…'\".")
  const project = await openProject(options, terminal)
  const { traceRows } = await import('../pipeline/trace/trace-rows.js')
  const trace = await traceRows(project, { table, where: options.where })
  if (json) writeJson(terminal, trace)
  else terminal.write(renderTrace(trace, options, terminal))
  return 0
}
