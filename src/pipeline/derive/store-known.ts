import { goldShape } from '../../contract/tables.js'
import { isoTime } from '../../core/clock.js'
import { SluiceError } from '../../core/errors.js'
import { KNOWN_PREFIX, type LoadedTable, type TableName } from '../../lake/catalog.js'
import { commitFiles, snapshotOfRun } from '../../lake/commit-files.js'
import type { Lake } from '../../lake/lake.js'
import type { KnownAt } from '../../lake/newest-version.js'
import { openTable } from '../../lake/open-table.js'
import { dataFiles } from '../../lake/scan.js'
import { withoutUnchanged } from '../../lake/unchanged-files.js'
import { discardFiles } from '../../lake/write-files.js'
import { contractNamed } from '../pipes/resolve-pipes.js'
import { hashMacros } from '../project/macros.js'
import type { RunContext } from '../run-context.js'
import { committedBefore } from '../settle/committed-before.js'
import { textOf } from '../settle/judge-pipes.js'
import type { TableCommit } from '../settle/table-commit.js'
import type { DerivedTable } from './derive.js'
import { writeDerived } from './derive-slices.js'
import { deriveKnown, type KnownTable, viewKnown } from './known-gold.js'
import { inputsOf } from './model-inputs.js'
import { modelSummary } from './model-summary.js'
import { type PrintedModel, upstreamOf } from './plan-models.js'

/** Table property: the time at which the rows of a kept table were known, ISO 8601. */
export const KNOWN_AT = 'sluice.known-at'

/** Which knowledge is kept, and where. */
export interface Keeping {
  readonly knownAt: KnownAt
  /** The tables stand in the layer, and in SQL in the schema, `gold_<name>`. */
  readonly name: string
  /** Refuses rows of which only a publication rule says when they were known. */
  readonly strict: boolean
}

const NAME = /^[a-z][a-z0-9_]{0,39}$/

/** Throws SLUICE_ARGUMENT_INVALID for a name that cannot be part of a schema's. */
export function checkKeptName(name: string): void {
  if (NAME.test(name)) return
  const message = `--into "${name.slice(0, 80)}" cannot be a name. Nothing was written.`
  const next = 'Use 1 to 40 lower-case letters, digits and underscores, beginning with a letter: --into year_end_2025'
  throw new SluiceError('SLUICE_ARGUMENT_INVALID', message, { next })
}

/** The layer of a kept name. */
export function keptLayer(name: string): `gold_${string}` {
  return `${KNOWN_PREFIX}${name}`
}

/**
 * Derives models over silver as known at a time and keeps their tables under a name: audit and commit as for every table. A name holds one
 * time for good; asked again it takes up what came to be known of that time since. Throws SLUICE_ARGUMENT_INVALID, SLUICE_KNOWLEDGE_ASSUMED,
 * SLUICE_COMMIT_CONFLICT.
 */
export async function storeKnown(
  models: readonly PrintedModel[],
  chosen: readonly PrintedModel[],
  keeping: Keeping,
  run: RunContext,
): Promise<DerivedTable[]> {
  const { workspace, project } = run
  await refuseOtherTime(keeping, workspace.lake)
  const look = {
    lake: workspace.lake,
    project,
    engine: workspace.engines[0]!,
    asOf: { kind: 'now' as const },
    knownAt: keeping.knownAt,
  }
  const chain = upstreamOf(
    models,
    chosen.map(model => `gold.${model.table}`),
  )
  await viewKnown([], chain, look, keeping.strict)
  const at = isoTime(keeping.knownAt.atMs)
  const known = await run.timeline.measure('derive', `gold as known at ${at}`, () => deriveKnown(chain, look))
  const stored: DerivedTable[] = []
  for (const model of chosen) {
    const table = known.find(other => other.model.table === model.table)!
    const name = `${keptLayer(keeping.name)}.${model.table}`
    stored.push(await run.timeline.measure('keep', name, () => storeTable(name, table, keeping, run)))
  }
  return stored
}

/** A name that holds another time would mix two. */
async function refuseOtherTime({ name, knownAt }: Keeping, lake: Lake): Promise<void> {
  const own = (await lake.catalog.list()).filter(({ layer }) => layer === keptLayer(name))
  for (const table of own) {
    const held = (await lake.catalog.load(table))?.metadata.properties[KNOWN_AT]
    if (held === undefined || Date.parse(held) === knownAt.atMs) continue
    const message = `${keptLayer(name)} holds gold as known at ${held}, not at ${isoTime(knownAt.atMs)}. Nothing was written.`
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', message, { next: 'Choose another name for --into.' })
  }
}

async function storeTable(name: string, known: KnownTable, keeping: Keeping, run: RunContext): Promise<DerivedTable> {
  const plain = { name, verdict: undefined, commit: undefined }
  if (known.outcome === 'waiting')
    return { ...plain, outcome: 'waiting', why: 'a table that it reads was held or failed' }
  if (known.outcome !== 'derived')
    return { ...plain, outcome: known.outcome, verdict: known.verdict, why: textOf(known.verdict) }
  const commit = await commitRows(known, keeping, run)
  const passed = { verdict: 'pass' as const, findings: [] }
  const { figures } = known
  return { name, outcome: commit === undefined ? 'untouched' : 'published', verdict: passed, commit, figures }
}

/** Replaces the rows of a kept table; undefined when they are what they were. */
async function commitRows(
  { model, rows }: Extract<KnownTable, { outcome: 'derived' }>,
  { name, knownAt }: Keeping,
  run: RunContext,
): Promise<TableCommit | undefined> {
  const { lake, engines } = run.workspace
  const contract = contractNamed(run.project.contracts, model.contract)
  const shape = goldShape(contract)
  const table: LoadedTable = await openTable(lake, {
    ...shape,
    name: { ...shape.name, layer: keptLayer(name) } satisfies TableName,
    properties: { ...shape.properties, [KNOWN_AT]: isoTime(knownAt.atMs) },
  })
  const own = snapshotOfRun(table, run.runId)
  if (own !== undefined) return committedBefore(lake, table, own)
  const written = await writeDerived([rows], { contract, table, writers: engines, run })
  const { added, removed } = await withoutUnchanged(written, await dataFiles(lake, table), lake)
  if (added.length + removed.length === 0) return undefined
  // Gold that it read was made in passing: what stands in the lake of it was not looked at.
  const inputs = (await inputsOf(model, run)).filter(input => input.name.startsWith('silver.'))
  const summary = modelSummary(model, await hashMacros(run.project), inputs)
  const change = { removed, runId: run.runId, inputHash: run.inputHash, keys: 'unique' as const, summary }
  const commit = await commitFiles(lake, table, { ...change, added: added.map(({ file }) => file) })
  if (commit.outcome !== 'rebase') return { commit, added, removed }
  await discardFiles(lake, added)
  const message = `Another run changed ${keptLayer(name)}.${model.table} meanwhile. It is as that run left it.`
  throw new SluiceError('SLUICE_COMMIT_CONFLICT', message)
}
