import { SluiceError } from '../../core/errors.js'
import { formatInterval } from '../../core/interval.js'
import type { Deps } from '../deps.js'
import type { Project } from '../project/project.js'
import type { RunRecord, SourceRecord } from '../record/run-record.js'
import { run } from '../run.js'
import type { Progress } from '../timeline.js'
import type { BackfillOptions } from './backfill.js'
import type { Makings, PartRecord } from './backfill-record.js'
import type { Part } from './lanes.js'
import { partRunId } from './run-ids.js'

export interface PartContext {
  readonly project: Project
  readonly options: BackfillOptions
  readonly deps: Deps
  readonly name: string
  readonly makings: Makings
  readonly signal: AbortSignal
  /** What the record says of the part now. */
  note(part: PartRecord): Promise<void>
  onProgress(event: Progress): void
}

export function newPart({ lane, interval }: Pick<Part, 'lane' | 'interval'>): PartRecord {
  return { lane, interval: formatInterval(interval), state: 'pending', run_ids: [], attempts: 0, requests: 0, rows: 0 }
}

/**
 * Works on a part until nothing of it is left that asking again could bring: a run whose time was up is followed by another. A part that a
 * dead process was at goes on under the id of its run. Throws what `run` throws; then the part stays as `running`, for the next time.
 */
export async function runPart(part: Part, before: PartRecord, context: PartContext): Promise<PartRecord> {
  let entry: PartRecord = before
  let attempt = before.state === 'running' ? before.attempts : before.attempts + 1
  for (;;) {
    const runId = partRunId(context.name, workOf(part, context), attempt)
    entry = { ...entry, state: 'running', attempts: attempt, run_ids: [...new Set([...entry.run_ids, runId])] }
    await context.note(entry)
    const record = await attemptPart(part, runId, context)
    if (record === undefined) {
      // It was begun on other answers than there are now.
      attempt++
      continue
    }
    entry = outcomeOf(entry, part, record, context.signal.aborted)
    await context.note(entry)
    const goesOn = record.repeated === true || (isCutShort(record) && requestsOf(record) > 0)
    if (entry.state === 'done' || context.signal.aborted || !goesOn) return entry
    attempt++
  }
}

/** What the id of a run stands for. */
function workOf({ pipes, interval }: Part, { makings }: PartContext): unknown {
  const names = pipes.map(({ pipe }) => pipe.name)
  const { contracts, references, providers } = makings
  return [formatInterval(interval), names.map(name => [name, makings.pipes[name]]), contracts, references, providers]
}

/** Undefined: the id is that of other work. */
async function attemptPart(part: Part, runId: string, context: PartContext): Promise<RunRecord | undefined> {
  const { project, options, deps, name, signal, onProgress } = context
  const declared = new Set(part.pipes.flatMap(({ pipe }) => Object.keys(pipe.params)))
  try {
    return await run(
      project,
      {
        select: part.pipes.map(({ pipe }) => pipe.name),
        params: Object.fromEntries(Object.entries(options.params).filter(([param]) => declared.has(param))),
        input: [],
        runId,
        allowDqBreach: options.allowDqBreach,
        replace: false,
        dryRun: false,
        interval: part.interval,
        backfill: { name },
        partWay: options.partWay,
        signal,
        onProgress,
      },
      deps,
    )
  } catch (cause) {
    if (cause instanceof SluiceError && cause.code === 'SLUICE_RUN_ID_TAKEN') return undefined
    throw cause
  }
}

function outcomeOf(entry: PartRecord, part: Part, record: RunRecord, interrupted: boolean): PartRecord {
  const accepted = record.pipes.reduce((sum, { accepted: rows }) => sum + rows, 0)
  const open = [...(record.sources ?? []).flatMap(source => openOf(source, interrupted)), ...heldIn(record)]
  const { open: _, ...rest } = entry
  return {
    ...rest,
    state: stateOf(record, open.length, part.pipes.length),
    requests: entry.requests + requestsOf(record),
    rows: entry.rows + accepted,
    ...(open.length > 0 && { open }),
  }
}

function stateOf({ status, sources = [] }: RunRecord, open: number, pipes: number): PartRecord['state'] {
  // What another run asks for has not failed.
  if (sources.some(({ state }) => state === 'leased')) return 'partial'
  if (status === 'held' || status === 'failed') return status
  if (status === 'nothing_due' && open > 0 && open >= pipes) return 'failed'
  return status === 'partial' || open > 0 ? 'partial' : 'done'
}

function openOf({ pipe, state, meaning, why }: SourceRecord, interrupted: boolean): { pipe: string; why: string }[] {
  if (state === 'leased') return [{ pipe, why: why ?? 'another run has it' }]
  if (state !== 'failed' && state !== 'not finished') return []
  if (state === 'failed') return [{ pipe, why: `${meaning}: ${why}` }]
  return [{ pipe, why: interrupted ? 'it was interrupted' : 'the time was up' }]
}

function heldIn({ holds = [] }: RunRecord): { pipe: string; why: string }[] {
  return holds.map(({ pipe, why }) => ({ pipe, why: `held back: ${why}` }))
}

function isCutShort({ sources = [] }: RunRecord): boolean {
  return sources.some(({ state }) => state === 'not finished')
}

function requestsOf({ sources = [] }: RunRecord): number {
  return sources.reduce((sum, { requests }) => sum + requests, 0)
}
