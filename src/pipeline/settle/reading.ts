import { type RecordStatement, withRoomFor } from '../../bronze/land.js'
import type { Contract } from '../../contract/contract.js'
import type { ErrorCode } from '../../core/error-codes.js'
import { SluiceError } from '../../core/errors.js'
import type { Engine } from '../../engine/engine.js'
import { answerRecords } from '../../sources/answers/answer-records.js'
import type { Extraction } from '../../sources/file/extraction.js'
import { type InputFile, recordStatements } from '../../sources/file/read-file.js'
import type { Pipe } from '../../sources/pipe.js'
import type { StoredTimes } from '../captures/store-captures.js'
import { isBlank } from '../fetch/fetch-files.js'
import type { AnswerGroup } from '../fetch/fetch-sources.js'
import type { Fetched, FetchedFile } from '../fetch/fetched.js'

/** The captures of one dataset in a run, and how their records are read. */
export interface Reading {
  readonly contract: Contract
  readonly fetched: readonly Fetched[]
  readonly statements: readonly RecordStatement[]
}

/**
 * Looks at format and header of every capture: what cannot be read or has no record is refused here, while nothing is written.
 * Copies that reading needs go to `spool`.
 */
export async function readingOf(
  contract: Contract,
  fetched: readonly FetchedFile[],
  engine: Engine,
  spool: string,
): Promise<Reading> {
  const statements: RecordStatement[] = []
  for (const pipe of new Set(fetched.map(capture => capture.pipe))) {
    const files = fetched
      .filter(capture => capture.pipe === pipe && !isBlank(capture.file))
      .map(({ file: { readable, path } }) => ({
        path: readable.path,
        originalPath: path,
        compression: readable.compression,
        container: readable.container,
        longestLineBytes: readable.traits.longestLineBytes,
        longNumbers: readable.traits.longNumbers,
      }))
    if (files.length === 0) continue
    const extractions = await recordStatements(files, pipe, contract, engine, spool)
    for (const extraction of extractions) await checkRecords(extraction, pipe, files, engine)
    statements.push(...extractions)
  }
  return { contract, fetched, statements }
}

/** The same with the answers of providers for one contract: a statement for each kind of source. */
export function withAnswers(reading: Reading, groups: readonly AnswerGroup[]): Reading {
  const { contract } = reading
  return {
    contract,
    fetched: [...reading.fetched, ...groups.flatMap(group => group.fetched)],
    statements: [
      ...reading.statements,
      ...groups.flatMap(({ source, map, spool }) => answerRecords(source, contract, map, spool)),
    ],
  }
}

/** Arrays and compressed texts are read to their end once: a fault in them is found while nothing is written. */
async function checkRecords(
  { check, longestRecordBytes = 0 }: Extraction,
  pipe: Pipe,
  files: readonly InputFile[],
  engine: Engine,
): Promise<void> {
  if (check === undefined) return
  const filled = new Set<unknown>()
  try {
    await withRoomFor(longestRecordBytes, engine, async () => {
      for (const row of await engine.rows(check.sql)) filled.add(row['filename'])
    })
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause
    const message = cause instanceof Error ? cause.message : String(cause)
    const file = files.find(({ path }) => message.includes(path))?.originalPath ?? files[0]!.originalPath
    const { code, fault } = faultOf(message)
    throw new SluiceError(code, `${file} ${fault}`, { place: { file } }, cause)
  }
  const path = check.paths.find(candidate => !filled.has(candidate))
  if (path === undefined || pipe.empty === 'allow') return
  const file = files.find(candidate => candidate.path === path)?.originalPath ?? path
  throw new SluiceError('SLUICE_INPUT_EMPTY', `${file} holds no records.`, { place: { file } })
}

/** The engine counts the opening bracket as a record. */
function faultOf(message: string): { readonly code: ErrorCode; readonly fault: string } {
  const record = /record\/value (\d+)/.exec(message)?.[1]
  const where = record === undefined ? '' : ` at record ${Number(record) - 1}`
  if (/unexpected end|truncated/i.test(message))
    return { code: 'SLUICE_INPUT_TRUNCATED', fault: `ends in the middle${where}.` }
  if (record !== undefined)
    return { code: 'SLUICE_INPUT_FORMAT', fault: `is no whole JSON array: it breaks off${where}.` }
  return { code: 'SLUICE_INPUT_FORMAT', fault: `cannot be read: ${message.split('\n')[0]}` }
}

/** The same with the times of the stored captures: what an earlier process of this run received first was received then. */
export function asStored(reading: Reading, times: StoredTimes): Reading {
  const fetched = reading.fetched.map(capture => ({
    ...capture,
    receivedAtMs: times.get(capture.id) ?? capture.receivedAtMs,
  }))
  return { ...reading, fetched }
}
