import type { LongNumbers } from '../sources/file/extraction.js'

/** Fewer digits and dots than this in a row are at most 15 significant digits, which a double holds. */
const LONG = 16
const NEWLINE = 10
/** The listed lines go into a statement. */
const LISTED_BYTES = 1 << 20

/** Finds the lines with runs of 16 or more digits and dots, block by block: one byte in 16 is looked at, and its neighbours only when it fits. */
export class LongNumberScan {
  readonly #lines = new Set<string>()
  #listedBytes = 0
  #anywhere = false
  /** The line that the last block broke off; of a line that is too long to list only its end. */
  #open: Buffer = Buffer.alloc(0)
  #openIsWhole = true

  add(block: Buffer): void {
    if (this.#anywhere) return
    const first = block.indexOf(NEWLINE)
    if (first === -1) {
      this.#extendOpen(block)
      return
    }
    this.#extendOpen(block.subarray(0, first))
    this.#closeOpen()
    const last = block.lastIndexOf(NEWLINE)
    this.#addLines(block.subarray(first + 1, last + 1))
    this.#extendOpen(block.subarray(last + 1))
  }

  finish(): LongNumbers {
    this.#closeOpen()
    if (this.#anywhere) return { in: 'anywhere' }
    return this.#lines.size === 0 ? { in: 'none' } : { in: 'lines', lines: [...this.#lines] }
  }

  #extendOpen(bytes: Buffer): void {
    const open = this.#open.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#open, bytes])
    if (open.length <= LISTED_BYTES) {
      this.#open = open
      return
    }
    this.#openIsWhole = false
    if (longRunIn(open, 0) !== -1) this.#anywhere = true
    this.#open = Buffer.from(open.subarray(open.length - LONG + 1))
  }

  #closeOpen(): void {
    if (longRunIn(this.#open, 0) !== -1) this.#list(this.#open)
    this.#open = Buffer.alloc(0)
    this.#openIsWhole = true
  }

  /** Whole lines, each with its end. */
  #addLines(bytes: Buffer): void {
    for (let at = longRunIn(bytes, 0); at !== -1 && !this.#anywhere; ) {
      const start = bytes.lastIndexOf(NEWLINE, at) + 1
      const end = bytes.indexOf(NEWLINE, at)
      this.#list(bytes.subarray(start, end))
      at = longRunIn(bytes, end)
    }
  }

  /** A carriage return inside a line may end it or not, and a NUL cannot stand in a statement. */
  #list(line: Buffer): void {
    const text = line.toString('utf8', 0, line.at(-1) === 13 ? line.length - 1 : line.length)
    if (!this.#openIsWhole || text.includes('\r') || text.includes('\0')) this.#anywhere = true
    if (this.#lines.has(text)) return
    this.#lines.add(text)
    this.#listedBytes += line.length
    if (this.#listedBytes > LISTED_BYTES) this.#anywhere = true
  }
}

/** A place in the first long run after `from`, or -1. A run of 16 covers every sixteenth byte once. */
function longRunIn(bytes: Buffer, from: number): number {
  for (let at = from + LONG - 1; at < bytes.length; at += LONG) {
    if (!isNumberByte(bytes[at]!)) continue
    let start = at
    let end = at + 1
    while (start > 0 && isNumberByte(bytes[start - 1]!)) start--
    while (end < bytes.length && isNumberByte(bytes[end]!)) end++
    if (end - start >= LONG) return at
  }
  return -1
}

function isNumberByte(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || byte === 46
}
