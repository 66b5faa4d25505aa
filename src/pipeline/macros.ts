import { readFile } from 'node:fs/promises'
import { SluiceError } from '../core/errors.js'
import type { Engine } from '../engine/engine.js'
import { loadMacros, type Macro } from '../gold/macros.js'
import type { Project } from './project.js'

/** Defines the formulas of the project's macro files on a connection. Throws SLUICE_MODEL_INVALID with the place of the faulty one. */
export async function defineMacros(project: Project, engine: Engine): Promise<void> {
  for (const file of project.macros) {
    const macros = loadMacros(await readFile(file, 'utf8'), file)
    // All at once: one call each takes longer than the definitions.
    await engine.run(macros.map(macro => `${macro.statement};`).join('\n')).catch(() => defineEach(macros, engine))
  }
}

async function defineEach(macros: readonly Macro[], engine: Engine): Promise<void> {
  for (const macro of macros) {
    await engine.run(macro.statement).catch(cause => {
      if (cause instanceof SluiceError) throw cause
      const message = `A macro cannot be defined: ${cause instanceof Error ? cause.message : cause}`
      throw new SluiceError('SLUICE_MODEL_INVALID', message, { place: macro.sqlPlace }, cause)
    })
  }
}

/** Whether a text can call one of the project's formulas. */
export async function namesMacro(project: Project, sql: string): Promise<boolean> {
  const words = new Set(sql.toLowerCase().match(/\w+/g))
  const texts = await Promise.all(project.macros.map(async file => loadMacros(await readFile(file, 'utf8'), file)))
  return texts.flat().some(macro => words.has(macro.name))
}
