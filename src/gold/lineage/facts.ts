import type { SqlNode } from '../../contract/sql-tree.js'

/** What the SQL of a model does not say itself. */
export interface SqlFacts {
  /** The tables that models may read, by lower-case names as `silver.bars`. */
  readonly tables: ReadonlyMap<string, TableFacts>
  /** Scalar macros by lower-case name. */
  readonly macros: ReadonlyMap<string, MacroFacts>
  /** Names of aggregate functions, in lower case. */
  readonly aggregates: ReadonlySet<string>
}

export interface TableFacts {
  readonly columns: readonly string[]
  /** Sets of columns of which no two rows share the values. */
  readonly keys: readonly (readonly string[])[]
}

export interface MacroFacts {
  readonly parameters: readonly { readonly name: string; readonly standard: SqlNode | undefined }[]
  /** The parsed expression; undefined when it cannot be parsed. */
  readonly body: SqlNode | undefined
}
