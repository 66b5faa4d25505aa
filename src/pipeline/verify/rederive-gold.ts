import { goldShape, publishedShape } from '../../contract/tables.js'
import { ordinalRange } from '../../iceberg/transforms.js'
import type { Lake } from '../../lake/lake.js'
import { ordinalOf } from '../../lake/scan.js'
import { tableKey } from '../../lake/table-location.js'
import type { TableShape } from '../../lake/table-shape.js'
import { type DerivedTable, deriveGold } from '../derive/derive.js'
import { MODEL_PRINT, whyHistory } from '../derive/derived-marks.js'
import { type PrintedModel, planModels, upstreamOf } from '../derive/plan-models.js'
import { readDebts } from '../derive/stale-gold.js'
import { contractNamed } from '../pipes/resolve-pipes.js'
import { withReferencePrints } from '../project/reference-prints.js'
import { namesOf } from '../read/lake-views.js'
import { inLake, rebuildingLake } from '../replay/rebuild.js'
import type { RunContext } from '../run-context.js'
import { compareDerived, notDeclared, notReplayable, type TableToDerive, textOf } from './compare-derived.js'
import type { TableVerdict } from './verification.js'

const HOUR_MS = 3_600_000

/** Models run over silver as it is stored, each over the others as they come out again. */
export async function rederiveGold(
  tables: readonly TableToDerive[],
  all: readonly TableToDerive[],
  run: RunContext,
): Promise<TableVerdict[]> {
  if (tables.length === 0) return []
  const { workspace, project } = run
  const engine = workspace.engines[0]!
  const models = await withReferencePrints(await planModels(project, engine), engine)
  const owners = new Map(
    models.map(model => [tableKey(goldShape(contractNamed(project.contracts, model.contract)).name), model]),
  )
  const modelOf = ({ name }: TableToDerive): PrintedModel | undefined => owners.get(tableKey(name))
  const wanted = tables.flatMap(table => modelOf(table) ?? [])
  const chain = upstreamOf(
    models,
    wanted.map(model => `gold.${model.table}`),
  )
  const damaged = new Set(
    all.filter(({ isDamaged, live }) => isDamaged || live === undefined).map(({ name }) => textOf(name)),
  )
  const blocked = blockedModels(chain, damaged)
  const derivable = chain.filter(model => !blocked.has(`gold.${model.table}`))
  const lake = await goldLake(derivable, run)
  const derived =
    derivable.length === 0
      ? []
      : await deriveGold([], inLake(lake, run), new Set(derivable.map(model => `gold.${model.table}`)))
  const debts = new Map((await readDebts(workspace.lake.store)).map(debt => [debt.table, debt.why]))
  const verdicts: TableVerdict[] = []
  for (const table of tables) {
    const model = modelOf(table)
    const name = textOf(table.name)
    if (model === undefined) {
      verdicts.push(withoutModel(table, models))
      continue
    }
    const why = blocked.has(name)
      ? `it reads ${blocked.get(name)}, of which files are damaged or gone`
      : whyNotDerived(derived.find(own => own.name === name))
    if (why !== undefined) {
      verdicts.push(notReplayable(table, why))
      continue
    }
    const shape = goldShape(contractNamed(project.contracts, model.contract))
    const outdated = debts.has(name)
      ? `it has still to be derived: ${debts.get(name)}`
      : ((await whyHistory(model, run)) ?? whyOutlived(table, shape, upstreamOf(models, [name]), run))
    verdicts.push(await compareDerived(table, shape, lake, outdated, run))
  }
  return verdicts
}

/** A lake in which the tables of models begin empty. */
async function goldLake(models: readonly PrintedModel[], run: RunContext): Promise<Lake> {
  const names = models.map(model => goldShape(contractNamed(run.project.contracts, model.contract)).name)
  const loaded = await Promise.all(names.map(name => run.workspace.lake.catalog.load(name)))
  const hidden = names.map(name => `${tableKey(name)}/`)
  return rebuildingLake(
    loaded.filter(table => table !== undefined),
    hidden,
    run,
  )
}

/** Models that read a damaged table that no model makes, or what such a model makes, with that table. */
function blockedModels(chain: readonly PrintedModel[], damaged: ReadonlySet<string>): Map<string, string> {
  const made = new Set(chain.map(model => `gold.${model.table}`))
  const blocked = new Map<string, string>()
  for (const model of chain) {
    const by = model.dependencies.find(
      input => blocked.has(input) || (!made.has(input) && (damaged.has(input) || damaged.has(`${input}_versions`))),
    )
    if (by !== undefined) blocked.set(`gold.${model.table}`, blocked.get(by) ?? by)
  }
  return blocked
}

/** Why a table of gold may hold what nothing gives any more: rows that it was made of are past their retention. Undefined: none are. */
function whyOutlived(
  { table, live = [] }: TableToDerive,
  { partition: { grain } }: TableShape,
  chain: readonly PrintedModel[],
  { project, deps }: RunContext,
): string | undefined {
  const read = new Set(chain.flatMap(({ dependencies }) => dependencies))
  const starts = live.map(file => ordinalRange(grain, ordinalOf(table, file)).startMs)
  for (const contract of project.contracts) {
    const { retentionHours } = contract
    const input = namesOf(publishedShape(contract).name).find(name => read.has(name))
    if (retentionHours === undefined || input === undefined) continue
    const keptFrom = deps.clock.now() - retentionHours * HOUR_MS
    if (starts.some(start => start < keptFrom)) return `it was made of rows of ${input} that are past their retention`
  }
  return undefined
}

function withoutModel(table: TableToDerive, models: readonly PrintedModel[]): TableVerdict {
  const { layer, dataset } = table.name
  if (layer !== 'gold')
    return notReplayable(
      table,
      'it keeps gold as it was known at a time: `sluice derive --as-known-at … --into …` derives it again',
    )
  // The table of an older major stays when its model goes on with a new one.
  const isOlder = models.some(model => model.table === dataset)
  if (isOlder || table.table.metadata.properties[MODEL_PRINT] === undefined)
    return notReplayable(table, 'no model of the project makes it: runs book it, or its model makes another major')
  return notDeclared(
    table,
    'it was derived by a model, and the project has none that makes it any more, or no contract for it',
  )
}

function whyNotDerived(derived: DerivedTable | undefined): string | undefined {
  if (derived === undefined || derived.outcome === 'published' || derived.outcome === 'untouched') return undefined
  return `it cannot be derived: ${derived.why ?? derived.outcome}`
}
