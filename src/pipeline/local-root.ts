import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../core/errors.js'
import type { Project } from './project.js'

/** Whether the lake has been written to at all. */
export async function lakeExists(project: Project): Promise<boolean> {
  return stat(join(localRoot(project), '_layout.json')).then(
    () => true,
    () => false,
  )
}

export function localRoot(project: Project): string {
  const { lake } = project.config
  if (!lake.includes('://')) return lake
  throw new SluiceError(
    'SLUICE_CONFIG_INVALID',
    `The lake ${lake} is not a folder: this release keeps lakes on local disk.`,
  )
}
