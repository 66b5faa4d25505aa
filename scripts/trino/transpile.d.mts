import type { Engine } from '../../src/engine/engine.js'
import type { Macro } from '../../src/gold/macros.js'

export function transpile(
  engine: Engine,
  model: { readonly table: string; readonly sql: string },
  macros: readonly Macro[],
): Promise<string>
