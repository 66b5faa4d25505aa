import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { SluiceError } from '../../core/errors.js'

/** The nearest folder with a sluice.yaml, from `startFolder` upwards. None throws SLUICE_PROJECT_MISSING. */
export function findProject(startFolder: string): string {
  for (let folder = resolve(startFolder); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'sluice.yaml'))) return folder
    if (folder === dirname(folder)) break
  }
  const message = `There is no sluice.yaml in ${resolve(startFolder)} or above it.`
  throw new SluiceError('SLUICE_PROJECT_MISSING', message, { folder: resolve(startFolder) })
}
