import { CONTRACT_HASH, goldShape, publishedShape } from '../../contract/tables.js'
import { asSluiceError } from '../../core/errors.js'
import type { DataFile } from '../../iceberg/types.js'
import type { LoadedTable, TableName } from '../../lake/catalog.js'
import type { Lake } from '../../lake/lake.js'
import { dataFiles } from '../../lake/scan.js'
import { tableKey } from '../../lake/table-location.js'
import type { TableShape } from '../../lake/table-shape.js'
import type { DerivedTable } from '../derive.js'
import { deriveGold } from '../derive.js'
import { whyHistory } from '../derived-marks.js'
import { type PrintedModel, planModels, upstreamOf } from '../plan-models.js'
import { withReferencePrints } from '../reference-prints.js'
import { inLake, type RebuiltDataset, rebuildDatasets, rebuildingLake } from '../replay/rebuild.js'
import { contractNamed } from '../resolve-pipes.js'
import type { RunContext } from '../run-context.js'
import { readDebts } from '../stale-gold.js'
import { compareTable } from './compare-table.js'
import type { TableVerdict } from './verification.js'
import { readOtherwise, writtenByOthers } from './why-outdated.js'

/** A table of silver or gold, with the files of it that can be read. */
export interface TableToDerive {
  readonly name: TableName
  readonly table: LoadedTable
  /** Undefined when its manifests cannot be read. */
  readonly live: readonly DataFile[] | undefined
  /** Whether a file of its newest snapshot is damaged or gone. */
  readonly isDamaged: boolean
  /** Of a run that is verified: the partitions that it wrote. Undefined: all. */
  readonly partitions: ReadonlySet<number> | undefined
}

/**
 * Derives tables again in a lake of its own, silver from captures and gold from silver, by today's contracts, pipes and models, and compares. The
 * run's lake is not written to.
 */
export async function rederive(tables: readonly TableToDerive[], run: RunContext): Promise<TableVerdict[]> {
  const silver = tables.filter(({ name }) => name.layer === 'silver')
  const gold = tables.filter(({ name }) => name.layer !== 'silver')
  const ofGold = await rederiveGold(gold, tables, run).catch(cause =>
    gold.map(table => notReplayable(table, asSluiceError(cause).message)),
  )
  return [...(await rederiveSilver(silver, run)), ...ofGold]
}

function textOf({ layer, dataset }: TableName): string {
  return `${layer}.${dataset}`
}

function notReplayable({ name }: TableToDerive, why: string): TableVerdict {
  const table = `${textOf(name)}${name.major === 1 ? '' : `_v${name.major}`}`
  return { table, verdict: 'not_replayable', why, partitions: {}, inexact: [] }
}

const DAMAGED = 'files of it are damaged or gone: see the faults'

async function rederiveSilver(tables: readonly TableToDerive[], run: RunContext): Promise<TableVerdict[]> {
  const own = run.project.contracts.filter(({ layer }) => layer === 'silver')
  const contractOf = ({ name }: TableToDerive) =>
    own.find(contract => tableKey(publishedShape(contract).name) === tableKey(name))
  const verdicts: TableVerdict[] = []
  for (const table of tables) {
    const contract = contractOf(table)
    if (contract === undefined) {
      verdicts.push(notReplayable(table, 'no contract of the project is of this table'))
      continue
    }
    const isSame = table.table.metadata.properties[CONTRACT_HASH] === contract.hash
    const outdated = isSame ? undefined : 'its contract has changed'
    // One dataset at a time: what is wrong with the captures or records of one says nothing of the others.
    const verdict = await rebuildDatasets([contract], run)
      .then(({ lake, datasets }) => compareSilver(table, datasets[0]!, lake, outdated, run))
      .catch(cause => notReplayable(table, asSluiceError(cause).message))
    verdicts.push(verdict)
  }
  return verdicts
}

async function compareSilver(
  table: TableToDerive,
  rebuilt: RebuiltDataset,
  lake: Lake,
  outdated: string | undefined,
  run: RunContext,
): Promise<TableVerdict> {
  const { lost, contract, outcome } = rebuilt
  const shape = publishedShape(contract)
  if (lost.length > 0) {
    const [first] = lost
    const more = lost.length === 1 ? '' : `, and ${lost.length - 1} more`
    return notReplayable(table, `capture ${first!.captureId} of ${first!.pipe} (${first!.name}): ${first!.why}${more}`)
  }
  if (outcome === undefined) return notReplayable(table, 'no finished run took captures for it')
  const verdict = await compared(table, shape, lake, outdated, run)
  if (verdict.verdict !== 'differs' || verdict.outdated !== undefined) return verdict
  const why = await readOtherwise(rebuilt, lake, run)
  return why === undefined ? verdict : { ...verdict, outdated: why }
}

async function compared(
  table: TableToDerive,
  shape: TableShape,
  lake: Lake,
  outdated: string | undefined,
  run: RunContext,
): Promise<TableVerdict> {
  const { workspace, timeline } = run
  const name = textOf(table.name)
  if (table.live === undefined || table.isDamaged) return notReplayable(table, DAMAGED)
  const derived = (await lake.catalog.load(shape.name)) ?? table.table
  const within = (files: readonly DataFile[]): readonly DataFile[] => inPartitions(files, table)
  const files = derived === table.table ? [] : await dataFiles(lake, derived)
  const verdict = await timeline.measure('compare', name, () =>
    compareTable(
      shape,
      { lake: workspace.lake, table: table.table, files: within(table.live!) },
      { lake, table: derived, files: within(files) },
      workspace.engines[0]!,
    ),
  )
  if (verdict.verdict !== 'differs') return { table: name, ...verdict }
  const why = outdated ?? (await writtenByOthers(table.live, run))
  return { table: name, ...verdict, ...(why !== undefined && { outdated: why }) }
}

function inPartitions(files: readonly DataFile[], { table, partitions }: TableToDerive): readonly DataFile[] {
  const fieldId = table.metadata['partition-specs'][0]!.fields[0]!['field-id']
  return partitions === undefined ? files : files.filter(file => partitions.has(Number(file.partition[fieldId])))
}

/** Models run over silver as it is stored, each over the others as they come out again. */
async function rederiveGold(
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
    const why =
      model === undefined
        ? whyNoModel(table.name)
        : blocked.has(name)
          ? `it reads ${blocked.get(name)}, of which files are damaged or gone`
          : whyNotDerived(derived.find(own => own.name === name))
    if (why !== undefined || model === undefined) {
      verdicts.push(notReplayable(table, why ?? ''))
      continue
    }
    const outdated = debts.has(name) ? `it has still to be derived: ${debts.get(name)}` : await whyHistory(model, run)
    const shape = goldShape(contractNamed(project.contracts, model.contract))
    verdicts.push(await compared(table, shape, lake, outdated, run))
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

function whyNoModel({ layer }: TableName): string {
  return layer === 'gold'
    ? 'no model of the project makes it: runs book it, or its model is gone'
    : 'it keeps gold as it was known at a time: `sluice derive --as-known-at … --into …` derives it again'
}

function whyNotDerived(derived: DerivedTable | undefined): string | undefined {
  if (derived === undefined || derived.outcome === 'published' || derived.outcome === 'untouched') return undefined
  return `it cannot be derived: ${derived.why ?? derived.outcome}`
}
