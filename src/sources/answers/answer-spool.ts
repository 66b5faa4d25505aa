import { writeFile } from 'node:fs/promises'
import { isoTime } from '../../core/clock.js'
import type { Interval } from '../../core/interval.js'
import type { CsvText } from '../file/csv.js'
import { layoutOf } from '../file/csv-layout.js'
import { examineCsv, mendCsv } from '../file/mend-csv.js'
import { type Dialect, PLAIN_DIALECT } from '../pipe.js'
import type { CsvBody, Source } from '../source.js'

/** An answer with records, captured. */
export interface LandableAnswer {
  readonly captureId: string
  readonly pipe: string
  readonly params: Readonly<Record<string, string>>
  readonly interval?: Interval
  readonly receivedAtMs: number
  readonly body: Buffer
}

/** Answers on disk for one statement to read: what was asked, one line of JSON each, and the bodies. */
export interface AnswerSpool {
  /** NDJSON, see `ENVELOPE`: several files, because the engine reads each on one thread. */
  readonly envelopes: readonly string[]
  /** The bodies of CSV sources that have records, in UTF-8, named by capture; empty for JSON, whose bodies are in the envelopes. */
  readonly bodies: readonly CsvAnswer[]
  /** Bytes of the longest envelope. */
  longestLine(): number
  add(answer: LandableAnswer): Promise<void>
  close(): Promise<void>
}

export interface CsvAnswer {
  readonly captureId: string
  readonly csv: CsvText
}

/** Columns of an envelope. `body` is the text of a JSON body. */
export const ENVELOPE = {
  capture: 'VARCHAR',
  pipe: 'VARCHAR',
  params: 'VARCHAR',
  interval_start: 'TIMESTAMPTZ',
  interval_end: 'TIMESTAMPTZ',
  received_at: 'TIMESTAMPTZ',
  body: 'VARCHAR',
} as const

/** Bytes of a file of envelopes. */
const FILE_BYTES = 2 << 20

/** Opens a spool below `path`, a name that nothing has yet. Nothing is parsed; a CSV body is decoded to UTF-8. */
export async function openAnswerSpool(source: Source, path: string): Promise<AnswerSpool> {
  const envelopes: string[] = []
  const bodies: CsvAnswer[] = []
  const added = new Set<string>()
  let waiting: string[] = []
  let waitingBytes = 0
  let longest = 0
  const flush = async (): Promise<void> => {
    const file = `${path}-${envelopes.length}.ndjson`
    await writeFile(file, waiting.join(''))
    envelopes.push(file)
    waiting = []
    waitingBytes = 0
  }
  return {
    envelopes,
    bodies,
    longestLine: () => longest,
    async add(answer) {
      // What waits from an earlier run may be answered again, with the same bytes.
      if (added.has(answer.captureId)) return
      added.add(answer.captureId)
      if (source.body.kind === 'csv') {
        const csv = await spoolCsv(source.body, answer, `${path}-${answer.captureId}`)
        if (csv !== undefined) bodies.push({ captureId: answer.captureId, csv })
      }
      const line = `${JSON.stringify(envelopeOf(answer, source))}\n`
      waiting.push(line)
      longest = Math.max(longest, Buffer.byteLength(line))
      waitingBytes += line.length
      if (waitingBytes >= FILE_BYTES) await flush()
    },
    async close() {
      if (waiting.length > 0 || envelopes.length === 0) await flush()
    },
  }
}

function envelopeOf(answer: LandableAnswer, source: Source): Record<keyof typeof ENVELOPE, string | null> {
  const { captureId, pipe, params, interval, receivedAtMs, body } = answer
  return {
    capture: captureId,
    pipe,
    params: JSON.stringify(params),
    interval_start: interval === undefined ? null : isoTime(interval.startMs),
    interval_end: interval === undefined ? null : isoTime(interval.endMs),
    received_at: isoTime(receivedAtMs),
    body: source.body.kind === 'json' ? decoded(body, undefined) : null,
  }
}

/** Without a byte order mark. */
function decoded(body: Buffer, encoding: string | undefined): string {
  return new TextDecoder(encoding ?? 'utf-8').decode(body)
}

/** Undefined when there is no record in it. */
async function spoolCsv(body: CsvBody, answer: LandableAnswer, stem: string): Promise<CsvText | undefined> {
  const text = Buffer.from(decoded(answer.body, body.dialect.encoding), 'utf8')
  const path = `${stem}.csv`
  const layout = layoutOf(text, true, answerDialect(body), `the answer ${answer.captureId}`)
  if (layout === undefined) return undefined
  await writeFile(path, text)
  const { sound, hasRecords } = await examineCsv(path, layout)
  if (!hasRecords || layout.header.length === 0) return undefined
  const [good, bad] = [`${stem}.good.csv`, `${stem}.bad.ndjson`]
  const mended = sound ? undefined : { good, bad, longestBad: await mendCsv(path, layout, good, bad) }
  const traits = { compression: 'none', longestLineBytes: text.length, longNumbers: { in: 'none' } } as const
  return { path, originalPath: path, ...traits, layout, mended }
}

/** How the reader of files sees the body. Values are spelled by the source's SQL. */
export function answerDialect({ dialect }: CsvBody): Dialect {
  return { ...PLAIN_DIALECT, format: 'csv', ...dialect }
}
