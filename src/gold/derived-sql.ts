import { brokenListSql } from '../contract/broken-list.js'
import { compileConform } from '../contract/compile-conform.js'
import type { Column, Contract } from '../contract/contract.js'
import { rawColumn } from '../contract/raw-column.js'
import { goldShape } from '../contract/tables.js'
import { quoteIdent } from '../engine/sql-text.js'
import { ordinalSql } from '../lake/table-shape.js'
import type { Model } from './front-matter.js'
import { inRangeSql, type KeyRange } from './key-ranges.js'
import { EVER, type Interval } from './touched.js'

const DAY_MS = 86_400_000

type BrokenRule = Parameters<typeof brokenListSql>[0][number]

/** Which rows of an interval are meant; all of them unless it is said. */
export interface Part {
  readonly keys?: KeyRange | undefined
  /** Milliseconds since the epoch: rows that would be known later are left out. */
  readonly knownTo?: number | undefined
}

/**
 * The rows of a model in an interval, and those without a time, or of these a part, cast to its contract, with every broken rule in
 * `_broken`, those that only warn in `_warned`, and the ordinal of their partition in `_p`.
 */
export function derivedSql(model: Model, contract: Contract, interval: Interval, { keys, knownTo }: Part = {}): string {
  const shape = goldShape(contract)
  const time = quoteIdent(shape.partition.column)
  const columns = shape.columns.map(column => quoteIdent(column.name)).join(', ')
  const raw = contract.columns
    .map(column => `${quoteIdent(column.name)} AS ${quoteIdent(rawColumn(column.name))}`)
    .join(', ')
  const { casts, rules } = compileConform(contract, 'typed')
  const typed = casts.map(cast => `${cast.sql} AS ${quoteIdent(cast.column)}`).join(', ')
  const [broken, warned] = (['error', 'warn'] as const).map(severity =>
    rules.flatMap(rule =>
      rule.brokenSql === undefined || rule.severity !== severity ? [] : [{ id: rule.id, sql: rule.brokenSql }],
    ),
  ) as [BrokenRule[], BrokenRule[]]
  const partition = contract.columns.find(column => column.name === shape.partition.column)!
  const conditions = [
    withinSql(partition, interval),
    ...(keys === undefined ? [] : [inRangeSql(keys)]),
    ...(knownTo === undefined ? [] : [`_known_at <= make_timestamptz(${Math.round(knownTo * 1000)})`]),
  ]
  return `SELECT ${columns}, ${brokenListSql(broken)} AS _broken, ${brokenListSql(warned)} AS _warned, ${ordinalSql(shape.partition.grain, time)} AS _p
    FROM (SELECT ${typed}, * FROM (SELECT ${raw}, _known_at FROM (${model.sql})))
    WHERE ${conditions.join(' AND ')}`
}

/** Plain comparisons of the column, which the engine moves down to where rows become many; a row without a time breaks a rule and is not lost. */
function withinSql({ name, type }: Column, interval: Interval): string {
  if (interval === EVER) return 'true'
  const time = quoteIdent(name)
  const moment = (ms: number): string =>
    type.kind === 'date' ? `DATE '1970-01-01' + ${Math.ceil(ms / DAY_MS)}` : `make_timestamptz(${ms * 1000})`
  return `(${time} IS NULL OR ${time} >= ${moment(interval.start)}) AND (${time} IS NULL OR ${time} < ${moment(interval.end)})`
}
