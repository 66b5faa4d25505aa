import { SluiceError } from '../core/errors.js'
import { NAME_MAPPING, newTableMetadata } from '../iceberg/create-metadata.js'
import { timeSpec } from '../iceberg/partition.js'
import type { Requirement } from '../iceberg/requirements.js'
import { assignIds, evolveSchema, nameMapping, type SchemaEvolution } from '../iceberg/schema.js'
import type { PartitionSpec, Schema } from '../iceberg/types.js'
import type { Update } from '../iceberg/update.js'
import type { LoadedTable } from './catalog.js'
import type { Lake } from './lake.js'
import { tableLocation } from './table-location.js'
import type { TableShape } from './table-shape.js'

const CREATE_TRIES = 5

/** The table of a shape, created when it is new and evolved when the shape has grown. An incompatible change is refused. */
export async function openTable(lake: Lake, shape: TableShape): Promise<LoadedTable> {
  for (let tries = 0; tries < CREATE_TRIES; tries++) {
    const found = await lake.catalog.load(shape.name)
    if (found === undefined) {
      const created = await createTable(lake, shape)
      if (created !== undefined) return created
      continue
    }
    const evolved = await evolveTable(lake, found, shape)
    if (evolved !== undefined) return evolved
  }
  throw new SluiceError(
    'SLUICE_COMMIT_CONFLICT',
    `The table ${shape.name.layer}.${shape.name.dataset} could not be opened: other writers keep changing it.`,
  )
}

/** The table of a shape, if there is one. A shape that it cannot follow is refused; nothing is changed. Throws SLUICE_CONTRACT_BREAKING. */
export async function checkTable(lake: Lake, shape: TableShape): Promise<LoadedTable | undefined> {
  const found = await lake.catalog.load(shape.name)
  if (found !== undefined) evolutionOf(found, shape)
  return found
}

export function currentSchema(table: LoadedTable): Schema {
  const { metadata } = table
  return metadata.schemas.find(schema => schema['schema-id'] === metadata['current-schema-id'])!
}

export function defaultSpec(table: LoadedTable): PartitionSpec {
  const { metadata } = table
  return metadata['partition-specs'].find(spec => spec['spec-id'] === metadata['default-spec-id'])!
}

async function createTable(lake: Lake, shape: TableShape): Promise<LoadedTable | undefined> {
  const schema = assignIds(shape.columns, 0)
  const source = schema.fields.find(field => field.name === shape.partition.column)!
  const metadata = newTableMetadata({
    uuid: lake.ids.uuid(),
    location: tableLocation(lake.store, shape.name),
    schema,
    spec: timeSpec(source.id, shape.partition.column, shape.partition.grain),
    properties: {
      ...propertiesOf(shape),
      'write.parquet.compression-codec': 'zstd',
    },
    nowMs: lake.clock.now(),
  })
  const outcome = await lake.catalog.create(shape.name, metadata)
  return outcome.outcome === 'committed' ? outcome.table : undefined
}

async function evolveTable(lake: Lake, table: LoadedTable, shape: TableShape): Promise<LoadedTable | undefined> {
  const evolution = evolutionOf(table, shape)
  const properties = propertiesOf(shape)
  const isTold = Object.entries(properties).every(([name, value]) => table.metadata.properties[name] === value)
  if (evolution.outcome === 'unchanged' && isTold) return table
  const requirements: Requirement[] = [
    { type: 'assert-table-uuid', uuid: table.metadata['table-uuid'] },
    { type: 'assert-current-schema-id', 'current-schema-id': table.metadata['current-schema-id'] },
    { type: 'assert-last-assigned-field-id', 'last-assigned-field-id': table.metadata['last-column-id'] },
  ]
  if (evolution.outcome === 'changed') properties[NAME_MAPPING] = nameMapping(evolution.schema)
  const outcome = await lake.catalog.commit(table, requirements, [
    ...schemaUpdates(evolution),
    { action: 'set-properties', updates: properties },
  ])
  return outcome.outcome === 'committed' ? outcome.table : undefined
}

/** What a table says of the contract that it is written under. */
function propertiesOf(shape: TableShape): Record<string, string> {
  return { 'sluice.contract-version': shape.contractVersion, ...shape.properties }
}

type Evolution = Exclude<SchemaEvolution, { outcome: 'incompatible' }>

function schemaUpdates(evolution: Evolution): Update[] {
  if (evolution.outcome === 'unchanged') return []
  return [
    { action: 'add-schema', schema: evolution.schema, 'last-column-id': evolution.lastColumnId },
    { action: 'set-current-schema', 'schema-id': evolution.schema['schema-id'] },
  ]
}

function evolutionOf(table: LoadedTable, shape: TableShape): Evolution {
  refuseOtherGrain(table, shape)
  const evolution = evolveSchema(table.metadata, shape.columns)
  if (evolution.outcome !== 'incompatible') return evolution
  throw new SluiceError(
    'SLUICE_CONTRACT_BREAKING',
    `The contract of ${shape.name.layer}.${shape.name.dataset} (v${shape.name.major}) changed in a way its table cannot follow: ${evolution.reasons.join('; ')}. Nothing was written.`,
    newMajor(shape),
  )
}

function refuseOtherGrain(table: LoadedTable, shape: TableShape): void {
  const [field] = defaultSpec(table).fields
  if (field?.transform === shape.partition.grain) return
  throw new SluiceError(
    'SLUICE_CONTRACT_BREAKING',
    `The contract of ${shape.name.layer}.${shape.name.dataset} now asks for partitions by ${shape.partition.grain}; its table has them by ${field?.transform}. Nothing was written.`,
    newMajor(shape),
  )
}

function newMajor({ name }: TableShape): { next: string } {
  const version = `${name.major + 1}.0.0`
  return {
    next: `Set the version of the contract to ${version}: a breaking change gets a new table, and \`sluice contract migrate ${name.dataset}\` fills it from captures.`,
  }
}
