import { openSettings, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { renderTable, renderTables } from './render-tables.js'
import type { Terminal } from './terminal.js'

/** `sluice tables [NAME] [--files]`. */
export async function tablesCommand(
  name: string | undefined,
  options: ProjectOptions & { readonly files?: boolean },
  terminal: Terminal,
): Promise<number> {
  const json = wantsJson(options.output)
  const project = await openSettings(options, terminal)
  const { describeTable, listTables } = await import('../pipeline/read/tables.js')
  const { lakeMark } = await import('../pipeline/lake-store.js')
  if ((await lakeMark(project)) === 'gone') terminal.note('_layout.json of this lake is gone: see `sluice doctor`\n')
  if (name === undefined) {
    const tables = await listTables(project)
    if (json) writeJson(terminal, tables)
    else terminal.write(renderTables(tables, terminal))
    return 0
  }
  const table = await describeTable(project, name, { files: options.files ?? false })
  if (json) writeJson(terminal, table)
  else terminal.write(renderTable(table, terminal))
  return 0
}
