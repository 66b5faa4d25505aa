import stringWidth from 'string-width'
import { oneLine } from './one-line.js'
import type { Colors } from './terminal.js'

export interface TableColumn {
  readonly head: string
  readonly align?: 'left' | 'right'
}

/** The look of tables: how wide a cell may get, and the colours in use. */
export interface TableLook {
  readonly colors: Colors
  /** Longest text of one cell; the rest is cut. Undefined: nothing is cut. */
  readonly cellWidth?: number | undefined
}

/**
 * A table as lines of text with aligned columns; a head may have several lines. Empty rows give the head alone.
 * Widths count what a terminal shows.
 */
export function tableText(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  { colors, cellWidth }: TableLook,
): string {
  const heads = columns.map(({ head }) => head.split('\n'))
  const cells = rows.map(row => row.map(cell => oneLine(cell, cellWidth)))
  const widths = heads.map((head, at) =>
    cells.reduce((widest, row) => Math.max(widest, widthOf(row[at] ?? '')), Math.max(...head.map(widthOf))),
  )
  const line = (row: readonly string[], show: (text: string) => string) =>
    columns
      .map(({ align }, at) => padded(row[at] ?? '', widths[at]!, align, show))
      .join(GAP)
      .trimEnd()
  const headLines = Array.from({ length: Math.max(0, ...heads.map(head => head.length)) }, (_, at) =>
    heads.map(head => head[at] ?? ''),
  )
  return [...headLines.map(row => line(row, colors.bold)), ...cells.map(row => line(row, text => text))].join('\n')
}

const GAP = '  '

/** Colours stand inside of the padding: they have no width. */
function padded(text: string, width: number, align: TableColumn['align'], show: (text: string) => string): string {
  const space = ' '.repeat(width - widthOf(text))
  return align === 'right' ? space + show(text) : show(text) + space
}

/** Most texts are plain, and there may be thousands. */
function widthOf(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : stringWidth(text)
}
