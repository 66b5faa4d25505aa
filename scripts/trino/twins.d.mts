import type { Engine } from '../../src/engine/engine.js'
import type { Macro } from '../../src/gold/macros.js'

export function twinFiles(
  engine: Engine,
  models: readonly { readonly table: string; readonly sql: string; readonly print: string }[],
  macros: readonly Macro[],
  kept: ReadonlyMap<string, string>,
): Promise<Map<string, string | Error>>
