import { appendFile, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isoTime } from '../../core/clock.js'
import { asSluiceError } from '../../core/errors.js'
import type { Interval } from '../../core/interval.js'
import { errnoOf } from '../../storage/disk-error.js'
import type { Deps } from '../deps.js'
import { deliver } from '../events/deliver.js'
import { webhookSink } from '../events/webhook-sink.js'
import type { AttemptRecord, BegunNote } from '../ledger/attempt-record.js'
import { readLineage } from '../lineage/read-lineage.js'
import type { LineageSettings, Project } from '../project/project.js'
import type { EventsRecord, RunRecord } from '../record/run-record.js'
import { type JobEvent, type LineageEvent, type LineageMoment, lineageEvent } from './lineage-event.js'
import { runJobs, whyNothing } from './run-jobs.js'

/**
 * Tells of runs in the words of OpenLineage, of the end of each once at most: where two would be told, as by a run that could not store its record and
 * the one that found it dead, none is before the lake holds it. Nothing of it throws, and none takes longer than the project's deadline.
 */
export interface LineageStream {
  /** A run began. Told beside its work. */
  begun(note: BegunNote): void
  /** It filled these tables; gives what the record says of the telling so far. */
  filled(record: RunRecord): Promise<EventsRecord | undefined>
  /** Its record is stored: it came to this. */
  recorded(record: RunRecord): Promise<void>
  /** An attempt ended without a record, this one's or that of a process that died. */
  ended(attempt: AttemptRecord): Promise<void>
  /** It left nothing. */
  dropped(note: BegunNote, why: 'nothing to do' | 'refused'): Promise<void>
}

/** Undefined for a project that tells nobody. `interval`: the time that the run is made for, where it is not the present. */
export function openLineageStream(project: Project, deps: Deps, interval?: Interval): LineageStream | undefined {
  const settings = project.config.lineage
  if (settings === undefined) return undefined
  let before: Promise<EventsRecord> = Promise.resolve(NOTHING)
  let spentMs = 0

  /** One after another: an end is never told before its begin. All of a run's telling together keeps the deadline. */
  function tell(events: readonly LineageEvent[]): Promise<EventsRecord> {
    before = before.then(async earlier => {
      const beganMs = deps.clock.monotonicMs()
      const left = { ...settings!, deadlineMs: Math.max(0, settings!.deadlineMs - spentMs) }
      const told = await tellAll(events, left, project, deps).catch(cause => faultOf(cause, events.length))
      spentMs += deps.clock.monotonicMs() - beganMs
      return add(earlier, told)
    })
    return before
  }

  const momentOf = ({ run_id: runId, started_at: startedAt }: Pick<RunRecord, 'run_id' | 'started_at'>) => ({
    ...{ namespace: settings.namespace, runId, startedAt },
  })
  /** Of this process's own attempt, whose interval is known. */
  const ownMoment = (of: Pick<RunRecord, 'run_id' | 'started_at'>) => ({
    ...momentOf(of),
    nominal:
      interval === undefined
        ? { start: of.started_at }
        : { start: isoTime(interval.startMs), end: isoTime(interval.endMs) },
  })

  const recordMoment = (record: RunRecord) => ({
    ...ownMoment(record),
    engine: record.engine_version || undefined,
  })

  return {
    begun: note => void tell([lineageEvent({ type: 'START', time: note.started_at }, ownMoment(note))]),
    filled: async record => tell(await eventsOfTables(record, recordMoment(record), project)),
    recorded: async record => void (await tell([lineageEvent(endOf(record), recordMoment(record))])),
    ended: async attempt => {
      const error = attempt.error?.message ?? 'its process ended without a word of how'
      const end = { type: 'FAIL', time: attempt.ended_at, error } as const
      await tell([lineageEvent(end, attempt.outcome === 'died' ? momentOf(attempt) : ownMoment(attempt))])
    },
    dropped: async (note, why) => {
      const type = why === 'refused' ? 'ABORT' : 'COMPLETE'
      await tell([lineageEvent({ type, time: isoTime(deps.clock.now()) }, ownMoment(note))])
    },
  }
}

/** The begin and the end of each table's job. */
async function eventsOfTables(record: RunRecord, moment: LineageMoment, project: Project): Promise<LineageEvent[]> {
  const derives = record.tables.some(({ table }) => table.startsWith('gold.'))
  // A model whose SQL cannot be read has no lineage; its table is told of all the same.
  const lineages = derives
    ? await readLineage(project)
        .then(({ tables }) => tables)
        .catch(() => [])
    : []
  const { started_at: start, finished_at: end } = record
  const jobs = runJobs({ record, project, namespace: moment.namespace, lineages }).flatMap(({ error, ...job }) => [
    { job: job.job, type: 'START', time: start } as const,
    { ...job, type: error === undefined ? ('COMPLETE' as const) : ('FAIL' as const), time: end, error },
  ])
  return jobs.map(event => lineageEvent(event, moment))
}

function endOf(record: RunRecord): JobEvent {
  const time = record.finished_at
  const isFailed = record.status === 'failed' || record.status === 'held'
  return isFailed ? { type: 'FAIL', time, error: whyNothing(record) } : { type: 'COMPLETE', time }
}

function faultOf(cause: unknown, failed: number): EventsRecord {
  return { sent: 0, failed, why: asSluiceError(cause).message }
}

const NOTHING: EventsRecord = { sent: 0, failed: 0 }

function add(a: EventsRecord, b: EventsRecord): EventsRecord {
  const why = [...new Set([a.why, b.why].filter(text => text !== undefined))].join('; ')
  return { sent: a.sent + b.sent, failed: a.failed + b.failed, ...(why !== '' && { why }) }
}

/** To the file and to the address: an event that one of them has not counts as failed. */
async function tellAll(
  events: readonly LineageEvent[],
  settings: LineageSettings,
  project: Project,
  deps: Deps,
): Promise<EventsRecord> {
  const messages = events.map((event, at) => ({ id: String(at), text: JSON.stringify(event) }))
  const filed = settings.file === undefined ? undefined : await appendTo(settings.file, messages)
  const sent = settings.url === undefined ? { ...NOTHING, sent: events.length } : await post()
  if (filed === undefined) return sent
  return add({ sent: 0, failed: events.length, why: filed }, { sent: 0, failed: 0, ...(sent.why && { why: sent.why }) })

  async function post(): Promise<EventsRecord> {
    const { url, secret } = settings
    const target = { url: url!, ...(secret !== undefined && { secret }) }
    const sink = await webhookSink(target, project, deps, 'application/json')
    try {
      return await deliver(messages, [sink], settings, deps)
    } finally {
      await sink.close()
    }
  }
}

/** Why the file could not be written; undefined when it was. One write, so that lines of processes side by side stay whole. */
async function appendTo(file: string, messages: readonly { readonly text: string }[]): Promise<string | undefined> {
  try {
    await mkdir(dirname(file), { recursive: true })
    await appendFile(file, messages.map(({ text }) => `${text}\n`).join(''))
    return undefined
  } catch (cause) {
    return `file: it could not be written (${errnoOf(cause) ?? 'unknown'})`
  }
}
