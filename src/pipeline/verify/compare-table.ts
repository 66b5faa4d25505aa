import type { Engine } from '../../engine/engine.js'
import { quoteIdent } from '../../engine/sql-text.js'
import { partitionPath } from '../../iceberg/partition.js'
import type { DataFile } from '../../iceberg/types.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { contentName } from '../../lake/content-name.js'
import type { Lake } from '../../lake/lake.js'
import { currentSchema, defaultSpec } from '../../lake/open-table.js'
import { readFilesSql } from '../../lake/read-sql.js'
import { ordinalOf } from '../../lake/scan.js'
import { ordinalSql, type TableShape } from '../../lake/table-shape.js'
import { type ChangedRow, COMPARED, compareRows, firstChanges, type RowCounts } from '../diff/compare-rows.js'
import type { DerivedVerdict, PartitionVerdict, TableVerdict } from './verification.js'

/** A state of a table: some of its files, in the lake that they are in. */
export interface Side {
  readonly lake: Lake
  readonly table: LoadedTable
  readonly files: readonly DataFile[]
}

interface Partition {
  readonly ordinal: number
  readonly stored: readonly DataFile[]
  readonly derived: readonly DataFile[]
}

/** What a table holds beside what was derived again of it, partition by partition: by the names of files, which hold their hash, then by rows. */
export async function compareTable(
  shape: TableShape,
  stored: Side,
  derived: Side,
  engine: Engine,
): Promise<Omit<TableVerdict, 'table' | 'why' | 'outdated'>> {
  const partitions = partitionsOf(stored, derived)
  const open = partitions.filter(partition => !isExact(partition))
  const exact = partitions.length - open.length
  if (open.length === 0) return { verdict: 'exact', partitions: exact === 0 ? {} : { exact }, inexact: [] }
  const { counts, differing, first } = await compareOpen(shape, stored, derived, open, engine)
  const spec = defaultSpec(derived.table)
  const inexact = open.map(({ ordinal, ...own }): PartitionVerdict => {
    const rows = rowsOf(own.stored)
    const derivedRows = rowsOf(own.derived)
    const verdict = differing.has(ordinal) || rows !== derivedRows ? 'differs' : 'equal_rows'
    const partition = partitionPath(spec, { [spec.fields[0]!['field-id']]: ordinal })
    return { partition, verdict, rows, derived_rows: derivedRows }
  })
  const differs = inexact.filter(({ verdict }) => verdict === 'differs').length
  const verdict: DerivedVerdict = differs > 0 ? 'differs' : 'equal_rows'
  const figures = { exact, equal_rows: open.length - differs, differs }
  return {
    verdict,
    partitions: Object.fromEntries(Object.entries(figures).filter(([, count]) => count > 0)),
    inexact,
    ...(differs > 0 && { counts }),
    ...(first !== undefined && { first_difference: first }),
  }
}

function partitionsOf(stored: Side, derived: Side): Partition[] {
  const found = new Map<number, { stored: DataFile[]; derived: DataFile[] }>()
  for (const [side, { table, files }] of [
    ['stored', stored],
    ['derived', derived],
  ] as const) {
    for (const file of files) {
      const ordinal = ordinalOf(table, file)
      const own = found.get(ordinal) ?? { stored: [], derived: [] }
      own[side].push(file)
      found.set(ordinal, own)
    }
  }
  return [...found].sort(([a], [b]) => a - b).map(([ordinal, own]) => ({ ordinal, ...own }))
}

function isExact({ stored, derived }: Partition): boolean {
  const names = (files: readonly DataFile[]): string => files.map(contentName).sort().join()
  return names(stored) === names(derived)
}

interface Compared {
  readonly counts: RowCounts
  readonly differing: ReadonlySet<number>
  readonly first: ChangedRow | undefined
}

async function compareOpen(
  shape: TableShape,
  stored: Side,
  derived: Side,
  open: readonly Partition[],
  engine: Engine,
): Promise<Compared> {
  const schema = currentSchema(derived.table)
  const sqlOf = (side: Side, files: readonly DataFile[]) => readFilesSql(side.lake, side.table, schema, files)
  const names = schema.fields.map(({ name }) => name)
  const key = [...new Set([...shape.order, shape.partition.column])]
  const rows = {
    before: await sqlOf(
      stored,
      open.flatMap(own => own.stored),
    ),
    after: await sqlOf(
      derived,
      open.flatMap(own => own.derived),
    ),
    key,
    columns: names.filter(name => !key.includes(name)),
  }
  const counts = await compareRows(rows, engine)
  const time = `k_${key.indexOf(shape.partition.column)}`
  const differing = await engine.rows(
    `SELECT DISTINCT ${ordinalSql(shape.partition.grain, quoteIdent(time))} AS _p FROM ${COMPARED}`,
  )
  const [first] = await firstChanges(rows, 1, engine)
  await engine.run(`DROP TABLE ${COMPARED}`)
  return { counts, differing: new Set(differing.map(row => Number(row['_p']))), first }
}

function rowsOf(files: readonly DataFile[]): number {
  return files.reduce((sum, file) => sum + Number(file['record-count']), 0)
}
