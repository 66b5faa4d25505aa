import { SluiceError } from '../../core/errors.js'
import type { ProcessMark } from '../../core/process-mark.js'
import type { ObjectStore } from '../../storage/object-store.js'
import type { StepRecord } from '../record/run-record.js'

/** What an attempt says of itself before it writes anything else to the lake. Gone when it is over. */
export interface BegunNote {
  /** Names the attempt among those of its run: its start in milliseconds and a random part, so that names are in order of time. */
  readonly attempt: string
  readonly run_id: string
  /** By the run's clock, ISO 8601. */
  readonly started_at: string
  /** By the clock of the machine, in milliseconds since the epoch. */
  readonly noted_ms: number
  readonly process: ProcessMark
  readonly sluice_version: string
  readonly pipes: readonly string[]
  readonly datasets: readonly string[]
}

/** An attempt that left no run record: `_attempts/<run_id>/<attempt>.json`. Written once; the same run id may have several, and a record in the end. */
export interface AttemptRecord extends Omit<BegunNote, 'noted_ms'> {
  readonly attempt_version: 1
  /** `failed`: it ended in an error. `died`: its process was gone when another one looked. */
  readonly outcome: 'failed' | 'died'
  /** When it failed, or when it was found dead. ISO 8601. */
  readonly ended_at: string
  readonly error?: {
    readonly code: string
    readonly kind: string
    readonly message: string
    readonly next: string
  }
  /** The step that failed; undefined when it was between two, or nobody could say. */
  readonly failed_step?: { readonly step: string; readonly detail: string }
  /** The steps that it finished. */
  readonly steps: readonly StepRecord[]
}

export const ATTEMPTS_FOLDER = '_attempts/'

export function attemptKey(runId: string, attempt: string): string {
  return `${ATTEMPTS_FOLDER}${runId}/${attempt}.json`
}

/** Attempts of a run that left no record, the oldest first. */
export async function attemptsOf(store: ObjectStore, runId: string): Promise<AttemptRecord[]> {
  const found: AttemptRecord[] = []
  for await (const { key } of store.list(`${ATTEMPTS_FOLDER}${runId}/`)) {
    const attempt = await readAttempt(store, key)
    if (attempt !== undefined) found.push(attempt)
  }
  return found
}

/** Throws SLUICE_METADATA_CORRUPT. */
export async function readAttempt(store: ObjectStore, key: string): Promise<AttemptRecord | undefined> {
  const body = await store.get(key)
  if (body === undefined) return undefined
  try {
    return JSON.parse(body.toString('utf8')) as AttemptRecord
  } catch (cause) {
    throw new SluiceError('SLUICE_METADATA_CORRUPT', `${key} is not JSON.`, { place: { file: key } }, cause)
  }
}
