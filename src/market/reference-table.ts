/** A small table of facts that models and queries join: `reference.<name>`. */
export interface ReferenceTable {
  readonly name: string
  readonly columns: readonly ReferenceColumn[]
  /** Values as text in the order of the columns, null for none; an engine casts them to the columns' types. */
  readonly rows: readonly (readonly (string | null)[])[]
}

export interface ReferenceColumn {
  readonly name: string
  readonly sqlType: 'VARCHAR' | 'BOOLEAN' | 'DATE' | 'BIGINT' | 'DECIMAL(38,9)' | 'DOUBLE'
  readonly doc: string
}
