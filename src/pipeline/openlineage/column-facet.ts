import type { Contract } from '../../contract/contract.js'
import { type LineageInput, ROWS } from '../../gold/lineage/inputs.js'
import type { TableLineage } from '../../gold/lineage/model-lineage.js'
import { type Facet, facet } from './lineage-event.js'

/** Where the columns of a gold table come from. Columns whose SQL is not understood are left out: nothing is guessed. */
export function columnLineage({ columns, rows }: TableLineage, namespace: string): Facet {
  const known = columns.filter(({ unknown }) => unknown === undefined)
  return facet('ColumnLineageDatasetFacet', {
    fields: Object.fromEntries(known.map(({ column, inputs }) => [column, { inputFields: fields(inputs, namespace) }])),
    dataset: fields(rows.inputs, namespace),
  })
}

/** The lineage of a table with other names for the tables that it reads. */
export function renamed(lineage: TableLineage, nameOf: (table: string) => string): TableLineage {
  const inputsOf = (inputs: readonly LineageInput[]) => inputs.map(input => ({ ...input, table: nameOf(input.table) }))
  const columns = lineage.columns.map(column => ({ ...column, inputs: inputsOf(column.inputs) }))
  return { ...lineage, columns, rows: { ...lineage.rows, inputs: inputsOf(lineage.rows.inputs) } }
}

function fields(inputs: readonly LineageInput[], namespace: string) {
  return inputs
    .filter(({ column }) => column !== ROWS)
    .map(({ table, column, transformations }) => ({ namespace, name: table, field: column, transformations }))
}

/** The columns of a table of silver, each cast and checked from the text of the same name in bronze. */
export function conformedColumns(
  { columns }: Contract,
  bronze: { readonly namespace: string; readonly name: string },
): Facet {
  const transformations = [
    { type: 'DIRECT', subtype: 'TRANSFORMATION', description: 'cast and checked by the contract' },
  ]
  return facet('ColumnLineageDatasetFacet', {
    fields: Object.fromEntries(
      columns.map(({ name }) => [name, { inputFields: [{ ...bronze, field: name, transformations }] }]),
    ),
  })
}
