import type { CaptureBody, CaptureRecord } from '../../bronze/capture-record.js'
import { eachCapture } from '../../bronze/each-capture.js'
import { CAPTURES_FOLDER } from '../../bronze/segment.js'
import { isoTime } from '../../core/clock.js'
import type { Meaning } from '../../sources/answers/meaning.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { lakeStore } from '../lake-store.js'
import { globTest } from '../pipes/expand-input.js'
import type { Project } from '../project/project.js'

export interface CaptureQuery {
  /** A pipe by its name, or a pattern with `*` and `?`. */
  readonly pipe?: string | undefined
  readonly provider?: string | undefined
  /** Received at or after it. */
  readonly sinceMs?: number | undefined
  readonly meaning?: Meaning | undefined
  readonly limit: number
}

/** A capture without its body. */
export interface CaptureSummary {
  readonly id: string
  readonly pipe: string
  readonly provider: string
  readonly receivedAt: string
  readonly meaning: Meaning
  readonly why?: string
  readonly status: number
  readonly method: string
  readonly url: string
  readonly sizeBytes: number
  /** Where its bytes are. */
  readonly body: CaptureBody['kind']
  readonly segment: string
}

export interface CaptureList {
  /** The newest first. */
  readonly captures: readonly CaptureSummary[]
  /** Whether there are older ones, or more of the same day. */
  readonly more: boolean
  /** Keys of segments of which a part, or all, cannot be read; what can be is in the list. */
  readonly broken: readonly string[]
}

/** The captures of one provider and one day: the day on which the run that wrote them began to keep them. */
interface CaptureDay {
  readonly provider: string
  readonly prefix: string
  readonly startMs: number
}

const DAY_MS = 86_400_000

/** The newest captures that a query wants. Reads days from the newest on until there are enough; no engine is started. */
export async function listCaptures(project: Project, query: CaptureQuery): Promise<CaptureList> {
  const store = await lakeStore(project)
  const wants = queryTest(query)
  const broken: string[] = []
  let found: CaptureSummary[] = []
  let more = false
  for (const day of await captureDays(store, query.provider)) {
    if (day.startMs + DAY_MS <= (query.sinceMs ?? Number.NEGATIVE_INFINITY)) break
    const oldest = found.length < query.limit ? undefined : found.at(-1)
    if (oldest !== undefined && Date.parse(oldest.receivedAt) >= day.startMs + DAY_MS) {
      more = true
      break
    }
    for await (const segment of segmentsOf(store, day)) {
      const take = (record: CaptureRecord): void => {
        const summary = summaryOf(record, day.provider, segment.key)
        if (wants(summary)) found.push(summary)
      }
      if (!(await eachCapture(segment.bytes, take))) broken.push(segment.key)
    }
    found.sort((a, b) => (a.receivedAt < b.receivedAt ? 1 : a.receivedAt > b.receivedAt ? -1 : 0))
    if (found.length > query.limit) more = true
    found = found.slice(0, query.limit)
  }
  return { captures: found, more, broken }
}

/** The folders of captures, the newest day first. */
export async function captureDays(store: ObjectStore, provider?: string): Promise<CaptureDay[]> {
  const days: CaptureDay[] = []
  for (const folder of await store.listFolders(CAPTURES_FOLDER)) {
    const name = /^provider=(.+)$/.exec(folder)?.[1]
    if (name === undefined || (provider !== undefined && provider !== name)) continue
    for (const day of await store.listFolders(`${CAPTURES_FOLDER}${folder}/`)) {
      const startMs = Date.parse(`${/^date=(\d{4}-\d\d-\d\d)$/.exec(day)?.[1]}T00:00:00Z`)
      if (!Number.isNaN(startMs)) days.push({ provider: name, prefix: `${CAPTURES_FOLDER}${folder}/${day}/`, startMs })
    }
  }
  return days.sort((a, b) => b.startMs - a.startMs)
}

/** The segments of a day; a body that is an object of its own is none. */
export async function* segmentsOf(
  store: ObjectStore,
  { prefix }: Pick<CaptureDay, 'prefix'>,
): AsyncGenerator<{ readonly key: string; readonly bytes: Buffer }> {
  for await (const { key } of store.list(prefix)) {
    const bytes = key.endsWith('.ndjson.gz') ? await store.get(key) : undefined
    if (bytes !== undefined) yield { key, bytes }
  }
}

function queryTest({ pipe, sinceMs, meaning }: CaptureQuery): (capture: CaptureSummary) => boolean {
  const isPipe = pipe === undefined ? () => true : globTest(pipe)
  const since = sinceMs === undefined ? '' : isoTime(sinceMs)
  return capture =>
    isPipe(capture.pipe) && capture.receivedAt >= since && (meaning === undefined || capture.meaning === meaning)
}

function summaryOf(record: CaptureRecord, provider: string, segment: string): CaptureSummary {
  const { id, pipe, receivedAt, classification, why, request, response, sizeBytes } = record
  return {
    id,
    pipe,
    provider,
    receivedAt,
    meaning: classification,
    ...(why !== undefined && { why }),
    status: response.status,
    method: request.method,
    url: request.url,
    sizeBytes,
    body: response.body.kind,
    segment,
  }
}
