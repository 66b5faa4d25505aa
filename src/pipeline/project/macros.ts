import { readFile } from 'node:fs/promises'
import { SluiceError } from '../../core/errors.js'
import type { Engine } from '../../engine/engine.js'
import { loadMacros, type Macro, macrosHash, orderMacros } from '../../gold/macros.js'
import type { Project } from './project.js'

/** Defines the formulas of the project's macro files on a connection. Throws SLUICE_MODEL_INVALID with the place of the faulty one. */
export async function defineMacros(project: Project, engine: Engine): Promise<void> {
  const macros = orderMacros(await readMacros(project))
  if (macros.length === 0) return
  // All at once: one call each takes longer than the definitions.
  await engine.run(macros.map(macro => `${macro.statement};`).join('\n')).catch(() => defineEach(macros, engine))
}

/** Changes when any formula does. */
export async function hashMacros(project: Project): Promise<string> {
  return macrosHash(await readMacros(project))
}

/** The project's formulas, in the order of their files. Throws SLUICE_MODEL_INVALID. */
export async function readMacros({ macros }: Pick<Project, 'macros'>): Promise<Macro[]> {
  return (await Promise.all(macros.map(async file => loadMacros(await readFile(file, 'utf8'), file)))).flat()
}

async function defineEach(macros: readonly Macro[], engine: Engine): Promise<void> {
  for (const macro of macros) {
    await engine.run(macro.statement).catch(cause => {
      if (cause instanceof SluiceError) throw cause
      const message = `The macro ${macro.name} cannot be defined: ${firstLine(cause)}`
      throw new SluiceError('SLUICE_MODEL_INVALID', message, { place: macro.sqlPlace }, cause)
    })
  }
}

function firstLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split('\n')[0] ?? ''
}

/** Whether a text can call one of the project's formulas. */
export async function namesMacro(project: Project, sql: string): Promise<boolean> {
  const words = new Set(sql.toLowerCase().match(/\w+/g))
  return (await readMacros(project)).some(macro => words.has(macro.name))
}
