import { isUtf8 } from 'node:buffer'
import type { LongNumbers } from '../sources/file/extraction.js'
import { LongNumberScan } from './long-numbers.js'

/** What reading needs to know about a text, found while its bytes go by. */
export interface TextTraits {
  readonly utf8: boolean
  readonly longNumbers: LongNumbers
  /** No line is longer than this, in bytes. */
  readonly longestLineBytes: number
  readonly empty: boolean
}

/** Looks at a text block by block, without copying it: about 1 % of the time of hashing it. */
export class TextScan {
  #utf8 = true
  readonly #longNumbers = new LongNumberScan()
  #longestLine = 0
  #openLine = 0
  #empty = true
  #tail: Buffer = Buffer.alloc(0)

  add(block: Buffer): void {
    if (block.length === 0) return
    if (this.#empty && /[^\s\uFEFF]/.test(block.toString('utf8', 0, Math.min(block.length, 65_536))))
      this.#empty = false
    this.#addUtf8(block)
    this.#addLines(block)
    this.#longNumbers.add(block)
  }

  finish(): TextTraits {
    if (this.#tail.length > 0 && !isUtf8(this.#tail)) this.#utf8 = false
    return {
      utf8: this.#utf8,
      longNumbers: this.#longNumbers.finish(),
      longestLineBytes: Math.max(this.#longestLine, this.#openLine),
      empty: this.#empty,
    }
  }

  #addUtf8(block: Buffer): void {
    if (!this.#utf8) return
    const whole = this.#tail.length > 0 ? Buffer.concat([this.#tail, block]) : block
    const cut = lastCharacterStart(whole)
    if (!isUtf8(whole.subarray(0, cut))) this.#utf8 = false
    this.#tail = Buffer.from(whole.subarray(cut))
  }

  /** Lines inside a block are shorter than the block: only those that cross blocks are measured. */
  #addLines(block: Buffer): void {
    const last = block.lastIndexOf(10)
    if (last === -1) {
      this.#openLine += block.length
      return
    }
    const first = block.indexOf(10)
    this.#longestLine = Math.max(this.#longestLine, this.#openLine + first + 1, first === last ? 0 : block.length)
    this.#openLine = block.length - last - 1
  }
}

/** Where the last, perhaps incomplete, character begins. */
function lastCharacterStart(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(4, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if (byte >= 0xc0) return bytes.length - back
    if (byte < 0x80) return bytes.length
  }
  return bytes.length
}
