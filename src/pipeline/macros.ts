import { readFile } from 'node:fs/promises'
import { SluiceError } from '../core/errors.js'
import type { Engine } from '../engine/engine.js'
import type { Project } from './project.js'

/** Defines the formulas of the project's macro files, for all connections. */
export async function loadMacros(project: Project, engine: Engine): Promise<void> {
  for (const file of project.macros) {
    const sql = await readFile(file, 'utf8')
    await engine.run(sql).catch(cause => {
      if (cause instanceof SluiceError) throw cause
      throw new SluiceError('SLUICE_MODEL_INVALID', `The macros of ${file} cannot be defined: ${cause instanceof Error ? cause.message : cause}`, { place: { file } }, cause)
    })
  }
}
