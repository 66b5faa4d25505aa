import { brokenListSql } from '../contract/broken-list.js'
import { compileConform } from '../contract/compile-conform.js'
import type { Contract } from '../contract/contract.js'
import { rawColumn } from '../contract/raw-column.js'
import { goldShape } from '../contract/tables.js'
import { quoteIdent } from '../engine/sql-text.js'
import { ordinalSql } from '../lake/table-shape.js'
import type { Model } from './front-matter.js'
import type { Interval } from './touched.js'

type BrokenRule = Parameters<typeof brokenListSql>[0][number]

/**
 * The rows of a model in an interval, cast to its contract, with every broken rule in `_broken`, those that only warn in `_warned`, and
 * the ordinal of their partition in `_p`.
 */
export function derivedSql(model: Model, contract: Contract, interval: Interval): string {
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
  return `SELECT ${columns}, ${brokenListSql(broken)} AS _broken, ${brokenListSql(warned)} AS _warned, ${ordinalSql(shape.partition.grain, time)} AS _p
    FROM (SELECT ${typed}, * FROM (SELECT ${raw}, _known_at FROM (${model.sql})))
    WHERE epoch_us(${time}) >= ${interval.start * 1000} AND epoch_us(${time}) < ${interval.end * 1000}`
}
