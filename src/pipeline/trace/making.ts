import { goldShape } from '../../contract/tables.js'
import type { Engine } from '../../engine/engine.js'
import { quoteIdent } from '../../engine/sql-text.js'
import { snapshotOfRun } from '../../lake/commit-files.js'
import { dataFiles, ordinalOf } from '../../lake/scan.js'
import { ordinalSql } from '../../lake/table-shape.js'
import { REFERENCE_PRINTS } from '../derive/derived-marks.js'
import type { PlannedModel } from '../derive/model-inputs.js'
import { FORMULAS, INPUTS, MODEL } from '../derive/model-summary.js'
import { hashMacros } from '../project/macros.js'
import type { Project } from '../project/project.js'
import type { Workspace } from '../workspace.js'
import { traced } from './traced-rows.js'

/** By what and when the traced rows of a derived table were made. Hashes are sha256, null where a snapshot does not say. */
export interface Making {
  readonly model: string
  readonly model_hash: string
  readonly formulas_hash: string
  /** Runs that wrote the rows, the newest last. */
  readonly by_runs: readonly MakingRun[]
}

export interface MakingRun {
  readonly run_id: string
  readonly snapshot_id: string | null
  readonly derived_at: string | null
  readonly model_hash: string | null
  readonly formulas_hash: string | null
  /** The sha256 of what each reference table held that it joined. */
  readonly references: Readonly<Record<string, string>>
  /** The snapshot of each input that it read. */
  readonly inputs: Readonly<Record<string, string | null>>
}

/** Reads it from the snapshots of the runs in whose files the rows lie. */
export async function madeBy(
  model: PlannedModel,
  project: Project,
  { lake }: Workspace,
  engine: Engine,
): Promise<Making> {
  const contract = project.contracts.find(({ layer, dataset }) => layer === 'gold' && dataset === model.contract)!
  const shape = goldShape(contract)
  const table = await lake.catalog.load(shape.name)
  const file = model.file
  const own = { model: file, model_hash: model.hash, formulas_hash: await hashMacros(project) }
  if (table === undefined) return { ...own, by_runs: [] }
  const ordinal = ordinalSql(shape.partition.grain, quoteIdent(shape.partition.column))
  const rows = await engine.rows(`SELECT DISTINCT ${ordinal} AS _p FROM ${traced(`gold.${model.table}`)}`)
  const partitions = new Set(rows.map(row => Number(row['_p'])))
  const files = (await dataFiles(lake, table)).filter(candidate => partitions.has(ordinalOf(table, candidate)))
  const runs = new Set(
    files.flatMap(({ 'file-path': path }) => /run_id=(.+)-[0-9a-f]{8}\.parquet$/.exec(path)?.[1] ?? []),
  )
  const made = [...runs].map(runId => {
    const snapshot = snapshotOfRun(table, runId)
    const summary: Readonly<Record<string, string>> = snapshot?.summary ?? {}
    return {
      run_id: runId,
      snapshot_id: snapshot === undefined ? null : String(snapshot['snapshot-id']),
      derived_at: snapshot === undefined ? null : new Date(snapshot['timestamp-ms']).toISOString(),
      model_hash: summary[MODEL] ?? null,
      formulas_hash: summary[FORMULAS] ?? null,
      references: JSON.parse(summary[REFERENCE_PRINTS] ?? '{}') as Record<string, string>,
      inputs: JSON.parse(summary[INPUTS] ?? '{}') as Record<string, string | null>,
    }
  })
  return { ...own, by_runs: made.sort((a, b) => ((a.derived_at ?? '') < (b.derived_at ?? '') ? -1 : 1)) }
}
