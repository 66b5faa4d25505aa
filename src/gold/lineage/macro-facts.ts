import { type SqlNode, textOf } from '../../contract/sql-tree.js'
import type { Engine } from '../../engine/engine.js'
import type { Macro } from '../macros.js'
import type { MacroFacts } from './facts.js'

/** The macros as the lineage expands them: each is parsed as a call of itself beside its body. */
export async function macroFacts(
  macros: readonly Macro[],
  parse: Engine['parse'],
): Promise<ReadonlyMap<string, MacroFacts>> {
  const read = macros.map(async (macro): Promise<[string, MacroFacts]> => {
    const parsed = await parse(`SELECT ${macro.name}(${macro.parameters}), ${macro.sql}`)
    const node = parsed.ok ? ((parsed.statements[0] as SqlNode)['node'] as SqlNode) : undefined
    const [call, body, ...more] = (node?.['select_list'] ?? []) as readonly SqlNode[]
    if (call === undefined || body === undefined || more.length > 0)
      return [macro.name, { parameters: [], body: undefined }]
    return [macro.name, { parameters: ((call['children'] ?? []) as SqlNode[]).map(parameterOf), body }]
  })
  // Of several definitions of one name the last counts, as it does in the engine.
  return new Map(await Promise.all(read))
}

/** `a`, or `a := 1`: its default is what is called by its name. */
function parameterOf(node: SqlNode): MacroFacts['parameters'][number] {
  const alias = textOf(node['alias']).toLowerCase()
  if (alias !== '') return { name: alias, standard: node }
  return { name: ((node['column_names'] ?? []) as string[]).join('.').toLowerCase(), standard: undefined }
}
