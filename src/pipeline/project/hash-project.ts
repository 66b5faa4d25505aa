import { readFile } from 'node:fs/promises'
import { sha256Hex } from '../../core/ids.js'
import { loadMacros, macrosHash } from '../../gold/macros.js'
import type { Project } from './project.js'

/** What of a project decides what becomes of captures: contracts, models, macros and reference tables, each by its hash and in order. */
export async function hashProject(project: Project) {
  const contracts = project.contracts.map(contract => [contract.dataset, contract.version.major, contract.hash]).sort()
  const models = project.models.map(model => [model.table, model.hash]).sort()
  const macros = await Promise.all(
    project.macros.map(async file => macrosHash(loadMacros(await readFile(file, 'utf8'), file))),
  )
  const references = await Promise.all(
    Object.entries(project.references).map(async ([name, file]) => [name, sha256Hex(await readFile(file))]),
  )
  return { contracts, models, macros, references: references.sort() }
}
