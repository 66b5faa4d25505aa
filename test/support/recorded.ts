import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../guard/repository.js'

/**
 * The folder of answers that providers really gave, which is no part of the repository: `SLUICE_RECORDED` names it, else it is looked
 * for beside the checkout. Undefined, and said aloud, where it is not there.
 */
export function recordedFolder(): string | undefined {
  const folder = process.env['SLUICE_RECORDED'] ?? join(ROOT, '..', 'shared', 'data')
  if (existsSync(folder)) return folder
  console.warn(`RECORDED ANSWERS NOT READ: there is no folder ${folder}; name one with SLUICE_RECORDED`)
  return undefined
}
