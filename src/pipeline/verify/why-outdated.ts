import { SLUICE_VERSION } from '../../core/version.js'
import type { DataFile } from '../../iceberg/types.js'
import type { Lake } from '../../lake/lake.js'
import { findRun } from '../record/runs.js'
import { writerOf } from '../record/runs-behind.js'
import { planDataset } from '../replay/plan-dataset.js'
import type { RebuiltDataset } from '../replay/rebuild.js'
import type { RunContext } from '../run-context.js'

/** Why rows that came out otherwise are no damage: another release or engine wrote them. Undefined when the ledger knows of none. */
export async function writtenByOthers(
  files: readonly DataFile[],
  { workspace }: RunContext,
): Promise<string | undefined> {
  const { lake, engines } = workspace
  const [row] = await engines[0]!.rows('SELECT version() AS version')
  const today = [SLUICE_VERSION, `DuckDB ${String(row?.['version'])}`]
  for (const id of new Set(files.map(writerOf))) {
    const record = await findRun(lake.store, id)
    if (record === undefined) continue
    const { sluice_version: sluice, engine_version: engine } = record
    if (sluice !== today[0] || engine !== today[1])
      return `run ${id} wrote rows of it by Sluice ${sluice} and ${engine}; today's are ${today.join(' and ')}`
  }
  return undefined
}

/**
 * Whether the captures that are behind a dataset are read into other records today than when they landed, which a changed pipe does. Records of other
 * captures than those are another matter.
 */
export async function readOtherwise(rebuilt: RebuiltDataset, lake: Lake, run: RunContext): Promise<string | undefined> {
  const { bronze } = await planDataset(rebuilt, { lake, fromMs: undefined }, run)
  const isOther = bronze.kept === 0 && bronze.replaced.some(({ isDamaged }) => !isDamaged)
  return isOther
    ? 'its captures are read into other records than when they landed: a pipe of it has changed'
    : undefined
}
