import Table from 'cli-table3'
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

/** A table as lines of text with aligned columns and one rule under the head. Empty rows give the head alone. */
export function tableText(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  { colors, cellWidth }: TableLook,
): string {
  const table = new Table({
    head: columns.map(column => colors.bold(column.head)),
    colAligns: columns.map(column => column.align ?? 'left'),
    chars: PLAIN,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  })
  for (const row of rows) table.push(row.map(cell => oneLine(cell, cellWidth)))
  return table
    .toString()
    .split('\n')
    .map(line => line.trimEnd())
    .join('\n')
}

const PLAIN = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
}
