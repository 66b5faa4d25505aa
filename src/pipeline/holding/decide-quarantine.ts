import { SluiceError } from '../../core/errors.js'
import { CANNOT_RELEASE, type RowCondition } from '../../silver/decided-rows.js'
import { type Deps, systemDeps } from '../deps.js'
import { lakeStore } from '../lake-store.js'
import type { Project } from '../project.js'
import { type RunOptions, run } from '../run.js'
import type { RunRecord } from '../run-record.js'
import { discardQuarantined } from './discard-quarantined.js'
import { type ChosenRows, chooseQuarantined, type QuarantineFilter } from './find-quarantined.js'
import type { Hold } from './hold-book.js'
import type { Decision } from './recall.js'
import { recalled } from './recall-captures.js'
import { locateCaptures } from './stored-captures.js'

/** `nothing`: no row and no hold fits, and nothing was changed. */
export type DecisionOutcome =
  | { readonly outcome: 'nothing' }
  | {
      readonly outcome: 'decided'
      readonly record: RunRecord
      /** Rows that the decision cannot be about; they wait on. */
      readonly refused: readonly RefusedRows[]
    }

export interface RefusedRows {
  readonly dataset: string
  readonly rows: number
  readonly rules: readonly string[]
}

/**
 * Carries out what a person decided about quarantined rows and holds. `replay` judges their captures again, by today's extraction and
 * contract; `release` publishes the accepted rows of holds, and rows that broke rules if they have typed values; `discard` ends their
 * waiting. Each is a run with a record, and a note of who and why that is written first.
 * Throws SLUICE_QUARANTINE_UNKNOWN, SLUICE_ROW_NOT_RELEASABLE, SLUICE_PIPE_UNKNOWN, SLUICE_PIPE_LEASED, SLUICE_CAPTURE_CORRUPT.
 */
export async function decideQuarantined(
  project: Project,
  filter: QuarantineFilter,
  decision: Decision,
  options: Pick<RunOptions, 'nowMs' | 'onProgress'> = {},
  deps: Deps = systemDeps,
): Promise<DecisionOutcome> {
  const refusal = decision.move === 'release' ? CANNOT_RELEASE : 'false'
  const { holds, rows, held } = await chooseQuarantined(project, filter, refusal, deps)
  const refused = rows.filter(({ refused: count }) => count > 0).map(refusedRows)
  const chosen = rows.filter(({ rows: count }) => count > 0)
  if (holds.length + chosen.length === 0 && refused.length > 0) throw notReleasable(refused)
  if (holds.length + chosen.length === 0) return { outcome: 'nothing' }
  if (decision.move === 'discard') {
    const record = await discardQuarantined(project, { decision, holds, rows: chosen }, options, deps)
    return { outcome: 'decided', record, refused }
  }
  if (decision.move === 'release') refuseHeld(chosen, holds, held)
  const wanted = new Map([
    ...chosen.flatMap(({ captures }) => [...captures]),
    ...holds.flatMap(({ captures }) => captures.map(({ id, received_at }) => [id, Date.parse(received_at)] as const)),
  ])
  const stored = await locateCaptures(await lakeStore(project), wanted)
  const release = new Map<string, RowCondition>(
    chosen.map(({ dataset, sql, captures }) => [dataset, { sql, captures: [...captures.keys()] }]),
  )
  const recall = {
    decision,
    captures: recalled([...stored.values()], project),
    holds: holds.map(({ id }) => id).sort(),
    rows: chosen.reduce((sum, { rows: count }) => sum + count, 0),
    ...(decision.move === 'release' && { release }),
  }
  const nowMs = options.nowMs ?? deps.clock.now()
  const record = await run(
    project,
    {
      ...{ select: [], params: {}, input: [], replace: false, dryRun: false },
      allowDqBreach: false,
      runId: deps.ids.runId(nowMs),
      nowMs: options.nowMs,
      onProgress: options.onProgress,
    },
    deps,
    recall,
  )
  return { outcome: 'decided', record, refused }
}

function refusedRows({ dataset, refused, refusedRules }: ChosenRows): RefusedRows {
  return { dataset, rows: refused, rules: refusedRules }
}

function notReleasable(refused: readonly RefusedRows[]): SluiceError {
  const texts = refused.map(({ dataset, rows, rules }) => `${rows} of ${dataset} (${rules.join(', ')})`)
  const message = `Rows that are no record, have a value of another type or lack a required one, or whose key is published with other content, cannot be released: ${texts.join('; ')}. Nothing was changed.`
  return new SluiceError('SLUICE_ROW_NOT_RELEASABLE', message, { refused })
}

/** To publish one row of a batch that is held would say that the rest of it is none. */
function refuseHeld(chosen: readonly ChosenRows[], holds: readonly Hold[], held: readonly Hold[]): void {
  const own = new Set(holds.map(({ id }) => id))
  for (const { dataset, captures } of chosen) {
    const hold = held.find(
      candidate =>
        candidate.dataset === dataset &&
        !own.has(candidate.id) &&
        candidate.captures.some(({ id }) => captures.has(id)),
    )
    if (hold === undefined) continue
    const message = `Some of these rows are of a batch that is held (${hold.id}, pipe ${hold.pipe}). Nothing was changed.`
    const next = `Release or replay the hold first: sluice quarantine release ${hold.id} --reason "why"`
    throw new SluiceError('SLUICE_ROW_NOT_RELEASABLE', message, { hold: hold.id, next })
  }
}
