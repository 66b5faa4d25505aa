import { readFile } from 'node:fs/promises'
import { SluiceError } from '../core/errors.js'
import type { Engine } from '../engine/engine.js'
import { loadMacros } from '../gold/macros.js'
import type { Project } from './project.js'

/** Defines the formulas of the project's macro files, for all connections. */
export async function defineMacros(project: Project, engine: Engine): Promise<void> {
  for (const file of project.macros) {
    for (const macro of loadMacros(await readFile(file, 'utf8'), file)) {
      await engine.run(macro.statement).catch(cause => {
        if (cause instanceof SluiceError) throw cause
        const message = `A macro cannot be defined: ${cause instanceof Error ? cause.message : cause}`
        throw new SluiceError('SLUICE_MODEL_INVALID', message, { place: macro.sqlPlace }, cause)
      })
    }
  }
}
