import { type Clock, isoTime } from '../../core/clock.js'
import { asSluiceError } from '../../core/errors.js'
import { randomIds, sha256Hex } from '../../core/ids.js'
import { ownMark } from '../../core/process-mark.js'
import { SLUICE_VERSION } from '../../core/version.js'
import type { ObjectStore } from '../../storage/object-store.js'
import type { RunRecord } from '../record/run-record.js'
import { RUNS_FOLDER } from '../record/runs.js'
import type { Timeline } from '../timeline.js'
import type { AttemptRecord, BegunNote } from './attempt-record.js'
import { settleDead, storeAttempt } from './open-rows.js'
import { addRow, foldRows, forgetBegun, isWhole, markWhole, noteBegun } from './row-index.js'
import { rowOfAttempt, rowOfRecord } from './run-row.js'
import { timeName } from './segment.js'

/** What an attempt is about to work on. */
export interface AttemptWork {
  /** By the run's clock, and by that of the machine, whatever time the run is made for. In milliseconds since the epoch. */
  readonly startedMs: number
  readonly wallMs: number
  readonly pipes: readonly string[]
  readonly datasets: readonly string[]
  readonly timeline?: Timeline
}

/**
 * One attempt at a run, from where it first writes to the lake. However it ends, the ledger says so: by the record of the run, by a record of the
 * attempt, or, when its process is killed, by the note with which it began. A run that is refused before it writes anything makes none.
 */
export interface Attempt {
  /** The first write of a run; a second call does nothing. Throws what the store throws: nothing else was written. */
  begin(work: AttemptWork): Promise<void>
  /** The run has its record. Never throws: the list of runs finds it by the note. */
  recorded(record: RunRecord): Promise<void>
  /** The run ended in an error. Another run's id is a refusal: nothing is left of it. Never throws. */
  failed(cause: unknown): Promise<void>
  /**
   * What is left of an attempt that came to nothing, and wrote no record, goes. After one of the others it says once more what could not be said: a
   * disk that was full may have room again. Whether all is said: else its note is left. Never throws.
   */
  close(): Promise<boolean>
}

/** Who hears of attempts beside the ledger: of the end of each once at most, however often and by whom it is written down. Never throws. */
export interface AttemptListener {
  begun(note: BegunNote): void
  /** An attempt ended without a run record, this one's or that of a process that died. Its own record is stored. */
  ended(attempt: AttemptRecord): Promise<void>
  /** It left nothing: there was nothing to do, or another run has its id. */
  dropped(note: BegunNote, why: 'nothing to do' | 'refused'): Promise<void>
}

export interface AttemptOptions {
  /** A process of this machine died, and may have left a note of its attempt. */
  readonly foundDead?: boolean
  readonly listener?: AttemptListener | undefined
}

/** One run in so many, by its id, lists what attempts have left, so that the others need not. ADR-0051. */
const LOOK_EVERY = 16

/** Whether a run looks after the index of all. */
export function isCaretaker(runId: string): boolean {
  return Number.parseInt(sha256Hex(runId).slice(0, 8), 16) % LOOK_EVERY === 0
}

/** An attempt at a run that has not written yet. */
export function openAttempt(
  store: ObjectStore,
  runId: string,
  clock: Clock,
  { foundDead = false, listener }: AttemptOptions = {},
): Attempt {
  /** The lake has no run yet: from its first one on, the index knows all. */
  let isFirst = false
  let begun: { readonly note: BegunNote; readonly timeline: Timeline | undefined } | undefined
  let unsaid: (() => Promise<void>) | undefined
  let isTold = false
  /** A run that fails every time has nobody else who folds its lines. */
  let looksAfter = isCaretaker(runId)

  async function end(
    say: (note: BegunNote, timeline: Timeline | undefined) => Promise<void>,
    then: (note: BegunNote) => Promise<void> | undefined = async () => undefined,
  ): Promise<void> {
    if (begun === undefined) return
    const { note, timeline } = begun
    begun = undefined
    unsaid = () =>
      say(note, timeline)
        .then(() => forgetBegun(store, note.attempt))
        .then(() => then(note))
    await speak()
  }

  /** While there is a note of it, others take it for one that died, and tell that. */
  const drop = (why: 'nothing to do' | 'refused'): Promise<void> =>
    end(
      async () => undefined,
      note => listener?.dropped(note, why),
    )

  /** What cannot be said is found by the next run, which sees the note. */
  async function speak(): Promise<void> {
    await unsaid?.().then(
      () => {
        unsaid = undefined
        return looksAfter ? foldRows(store).catch(() => undefined) : undefined
      },
      () => undefined,
    )
  }

  return {
    async begin({ startedMs, wallMs, pipes, datasets, timeline }) {
      if (begun !== undefined) return
      const attempt = attemptName(startedMs)
      const note: BegunNote = {
        ...{ attempt, run_id: runId, started_at: isoTime(startedMs), noted_ms: wallMs, process: ownMark() },
        sluice_version: SLUICE_VERSION,
        pipes: [...new Set(pipes)].sort(),
        datasets: [...new Set(datasets)].sort(),
      }
      isFirst = !(await isWhole(store)) && !(await store.listFolders('')).includes(RUNS_FOLDER.slice(0, -1))
      await noteBegun(store, note)
      begun = { note, timeline }
      // The end of an attempt that died comes before the begin of the next one.
      if (foundDead || looksAfter)
        await settleDead(store, wallMs, dead => void listener?.ended(dead)).catch(() => undefined)
      listener?.begun(note)
    },
    recorded: async record => {
      const row = rowOfRecord(record)
      if (begun !== undefined)
        return end(async ({ attempt }) => {
          await addRow(store, attempt, row)
          if (isFirst) await markWhole(store)
        })
      await addRow(store, attemptName(row.started_ms), row).catch(() => undefined)
    },
    failed: cause => {
      const { code, kind, message, next } = asSluiceError(cause)
      if (code === 'SLUICE_RUN_ID_TAKEN') return drop('refused')
      looksAfter = true
      const endedMs = clock.now()
      return end(async ({ noted_ms: _, ...note }, timeline) => {
        const attempt: AttemptRecord = {
          ...{ attempt_version: 1, ...note, outcome: 'failed', ended_at: isoTime(endedMs) },
          error: { code, kind, message, next },
          ...(timeline?.failed !== undefined && { failed_step: timeline.failed }),
          steps: timeline?.steps ?? [],
        }
        // Told once it is stored: what a full disk kept out is told by whoever finds the note.
        if ((await storeAttempt(store, attempt)) && !isTold) {
          isTold = true
          await listener?.ended(attempt)
        }
        await addRow(store, attempt.attempt, rowOfAttempt(attempt))
      })
    },
    close: async () => {
      await speak()
      await drop('nothing to do')
      return unsaid === undefined
    },
  }
}

function attemptName(startedMs: number): string {
  return `${timeName(startedMs)}-${randomIds.uuid().slice(0, 8)}`
}
