import { widens } from '../../iceberg/schema.js'
import { icebergType } from '../column-types.js'
import type { Column, ColumnType, Contract } from '../contract.js'
import { typeText } from '../describe.js'
import type { ContractChange, Renames } from './change.js'

/** Columns that the newer contract calls otherwise, by their older names: `renamedFrom` says so, a likeness does not. */
export function renamesOf(before: Contract, after: Contract): Renames {
  const old = new Set(before.columns.map(column => column.name))
  return new Map(
    after.columns.flatMap(({ name, renamedFrom }) =>
      renamedFrom !== undefined && !old.has(name) && old.has(renamedFrom) ? [[renamedFrom, name] as const] : [],
    ),
  )
}

/** What happened to columns, in the order of the newer contract; those that are gone come last. */
export function diffColumns(before: Contract, after: Contract, renames: Renames): ContractChange[] {
  const former = new Map(before.columns.map(column => [renames.get(column.name) ?? column.name, column]))
  const kept = new Set(after.columns.map(column => column.name))
  const gone = [...former].filter(([name]) => !kept.has(name)).map(([, column]) => column)
  const fresh = after.columns.filter(column => !former.has(column.name))
  return [
    ...after.columns.flatMap(column => {
      const old = former.get(column.name)
      return old === undefined ? [added(column)] : changed(old, column)
    }),
    ...gone.map(column => removed(column, fresh)),
    ...moved(before, after, renames),
  ]
}

function added(column: Column): ContractChange {
  const base = { subject: `column ${column.name}`, about: 'shape' as const, before: undefined, after: summary(column) }
  return column.required
    ? { ...base, grade: 'breaking', reason: 'new and required: rows already written have no value' }
    : { ...base, grade: 'compatible', reason: 'new and optional: rows already written read as NULL' }
}

function removed(column: Column, fresh: readonly Column[]): ContractChange {
  const like = fresh.find(other => typeText(other.type) === typeText(column.type))
  const hint = like === undefined ? '' : `; if it is now called ${like.name}, say so there: renamedFrom: ${column.name}`
  const reason = `removed: whoever names it fails${hint}`
  return {
    subject: `column ${column.name}`,
    grade: 'breaking',
    about: 'shape',
    before: summary(column),
    after: undefined,
    reason,
  }
}

function changed(before: Column, after: Column): ContractChange[] {
  return [...named(before, after), ...typed(before, after), ...required(before, after), ...meant(before, after)]
}

function named(before: Column, after: Column): ContractChange[] {
  if (before.name === after.name) return []
  const reason = `renamed by renamedFrom: the table keeps the column under its field id; queries that name ${before.name} must name ${after.name}`
  return [change(after, 'compatible', 'shape', before.name, after.name, reason)]
}

function typed(before: Column, after: Column): ContractChange[] {
  const texts = [typeText(before.type), typeText(after.type)] as const
  if (texts[0] === texts[1]) return []
  if (before.type.kind === 'json' || after.type.kind === 'json') {
    const about = icebergType(before.type) === icebergType(after.type) ? 'promise' : 'shape'
    if (about === 'promise' && after.type.kind === 'json')
      return [change(after, 'compatible', about, ...texts, 'still a text: from now on one that is JSON')]
    if (about === 'promise')
      return [change(after, 'breaking', about, ...texts, 'a text that need not be JSON any more')]
  }
  if (widens(icebergType(before.type), icebergType(after.type)))
    return [change(after, 'compatible', 'shape', ...texts, 'wider: every old value still fits')]
  return [change(after, 'breaking', 'shape', ...texts, narrowing(before.type, after.type))]
}

function narrowing(before: ColumnType, after: ColumnType): string {
  if (before.kind !== 'decimal' || after.kind !== 'decimal') return 'another type: one table cannot hold both'
  if (before.scale !== after.scale) return 'another scale: one table cannot hold both, whatever the precision'
  return 'narrower: old values may not fit'
}

function required(before: Column, after: Column): ContractChange[] {
  if (before.required === after.required) return []
  const texts = [before.required ? 'required' : 'optional', after.required ? 'required' : 'optional'] as const
  return after.required
    ? [change(after, 'compatible', 'promise', ...texts, `tightened: rows without a value stay out. ${OLD_ROWS}`)]
    : [change(after, 'breaking', 'promise', ...texts, 'loosened: readers who count on a value will find NULL')]
}

/** What is said of published rows whenever more is asked than before. */
export const OLD_ROWS = 'Rows already published were not judged by it; `sluice run --replace` does so'

/** Unit, format and words: what a value means and how a source writes it. */
function meant(before: Column, after: Column): ContractChange[] {
  const changes: ContractChange[] = []
  if (before.unit !== after.unit) {
    const isNew = before.unit === undefined
    const reason = isNew ? 'now says what it counts' : after.unit === undefined ? 'no longer says what it counts' : UNIT
    changes.push(
      change(after, isNew ? 'compatible' : 'breaking', 'promise', before.unit, after.unit, reason, 'unit of '),
    )
  }
  if (before.format !== after.format) {
    const reason = 'how sources write it: readers see the same type'
    changes.push(change(after, 'compatible', 'promise', before.format, after.format, reason, 'format of '))
  }
  if (before.description !== after.description || before.examples.join('\n') !== after.examples.join('\n')) {
    const reason = 'words for people: no change for readers of rows'
    changes.push(change(after, 'none', 'text', before.description, after.description, reason, 'description of '))
  }
  return changes
}

const UNIT = 'the same figure now means something else'

function moved(before: Contract, after: Contract, renames: Renames): ContractChange[] {
  const kept = new Set(after.columns.map(column => column.name))
  const old = before.columns.map(({ name }) => renames.get(name) ?? name).filter(name => kept.has(name))
  const now = after.columns.map(({ name }) => name).filter(name => old.includes(name))
  if (old.join() === now.join()) return []
  const reason = 'the same columns in another order: they are found by their ids and names'
  return [
    {
      subject: 'order of columns',
      grade: 'none',
      about: 'text',
      before: old.join(', '),
      after: now.join(', '),
      reason,
    },
  ]
}

function change(
  column: Column,
  grade: ContractChange['grade'],
  about: ContractChange['about'],
  before: string | undefined,
  after: string | undefined,
  reason: string,
  of = '',
): ContractChange {
  return { subject: `${of}column ${column.name}`, grade, about, before, after, reason }
}

function summary(column: Column): string {
  return `${typeText(column.type)}${column.required ? ', required' : ''}`
}
