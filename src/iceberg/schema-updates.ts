import { SluiceError } from '../core/errors.js'
import { fieldsById } from './schema-fields.js'
import type { PartitionSpec, Schema, SortOrder, TableMetadata } from './types.js'
import type { UpdateOf } from './update.js'

export type SchemaUpdate = UpdateOf<
  | 'add-schema'
  | 'set-current-schema'
  | 'remove-schemas'
  | 'add-spec'
  | 'set-default-spec'
  | 'remove-partition-specs'
  | 'add-sort-order'
  | 'set-default-sort-order'
>

/** Applies one update to schemas, partition specs or sort orders. `base` is the table before the commit: -1 means what was added since. */
export function applySchemaUpdate(current: TableMetadata, base: TableMetadata, update: SchemaUpdate): TableMetadata {
  switch (update.action) {
    case 'add-schema':
      return withSchema(current, update.schema)
    case 'add-spec':
      return withSpec(current, update.spec)
    case 'add-sort-order':
      return withSortOrder(current, update['sort-order'])
    case 'set-current-schema': {
      const last = lastAdded(current.schemas, base.schemas)?.['schema-id']
      return { ...current, 'current-schema-id': resolved(update['schema-id'], last) }
    }
    case 'set-default-spec': {
      const last = lastAdded(current['partition-specs'], base['partition-specs'])?.['spec-id']
      return { ...current, 'default-spec-id': resolved(update['spec-id'], last) }
    }
    case 'set-default-sort-order': {
      const last = lastAdded(current['sort-orders'], base['sort-orders'])?.['order-id']
      return { ...current, 'default-sort-order-id': resolved(update['sort-order-id'], last) }
    }
    case 'remove-schemas':
      return { ...current, schemas: current.schemas.filter(one => !update['schema-ids'].includes(one['schema-id'])) }
    case 'remove-partition-specs': {
      const specs = current['partition-specs'].filter(one => !update['spec-ids'].includes(one['spec-id']))
      return { ...current, 'partition-specs': specs }
    }
  }
}

function withSchema(current: TableMetadata, schema: Schema): TableMetadata {
  refuseTaken(
    'schema',
    schema['schema-id'],
    current.schemas.map(one => one['schema-id']),
  )
  return {
    ...current,
    schemas: [...current.schemas, schema],
    'last-column-id': Math.max(current['last-column-id'], ...fieldsById(schema).byId.keys()),
  }
}

function withSpec(current: TableMetadata, spec: PartitionSpec): TableMetadata {
  refuseTaken(
    'partition spec',
    spec['spec-id'],
    current['partition-specs'].map(one => one['spec-id']),
  )
  return {
    ...current,
    'partition-specs': [...current['partition-specs'], spec],
    'last-partition-id': Math.max(current['last-partition-id'], ...spec.fields.map(field => field['field-id'])),
  }
}

function withSortOrder(current: TableMetadata, order: SortOrder): TableMetadata {
  refuseTaken(
    'sort order',
    order['order-id'],
    current['sort-orders'].map(one => one['order-id']),
  )
  return { ...current, 'sort-orders': [...current['sort-orders'], order] }
}

function refuseTaken(what: string, id: number, taken: readonly number[]): void {
  if (!taken.includes(id)) return
  throw new SluiceError('SLUICE_ARGUMENT_INVALID', `The table has a ${what} ${id} already. Nothing was changed.`)
}

function lastAdded<Item>(now: readonly Item[], before: readonly Item[]): Item | undefined {
  return now.length > before.length ? now.at(-1) : undefined
}

function resolved(id: number, last: number | undefined): number {
  if (id !== -1) return id
  if (last !== undefined) return last
  throw new SluiceError(
    'SLUICE_ARGUMENT_INVALID',
    'An id of -1 needs something added in the same commit. Nothing was changed.',
  )
}
