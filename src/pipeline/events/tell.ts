import { isoTime } from '../../core/clock.js'
import { asSluiceError } from '../../core/errors.js'
import { sharedState } from '../../lake/shared-state.js'
import type { ObjectStore } from '../../storage/object-store.js'
import type { Deps } from '../deps.js'
import type { DerivedTable } from '../derive/derive.js'
import type { Sharing } from '../fetch/source-states.js'
import { openPipeBreakers } from '../holding/breaker-book.js'
import type { Project } from '../project/project.js'
import type { EventsRecord, RunRecord } from '../record/run-record.js'
import type { RunContext } from '../run-context.js'
import type { CloudEvent, EventMoment } from './cloud-event.js'
import { commandSink } from './command-sink.js'
import { deliver } from './deliver.js'
import { afterRun, type FreshnessBook, type FreshnessMove, type Seen } from './freshness.js'
import { type BreakerMove, failureEvent, runEvents } from './run-events.js'
import { goneParts, seenDatasets, shutPipes } from './seen-datasets.js'
import type { Sink } from './sink.js'
import { webhookSink } from './webhook-sink.js'

/**
 * Tells the project's sinks what a run came to, before its record is written; gives what the record says of that. Undefined when the
 * project tells nobody. Never throws, and takes no longer than the project's deadline.
 */
export async function tellRun(
  record: RunRecord,
  derived: readonly DerivedTable[],
  breakers: readonly BreakerMove[],
  { project, deps, workspace }: Pick<RunContext, 'project' | 'deps' | 'workspace'>,
): Promise<EventsRecord | undefined> {
  const settings = project.config.events
  if (settings === undefined) return undefined
  const moment = { source: settings.source, runId: record.run_id, time: isoTime(deps.clock.now()) }
  // The past makes a dataset neither fresh nor stale.
  if (record.backfill !== undefined) {
    const moves = { breakers, freshness: [] }
    const told = await tell(runEvents(record, moves, moment), project, deps).catch(faultOf)
    return { ...NOTHING_TOLD, ...told }
  }
  const seen = seenDatasets({ ...record, sources: record.sources ?? [], derived, declared: project.pipes })
  return turnAndTell({ record, breakers, seen }, moment, project, { ...deps, store: workspace.lake.store })
}

/** The same of a person who moved breakers: `seen` is what follows for the datasets. */
export async function tellBreakers(
  breakers: readonly BreakerMove[],
  seen: readonly Seen[],
  { project, deps, store, runId }: { project: Project; deps: Deps; store: ObjectStore; runId: string },
): Promise<EventsRecord | undefined> {
  const settings = project.config.events
  if (settings === undefined || breakers.length === 0) return undefined
  const moment = { source: settings.source, runId, time: isoTime(deps.clock.now()) }
  const record = { status: 'decided', datasets: [], pipes: [] } as const
  return turnAndTell({ record, breakers, seen }, moment, project, { ...deps, store })
}

interface ToTell {
  readonly record: Parameters<typeof runEvents>[0]
  readonly breakers: readonly BreakerMove[]
  readonly seen: readonly Seen[]
}

async function turnAndTell(
  { record, breakers, seen }: ToTell,
  moment: EventMoment,
  project: Project,
  deps: Deps & Sharing,
): Promise<EventsRecord> {
  const turned = await turnDatasets(seen, moment, project, deps).catch(faultOf)
  const freshness = 'why' in turned ? [] : turned
  const told = await tell(runEvents(record, { breakers, freshness }, moment), project, deps).catch(faultOf)
  const why = [turned, told].flatMap(outcome => ('why' in outcome ? [outcome.why] : [])).join('; ')
  return { ...NOTHING_TOLD, ...told, ...(why !== '' && { why }) }
}

const NOTHING_TOLD = { sent: 0, failed: 0 }

function faultOf(cause: unknown): { readonly why: string } {
  return { why: asSluiceError(cause).message }
}

/** Notes how datasets stand after a run; gives those that went stale or fresh in it. */
async function turnDatasets(
  seen: readonly Seen[],
  { runId, time: at }: EventMoment,
  project: Project,
  sharing: Sharing,
): Promise<readonly FreshnessMove[]> {
  const shut = shutPipes(Object.values(await openPipeBreakers(sharing).read()), project)
  const parse = (stored: unknown): FreshnessBook => (stored ?? {}) as FreshnessBook
  return sharedState({ ...sharing, name: 'dataset_freshness', parse }).change<readonly FreshnessMove[]>(book => {
    const { book: value, moves: result } = afterRun(book, [...seen, ...shut, ...goneParts(book, project)], {
      runId,
      at,
    })
    return { value, result }
  })
}

/** Does the work of a run; when it ends in an error that nobody asked for, the project's sinks are told before the error goes on. */
export async function tellingFailure<T>(
  { project, deps, runId, silent }: { project: Project; deps: Deps; runId: string; silent: boolean },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const fault = asSluiceError(cause)
    const settings = project.config.events
    if (settings !== undefined && !silent && fault.kind !== 'cancelled') {
      const moment = { source: settings.source, runId, time: isoTime(deps.clock.now()) }
      await tell([failureEvent(fault, moment)], project, deps).catch(() => undefined)
    }
    throw cause
  }
}

async function tell(events: readonly CloudEvent[], project: Project, deps: Deps): Promise<EventsRecord> {
  const settings = project.config.events
  if (settings === undefined || events.length === 0) return NOTHING_TOLD
  const { webhook, command } = settings
  const sinks: Sink[] = [
    ...(webhook === undefined ? [] : [await webhookSink(webhook, project, deps)]),
    ...(command === undefined ? [] : [commandSink(command, project.folder, deps.env)]),
  ]
  try {
    const messages = events.map(event => ({ id: event.id, text: JSON.stringify(event) }))
    return await deliver(messages, sinks, settings, deps)
  } finally {
    for (const sink of sinks) await sink.close()
  }
}
