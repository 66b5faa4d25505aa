import { sha256Hex } from '../core/ids.js'
import type { Model } from './front-matter.js'
import type { Macro } from './macros.js'

/**
 * Names what decides the rows of a gold table beside its inputs: the model, the formulas that it calls, through others too, and the
 * columns of its contract with their types. Pure. Lower-case hex sha256.
 */
export function modelPrint(
  model: Pick<Model, 'hash' | 'sql'>,
  macros: readonly Macro[],
  columns: readonly { readonly name: string; readonly sqlType: string }[],
): string {
  const called = calledMacros(model.sql, macros).map(({ statement }) => statement)
  return sha256Hex(JSON.stringify([model.hash, called, columns.map(({ name, sqlType }) => [name, sqlType])]))
}

/** The macros whose names stand in some SQL or in a macro that is called there, in order of their names. */
function calledMacros(sql: string, macros: readonly Macro[]): Macro[] {
  const called = new Set<Macro>()
  const visit = (text: string): void => {
    const words = new Set(text.toLowerCase().match(/\w+/g))
    for (const macro of macros) {
      if (called.has(macro) || !words.has(macro.name)) continue
      called.add(macro)
      visit(macro.sql)
    }
  }
  visit(sql)
  return [...called].sort((a, b) => (a.statement < b.statement ? -1 : 1))
}
