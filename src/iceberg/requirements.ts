import type { TableMetadata } from './types.js'

/** What must still be true of a table for a commit to apply (REST specification). */
export type Requirement =
  | { readonly type: 'assert-create' }
  | { readonly type: 'assert-table-uuid'; readonly uuid: string }
  /** A null id: the ref must not exist. */
  | { readonly type: 'assert-ref-snapshot-id'; readonly ref: string; readonly 'snapshot-id': bigint | null }
  | { readonly type: 'assert-last-assigned-field-id'; readonly 'last-assigned-field-id': number }
  | { readonly type: 'assert-current-schema-id'; readonly 'current-schema-id': number }
  | { readonly type: 'assert-last-assigned-partition-id'; readonly 'last-assigned-partition-id': number }
  | { readonly type: 'assert-default-spec-id'; readonly 'default-spec-id': number }
  | { readonly type: 'assert-default-sort-order-id'; readonly 'default-sort-order-id': number }

export type RequirementCheck<Checked> =
  | { readonly outcome: 'met' }
  | { readonly outcome: 'failed'; readonly requirement: Checked; readonly reason: string }

/** The first requirement that does not hold; `metadata` is undefined when there is no table. */
export function checkRequirements(
  metadata: TableMetadata | undefined,
  requirements: readonly Requirement[],
): RequirementCheck<Requirement> {
  for (const requirement of requirements) {
    const reason = reasonAgainst(metadata, requirement)
    if (reason !== undefined) return { outcome: 'failed', requirement, reason }
  }
  return { outcome: 'met' }
}

function reasonAgainst(metadata: TableMetadata | undefined, requirement: Requirement): string | undefined {
  if (requirement.type === 'assert-create') return metadata === undefined ? undefined : 'the table exists already'
  if (metadata === undefined) return 'the table does not exist'
  switch (requirement.type) {
    case 'assert-table-uuid':
      return differing('table uuid', metadata['table-uuid'], requirement.uuid)
    case 'assert-ref-snapshot-id': {
      const actual = metadata.refs[requirement.ref]?.['snapshot-id'] ?? null
      return differing(`snapshot of ${requirement.ref}`, actual, requirement['snapshot-id'])
    }
    case 'assert-last-assigned-field-id':
      return differing('last field id', metadata['last-column-id'], requirement['last-assigned-field-id'])
    case 'assert-current-schema-id':
      return differing('current schema', metadata['current-schema-id'], requirement['current-schema-id'])
    case 'assert-last-assigned-partition-id':
      return differing('last partition id', metadata['last-partition-id'], requirement['last-assigned-partition-id'])
    case 'assert-default-spec-id':
      return differing('default partition spec', metadata['default-spec-id'], requirement['default-spec-id'])
    case 'assert-default-sort-order-id':
      return differing('default sort order', metadata['default-sort-order-id'], requirement['default-sort-order-id'])
  }
}

function differing<Value>(what: string, actual: Value, expected: Value): string | undefined {
  return actual === expected ? undefined : `the ${what} is ${actual ?? 'absent'}, not ${expected ?? 'absent'}`
}
