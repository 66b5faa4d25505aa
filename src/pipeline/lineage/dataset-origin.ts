import { publishedShape, versionText } from '../../contract/tables.js'
import { groupBy } from '../../core/group-by.js'
import type { Project } from '../project/project.js'
import { namesOf } from '../read/lake-views.js'

/** A table of silver: what its pipes read, under its contract. */
export interface DatasetOrigin {
  readonly by: 'pipes'
  /** `bars v1.2.0` */
  readonly contract: string
  readonly contract_file: string
  /** In order of declaration; without any, only files that a run is given with the contract fill the table. */
  readonly pipes: readonly { readonly name: string; readonly source: string }[]
  readonly columns: readonly FieldOrigin[]
}

export interface FieldOrigin {
  readonly column: string
  /** What pipes take it from, most pipes first; empty for columns that Sluice adds to every row. */
  readonly from: readonly {
    /** SQL over the fields of what is read, as `map` has it; null: the field of the column's own name. */
    readonly expression: string | null
    readonly pipes: number
  }[]
}

/** Undefined for a table that no contract of silver describes. Columns are those of the table that are asked for. */
export function datasetOrigin(table: string, columns: readonly string[], project: Project): DatasetOrigin | undefined {
  const contract = project.contracts
    .filter(({ layer }) => layer === 'silver')
    .find(candidate => namesOf(publishedShape(candidate).name).some(name => name.toLowerCase() === table))
  if (contract === undefined) return undefined
  const pipes = project.pipes.filter(pipe => pipe.contract === contract.dataset)
  const own = new Set(contract.columns.map(({ name }) => name))
  return {
    by: 'pipes',
    contract: `${contract.dataset} ${versionText(contract)}`,
    contract_file: contract.file,
    pipes: pipes.map(({ name, source }) => ({ name, source })),
    columns: columns.map(column => {
      if (!own.has(column)) return { column, from: [] }
      const groups = [...groupBy(pipes, pipe => pipe.map[column] ?? null)]
      const from = groups.map(([expression, readers]) => ({ expression, pipes: readers.length }))
      return { column, from: from.sort((a, b) => b.pipes - a.pipes) }
    }),
  }
}
