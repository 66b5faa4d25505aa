import { isoTime } from '../../core/clock.js'
import { asSluiceError } from '../../core/errors.js'
import { sharedState } from '../../sources/http/shared-state.js'
import type { Deps } from '../deps.js'
import type { DerivedTable } from '../derive.js'
import type { Project } from '../project.js'
import type { RunContext } from '../run-context.js'
import type { EventsRecord, RunRecord } from '../run-record.js'
import type { CloudEvent } from './cloud-event.js'
import { commandSink } from './command-sink.js'
import { deliver } from './deliver.js'
import { afterRun, type FreshnessBook, type FreshnessMove } from './freshness.js'
import { type BreakerMove, failureEvent, runEvents } from './run-events.js'
import { seenDatasets } from './seen-datasets.js'
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
  try {
    const seen = seenDatasets({ ...record, sources: record.sources ?? [], derived, declared: project.pipes })
    const book = sharedState({ ...deps, store: workspace.lake.store, name: 'dataset_freshness', parse: bookOf })
    const freshness = await book.change<readonly FreshnessMove[]>(known => {
      const { book: value, moves: result } = afterRun(known, seen, { runId: record.run_id, at: moment.time })
      return { value, result }
    })
    return await tell(runEvents(record, { breakers, freshness }, moment), project, deps)
  } catch (cause) {
    return { sent: 0, failed: 0, why: asSluiceError(cause).message }
  }
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
  if (settings === undefined || events.length === 0) return { sent: 0, failed: 0 }
  const { webhook, command } = settings
  const sinks: Sink[] = [
    ...(webhook === undefined ? [] : [await webhookSink(webhook, project, deps)]),
    ...(command === undefined ? [] : [commandSink(command, project.folder, deps.env)]),
  ]
  try {
    return await deliver(events, sinks, settings, deps)
  } finally {
    for (const sink of sinks) await sink.close()
  }
}

function bookOf(stored: unknown): FreshnessBook {
  return (stored ?? {}) as FreshnessBook
}
