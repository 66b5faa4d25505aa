/** A value as the engine returns it: text for decimals, bigints, times and dates, so that nothing is rounded on the way. */
export type SqlValue = string | number | boolean | null | readonly SqlValue[] | { readonly [name: string]: SqlValue }
export type SqlRow = Readonly<Record<string, SqlValue>>

/** One connection to a SQL engine. Statements on a connection run one after another; open more for parallel work. */
export interface Engine {
  run(sql: string): Promise<void>
  /** All rows of a query, for small results: rows never pass through JavaScript in bulk. */
  rows(sql: string): Promise<SqlRow[]>
  /** The first `count` rows of a query, and whether there are more. The rest is not computed where the query allows it. */
  firstRows(sql: string, count: number): Promise<FirstRows>
  /** Gives memory that statements have freed back to the system: between two large ones, whose peaks would else add up. */
  giveBack(): Promise<void>
  /** The parsed form of a statement (DuckDB `json_serialize_sql`). */
  parse(sql: string): Promise<ParsedSql>
}

export interface FirstRows {
  readonly rows: SqlRow[]
  readonly more: boolean
}

export type ParsedSql =
  | { readonly ok: true; readonly statements: readonly unknown[] }
  | { readonly ok: false; readonly message: string; readonly position: number | undefined }
