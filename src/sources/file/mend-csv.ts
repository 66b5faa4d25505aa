import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { CsvLayout } from './csv-layout.js'
import { type CsvRecord, recordAt } from './csv-records.js'

const BLOCK_BYTES = 4 << 20
/** DuckDB keeps 10,000 characters of a line that it rejects. */
const WHOLE_REJECT_BYTES = 8000
const RETURN = 13
const LINEFEED = 10

/** Whether DuckDB can read a CSV text as it is, and whether it has any record. */
export interface CsvState {
  readonly sound: boolean
  readonly hasRecords: boolean
}

/**
 * Looks for what would make DuckDB lose rows or refuse the file: quotes that are never closed, newlines of different kinds, long lines
 * that would be cut. One pass; lines without a quote are only measured.
 */
export async function examineCsv(path: string, layout: CsvLayout): Promise<CsvState> {
  const unsound = { sound: false, hasRecords: true }
  if (layout.blankFirst) return unsound
  const { shape } = layout
  const ends = new Set<string>()
  let hasRecords = false
  for await (const { text, isLast, done } of blocksOf(path, layout.bodyStart)) {
    let at = 0
    let quote = -1
    let cr = -1
    while (at < text.length) {
      if (quote < at) quote = next(text, shape.quote, at)
      if (cr < at) cr = next(text, shape.newline === RETURN ? undefined : RETURN, at)
      const newline = text.indexOf(shape.newline, at)
      if (newline === -1 && !isLast) break
      let end = newline === -1 ? text.length : newline + 1
      if (quote < end || end - at > WHOLE_REJECT_BYTES) {
        const record = recordAt(text, at, shape, isLast)
        if (record === undefined) break
        if (isLost(record, at, layout)) return unsound
        end = record.end
      }
      if (cr < end && cr !== end - 2) return unsound
      if (newline !== -1) ends.add(cr < end ? 'CRLF' : 'LF')
      if (ends.size > 1) return unsound
      hasRecords ||= end - at > (cr < end ? 2 : 1) || newline === -1
      at = end
    }
    done(at)
  }
  return { sound: true, hasRecords }
}

/** Where a byte comes next; beyond all bytes when it does not. */
function next(text: Buffer, byte: number | undefined, from: number): number {
  const at = byte === undefined ? -1 : text.indexOf(byte, from)
  return at === -1 ? Number.POSITIVE_INFINITY : at
}

/** Whether DuckDB would take good lines with a bad one, or not keep all of its text. */
function isLost(record: CsvRecord, start: number, { header }: CsvLayout): boolean {
  return record.fault || (record.end - start > WHOLE_REJECT_BYTES && record.cells.length !== header.length)
}

/**
 * Writes the records of a CSV that have as many cells as the header, one newline after each, and apart from them, as JSON
 * (`line`, `raw`), the lines that are none. After a bad line reading goes on with the next. Gives the bytes of the longest bad one.
 */
export async function mendCsv(path: string, layout: CsvLayout, good: string, bad: string): Promise<number> {
  const [kept, rejected] = [await lineSink(good), await lineSink(bad)]
  let line = layout.bodyLine
  let longestBad = 0
  const newline = Buffer.of(layout.shape.newline)
  for await (const { text, isLast, done } of blocksOf(path, layout.bodyStart)) {
    let at = 0
    while (at < text.length) {
      const record = recordAt(text, at, layout.shape, isLast)
      if (record === undefined) break
      const bare = text.subarray(at, endWithoutNewline(text, at, record.end))
      const found = record.cells.length === layout.header.length && !record.fault
      if (found) await kept.write(bare, newline)
      else if (bare.length > 0) {
        const told = Buffer.from(`${JSON.stringify({ line, raw: bare.toString('utf8') })}\n`)
        longestBad = Math.max(longestBad, told.length)
        await rejected.write(told)
      }
      line += record.severalLines ? countOf(text.subarray(at, record.end), layout.shape.newline) : 1
      at = record.end
    }
    done(at)
  }
  await kept.finish()
  await rejected.finish()
  return longestBad
}

function endWithoutNewline(text: Buffer, start: number, end: number): number {
  let at = end
  while (at > start && (text[at - 1] === RETURN || text[at - 1] === LINEFEED)) at--
  return at
}

function countOf(text: Buffer, byte: number): number {
  let count = 0
  for (let at = text.indexOf(byte); at !== -1; at = text.indexOf(byte, at + 1)) count++
  return count
}

interface Block {
  readonly text: Buffer
  readonly isLast: boolean
  /** Tells how many bytes were used; the rest comes again with the next block. */
  done(used: number): void
}

async function* blocksOf(path: string, start: number): AsyncIterable<Block> {
  let rest: Buffer = Buffer.alloc(0)
  const take = (text: Buffer, isLast: boolean): Block => ({
    text,
    isLast,
    done: used => {
      rest = text.subarray(used)
    },
  })
  for await (const block of createReadStream(path, { start, highWaterMark: BLOCK_BYTES }) as AsyncIterable<Buffer>)
    yield take(rest.length === 0 ? block : Buffer.concat([rest, block]), false)
  if (rest.length > 0) yield take(rest, true)
}

/** Collects lines and writes them a block at a time. */
async function lineSink(path: string): Promise<{ write(...parts: Buffer[]): Promise<void>; finish(): Promise<void> }> {
  const file = await open(path, 'w')
  let waiting: Buffer[] = []
  let bytes = 0
  const flush = async (): Promise<void> => {
    await file.appendFile(Buffer.concat(waiting))
    waiting = []
    bytes = 0
  }
  return {
    write: async (...parts) => {
      for (const part of parts) bytes += part.length
      waiting.push(...parts)
      if (bytes >= BLOCK_BYTES) await flush()
    },
    finish: async () => {
      await flush().finally(() => file.close())
    },
  }
}
