import { SluiceError } from '../../core/errors.js'
import type { Engine } from '../../engine/engine.js'

/** The columns that a SQL expression names, in the order of their first use. */
export async function columnNamesOf(expression: string, engine: Engine): Promise<string[]> {
  const parsed = await engine.parse(`SELECT ${expression}`)
  if (!parsed.ok)
    throw new SluiceError('SLUICE_SQL_REFUSED', `Not one SQL expression: ${expression}: ${parsed.message}`)
  const names = new Set<string>()
  collect(parsed.statements, names)
  return [...names]
}

function collect(node: unknown, names: Set<string>): void {
  if (Array.isArray(node)) {
    for (const item of node) collect(item, names)
    return
  }
  if (node === null || typeof node !== 'object') return
  const record = node as Record<string, unknown>
  const path = record['column_names']
  if (record['class'] === 'COLUMN_REF' && Array.isArray(path)) names.add(String(path.at(-1)))
  for (const value of Object.values(record)) collect(value, names)
}
