import type { DeclaredType } from '../iceberg/schema.js'
import { VERSION_KEY, VERSIONS_SUFFIX } from '../lake/newest-version.js'
import type { ShapeColumn, TableShape } from '../lake/table-shape.js'
import { duckdbType, icebergType } from './column-types.js'
import type { Column, Contract, ContractVersion } from './contract.js'

/** Table property: the hash of the contract under which a table of silver or gold was last written. */
export const CONTRACT_HASH = 'sluice.contract-hash'

const KNOWN_AT = system('_known_at', 'timestamptz', 'TIMESTAMPTZ', 'When the world could know the row.')

/** How a row came to be known and where its bytes are: columns of bronze, silver and quarantine. */
const PROVENANCE: readonly ShapeColumn[] = [
  KNOWN_AT,
  system('_known_basis', 'string', 'VARCHAR', 'vintage, rule or captured: where _known_at comes from.'),
  system('_capture_id', 'string', 'VARCHAR', 'The capture that holds the bytes.'),
  system('_position', 'long', 'BIGINT', 'Number of the record in its capture, from 0.'),
  system('_contract_version', 'string', 'VARCHAR', 'Version of the contract that read the row.'),
]

const PARTITION_TIME = system(
  '_partition_time',
  'timestamptz',
  'TIMESTAMPTZ',
  'Event time where it can be read, else the time of capture: cuts the table.',
)

/** Records as they came: every contract field as text, unknown fields in `_extra`. */
export function bronzeShape(contract: Contract): TableShape {
  const fields = contract.columns.map(column => ({ ...declared(column), type: 'string' as const, sqlType: 'VARCHAR' }))
  const extra = system('_extra', 'string', 'VARCHAR', 'JSON object of fields that the contract does not know.')
  return shape(contract, 'bronze', [...fields, extra, ...PROVENANCE, PARTITION_TIME], PARTITION_TIME.name, [
    '_capture_id',
    '_position',
  ])
}

/** Rows that keep the contract: typed, one per key; under the policy `versions` one per key and `_known_at`, in a table named for it. */
export function silverShape(contract: Contract): TableShape {
  const columns = [...contract.columns.map(declared), ...PROVENANCE]
  const shaped = shape(contract, 'silver', columns, contract.eventTime, contract.primaryKey)
  const own = { ...shaped, properties: { [CONTRACT_HASH]: contract.hash } }
  if (contract.merge.policy !== 'versions') return own
  return {
    ...own,
    name: { ...own.name, dataset: `${contract.dataset}${VERSIONS_SUFFIX}` },
    order: [...contract.primaryKey, KNOWN_AT.name],
    properties: { ...own.properties, [VERSION_KEY]: JSON.stringify(contract.primaryKey) },
  }
}

/** Rows that broke a rule, with what they were and why they wait. */
export function quarantineShape(contract: Contract): TableShape {
  const columns: ShapeColumn[] = [
    system(
      'record',
      'string',
      'VARCHAR',
      'The record as JSON, values as they came; empty when the line was unreadable.',
    ),
    system('raw', 'string', 'VARCHAR', 'The raw text of an unreadable line.'),
    { ...system('rules', 'string', 'VARCHAR[]', 'Every broken rule.'), type: { list: 'string' } },
    system('state', 'string', 'VARCHAR', 'waiting, released, replayed or discarded.'),
    ...PROVENANCE,
    PARTITION_TIME,
    system(
      'decision',
      'string',
      'VARCHAR',
      'Run id of the decision that released or discarded the row: see ledger.decisions.',
    ),
  ]
  const own = shape(contract, 'quarantine', columns, PARTITION_TIME.name, [
    '_capture_id',
    '_position',
    'rules',
    'record',
  ])
  // Rejected rows are few: by the contract's own grain they would be a file of a handful each.
  return { ...own, partition: { ...own.partition, grain: contract.partition === 'year' ? 'year' : 'month' } }
}

/** What a model derives: the contract's columns and when their inputs were known. */
export function goldShape(contract: Contract): TableShape {
  const columns = [...contract.columns.map(declared), KNOWN_AT]
  const own = shape(contract, 'gold', columns, contract.eventTime, contract.primaryKey)
  return { ...own, properties: { [CONTRACT_HASH]: contract.hash } }
}

/** The tables that a contract fills: of silver, or of gold. */
export function shapesOf(contract: Contract): TableShape[] {
  if (contract.layer === 'gold') return [goldShape(contract)]
  return [bronzeShape(contract), silverShape(contract), quarantineShape(contract)]
}

/** The one of them that readers read. */
export function publishedShape(contract: Contract): TableShape {
  return contract.layer === 'gold' ? goldShape(contract) : silverShape(contract)
}

export function versionText({ version }: Pick<Contract, 'version'>): string {
  return `v${plainVersion(version)}`
}

/** `1.2.3` */
export function plainVersion({ major, minor, patch }: ContractVersion): string {
  return `${major}.${minor}.${patch}`
}

/** The version that `versionText` gave, or undefined for another text. */
export function parseVersion(text: string | undefined): ContractVersion | undefined {
  const [, major, minor, patch] = /^v?(\d+)\.(\d+)\.(\d+)$/.exec(text ?? '') ?? []
  return patch === undefined ? undefined : { major: Number(major), minor: Number(minor), patch: Number(patch) }
}

function shape(
  contract: Contract,
  layer: TableShape['name']['layer'],
  columns: readonly ShapeColumn[],
  partitionColumn: string,
  order: readonly string[],
): TableShape {
  return {
    name: { layer, dataset: contract.dataset, major: contract.version.major },
    columns,
    partition: { column: partitionColumn, grain: contract.partition },
    order,
    contractVersion: versionText(contract),
  }
}

function declared(column: Column): ShapeColumn {
  return {
    name: column.name,
    type: icebergType(column.type),
    sqlType: duckdbType(column.type),
    doc: column.description,
    ...(column.renamedFrom === undefined ? {} : { renamedFrom: column.renamedFrom }),
  }
}

function system(name: string, type: DeclaredType, sqlType: string, doc: string): ShapeColumn {
  return { name, type, sqlType, doc }
}
