import { SluiceError } from '../../core/errors.js'
import { asNumber } from '../../engine/duckdb.js'
import type { SqlRow } from '../../engine/engine.js'
import type { Hold } from './hold-book.js'

/** The id of a hold, or of a row: `capture` and `position`. Beginnings of ids will do. */
export interface QuarantineId {
  readonly text: string
  readonly capture?: string
  readonly position?: number
}

/** Reads ids as they are listed. Throws SLUICE_QUARANTINE_UNKNOWN for a text that is none. */
export function readIds(texts: readonly string[]): QuarantineId[] {
  return texts.map(text => {
    const parts = /^([0-9a-f]{4,32})(?::(\d{1,15}))?$/.exec(text)
    if (parts === null) {
      const message = `"${text.slice(0, 80)}" is no id: a hold is hex digits, a row is those of its capture and its position, as 0a1b2c3d4e5f:7.`
      throw new SluiceError('SLUICE_QUARANTINE_UNKNOWN', message)
    }
    const [, capture, position] = parts
    return position === undefined ? { text: capture! } : { text, capture: capture!, position: Number(position) }
  })
}

export function isHold({ text, capture }: QuarantineId, hold: Pick<Hold, 'id'>): boolean {
  return capture === undefined && hold.id.startsWith(text)
}

export function isRow({ capture, position }: QuarantineId, row: SqlRow): boolean {
  return (
    capture !== undefined && asNumber(row['_position']) === position && String(row['_capture_id']).startsWith(capture)
  )
}

/** An id that names nothing, or more than one thing, is a mistake; a filter that nothing fits is none. */
export function refuseUnknownIds(
  ids: readonly QuarantineId[],
  holds: readonly Pick<Hold, 'id'>[],
  rows: readonly SqlRow[],
): void {
  for (const id of ids) {
    const captures = rows.filter(row => isRow(id, row)).map(row => String(row['_capture_id']))
    const found = id.capture === undefined ? holds.filter(hold => isHold(id, hold)).map(hold => hold.id) : captures
    const what = id.capture === undefined ? 'hold' : 'quarantined row'
    if (found.length === 0) throw unknownId(`No ${what} that fits is called ${id.text}.`)
    if (new Set(found).size > 1) {
      const message = `More than one ${what} begins with ${id.text}. Nothing was changed.`
      throw new SluiceError('SLUICE_QUARANTINE_UNKNOWN', message, { next: 'Write more digits of the id.' })
    }
  }
}

export function unknownId(message: string): SluiceError {
  return new SluiceError('SLUICE_QUARANTINE_UNKNOWN', `${message} Nothing was changed.`)
}
