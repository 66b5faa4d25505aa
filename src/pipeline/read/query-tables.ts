/** The tables that parsed SQL reads, as written (`silver.bars` or `bars`), without the names of its own CTEs. */
export function tablesNamed(statements: readonly unknown[]): Set<string> {
  const tables = new Set<string>()
  const ctes = new Set<string>()
  visit(statements, tables, ctes)
  return new Set([...tables].filter(name => !ctes.has(name.toLowerCase())))
}

function visit(node: unknown, tables: Set<string>, ctes: Set<string>): void {
  if (Array.isArray(node)) {
    for (const item of node) visit(item, tables, ctes)
    return
  }
  if (node === null || typeof node !== 'object') return
  const record = node as Record<string, unknown>
  if (record['type'] === 'BASE_TABLE')
    tables.add([record['schema_name'], record['table_name']].filter(part => part !== '').join('.'))
  const cteMap = (record['cte_map'] as { map?: readonly { key: string }[] } | undefined)?.map
  for (const cte of cteMap ?? []) ctes.add(cte.key.toLowerCase())
  for (const value of Object.values(record)) visit(value, tables, ctes)
}
