import type { ModelSummary } from '../pipeline/derive/list-models.js'
import { countText } from './figures.js'
import { oneLine } from './one-line.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { type TableColumn, tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

/** `sluice models [NAME]`. */
export async function modelsCommand(
  name: string | undefined,
  options: ProjectOptions,
  terminal: Terminal,
): Promise<number> {
  const json = wantsJson(options.output)
  const project = await openProject(options, terminal)
  const { describeModel, listModels } = await import('../pipeline/derive/list-models.js')
  if (name === undefined) {
    const models = await listModels(project)
    if (json) writeJson(terminal, models)
    else terminal.write(renderModels(models, terminal))
    return 0
  }
  const model = await describeModel(project, name)
  if (json) writeJson(terminal, model)
  else terminal.write(renderModel(model, terminal))
  return 0
}

function renderModels(models: readonly ModelSummary[], look: Terminal): string {
  if (models.length === 0) return 'The project has no models yet: write one in models/gold/.\n'
  const columns: TableColumn[] = [
    { head: 'table' },
    { head: 'one row' },
    { head: 'lookback' },
    { head: 'reads' },
    { head: 'contract' },
    { head: 'from' },
    { head: 'rows', align: 'right' },
    { head: 'derived' },
  ]
  const rows = models.map(model => [
    model.table,
    model.grain.replace(/^one row per /, 'per '),
    model.lookback,
    model.reads.join(', '),
    model.contract,
    model.origin,
    model.rows === undefined ? '' : countText(model.rows),
    secondsOf(model.derivedAt),
  ])
  const stale = models.flatMap(({ table, stale: why }) =>
    why === undefined ? [] : [`${look.colors.yellow('stale')}  ${table}: ${oneLine(why)}\n`],
  )
  return `${tableText(columns, rows, { ...look, cellWidth: LONGEST_CELL })}\n${stale.join('')}`
}

const LONGEST_CELL = 60

function renderModel(model: ModelSummary, { colors }: Terminal): string {
  const state =
    model.derivedAt === undefined
      ? 'never derived'
      : `${countText(model.rows ?? 0)} rows, last changed ${secondsOf(model.derivedAt)} by run ${model.derivedBy}`
  const lines = [
    `${colors.bold(model.table)}  ${state}`,
    model.description,
    '',
    `one row    ${model.grain.replace(/^one row /, '')}`,
    `partition  ${model.partition}`,
    `lookback   ${model.lookback}`,
    ...(model.lookahead === undefined ? [] : [`lookahead  ${model.lookahead}`]),
    `reads      ${model.reads.join(', ') || 'nothing'}`,
    `contract   ${model.contract}`,
    `from       ${model.file}, ${ORIGINS[model.origin]}`,
    ...(model.stale === undefined ? [] : [`${colors.yellow('stale')}      ${oneLine(model.stale)}`]),
  ]
  return `${lines.join('\n')}\n`
}

const ORIGINS: Readonly<Record<ModelSummary['origin'], string>> = {
  shipped: 'as Sluice ships it',
  changed: 'which is not as Sluice ships it',
  own: 'your own',
}

function secondsOf(iso: string | undefined): string {
  return iso?.replace(/\.\d+Z$/, 'Z') ?? ''
}
